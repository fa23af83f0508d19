"""What a contact or a company has bought: the orders of both, and what they come to.

What a contact's orders come to is a sheet of the ledger, written when an order changes; so it is read in one piece
however many orders there are.
"""

from typing import Any, Final

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.order import Order
from chalicelib.models.table import page
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.money import Money
from chalicelib.schemas.order import OrderView, PurchasesView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import absorbed, activities, ledger, lines, nouns, order_lists, orders, settings

LEDGER: Final = "purchases"  # also the name of the sheet, whose book is the contact's id
_VOID: Final = ("cancelled", "refunded")
_FEW: Final = 5  # orders looked at together for the first or last that counts
_TOLD: Final = {"cancelled": "order.cancelled", "refunded": "order.refunded"}


def of_contact(actor: Actor, contact_id: str, wanted: Page) -> Listing[OrderView]:
    """A contact's orders, and those of contacts merged into it, the last ordered first. Raises `NotFound`, `Merged`."""
    return _listing(nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id), wanted)


def of_company(actor: Actor, company_id: str, wanted: Page) -> Listing[OrderView]:
    """As `of_contact`."""
    return _listing(nouns.load(nouns.NOUNS["company"], actor.tenant, company_id), wanted)


def summary(actor: Actor, contact_id: str) -> PurchasesView:
    """What a contact, with those merged into it, has bought in all. Raises `NotFound`, `Merged`."""
    contact = nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id)
    own, everyone = settings.of(actor.tenant).currency, absorbed.ids_of(contact)
    cells = [ledger.sheets(actor.tenant, one, LEDGER, LEDGER).get(LEDGER, {}) for one in everyone]
    count, amount = (sum(one.get(name, 0) for one in cells) for name in ("n", f"v.{own}"))
    ends = [_ends(actor.tenant, one) for one in everyone] if count else []
    return PurchasesView(
        id=contact.id,
        orders=count,
        total=Money(amount=amount, currency=own),
        first_at=min((first for first, _ in ends if first), default=None),
        last_at=max((last for _, last in ends if last), default=None),
    )


def counted(before: Order | None, after: Order | None) -> None:
    """An order, told by the change feed: it counts for its contact, and for no other, unless it is void."""
    order = after or before
    if order is None or not ((after and after.contact_id) or (before and before.contact_id)):
        return
    cells = {"n": 1, f"v.{order.base_value['currency']}": order.base_value["amount"]} if _counts(after) else {}
    version = int(order.version) + (after is None)
    sheets = {f"{order.contact_id}/{LEDGER}": cells} if cells else {}
    ledger.settle(order.tenant, order.id, LEDGER, version, {}, sheets)


def told(before: Order | None, after: Order | None) -> None:
    """An order, told by the change feed: the timelines of those it is about say that it was placed, or is void now."""
    if after is None or after.deleted_at:
        return
    for subject_id in _about(after):
        if before is None or subject_id not in _about(before):
            _tell(after, subject_id, "order.placed", after.ordered_at)
        elif before.status != after.status and after.status in _TOLD:
            _tell(after, subject_id, _TOLD[after.status], after.updated_at)


def _about(order: Order) -> list[str]:
    return [one for one in (order.contact_id, order.company_id, order.deal_id) if one]


def _tell(order: Order, subject_id: str, what: str, at: str) -> None:
    """The entry's id is made from what it tells of, so telling it twice tells it once."""
    totals = lines.totals_of(order.items, order.currency)
    data = {
        "order_id": order.id,
        "number": order.number,
        "net": {"amount": totals.net, "currency": totals.currency},
        "gross": {"amount": totals.gross, "currency": totals.currency},
    }
    entry_id = ids.derived("act", clock.parse(at), f"{order.id}/{subject_id}/{what}")
    by = order.updated_by or "system"
    transact(Step("save", activities.build(order.tenant, subject_id, what, at, by, entry_id, data=data)))


def _counts(order: Order | None) -> bool:
    return bool(order and order.contact_id and order.base_value and not order.deleted_at and order.status not in _VOID)


def _listing(record: Any, wanted: Page) -> Listing[OrderView]:
    found = order_lists.of_record(record, wanted)
    return Listing([orders.view(order) for order in found.data], found.last)


def _ends(tenant: str, contact_id: str) -> tuple[str | None, str | None]:
    """When the first and the last order that counts were ordered."""
    return _end(tenant, contact_id, newest_first=False), _end(tenant, contact_id, newest_first=True)


def _end(tenant: str, contact_id: str, *, newest_first: bool) -> str | None:
    partition, start = keys.partition("order", "gsi2", tenant=tenant, contact=contact_id), None
    while True:
        found = page(partition, index="gsi2", limit=_FEW, start=start, newest_first=newest_first)
        for order in found.items:
            if _counts(order):
                return str(order.ordered_at)
        start = found.last
        if start is None:
            return None
