"""What the timeline says of changes by itself.

An entry's id is made from what it tells of, so telling it twice tells it once.
"""

from typing import Any

from chalicelib import clock, ids
from chalicelib.models.table import Record
from chalicelib.models.writes import Step, transact
from chalicelib.services import activities


def contact(before: Any, after: Any) -> None:
    """A contact was made, put into the trash or taken back."""
    if after is None:
        return
    if before is None:
        _tell(after, after.id, "contact.created")
    elif before.deleted_at != after.deleted_at:
        _tell(after, after.id, "contact.deleted" if after.deleted_at else "contact.restored")


def task(before: Any, after: Any) -> None:
    """A task on a record was set or done."""
    if after is None or after.subject_id is None:
        return
    if before is None:
        _tell(after, after.subject_id, "task.created")
    elif before.status != "done" and after.status == "done":
        _tell(after, after.subject_id, "task.completed", text=after.outcome)


def _tell(record: Record, subject_id: str, what: str, *, text: str | None = None) -> None:
    entry_id = ids.derived("act", clock.parse(record.updated_at), f"{record.id}/{record.version}/{what}")
    data = {"task_id": record.id, "title": getattr(record, "title", None)} if record.id != subject_id else {}
    entry = activities.build(
        record.tenant,
        subject_id,
        what,
        record.updated_at,
        record.updated_by or "system",
        entry_id,
        text=text,
        data=data,
    )
    transact(Step("save", entry))
