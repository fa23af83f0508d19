"""Playbooks over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.playbook import PlaybookDraft, PlaybookPatch, PlaybookQuery, PlaybookView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/playbooks", permission="playbooks:write", body=PlaybookDraft, returns=PlaybookView)
def create_playbook(actor: Actor, body: PlaybookDraft) -> PlaybookView:
    """Create a playbook: deals that enter its stage from now on get its tasks."""
    from chalicelib.services import playbooks

    return playbooks.create(actor, body)


@routes.get(
    "/v1/playbooks", permission="playbooks:read", query=PlaybookQuery, returns=Listing[PlaybookView], paged=True
)
def list_playbooks(actor: Actor, query: PlaybookQuery, page: Page) -> Listing[PlaybookView]:
    """List all playbooks by name, or the active ones of a stage."""
    from chalicelib.services import playbooks

    return playbooks.listing(actor, query, page)


@routes.get("/v1/playbooks/{playbook_id}", permission="playbooks:read", returns=PlaybookView)
def get_playbook(actor: Actor, playbook_id: str) -> PlaybookView:
    """Read a playbook."""
    from chalicelib.services import playbooks

    return playbooks.get(actor, playbook_id)


@routes.patch("/v1/playbooks/{playbook_id}", permission="playbooks:write", body=PlaybookPatch, returns=PlaybookView)
def patch_playbook(actor: Actor, playbook_id: str, body: dict[str, Any], expected: int | None) -> PlaybookView:
    """Change some fields of a playbook; what deals have got from it already stays."""
    from chalicelib.services import playbooks

    return playbooks.update(actor, playbook_id, body, expected)


@routes.delete("/v1/playbooks/{playbook_id}", permission="playbooks:write")
def delete_playbook(actor: Actor, playbook_id: str, expected: int | None) -> None:
    """Put a playbook into the trash; no deal gets its tasks any more."""
    from chalicelib.services import playbooks

    playbooks.delete(actor, playbook_id, expected)


@routes.post("/v1/playbooks/{playbook_id}/restore", permission="playbooks:write", returns=PlaybookView, status=200)
def restore_playbook(actor: Actor, playbook_id: str, expected: int | None) -> PlaybookView:
    """Take a playbook out of the trash."""
    from chalicelib.services import playbooks

    return playbooks.restore(actor, playbook_id, expected)
