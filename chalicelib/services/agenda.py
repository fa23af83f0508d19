"""Lists of tasks: of a status, of an assignee, of a record, and what is overdue. One query of what fits each."""

from typing import Any

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.ledger import OpenTask
from chalicelib.models.table import Item, PageOf, every, page, several
from chalicelib.models.task import UNDATED, Task
from chalicelib.schemas.page import Page
from chalicelib.schemas.task import TaskQuery
from chalicelib.services import absorbed, nouns

_BEHIND = "behind"  # the place in the list of a record after which the next page begins


def of(tenant: str, query: TaskQuery, wanted: Page) -> PageOf:
    """One page of tasks, the earliest due first. Raises `Invalid` for parameters that are no list together."""
    if query.overdue and query.status != "open":
        raise errors.invalid("/status", "unsupported", "Only open tasks are overdue.")
    before = _before(query)
    if query.subject_id is not None:
        return _of_record(tenant, query, wanted, before)
    parts = {"tenant": tenant, "status": query.status}
    index, more = ("gsi2", {"assignee": query.assignee_id}) if query.assignee_id else ("gsi1", {})
    sort_key = Item.gsi2sk if query.assignee_id else Item.gsi1sk
    where = sort_key < before if before else None
    return page(
        keys.partition("task", index, **parts, **more), index=index, where=where, limit=wanted.limit, start=wanted.start
    )


def is_planned(tenant: str, subject_id: str, but: str) -> bool:
    """Whether a record has an open task besides this one, as far as the feed has come. Half a unit for 4 KB."""
    return any(one.is_open for one in _open(tenant, subject_id) if _task_id(one) != but)


def _before(query: TaskQuery) -> str | None:
    given = clock.stamp(query.due_before) if query.due_before else None
    if not query.overdue:
        return given
    return min(given or UNDATED, clock.stamp())


def _of_record(tenant: str, query: TaskQuery, wanted: Page, before: str | None) -> PageOf:
    """The open tasks of a record and of those that are a part of it: what stands beside it says which they are."""
    if query.status != "open":
        raise errors.invalid("/status", "unsupported", "Of a record the open tasks are listed; its timeline has all.")
    places = {
        (one.due_at or UNDATED, _task_id(one))
        for subject in _parts(tenant, query.subject_id or "")
        for one in _open(tenant, subject)
        if one.is_open and (before is None or (one.due_at or UNDATED) < before)
    }
    behind = (wanted.start[_BEHIND]["due"], wanted.start[_BEHIND]["id"]) if wanted.start else ("", "")
    rest = sorted(place for place in places if place > behind)
    shown = rest[: wanted.limit]
    found = several([keys.key("task", tenant=tenant, id=task_id) for _, task_id in shown])
    tasks = [task for task in found if _fits(task, query)]
    more = len(rest) > len(shown)
    return PageOf(tasks, {_BEHIND: {"due": shown[-1][0], "id": shown[-1][1]}} if more else None)


def _fits(task: Any, query: TaskQuery) -> bool:
    """Whether it is still as the feed told, and of whom it is asked for."""
    return (
        isinstance(task, Task)
        and task.status == "open"
        and not task.deleted_at
        and query.assignee_id in (None, task.assignee_id)
    )


def _parts(tenant: str, subject_id: str) -> list[str]:
    noun = nouns.of_id(subject_id)
    try:
        record = nouns.peek(noun, tenant, subject_id) if noun else None
    except errors.Gone:
        return []
    return absorbed.ids_of(record) if record is not None else []


def _open(tenant: str, subject_id: str) -> list[Any]:
    where = OpenTask.sk.startswith(keys.prefix("open_task"))
    return list(every(keys.partition("open_task", tenant=tenant, subject=subject_id), where=where, consistent=False))


def _task_id(said: OpenTask) -> str:
    return said.sk.removeprefix(keys.prefix("open_task"))
