"""Saved views over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.view import ViewDraft, ViewPatch, ViewQuery, ViewView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/views", permission="views:write", body=ViewDraft, returns=ViewView)
def create_view(actor: Actor, body: ViewDraft) -> ViewView:
    """Save a view, for oneself or for everybody."""
    from chalicelib.services import views

    return views.create(actor, body)


@routes.get("/v1/views", permission="views:read", query=ViewQuery, returns=Listing[ViewView], paged=True)
def list_views(actor: Actor, query: ViewQuery, page: Page) -> Listing[ViewView]:
    """List one's own views, then those that are shared."""
    from chalicelib.services import views

    return views.listing(actor, query, page)


@routes.get("/v1/views/{view_id}", permission="views:read", returns=ViewView)
def get_view(actor: Actor, view_id: str) -> ViewView:
    """Read a view."""
    from chalicelib.services import views

    return views.get(actor, view_id)


@routes.patch("/v1/views/{view_id}", permission="views:write", body=ViewPatch, returns=ViewView)
def patch_view(actor: Actor, view_id: str, body: dict[str, Any], expected: int | None) -> ViewView:
    """Change a view of one's own; to change another's shared one needs `views:admin`."""
    from chalicelib.services import views

    return views.update(actor, view_id, body, expected)


@routes.delete("/v1/views/{view_id}", permission="views:write")
def delete_view(actor: Actor, view_id: str, expected: int | None) -> None:
    """Put a view into the trash."""
    from chalicelib.services import views

    views.delete(actor, view_id, expected)


@routes.post("/v1/views/{view_id}/restore", permission="views:write", returns=ViewView, status=200)
def restore_view(actor: Actor, view_id: str, expected: int | None) -> ViewView:
    """Take a view out of the trash."""
    from chalicelib.services import views

    return views.restore(actor, view_id, expected)
