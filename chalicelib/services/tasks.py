"""Tasks: what somebody has to do, and the reminder that comes for it."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.moment import Moment
from chalicelib.models.table import Item, fetch, find, found_or_404, page
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.task import Completion, TaskDraft, TaskQuery, TaskView
from chalicelib.services import subjects, users

REMINDER: Final = "task_reminder"
_UNCHANGED: Final = ""
_LATE: Final = 24 * 3600  # seconds


def create(actor: Actor, draft: TaskDraft, *, task_id: str | None = None) -> TaskView:
    """A new task, with its reminder; `task_id` is for those who may come again.

    Raises `Invalid` for an assignee or a subject that is not there, `Stale` if there is a task of this id.
    """
    task = Task(id=task_id or ids.new("tsk"), tenant=actor.tenant, status="open")
    _write(actor, task, draft)
    moment = _reminder(task)
    transact(Step("save", task, absent()), *([Step("save", moment)] if moment else []))
    return view(task)


def get(actor: Actor, task_id: str) -> TaskView:
    """One task. Raises `NotFound`."""
    return view(load(actor.tenant, task_id))


def listing(actor: Actor, query: TaskQuery, wanted: Page) -> Listing[TaskView]:
    """Tasks of one status, the earliest due first; those without a date come last."""
    parts = {"tenant": actor.tenant, "status": query.status}
    index, more = ("gsi2", {"assignee": query.assignee_id}) if query.assignee_id else ("gsi1", {})
    sort_key = Item.gsi2sk if query.assignee_id else Item.gsi1sk
    where = sort_key < clock.stamp(query.due_before) if query.due_before else None
    found = page(
        keys.partition("task", index, **parts, **more), index=index, where=where, limit=wanted.limit, start=wanted.start
    )
    return Listing([view(task) for task in found.items], found.last)


def update(actor: Actor, task_id: str, patch: dict[str, Any], expected: int | None) -> TaskView:
    """Change some fields (RFC 7396); the reminder follows. Raises `NotFound`, `Stale`, `Invalid`."""
    fields = {name: value for name, value in patch.items() if name != "status"}
    status = patch.get("status", _UNCHANGED)
    if status is None:
        raise errors.invalid("/status", "required", "`status` cannot be cleared.")

    def edit(task: Task) -> None:
        _write(actor, task, _patched(task, fields))
        if status not in {_UNCHANGED, task.status}:
            _turn(task, status)

    return _change(actor, task_id, expected, edit)


def complete(actor: Actor, task_id: str, done: Completion, expected: int | None) -> TaskView:
    """It is done; no reminder comes any more. Raises `NotFound`, `Stale`, and `Conflict` unless it is open."""

    def finish(task: Task) -> None:
        if task.status != "open":
            raise errors.Conflict(f"This task is {task.status} already.")
        _turn(task, "done", done.outcome)

    return _change(actor, task_id, expected, finish)


def delete(actor: Actor, task_id: str, expected: int | None) -> None:
    """Put the task into the trash, and its reminder away. Raises `NotFound`, `Stale`."""
    _change(actor, task_id, expected, lambda task: setattr(task, "deleted_at", clock.stamp()))


def restore(actor: Actor, task_id: str, expected: int | None = None) -> TaskView:
    """Take the task out of the trash; a reminder that still lies ahead comes again. Raises `NotFound`, `Conflict`."""

    def take_back(task: Task) -> None:
        if not task.deleted_at:
            raise errors.Conflict("This task is not in the trash.")
        task.deleted_at = None

    return _change(actor, task_id, expected, take_back, deleted=True)


def load(tenant: str, task_id: str, *, consistent: bool = False, deleted: bool = False) -> Task:
    """The task. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    if not ids.is_id("tsk", task_id):
        raise errors.NotFound("There is no such task.")
    place = keys.key("task", tenant=tenant, id=task_id)
    task = fetch(Task, *place, consistent=True) if consistent else find(Task, *place)
    if deleted and task is not None:
        return task
    return found_or_404(task, "task")


def view(task: Task) -> TaskView:
    """The task as a client reads it."""
    plain = {field: getattr(task, "what" if field == "kind" else field) for field in TaskView.__struct_fields__}
    return msgspec.convert(plain, TaskView, strict=False)


def _change(
    actor: Actor, task_id: str, expected: int | None, edit: Callable[[Task], None], *, deleted: bool = False
) -> TaskView:
    def apply(task: Task) -> list[Step]:
        before = _reminder(task)
        edit(task)
        _stand(actor, task)
        return [Step("save", task), *_moved(before, _reminder(task))]

    return view(change(lambda again: load(actor.tenant, task_id, consistent=again, deleted=deleted), apply, expected))


def _turn(task: Task, status: str, outcome: str | None = None) -> None:
    task.status, task.outcome = status, outcome
    task.completed_at = clock.stamp() if status == "done" else None


def _write(actor: Actor, task: Task, draft: TaskDraft) -> None:
    if draft.assignee_id and draft.assignee_id not in {actor.user, task.assignee_id}:
        users.exists(actor.tenant, draft.assignee_id, "/assignee_id")
    if draft.subject_id and draft.subject_id != task.subject_id:
        subjects.check(actor.tenant, draft.subject_id, "/subject_id")
    task.title, task.what, task.priority, task.subject_id = draft.title, draft.kind, draft.priority, draft.subject_id
    task.due_at = clock.stamp(draft.due_at) if draft.due_at else None
    task.remind_before = draft.remind_before
    task.assignee_id = draft.assignee_id or actor.user
    _stand(actor, task)


def _stand(actor: Actor, task: Task) -> None:
    task.touch(actor.user)
    task.keys()


def _patched(task: Task, patch: dict[str, Any]) -> TaskDraft:
    shown = msgspec.to_builtins(view(task))
    current = {name: shown[name] for name in TaskDraft.__struct_fields__ if shown[name] is not None}
    # The one field whose absence and null differ: absent means "when it is due", null means never.
    draft = decoding.convert(merged(current, patch), TaskDraft)
    silent = patch.get("remind_before", shown["remind_before"]) is None
    return msgspec.structs.replace(draft, remind_before=None) if silent else draft


def _reminder(task: Task) -> Moment | None:
    """The moment at which the assignee is to be told, if there is to be one.

    A task that had been overdue for a day when it was last changed has none: whoever changed it knew. One that was due
    a moment ago has: by the time it is here, a client's "now" is past, and an entry may be late.
    """
    if (
        task.status != "open"
        or task.deleted_at
        or task.due_at is None
        or task.remind_before is None
        or task.due_at < clock.before(task.updated_at, _LATE)
    ):
        return None
    at = clock.before(task.due_at, int(task.remind_before))
    moment = Moment(tenant=task.tenant, subject_id=task.id, what=REMINDER, at=at)
    moment.keys()
    return moment


def _moved(before: Moment | None, after: Moment | None) -> list[Step]:
    """The writes that make the due index agree, if anything changed."""
    if (before and before.at) == (after and after.at):
        return []
    if after is not None:
        return [Step("save", after)]
    return [Step("delete", before)] if before else []
