"""What a contact or a company has bought: the orders of both, and what they come to.

What a contact's orders come to is a sheet of the ledger, written when an order changes; so it is read in one piece
however many orders there are.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.order import Order
from chalicelib.models.table import Item, page, several
from chalicelib.models.term import place_of
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.money import Money
from chalicelib.schemas.order import OrderView, PurchasesView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import absorbed, activities, ledger, lines, nouns, orders, settings

LEDGER: Final = "purchases"  # also the name of the sheet, whose book is the contact's id
_VOID: Final = ("cancelled", "refunded")
_HEAVY: Final = 2_000_000  # characters of one page
_FEW: Final = 5  # orders looked at together for the first or last that counts
_TOLD: Final = {"cancelled": "order.cancelled", "refunded": "order.refunded"}


class _Part(NamedTuple):
    """A stretch of one record's orders, newest first, each with its place in the list; whether there are more."""

    orders: list[tuple[str, Order]]
    more: bool


def of_contact(actor: Actor, contact_id: str, wanted: Page) -> Listing[OrderView]:
    """A contact's orders, and those of contacts merged into it, the last ordered first. Raises `NotFound`, `Merged`."""
    return _of(nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id), _contacts, wanted)


def of_company(actor: Actor, company_id: str, wanted: Page) -> Listing[OrderView]:
    """As `of_contact`."""
    return _of(nouns.load(nouns.NOUNS["company"], actor.tenant, company_id), _companys, wanted)


def of_party(actor: Actor, party_id: str, wanted: Page) -> Listing[OrderView]:
    """As `of_contact`, for either; one that is not there has no orders."""
    noun = nouns.of_id(party_id)
    if noun is None or noun.name not in ("contact", "company"):
        return Listing([])
    record = absorbed.root(actor.tenant, party_id)
    if record is None:
        return Listing([])
    return _of(record, _contacts if noun.name == "contact" else _companys, wanted)


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


def _of(record: Any, ask: Callable[[str, str, int, str | None], _Part], wanted: Page) -> Listing[OrderView]:
    """One page of the orders of several records as if they were one's. Half a unit a record, and what orders weigh."""
    below = (wanted.start or {}).get("below")
    parts = [ask(record.tenant, one, wanted.limit, below) for one in absorbed.ids_of(record)]
    # A page may end before its limit, as DynamoDB reads one megabyte at most; beyond its end nobody knows yet.
    known = max((part.orders[-1][0] for part in parts if part.more and part.orders), default="")
    found = sorted((one for part in parts for one in part.orders), key=lambda one: one[0], reverse=True)
    shown = _light([one for one in found if one[0] >= known][: wanted.limit])
    more = len(shown) < len(found) or any(part.more for part in parts)
    return Listing([orders.view(order) for _, order in shown], {"below": shown[-1][0]} if shown and more else None)


def _contacts(tenant: str, contact_id: str, limit: int, below: str | None) -> _Part:
    partition = keys.partition("order", "gsi2", tenant=tenant, contact=contact_id)
    where = Item.gsi2sk < below if below else None
    found = page(partition, index="gsi2", where=where, limit=limit, newest_first=True)
    return _Part([(order.gsi2sk, order) for order in found.items], found.last is not None)


def _companys(tenant: str, company_id: str, limit: int, below: str | None) -> _Part:
    partition = keys.partition("term", tenant=tenant, space=orders.space_of(company_id))
    found = page(partition, where=Item.sk < below if below else None, limit=limit, newest_first=True)
    places = [keys.key("order", tenant=tenant, id=place_of(entry.sk)[1]) for entry in found.items]
    there = zip(found.items, several(places), strict=True)
    return _Part([(entry.sk, order) for entry, order in there if order is not None], found.last is not None)


def _light(found: Sequence[tuple[str, Order]]) -> Sequence[tuple[str, Order]]:
    """As many of them as an answer can hold: Lambda's is 6 MB at most."""
    weights = accumulate(len(msgspec.json.encode(order.items)) for _, order in found)
    return found[: max(1, sum(1 for weight in weights if weight < _HEAVY))]


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
