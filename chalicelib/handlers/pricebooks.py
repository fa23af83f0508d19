"""Price books over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.pricebook import PricebookDraft, PricebookPatch, PricebookQuery, PricebookView

routes = Routes(__name__)


@routes.post("/v1/pricebooks", permission="pricebooks:write", body=PricebookDraft, returns=PricebookView)
def create_pricebook(actor: Actor, body: PricebookDraft) -> PricebookView:
    """Create a price book."""
    from chalicelib.services import pricebooks

    return pricebooks.create(actor, body)


@routes.get(
    "/v1/pricebooks", permission="pricebooks:read", query=PricebookQuery, returns=Listing[PricebookView], paged=True
)
def list_pricebooks(actor: Actor, query: PricebookQuery, page: Page) -> Listing[PricebookView]:
    """List price books by name."""
    from chalicelib.services import pricebooks

    return pricebooks.listing(actor, query, page)


@routes.get("/v1/pricebooks/{pricebook_id}", permission="pricebooks:read", returns=PricebookView)
def get_pricebook(actor: Actor, pricebook_id: str) -> PricebookView:
    """Read a price book."""
    from chalicelib.services import pricebooks

    return pricebooks.get(actor, pricebook_id)


@routes.patch(
    "/v1/pricebooks/{pricebook_id}", permission="pricebooks:write", body=PricebookPatch, returns=PricebookView
)
def patch_pricebook(actor: Actor, pricebook_id: str, body: dict[str, Any], expected: int | None) -> PricebookView:
    """Change some fields of a price book; lines that are priced stay as they are."""
    from chalicelib.services import pricebooks

    return pricebooks.update(actor, pricebook_id, body, expected)


@routes.delete("/v1/pricebooks/{pricebook_id}", permission="pricebooks:write")
def delete_pricebook(actor: Actor, pricebook_id: str, expected: int | None) -> None:
    """Put a price book into the trash; lines that are priced keep their prices."""
    from chalicelib.services import pricebooks

    pricebooks.delete(actor, pricebook_id, expected)


@routes.post("/v1/pricebooks/{pricebook_id}/restore", permission="pricebooks:write", returns=PricebookView, status=200)
def restore_pricebook(actor: Actor, pricebook_id: str, expected: int | None) -> PricebookView:
    """Take a price book out of the trash."""
    from chalicelib.services import pricebooks

    return pricebooks.restore(actor, pricebook_id, expected)
