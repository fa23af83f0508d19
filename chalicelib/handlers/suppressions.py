"""Addresses that are not mailed any more, over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.suppression import SuppressionDraft, SuppressionQuery, SuppressionView

routes = Routes(__name__)


@routes.get(
    "/v1/suppressions",
    permission="suppressions:read",
    query=SuppressionQuery,
    returns=Listing[SuppressionView],
    paged=True,
)
def list_suppressions(actor: Actor, query: SuppressionQuery, page: Page) -> Listing[SuppressionView]:
    """List the addresses that are not mailed any more, by address."""
    from chalicelib.services import suppression_list

    return suppression_list.listing(actor, query, page)


@routes.get("/v1/suppressions/{address}", permission="suppressions:read", returns=SuppressionView, errors=(404, 422))
def get_suppression(actor: Actor, address: str) -> SuppressionView:
    """Read why an address is not mailed."""
    from chalicelib.services import suppression_list

    return suppression_list.get(actor, address)


@routes.put(
    "/v1/suppressions/{address}", permission="suppressions:write", body=SuppressionDraft, returns=SuppressionView
)
def put_suppression(actor: Actor, address: str, body: dict[str, Any], expected: int | None) -> Made[SuppressionView]:
    """Keep mail from an address; whatever was said of it before stays said."""
    from chalicelib.services import suppression_list

    return suppression_list.put(actor, address, body, expected)


@routes.delete("/v1/suppressions/{address}", permission="suppressions:write", errors=(404, 409, 410, 422))
def delete_suppression(actor: Actor, address: str, expected: int | None) -> None:
    """Let an address be mailed again, on the record; never after a complaint or an erasure."""
    from chalicelib.services import suppression_list

    suppression_list.delete(actor, address, expected)
