"""Who is given a task by somebody else hears of it in his inbox, once for each time."""

from typing import Any, Final

from chalicelib import ids
from chalicelib.models.task import Task
from chalicelib.services import inbox

KIND: Final = "assigned"


def given(before: Task | None, after: Task | None) -> None:
    """A task was made for somebody, or given to him. A write unit and half a read unit; none for one's own.

    The next one of a series that was his already is no news, and a follow-up tells of its task itself.
    """
    if after is None or after.deleted_at or after.status != "open" or after.updated_by == after.assignee_id:
        return
    if ids.is_id("fup", after.updated_by or ""):
        return
    if (before is not None and before.assignee_id == after.assignee_id) or int(after.occurrence or 1) > 1:
        return
    known: dict[str, Any] = {"due_at": after.due_at, "kind": after.what, "priority": after.priority}
    inbox.tell(
        after.tenant,
        after.assignee_id,
        f"{after.id}.{after.version}",
        KIND,
        after.title,
        subject_id=after.id,
        data={**known, "by": after.updated_by, "subject_id": after.subject_id},
        at=after.updated_at,
    )
