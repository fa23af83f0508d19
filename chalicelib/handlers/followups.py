"""Follow-ups that come by themselves, over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.followup import FollowupDraft, FollowupQuery, FollowupView
from chalicelib.schemas.page import Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/followups", permission="followups:write", body=FollowupDraft, returns=FollowupView)
def create_followup(actor: Actor, body: FollowupDraft) -> FollowupView:
    """Wait for an answer; if none comes in time, the task is made by itself."""
    from chalicelib.services import followups

    return followups.create(actor, body)


@routes.get(
    "/v1/followups", permission="followups:read", query=FollowupQuery, returns=Listing[FollowupView], paged=True
)
def list_followups(actor: Actor, query: FollowupQuery, page: Page) -> Listing[FollowupView]:
    """List those that wait, those of another status, or those of a contact or a deal."""
    from chalicelib.services import followups

    return followups.listing(actor, query, page)


@routes.get("/v1/followups/{followup_id}", permission="followups:read", returns=FollowupView)
def get_followup(actor: Actor, followup_id: str) -> FollowupView:
    """Read how a follow-up stands."""
    from chalicelib.services import followups

    return followups.get(actor, followup_id)


@routes.delete("/v1/followups/{followup_id}", permission="followups:write")
def delete_followup(actor: Actor, followup_id: str, expected: int | None) -> None:
    """Wait no longer. A task that was made already stays."""
    from chalicelib.services import followups

    followups.delete(actor, followup_id, expected)
