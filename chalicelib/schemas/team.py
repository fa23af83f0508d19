"""Teams on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Name, Stamp, View, Zone, patch_of
from chalicelib.schemas.hours import Holidays, Hours, HoursPatch
from chalicelib.schemas.page import ListQuery

Escalation = Annotated[
    int,
    Meta(
        ge=1,
        le=1000,
        description="Hours of working time after which an overdue task of a member is told to the manager",
        examples=[8],
    ),
]


class TeamDraft(Draft):
    """A team. Zone, hours and holidays are its own where it has some, else the firm's."""

    name: Name
    manager_id: Id | None = None
    member_ids: Annotated[list[Id], Meta(max_length=99, description="Users, each in no other team")] = []
    time_zone: Zone | None = None
    hours: Hours | None = None
    holidays: Holidays | None = None
    escalate_after_hours: Escalation | None = None


TeamPatch = patch_of(TeamDraft, hours=HoursPatch)


class TeamView(View):
    """A team as a client reads it."""

    id: str
    name: str
    manager_id: str | None
    member_ids: list[str]
    time_zone: str | None
    hours: Hours | None
    holidays: Holidays | None
    escalate_after_hours: int | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class TeamQuery(ListQuery):
    """Teams, by name."""
