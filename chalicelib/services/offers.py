"""What a customer sees of a quote, and what he answers: the page behind the link.

Whoever has the link may answer, once. A link that was taken back, or whose day is over, shows that and does nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from chalicelib import clock, errors, observability
from chalicelib.models import keys
from chalicelib.models.access import Tenant
from chalicelib.models.quote import Quote
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, change
from chalicelib.schemas.page import Document
from chalicelib.services import keyring, orders, quote_page, quotes

CUSTOMER: Final = "customer"  # who changed the quote, in its history


class _Link(NamedTuple):
    """What a link names: a firm's quote, as it was sent for the n-th time."""

    tenant: str
    quote_id: str
    serial: int


class _Settled(Exception):
    """There is nothing to answer any more."""


def page(token: str) -> Document:
    """The page as it is now. Changes nothing."""
    link = _link(token)
    return _missing() if link is None else _shown(link, _load(link), token)


def accept(token: str, name: str | None) -> Document:
    """The customer takes the offer: the quote is accepted and the order made, in one transaction, once.

    Called again, or too late, it changes nothing and shows how things are.
    """

    def taken(quote: Quote) -> list[Step]:
        _answer(quote, "accepted", name)
        order, steps = orders.of_quote(quote)
        quote.order_id = order.id
        return steps

    return _answered(token, taken)


def decline(token: str, name: str | None) -> Document:
    """The customer does not take it. As `accept`."""

    def refused(quote: Quote) -> list[Step]:
        _answer(quote, "declined", name)
        return []

    return _answered(token, refused)


def _answered(token: str, act: Callable[[Quote], list[Step]]) -> Document:
    link = _link(token)
    if link is None:
        return _missing()

    def load(_again: bool) -> Quote:
        quote = _load(link)
        if quote is None or _state(link, quote) != "open":
            raise _Settled
        return quote

    def apply(quote: Quote) -> list[Step]:
        steps = act(quote)
        quote.keys()
        return [Step("save", quote), *steps]

    try:
        quote: Quote | None = change(load, apply, None)
    except _Settled:
        quote = _load(link)
    return _shown(link, quote, token, below=True)


def _answer(quote: Quote, status: str, name: str | None) -> None:
    quote.touch(CUSTOMER)
    quote.status, quote.answered_at, quote.answered_by = status, clock.stamp(), name


def _shown(link: _Link, quote: Quote | None, token: str, *, below: bool = False) -> Document:
    """The page of this state. `below`: it is shown at a path below its own."""
    if quote is None:
        return _missing()
    state = _state(link, quote)
    firm = fetch(Tenant, *keys.key("tenant", tenant=link.tenant))
    text = quote_page.html(quote, state, firm.name if firm else "", action="" if below else f"{token}/")
    return Document(quote_page.MEDIA_TYPE, text, quote_page.HEADERS, 410 if state in quote_page.OVER else None)


def _missing() -> Document:
    return Document(quote_page.MEDIA_TYPE, quote_page.missing(), quote_page.HEADERS, 404)


def _state(link: _Link, quote: Quote) -> str:
    if quote.deleted_at or int(quote.serial) != link.serial or quote.status == "draft":
        return "withdrawn"
    if quote.status == "sent":
        return "expired" if quotes.expired(quote) else "open"
    return str(quote.status)


def _link(token: str) -> _Link | None:
    """What the token names, if we signed it. No read of the table."""
    claims = keyring.verify(quotes.USE, token)
    if claims is None:
        return None
    link = _Link(claims["t"], claims["q"], claims["n"])
    observability.charge_to(link.tenant)
    return link


def _load(link: _Link) -> Quote | None:
    try:
        return quotes.SHELF.load(link.tenant, link.quote_id, consistent=True, deleted=True)
    except errors.NotFound:
        return None
