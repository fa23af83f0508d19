"""Quotes over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.quote import QuoteDraft, QuotePatch, QuoteQuery, QuoteSent, QuoteView

routes = Routes(__name__)


@routes.post("/v1/quotes", permission="quotes:write", body=QuoteDraft, returns=QuoteView)
def create_quote(actor: Actor, body: QuoteDraft) -> QuoteView:
    """Create a quote for a deal; it is not sent by that."""
    from chalicelib.services import quotes

    return quotes.create(actor, body)


@routes.get("/v1/quotes", permission="quotes:read", query=QuoteQuery, returns=Listing[QuoteView], paged=True)
def list_quotes(actor: Actor, query: QuoteQuery, page: Page) -> Listing[QuoteView]:
    """List quotes, the newest first."""
    from chalicelib.services import quotes

    return quotes.listing(actor, query, page)


@routes.get("/v1/quotes/{quote_id}", permission="quotes:read", returns=QuoteView)
def get_quote(actor: Actor, quote_id: str) -> QuoteView:
    """Read a quote."""
    from chalicelib.services import quotes

    return quotes.get(actor, quote_id)


@routes.patch("/v1/quotes/{quote_id}", permission="quotes:write", body=QuotePatch, returns=QuoteView, errors=(409,))
def patch_quote(actor: Actor, quote_id: str, body: dict[str, Any], expected: int | None) -> QuoteView:
    """Change some fields of a quote; of one that was sent only `valid_until`."""
    from chalicelib.services import quotes

    return quotes.update(actor, quote_id, body, expected)


@routes.delete("/v1/quotes/{quote_id}", permission="quotes:write")
def delete_quote(actor: Actor, quote_id: str, expected: int | None) -> None:
    """Put a quote into the trash; its link is dead while it is there."""
    from chalicelib.services import quotes

    quotes.delete(actor, quote_id, expected)


@routes.post("/v1/quotes/{quote_id}/restore", permission="quotes:write", returns=QuoteView, status=200)
def restore_quote(actor: Actor, quote_id: str, expected: int | None) -> QuoteView:
    """Take a quote out of the trash."""
    from chalicelib.services import quotes

    return quotes.restore(actor, quote_id, expected)


@routes.post("/v1/quotes/{quote_id}/send", permission="quotes:write", returns=QuoteSent, status=200)
def send_quote(actor: Actor, quote_id: str, expected: int | None, base: str) -> QuoteSent:
    """Get the link to the page on which the customer reads the quote and answers."""
    from chalicelib.services import quotes

    return quotes.send(actor, quote_id, expected, base)


@routes.post("/v1/quotes/{quote_id}/revoke", permission="quotes:write", returns=QuoteView, status=200)
def revoke_quote(actor: Actor, quote_id: str, expected: int | None) -> QuoteView:
    """Take a quote back from its customer: the link is dead, and the quote a draft again."""
    from chalicelib.services import quotes

    return quotes.revoke(actor, quote_id, expected)
