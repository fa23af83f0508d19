"""Teams over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.team import TeamDraft, TeamPatch, TeamQuery, TeamView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/teams", permission="teams:write", body=TeamDraft, returns=TeamView)
def create_team(actor: Actor, body: TeamDraft) -> TeamView:
    """Create a team. A user is a member of one team at most."""
    from chalicelib.services import teams

    return teams.create(actor, body)


@routes.get("/v1/teams", permission="teams:read", query=TeamQuery, returns=Listing[TeamView], paged=True)
def list_teams(actor: Actor, query: TeamQuery, page: Page) -> Listing[TeamView]:
    """List all teams by name."""
    from chalicelib.services import teams

    return teams.listing(actor, query, page)


@routes.get("/v1/teams/{team_id}", permission="teams:read", returns=TeamView)
def get_team(actor: Actor, team_id: str) -> TeamView:
    """Read a team."""
    from chalicelib.services import teams

    return teams.get(actor, team_id)


@routes.patch("/v1/teams/{team_id}", permission="teams:write", body=TeamPatch, returns=TeamView, errors=(409,))
def patch_team(actor: Actor, team_id: str, body: dict[str, Any], expected: int | None) -> TeamView:
    """Change some fields of a team."""
    from chalicelib.services import teams

    return teams.update(actor, team_id, body, expected)


@routes.delete("/v1/teams/{team_id}", permission="teams:write")
def delete_team(actor: Actor, team_id: str, expected: int | None) -> None:
    """Put a team into the trash; its members are free for others."""
    from chalicelib.services import teams

    teams.delete(actor, team_id, expected)


@routes.post("/v1/teams/{team_id}/restore", permission="teams:write", returns=TeamView, status=200)
def restore_team(actor: Actor, team_id: str, expected: int | None) -> TeamView:
    """Take a team out of the trash."""
    from chalicelib.services import teams

    return teams.restore(actor, team_id, expected)
