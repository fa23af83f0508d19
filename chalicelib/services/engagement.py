"""When a contact or a company was last in touch, and when next: computed from what happened and what is to be done.

What happened with a contact also happened with its company: a company was in touch at least as lately as each contact
was while it belonged to it. Both are the latest of all that was ever said, so order and repetition do not matter.
What is told of a record that was merged counts for the winner, and is kept apart there, so that an undo takes it back.
"""

from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.ledger import OpenTask
from chalicelib.models.subject import Subject
from chalicelib.models.table import every
from chalicelib.models.task import UNDATED
from chalicelib.models.writes import Step, absent, transact
from chalicelib.services import absorbed

CONTACTS: Final = frozenset({"call", "email", "meeting", "message"})  # activities by which people were in touch
_KEEP_CLOSED: Final = 14 * 24 * 3600  # seconds; longer than an event can wait in a dead-letter queue
_TRIES: Final = 10


def contacted(_before: Any, after: Any) -> None:
    """An activity tells of a record: the latest one is its `last_contacted_at`."""
    if after is not None and after.what in CONTACTS:
        _reached(after.tenant, after.subject_id, after.at, after.actor)


def belongs(_before: Any, after: Any) -> None:
    """A contact was in touch, or came to another company: so was that company.

    A read unit where the company was in touch later; where it was not, also what a change of a company costs.
    """
    if after is not None and after.company_id and after.last_contacted_at and after.live:
        _reached(after.tenant, after.company_id, after.last_contacted_at, after.updated_by or "system")


def planned(before: Any, after: Any) -> None:
    """A task changed: the earliest due time of a record's open tasks is its `next_activity_at`."""
    record = after or before
    version = int(after.version) if after is not None else int(before.version) + 1
    subjects = {task.subject_id for task in (before, after) if task is not None and task.subject_id}
    for subject_id in sorted(subjects):
        counts = (
            after is not None and after.subject_id == subject_id and after.status == "open" and not after.deleted_at
        )
        _contribute(record.tenant, subject_id, record.id, version, after.due_at or UNDATED if counts else None)
        _settle(record.tenant, subject_id, record.updated_by or "system")


def _reached(tenant: str, record_id: str, at: str, by: str) -> None:
    for _ in range(_TRIES):
        record = absorbed.root(tenant, record_id)
        if record is None or (absorbed.contacted_at(record, record_id) or "") >= at:
            return
        absorbed.tell(record, {record_id: [at, absorbed.planned_at(record, record_id)]})
        if _saved(record, by):
            return
    raise errors.Stale("The record kept changing.")


def _contribute(tenant: str, subject_id: str, task_id: str, version: int, due_at: str | None) -> None:
    said = OpenTask(*keys.key("open_task", tenant=tenant, subject=subject_id, task=task_id), of_version=version)
    said.due_at, said.undated = (None, True) if due_at == UNDATED else (due_at, None)
    said.ttl = None if due_at else int(clock.epoch()) + _KEEP_CLOSED
    try:
        transact(Step("save", said, absent() | (OpenTask.of_version < version)))
    except errors.Stale:
        return  # a newer version has spoken; what follows is harmless, and needed if it was cut off after speaking


def _settle(tenant: str, subject_id: str, by: str) -> None:
    """Write what the open tasks say, then look again: whoever writes last has seen everything said before."""
    for _ in range(_TRIES):
        earliest = _earliest(tenant, subject_id)
        record = absorbed.root(tenant, subject_id)
        if record is None or absorbed.planned_at(record, subject_id) == earliest:
            return
        absorbed.tell(record, {subject_id: [absorbed.contacted_at(record, subject_id), earliest]})
        _saved(record, by)
    raise errors.Stale("The record kept changing.")


def _earliest(tenant: str, subject_id: str) -> str | None:
    said = every(
        keys.partition("open_task", tenant=tenant, subject=subject_id),
        where=OpenTask.sk.startswith(keys.prefix("open_task")),
    )
    return min((one.due_at for one in said if one.due_at), default=None)


def _saved(record: Subject, by: str) -> bool:
    record.touch(by)
    record.keys()
    try:
        transact(Step("save", record))
    except errors.Stale:
        return False
    return True
