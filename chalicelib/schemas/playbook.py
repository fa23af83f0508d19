"""Playbooks on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Name, Stamp, Title, View, patch_of
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.task import Seconds


class After(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """So many working days after the deal entered the stage, at the same time of day, and so many hours of work."""

    days: Annotated[int, Meta(ge=0, le=365, examples=[2])] = 0
    hours: Annotated[float, Meta(ge=0, le=1000, examples=[0])] = 0


class Play(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One task of a playbook. It is the deal's owner's, or a certain user's, and due in his working time."""

    title: Title
    kind: Literal["call", "email", "meeting", "todo"] = "todo"
    priority: Literal["low", "normal", "high"] = "normal"
    after: After = msgspec.field(default_factory=After)
    assignee: Annotated[
        str, Meta(max_length=40, description="`owner` for the deal's owner, or a user's id", examples=["owner"])
    ] = "owner"
    remind_before: Seconds | None = 0


class PlaybookDraft(Draft, kw_only=True):
    """What is to be done whenever a deal enters a stage."""

    name: Name
    pipeline_id: Id
    stage_id: Id
    active: bool = True
    tasks: Annotated[list[Play], Meta(min_length=1, max_length=20)]


PlaybookPatch = patch_of(PlaybookDraft)


class PlaybookView(View):
    """A playbook as a client reads it. `since`: deals that entered the stage from then on get its tasks."""

    id: str
    name: str
    pipeline_id: str
    stage_id: str
    active: bool
    since: Stamp | None
    tasks: list[Play]
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class PlaybookQuery(ListQuery):
    """All playbooks by name, or the active ones of a stage."""

    stage_id: Annotated[Id, Meta(description="Only active playbooks of this stage")] | None = None
