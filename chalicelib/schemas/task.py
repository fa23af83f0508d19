"""Tasks (follow-ups) on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Moment, Stamp, Title, View, Zone, patch_of
from chalicelib.schemas.page import ListQuery

Status = Literal["open", "done", "cancelled"]
Kind = Literal["call", "email", "meeting", "todo"]
Seconds = Annotated[
    int,
    Meta(ge=0, le=31_536_000, description="Seconds before `due_at` at which the assignee is reminded; null for never"),
]
Rule = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=500,
        description="An RRULE (RFC 5545), DAILY to YEARLY, at most 24 times a day. Only the next one is a task; "
        "closing it makes the one after, at the same local time",
    ),
]
Local = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$(?!\n)",
        description="Instead of `due_at`: what a clock in `time_zone` shows. A time that the clock skips is so much "
        "later, one that it shows twice is the first",
    ),
]


class TaskDraft(Draft):
    """Something to do. Without `assignee_id` it is the caller's own; `remind_before` 0 reminds when it is due."""

    title: Title
    kind: Kind = "todo"
    due_at: Moment | None = None
    due_local: Local | None = None
    remind_before: Seconds | None = 0
    assignee_id: Id | None = None
    subject_id: Id | None = None
    priority: Literal["low", "normal", "high"] = "normal"
    recurrence: Rule | None = None
    time_zone: Zone | None = None


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
    snoozed_until: Stamp | None
    assignee_id: str
    subject_id: str | None
    priority: str
    outcome: str | None
    completed_at: Stamp | None
    next_id: str | None
    recurrence: str | None
    time_zone: str | None
    series_id: str | None
    occurrence: int | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class NextTask(View):
    """A proposal for what to do next: a body for `POST /v1/tasks`, to be agreed to or changed."""

    title: str
    kind: str
    due_at: Stamp
    assignee_id: str
    subject_id: str
    priority: str


class CompletedTask(TaskView):
    """A task that was done, and what comes next.

    `next` is what was made with it, `following` the next one of its series. If nothing is planned any more for the
    record, `next_required` is true and `next_suggested` a proposal.
    """

    next: TaskView | None = None
    following: TaskView | None = None
    next_required: bool = False
    next_suggested: NextTask | None = None


class TaskQuery(ListQuery):
    """Which tasks: of one status (default: open), of one assignee or record, due by then; the earliest first."""

    status: Status = "open"
    assignee_id: Id | None = None
    subject_id: Id | None = None
    due_before: Moment | None = None
    overdue: Literal["true"] | None = None


class TaskScope(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of a task that recurs: what is changed."""

    scope: Annotated[
        Literal["this", "all"],
        Meta(description="Of a task that recurs: only `this` one, or `all` of the series from it on"),
    ] = "this"


class Completion(Draft):
    """How it went, and what is to be done next: for the same record and by the same one unless it says otherwise."""

    outcome: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    next: TaskDraft | None = None


class Snooze(Draft):
    """When to be reminded instead. The task stays due when it is."""

    until: Moment
