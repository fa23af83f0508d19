"""All that somebody has to look after goes to somebody else, as one job: contacts, companies, open deals and tasks.

What was won or lost stays with who won or lost it: that is what reports and quotas go by.

It may be asked for again, before or after the one who leaves is removed: what is settled stays as it is.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.table import fetch, several
from chalicelib.models.task import Task
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Page
from chalicelib.schemas.task import TaskQuery
from chalicelib.services import bulk, jobs, nouns, parties, sweeps, tasks, users

KIND: Final = "reassign"
_PAGE: Final = 200
_NEEDS: Final = ("contacts:write", "companies:write", "deals:write", "tasks:write")
_OPEN: Final[dict[str, dict[str, str]]] = {"deal": {"status": "open"}}  # which of a noun are still to be looked after


def start(actor: Actor, user_id: str, to_user_id: str) -> JobView:
    """Begin. Raises `NotFound` for a user that never was, `Invalid` for a successor who is not there, `Forbidden`."""
    users.load(actor.tenant, user_id, deleted=True)
    actor.needs(*_NEEDS)
    if to_user_id == user_id:
        raise errors.invalid("/to_user_id", "unsupported", "This is the same user.")
    users.exists(actor.tenant, to_user_id, "/to_user_id")
    return jobs.start(actor, KIND, {"from": user_id, "to": to_user_id}, permission="contacts:read")


def step(job: Job) -> bool:
    """One step of the job. As `steps.STEPS` says."""
    return sweeps.step(job, _Reassign(job))


class _Reassign:
    """Every record of one user becomes another's."""

    def __init__(self, job: Job) -> None:
        self.actor, self.old, self.new = jobs.actor_of(job), job.params["from"], job.params["to"]

    def sources(self) -> list[sweeps.Source]:
        """The lists of an owner, and the open tasks of an assignee."""
        owned = [bulk.found(self.actor, noun, {"owner_id": self.old, **_OPEN.get(noun, {})}) for noun in nouns.NOUNS]
        return [*owned, self._tasks]

    def look(self, record_ids: Sequence[str]) -> list[Any]:
        """As they were a moment ago."""
        return several([keys.key(self._kind(one), tenant=self.actor.tenant, id=one) for one in record_ids])

    def again(self, record_id: str) -> Any:
        """As it is."""
        noun = nouns.of_id(record_id)
        if noun is not None:
            return nouns.peek(noun, self.actor.tenant, record_id, consistent=True)
        return fetch(Task, *keys.key("task", tenant=self.actor.tenant, id=record_id), consistent=True)

    def due(self, record: Any) -> bool:
        """Whether it is still the old one's, and anybody's at all."""
        if isinstance(record, Task):
            return record.assignee_id == self.old and record.status == "open" and not record.deleted_at
        there = record.owner_id == self.old and record.live
        return bool(there and all(getattr(record, name) == one for name, one in _OPEN.get(record.NOUN, {}).items()))

    def do(self, record: Any) -> None:
        """By the verb that does it to one."""
        update: Callable[..., Any]
        if isinstance(record, Task):
            update, patch = partial(tasks.update, scope="all"), {"assignee_id": self.new}
        else:
            update, patch = parties.of(record.NOUN).update, {"owner_id": self.new}
        update(self.actor, record.id, patch, int(record.version))

    def _tasks(self, key: Any) -> tuple[list[str], Any]:
        found = tasks.listing(self.actor, TaskQuery(assignee_id=self.old), Page(_PAGE, key))
        return [one.id for one in found.data], found.last

    def _kind(self, record_id: str) -> str:
        noun = nouns.of_id(record_id)
        return noun.name if noun else "task"
