"""When a contact was last in touch, and when next: computed from what happened and from what is to be done."""

from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.ledger import OpenTask
from chalicelib.models.table import every
from chalicelib.models.writes import Step, absent, transact
from chalicelib.services import contacts

CONTACTS: Final = frozenset({"call", "email", "meeting", "message"})  # activities by which people were in touch
_KEEP_CLOSED: Final = 14 * 24 * 3600  # seconds; longer than an event can wait in a dead-letter queue
_TRIES: Final = 10


def contacted(_before: Any, after: Any) -> None:
    """An activity tells of a contact: the latest one is the contact's `last_contacted_at`."""
    if after is None or after.what not in CONTACTS:
        return
    for _ in range(_TRIES):
        contact = _contact(after.tenant, after.subject_id)
        if contact is None or (contact.last_contacted_at or "") >= after.at:
            return
        contact.last_contacted_at = after.at
        if _saved(contact, after.actor):
            return
    raise errors.Stale("The contact kept changing.")


def planned(before: Any, after: Any) -> None:
    """A task changed: the earliest due time of a contact's open tasks is its `next_activity_at`."""
    record = after or before
    version = int(after.version) if after is not None else int(before.version) + 1
    subjects = {task.subject_id for task in (before, after) if task is not None and task.subject_id}
    for subject_id in sorted(subjects):
        counts = (
            after is not None and after.subject_id == subject_id and after.status == "open" and not after.deleted_at
        )
        _contribute(record.tenant, subject_id, record.id, version, after.due_at if counts else None)
        _settle(record.tenant, subject_id, record.updated_by or "system")


def _contribute(tenant: str, subject_id: str, task_id: str, version: int, due_at: str | None) -> None:
    said = OpenTask(
        *keys.key("open_task", tenant=tenant, subject=subject_id, task=task_id), of_version=version, due_at=due_at
    )
    said.ttl = None if due_at else int(clock.epoch()) + _KEEP_CLOSED
    try:
        transact(Step("save", said, absent() | (OpenTask.of_version < version)))
    except errors.Stale:
        return  # a newer version has spoken; what follows is harmless, and needed if it was cut off after speaking


def _settle(tenant: str, subject_id: str, by: str) -> None:
    """Write what the open tasks say, then look again: whoever writes last has seen everything said before."""
    for _ in range(_TRIES):
        earliest = _earliest(tenant, subject_id)
        contact = _contact(tenant, subject_id)
        if contact is None or contact.next_activity_at == earliest:
            return
        contact.next_activity_at = earliest
        _saved(contact, by)
    raise errors.Stale("The contact kept changing.")


def _earliest(tenant: str, subject_id: str) -> str | None:
    said = every(
        keys.partition("open_task", tenant=tenant, subject=subject_id),
        where=OpenTask.sk.startswith(keys.prefix("open_task")),
    )
    return min((one.due_at for one in said if one.due_at), default=None)


def _contact(tenant: str, subject_id: str) -> Contact | None:
    try:
        return contacts.load(tenant, subject_id, consistent=True, deleted=True)
    except errors.NotFound:
        return None


def _saved(contact: Contact, by: str) -> bool:
    contact.touch(by)
    contact.keys()
    try:
        transact(Step("save", contact))
    except errors.Stale:
        return False
    return True
