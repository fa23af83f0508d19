"""Follow-ups that come by themselves, on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Moment, Stamp, Title, View
from chalicelib.schemas.page import ListQuery

Status = Literal["waiting", "done", "cancelled"]
Reason = Literal["reply", "bounce", "opt_out", "closed", "gone", "nobody", "failed"]


class FollowupTask(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The task that is made if nobody answers. Without `assignee_id` it is the caller's own."""

    title: Title
    kind: Literal["call", "email", "meeting", "todo"] = "todo"
    priority: Literal["low", "normal", "high"] = "normal"
    assignee_id: Id | None = None


class FollowupDraft(Draft, kw_only=True):
    """If a contact, or nobody of a deal, answers within so many working days since a moment (default: now), the task
    is made. A reply, a bounce or an opt-out in the timeline before that cancels it.
    """

    subject_id: Annotated[Id, Meta(description="A contact or a deal")]
    after_days: Annotated[int, Meta(ge=1, le=365, description="Working days of the assignee", examples=[3])]
    task: FollowupTask
    since: Moment | None = None


class FollowupView(View):
    """A follow-up as a client reads it: `done` once its task was made, or `cancelled` for a reason."""

    id: str
    subject_id: str
    after_days: int
    task: FollowupTask
    since: Stamp
    due_at: Stamp
    status: Status
    reason: Reason | None
    task_id: str | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class FollowupQuery(ListQuery):
    """Which follow-ups: of a subject, of one status, or both (default: those that wait); the earliest due first."""

    subject_id: Annotated[Id, Meta(description="Only those of this contact or deal")] | None = None
    status: Status | None = None
