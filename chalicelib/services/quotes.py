"""Quotes: what a customer is offered for a deal, sent as a link to a page on which he answers.

The link is signed, so nothing secret is kept, the same quote has the same link until it is taken back, and a wrong link
is refused without a look at the table.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.quote import Quote
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.lines import LineItem
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.quote import QuoteDraft, QuoteQuery, QuoteSent, QuoteView
from chalicelib.services import drafts, keyring, lines, nouns, rates, settings
from chalicelib.services.remembered import remembering
from chalicelib.services.shelf import Shelf, written

USE: Final = "quote"  # of the signed token in a link
_HOLDS: Final = 30  # days, if nothing is said
_LONGEST: Final = 3660  # days
_ANSWERED: Final = ("accepted", "declined")

SHELF: Final[Shelf[Quote]] = Shelf(Quote, "quote", "quo", "quote")


class _Sent(Exception):
    """The customer has it already: there is nothing to write."""

    def __init__(self, quote: Quote) -> None:
        super().__init__()
        self.quote = quote


def create(actor: Actor, draft: QuoteDraft) -> QuoteView:
    """A new quote, not yet sent. Raises `Invalid`, also for a deal that is not there."""
    deal = _deal(actor.tenant, draft.deal_id)
    quote = Quote(id=ids.new("quo"), tenant=actor.tenant, deal_id=deal.id, company_id=deal.company_id)
    quote.owner_id = deal.owner_id or actor.user
    draft.title = draft.title or deal.title
    draft.contact_id = draft.contact_id or next(iter(deal.contact_ids or ()), None)
    kept = [] if draft.items else deal.items or []
    if kept and draft.pricebook_id:  # the book says what the deal's products cost now
        draft.items, kept = [_unpriced(msgspec.convert(one, LineItem)) for one in kept], []
    draft.items = draft.items or msgspec.convert(kept, list[LineItem])
    hint = deal.value["currency"] if deal.value else None
    with remembering():
        _write(quote, draft, kept=kept, known=deal.contact_ids or (), hint=hint)
    return view(SHELF.add(actor, quote))


def get(actor: Actor, quote_id: str) -> QuoteView:
    """One quote. Raises `NotFound`."""
    return view(SHELF.load(actor.tenant, quote_id))


def listing(actor: Actor, query: QuoteQuery, wanted: Page) -> Listing[QuoteView]:
    """Quotes, the newest first: all, or those of one deal."""
    index, parts = ("gsi2", {"deal": query.deal_id}) if query.deal_id else ("gsi1", {})
    partition = keys.partition("quote", index, tenant=actor.tenant, **parts)
    found = SHELF.page(partition, index, wanted, newest_first=True)
    return Listing([view(one) for one in found.items], found.last)


def update(actor: Actor, quote_id: str, patch: dict[str, Any], expected: int | None) -> QuoteView:
    """Change some fields (RFC 7396). Of a quote that was sent only the day until which it holds can be changed.

    Raises `NotFound`, `Stale`, `Invalid`, and `Conflict` for what the customer sees or has answered.
    """

    def edit(quote: Quote) -> None:
        _open(quote)
        if quote.status == "sent" and patch.keys() - {"valid_until"}:
            raise errors.Conflict("The customer has this quote; take it back to change it.")
        draft = decoding.convert(merged(written(view(quote), QuoteDraft), patch), QuoteDraft)
        if draft.deal_id != quote.deal_id:
            raise errors.invalid("/deal_id", "not_allowed", "A quote stays with its deal.")
        _write(quote, draft, kept=quote.items, known=(quote.contact_id,), hint=quote.currency)

    return view(SHELF.edit(actor, quote_id, edit, expected))


def delete(actor: Actor, quote_id: str, expected: int | None) -> None:
    """Put it into the trash; its link leads nowhere. Raises `NotFound`, `Stale`."""
    SHELF.remove(actor, quote_id, expected)


def restore(actor: Actor, quote_id: str, expected: int | None = None) -> QuoteView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there."""
    return view(SHELF.take_back(actor, quote_id, expected))


def send(actor: Actor, quote_id: str, expected: int | None, base: str) -> QuoteSent:
    """Let the customer have it: the link to its page, below `base`. Asked again, the same link, and nothing written.

    Raises `NotFound`, `Stale`, and `Conflict` for a quote that is answered, or whose last day is over.
    """

    def edit(quote: Quote) -> None:
        _open(quote)
        if expired(quote):
            raise errors.Conflict(f"It held until {quote.valid_until}: give it another `valid_until`.")
        if quote.status == "sent":
            raise _Sent(quote)
        quote.status, quote.sent_at = "sent", clock.stamp()

    try:
        quote = SHELF.edit(actor, quote_id, edit, expected)
    except _Sent as sent:
        quote = sent.quote
    token = keyring.sign(USE, {"t": quote.tenant, "q": quote.id, "n": int(quote.serial)})
    return QuoteSent(**msgspec.structs.asdict(view(quote)), url=f"{base}/q/{token}")


