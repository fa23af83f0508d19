"""Deals over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, DealPatch, DealView, Move
from chalicelib.schemas.filters import DealQuery
from chalicelib.schemas.history import AsOfQuery
from chalicelib.schemas.page import Listing, Made, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/deals", permission="deals:write", body=DealDraft, returns=DealView)
def create_deal(actor: Actor, body: DealDraft) -> DealView:
    """Create a deal."""
    from chalicelib.services import deals

    return deals.create(actor, body)


@routes.get("/v1/deals", permission="deals:read", query=DealQuery, returns=Listing[DealView], paged=True)
def list_deals(actor: Actor, query: DealQuery, page: Page) -> Listing[DealView]:
    """List deals by one of the declared patterns."""
    from chalicelib.services import deals

    return deals.listing(actor, query, page)


@routes.get("/v1/deals/{deal_id}", permission="deals:read", query=AsOfQuery, returns=DealView, errors=(410, 503))
def get_deal(actor: Actor, deal_id: str, query: AsOfQuery) -> DealView:
    """Read a deal, as it is or as it was at a moment."""
    from chalicelib.services import versions

    shown: DealView = versions.read(actor, "deal", deal_id, query)
    return shown


@routes.patch("/v1/deals/{deal_id}", permission="deals:write", body=DealPatch, returns=DealView, errors=(409, 410))
def patch_deal(actor: Actor, deal_id: str, body: dict[str, Any], expected: int | None) -> DealView:
    """Change some fields of a deal; another `stage_id` is a move."""
    from chalicelib.services import deals

    return deals.update(actor, deal_id, body, expected)


@routes.delete("/v1/deals/{deal_id}", permission="deals:write", errors=(410,))
def delete_deal(actor: Actor, deal_id: str, expected: int | None) -> None:
    """Put a deal into the trash."""
    from chalicelib.services import deals

    deals.delete(actor, deal_id, expected)


@routes.post("/v1/deals/{deal_id}/restore", permission="deals:write", returns=DealView, status=200, errors=(410,))
def restore_deal(actor: Actor, deal_id: str, expected: int | None) -> DealView:
    """Take a deal out of the trash."""
    from chalicelib.services import deals

    return deals.restore(actor, deal_id, expected)


@routes.post("/v1/deals/{deal_id}/purge", permission="deals:write", status=204, errors=(410,))
def purge_deal(actor: Actor, deal_id: str, expected: int | None) -> None:
    """Remove a deal in the trash for good, with all that is kept beside it."""
    from chalicelib.services import deals

    deals.purge(actor, deal_id, expected)


@routes.post(
    "/v1/deals/{deal_id}/move", permission="deals:write", body=Move, returns=DealView, status=200, errors=(410,)
)
def move_deal(actor: Actor, deal_id: str, body: Move, expected: int | None) -> DealView:
    """Move a deal to a stage and a place on its board; into one that is won or lost it is closed."""
    from chalicelib.services import deals

    return deals.move(actor, deal_id, body, expected)


@routes.put(
    "/v1/deals/by/external_id/{external_id}",
    permission="deals:write",
    body=DealPatch,
    returns=DealView,
    errors=(409,),
)
def put_deal_by_external_id(actor: Actor, external_id: str, body: dict[str, Any]) -> Made[DealView]:
    """Change the deal that another system knows by this id, or create it."""
    from chalicelib.services import deals

    return Made(*deals.upsert(actor, "external_id", external_id, body))
