"""What the timeline says of changes by itself.

An entry's id is made from what it tells of, so telling it twice tells it once. Each entry costs two write units; what
has no entry here is in the field history all the same, for one.
"""

from typing import Any, Final

from chalicelib import clock, ids
from chalicelib.models.table import Record
from chalicelib.models.writes import Step, transact
from chalicelib.services import activities, pipelines

# Fields of contacts and companies whose change is told, from what to what.
_TOLD: Final = {"owner_id": "owner_changed", "lifecycle": "lifecycle_changed"}


def contact(before: Any, after: Any) -> None:
    """A contact was made, put into the trash or taken back; it has another owner, or another stage."""
    _party(before, after)


def company(before: Any, after: Any) -> None:
    """A company was made, put into the trash or taken back, or has another owner."""
    _party(before, after)


def deal(before: Any, after: Any) -> None:
    """A deal was made, put into the trash or taken back, or has another owner; it went from one stage to another."""
    _party(before, after)
    if before is not None and after is not None and before.stage_id != after.stage_id:
        _tell(after, after.id, "deal.stage_changed", text=after.lost_reason, data=_move(before, after))


def merged(before: Any, after: Any) -> None:
    """A record became a part of another one, or was taken out of it again: told there."""
    if before is None or after is None or before.merged_into == after.merged_into:
        return
    data = {"id": after.id, "version": int(after.version)}
    if before.merged_into:
        _tell(after, before.merged_into, f"{after.NOUN}.unmerged", data=data)
    if after.merged_into:
        _tell(after, after.merged_into, f"{after.NOUN}.merged", data=data)


def task(before: Any, after: Any) -> None:
    """A task on a record was set or done."""
    if after is None or after.subject_id is None:
        return
    data = {"task_id": after.id, "title": after.title}
    if before is None:
        _tell(after, after.subject_id, "task.created", data=data)
    elif before.status != "done" and after.status == "done":
        _tell(after, after.subject_id, "task.completed", text=after.outcome, data=data)


def _move(before: Any, after: Any) -> dict[str, Any]:
    """From where to where, by id and by the name of now, as a stage may be renamed or removed. Half a unit."""
    names: dict[str, str] = {}
    for pipeline_id in {before.pipeline_id, after.pipeline_id}:
        pipeline = pipelines.load(after.tenant, pipeline_id, deleted=True)
        names |= {stage["id"]: stage["name"] for stage in pipeline.stages}
    return {
        "from": before.stage_id,
        "from_name": names.get(before.stage_id),
        "to": after.stage_id,
        "to_name": names.get(after.stage_id),
        "status": after.status,
        "version": int(after.version),
    }


def _party(before: Any, after: Any) -> None:
    if after is None:
        return
    if before is None:
        _tell(after, after.id, f"{after.NOUN}.created")
        return
    if before.deleted_at != after.deleted_at:
        _tell(after, after.id, f"{after.NOUN}.{'deleted' if after.deleted_at else 'restored'}")
    for field, word in _TOLD.items():
        old, new = getattr(before, field, None), getattr(after, field, None)
        if old != new:
            data = {"from": old, "to": new, "version": int(after.version)}
            _tell(after, after.id, f"{after.NOUN}.{word}", data=data)


def _tell(
    record: Record, subject_id: str, what: str, *, text: str | None = None, data: dict[str, Any] | None = None
) -> None:
    entry_id = ids.derived("act", clock.parse(record.updated_at), f"{record.id}/{record.version}/{what}")
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