def revoke(actor: Actor, quote_id: str, expected: int | None) -> QuoteView:
    """Take it back: its link is dead for good, and it can be changed and sent anew by another one.

    Raises `NotFound`, `Stale`, and `Conflict` for a quote that is answered, or that nobody has.
    """

    def edit(quote: Quote) -> None:
        _open(quote)
        if quote.status != "sent":
            raise errors.Conflict("This quote was not sent.")
        quote.status, quote.sent_at, quote.serial = "draft", None, int(quote.serial) + 1

    return view(SHELF.edit(actor, quote_id, edit, expected))


def expired(quote: Quote) -> bool:
    """Whether its last day is over."""
    return bool(quote.expires_at <= clock.stamp())


def view(quote: Quote) -> QuoteView:
    """The quote as a client reads it."""
    plain = {name: getattr(quote, name, None) for name in QuoteView.__struct_fields__}
    plain["totals"] = msgspec.to_builtins(lines.totals_of(quote.items, quote.currency))
    if quote.status == "sent" and expired(quote):
        plain["status"] = "expired"
    return msgspec.convert(plain, QuoteView, strict=False)


def end_of(day: str, zone: str) -> str:
    """The moment at which a day ends in a time zone. Raises `Invalid` at `/valid_until` for no day, or one far off."""
    from zoneinfo import ZoneInfo

    drafts.check_day(day, "/valid_until")
    first = date.fromisoformat(day)
    if first > clock.now().date() + timedelta(days=_LONGEST):
        raise errors.invalid("/valid_until", "range", "A quote holds for at most ten years.")
    midnight = datetime.combine(first + timedelta(days=1), time(), ZoneInfo(zone))
    return clock.stamp(midnight.astimezone(UTC))


def _write(quote: Quote, draft: QuoteDraft, *, kept: Any, known: Any, hint: str | None) -> None:
    """Put the draft's fields into the quote. Raises `Invalid` for what a struct cannot see."""
    if not (draft.title or "").strip():
        raise errors.invalid("/title", "required", "A quote needs a title.")
    if not draft.items:
        raise errors.invalid("/items", "required", "A quote needs a line: give `items`, or give the deal some.")
    if draft.contact_id and draft.contact_id not in known:
        try:
            nouns.load(nouns.NOUNS["contact"], quote.tenant, draft.contact_id)
        except (errors.NotFound, errors.Gone, errors.Merged):
            raise errors.invalid("/contact_id", "unknown", "There is no such contact.") from None
    if draft.pricebook_id and quote.items and draft.pricebook_id != quote.pricebook_id:
        lines.book_on(quote.tenant, draft.pricebook_id, rates.today())
    quote.title, quote.terms, quote.contact_id = draft.title, draft.terms, draft.contact_id
    quote.pricebook_id = draft.pricebook_id
    quote.items, worth = lines.priced(
        quote.tenant, draft.items, rates.today(), pricebook_id=draft.pricebook_id, currency=hint, kept=kept
    )
    if worth.currency != quote.currency:
        rates.at(quote.tenant, worth.currency, rates.today(), "/items/0/unit_price/currency")
        quote.currency = worth.currency
    if draft.valid_until is None or draft.valid_until != quote.valid_until:
        _hold(quote, draft.valid_until)


def _hold(quote: Quote, until: str | None) -> None:
    """Let it hold to the end of that day in the firm's time zone. Raises `Invalid` for one that is over."""
    from zoneinfo import ZoneInfo

    zone = settings.of(quote.tenant).time_zone
    day = until or (clock.now().astimezone(ZoneInfo(zone)).date() + timedelta(days=_HOLDS)).isoformat()
    ends = end_of(day, zone)
    if ends <= clock.stamp():
        raise errors.invalid("/valid_until", "range", "This day is over.")
    quote.valid_until, quote.expires_at = day, ends


def _unpriced(line: LineItem) -> LineItem:
    return msgspec.structs.replace(line, unit_price=None) if line.product_id else line


def _open(quote: Quote) -> None:
    if quote.status in _ANSWERED:
        raise errors.Conflict(f"The customer has {quote.status} this quote.")


def _deal(tenant: str, deal_id: str) -> Any:
    try:
        return nouns.load(nouns.NOUNS["deal"], tenant, deal_id)
    except (errors.NotFound, errors.Gone, errors.Merged):
        raise errors.invalid("/deal_id", "unknown", "There is no such deal.") from None
