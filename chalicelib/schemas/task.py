"""Tasks (follow-ups) on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Moment, Stamp, Title, View, patch_of
from chalicelib.schemas.page import ListQuery

Status = Literal["open", "done", "cancelled"]
Seconds = Annotated[
    int,
    Meta(ge=0, le=31_536_000, description="Seconds before `due_at` at which the assignee is reminded; null for never"),
]


class TaskDraft(Draft):
    """Something to do. Without `assignee_id` it is the caller's own; `remind_before` 0 reminds when it is due."""

    title: Title
    kind: Literal["call", "email", "meeting", "todo"] = "todo"
    due_at: Moment | None = None
    remind_before: Seconds | None = 0
    assignee_id: Id | None = None
    subject_id: Id | None = None
    priority: Literal["low", "normal", "high"] = "normal"


class TaskChange(TaskDraft):
    """What may be changed of a task: all of its draft, and its status. A task that is not done has no outcome."""

    status: Status = "open"


TaskPatch = patch_of(TaskChange)


class TaskView(View):
    """A task as a client reads it."""

    id: str
    title: str
    kind: str
    status: Status
    due_at: Stamp | None
    remind_before: int | None
    assignee_id: str
    subject_id: str | None
    priority: str
    outcome: str | None
    completed_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class TaskQuery(ListQuery):
    """Which tasks: of one status (default: open), of one assignee, due before a moment; the earliest first."""

    status: Status = "open"
    assignee_id: Id | None = None
    due_before: Moment | None = None


class Completion(Draft):
    """How it went."""

    outcome: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
