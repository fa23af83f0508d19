"""Orders: what was bought, here or in a shop that pushes its orders in.

Other systems send the same order again and again. What is the same changes nothing; what a POST says otherwise is a
conflict, what a PUT says otherwise is put down.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.order import Order
from chalicelib.models.quote import Quote
from chalicelib.models.table import find
from chalicelib.models.term import Term
from chalicelib.models.writes import Step, absent
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.money import MOST
from chalicelib.schemas.order import OrderDraft, OrderQuery, OrderView
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.services import exchange, lines, nouns, order_lists, rates, settings
from chalicelib.services.records import FOLDED, Claim
from chalicelib.services.remembered import remembering
from chalicelib.services.shelf import Shelf, written

_AHEAD: Final = 300  # seconds: clocks differ, but what was ordered lies behind
_TRIES: Final = 3
_PARTIES: Final = ("contact", "company", "deal")


def _claims(order: Order) -> list[Claim]:
    return [
        Claim("external_id", f"{source}:{value}", f"/external_ids/{source}")
        for source, value in sorted((order.external_ids or {}).items())
    ]


SHELF: Final[Shelf[Order]] = Shelf(Order, "order", "ord", "order", _claims)


def create(actor: Actor, draft: OrderDraft) -> Made[OrderView]:
    """A new order, or the one that was made of exactly this before, known by one of its ids in other systems.

    Raises `Invalid`, and `Conflict` with `existing_id` if one of the ids belongs to an order that was made of something
    else.
    """
    order = Order(id=ids.new("ord"), tenant=actor.tenant, origin=_digest(draft))
    try:
        _write(actor, order, draft)
        return Made(view(SHELF.add(actor, order, _moved(None, _entry(order)))), new=True)
    except (errors.Invalid, errors.Conflict):  # perhaps only since: what it was made of may be gone by now
        held = _held(actor.tenant, draft)
        if held is None or held.origin != order.origin:
            raise
        return Made(view(held), new=False)


def get(actor: Actor, order_id: str) -> OrderView:
    """One order. Raises `NotFound`."""
    return view(SHELF.load(actor.tenant, order_id))


def listing(actor: Actor, query: OrderQuery, wanted: Page) -> Listing[OrderView]:
    """Orders, the last ordered first: all, or those of one contact or of one company. Raises `Invalid` for both."""
    if query.contact_id and query.company_id:
        message = "Orders are listed by `contact_id` or by `company_id`, not by both."
        raise errors.invalid("/company_id", "unsupported", message)
    if query.contact_id or query.company_id:
        party = order_lists.of_party(actor.tenant, query.contact_id or query.company_id or "", wanted)
        return Listing([view(one) for one in party.data], party.last)
    found = SHELF.page(keys.partition("order", "gsi1", tenant=actor.tenant), "gsi1", wanted, newest_first=True)
    return Listing([view(one) for one in found.items], found.last)


def update(actor: Actor, order_id: str, patch: dict[str, Any], expected: int | None) -> OrderView:
    """Change some fields (RFC 7396). Raises `NotFound`, `Stale`, `Invalid`, `Conflict`."""
    return _updated(actor, order_id, partial(_patched, patch=patch), expected)


def upsert(actor: Actor, external_id: str, patch: dict[str, Any]) -> Made[OrderView]:
    """The order that another system knows by this id (`system:id`), changed as `patch` says, or a new one.

    What says nothing new writes nothing. Raises `Invalid`, and `Conflict` if another id belongs to another order.
    """
    value = FOLDED["external_id"](external_id)
    source, _, one = value.partition(":")
    claim = Claim("external_id", value)
    own = {"external_ids": {source: one}}  # stays whatever is said, so that the same sent again finds the same order
    for attempt in range(_TRIES):
        holder = SHELF.holder(actor.tenant, claim)
        try:
            if holder is not None:
                kept = merged(patch, own) if "external_ids" in patch else patch
                return Made(_renewed(actor, holder, kept), new=False)
            return create(actor, decoding.convert(merged(merged({}, patch), own), OrderDraft))
        except (errors.NotFound, errors.Conflict):  # somebody made or removed it meanwhile
            if attempt + 1 == _TRIES or SHELF.holder(actor.tenant, claim) == holder:
                raise
    raise AssertionError("unreachable")


def delete(actor: Actor, order_id: str, expected: int | None) -> None:
    """Put it into the trash; its ids in other systems are free. Raises `NotFound`, `Stale`."""
    _edit(actor, order_id, lambda order: setattr(order, "deleted_at", clock.stamp()), expected)


def restore(actor: Actor, order_id: str, expected: int | None = None) -> OrderView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there or one of its ids is taken."""

    def back(order: Order) -> None:
        if not order.deleted_at:
            raise errors.Conflict("This order is not in the trash.")
        order.deleted_at = None

    return view(_edit(actor, order_id, back, expected, deleted=True))


def of_quote(quote: Quote) -> tuple[Order, list[Step]]:
    """The order that an accepted quote makes, and the writes that make it; always the same one for the same quote."""
    order = Order(id=ids.derived("ord", clock.parse(quote.created_at), quote.id), tenant=quote.tenant)
    order.contact_id, order.company_id, order.deal_id = quote.contact_id, quote.company_id, quote.deal_id
    order.quote_id, order.pricebook_id = quote.id, quote.pricebook_id
    order.items, order.currency = quote.items, quote.currency
    order.ordered_at = quote.answered_at
    with suppress(errors.Invalid):  # a rate that is missing by now does not keep a customer from buying
        _settle(order)
    order.touch(quote.id)
    order.keys()
    return order, [Step("save", order, absent()), *_moved(None, _entry(order))]


def view(order: Order) -> OrderView:
    """The order as a client reads it."""
    plain = {name: getattr(order, name, None) for name in OrderView.__struct_fields__}
    totals = msgspec.to_builtins(lines.totals_of(order.items, order.currency))
    return msgspec.convert(
        {**plain, "external_ids": order.external_ids or {}, "totals": totals}, OrderView, strict=False
    )


def _renewed(actor: Actor, order_id: str, patch: dict[str, Any]) -> OrderView:
    order = SHELF.load(actor.tenant, order_id, consistent=True)
    if _sent(order, patch) == _patched(order, {}):
        return view(order)
    return _updated(actor, order_id, partial(_sent, patch=patch), None)


def _updated(actor: Actor, order_id: str, draft: Callable[[Order], OrderDraft], expected: int | None) -> OrderView:
    return view(_edit(actor, order_id, lambda order: _write(actor, order, draft(order)), expected))


def _patched(order: Order, patch: dict[str, Any]) -> OrderDraft:
    return decoding.convert(merged(written(view(order), OrderDraft), patch), OrderDraft)


def _sent(order: Order, patch: dict[str, Any]) -> OrderDraft:
    """As `_patched`, for what another system sends again: a line that says nothing else is the one that is there."""
    draft = _patched(order, patch)
    draft.items = lines.as_kept(draft.items, order.items)
    return draft


def _edit(
    actor: Actor, order_id: str, edit: Callable[[Order], None], expected: int | None, *, deleted: bool = False
) -> Order:
    """Change it, and with it where it stands among its company's."""

    def apply(order: Order) -> list[Step]:
        before = _entry(order)
        edit(order)
        return _moved(before, _entry(order))

    return SHELF.edit(actor, order_id, apply, expected, deleted=deleted)


def _write(actor: Actor, order: Order, draft: OrderDraft) -> None:
    """Put the draft's fields into the order. Raises `Invalid` for what a struct cannot see."""
    for noun in _PARTIES:
        _refer(order, f"{noun}_id", getattr(draft, f"{noun}_id"), noun)
    if draft.quote_id and draft.quote_id != order.quote_id:
        place = keys.key("quote", tenant=order.tenant, id=draft.quote_id)
        if not ids.is_id("quo", draft.quote_id) or find(Quote, *place) is None:
            raise errors.invalid("/quote_id", "unknown", "There is no such quote.")
    if draft.ordered_at and draft.ordered_at > clock.after(_AHEAD):
        raise errors.invalid("/ordered_at", "range", "What was ordered lies behind.")
    before = order.currency, order.items, order.ordered_at
    order.ordered_at = clock.stamp(draft.ordered_at) if draft.ordered_at else order.ordered_at or clock.stamp()
    order.quote_id, order.status, order.number = draft.quote_id, draft.status, draft.number
    order.external_ids = draft.external_ids or None
    day = order.ordered_at[:10]
    if draft.pricebook_id and order.items and draft.pricebook_id != order.pricebook_id:
        lines.book_on(order.tenant, draft.pricebook_id, day)
    order.pricebook_id = draft.pricebook_id
    order.items, worth = lines.priced(order.tenant, draft.items, day, pricebook_id=draft.pricebook_id, kept=order.items)
    order.currency = worth.currency
    if (order.currency, order.items, order.ordered_at) != before:
        _settle(order)


def _refer(order: Order, field: str, given: str | None, noun: str) -> None:
    """Raises `Invalid` for a record that is not there; one that the order had may be gone by now."""
    if given and given != getattr(order, field):
        try:
            nouns.load(nouns.NOUNS[noun], order.tenant, given)
        except (errors.NotFound, errors.Gone, errors.Merged):
            raise errors.invalid(f"/{field}", "unknown", f"There is no such {noun}.") from None
    setattr(order, field, given)


def _settle(order: Order) -> None:
    """What it is worth in the firm's currency, at the rate of the day it was ordered. Raises `Invalid`."""
    with remembering():
        rate = rates.at(order.tenant, order.currency, order.ordered_at[:10], "/items/0/unit_price/currency")
        own = settings.of(order.tenant).currency
    net = lines.totals_of(order.items, order.currency).net
    worth = exchange.rounded(exchange.exact(net, order.currency, own, rate))
    if worth > MOST:
        raise errors.invalid("/items", "range", f"In {own} this is more than can be added up.")
    order.rate, order.base_value = rate, {"amount": worth, "currency": own}


def _entry(order: Order) -> Term | None:
    """Where it stands among the orders of its company."""
    if order.deleted_at or not order.company_id:
        return None
    return Term.of(order.tenant, order_lists.space_of(order.company_id), order.ordered_at, order.id)


def _moved(before: Term | None, after: Term | None) -> list[Step]:
    if (before and before.pk, before and before.sk) == (after and after.pk, after and after.sk):
        return []
    return [*([Step("delete", before)] if before else []), *([Step("save", after)] if after else [])]


def _held(tenant: str, draft: OrderDraft) -> Order | None:
    """The order that one of the draft's ids belongs to."""
    for source, value in sorted(draft.external_ids.items()):
        holder = SHELF.holder(tenant, Claim("external_id", f"{source}:{value}"))
        if holder:
            with suppress(errors.NotFound):
                return SHELF.load(tenant, holder, consistent=True)
    return None


def _digest(draft: OrderDraft) -> str:
    return hashlib.sha256(msgspec.json.encode(draft)).hexdigest()[:32]
