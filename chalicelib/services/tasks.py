"""Tasks: what somebody has to do, the reminder that comes for it, and what follows when it is done."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch, find, found_or_404
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.task import CompletedTask, Completion, NextTask, TaskDraft, TaskQuery, TaskView
from chalicelib.services import agenda, permissions, series, subjects, users, zones
from chalicelib.services.series import Scope

REMINDER: Final = "task_reminder"
SYSTEM: Final = "system"
_UNCHANGED: Final = ""
_LATE: Final = 24 * 3600  # seconds
_SUGGESTED: Final = timedelta(days=7)  # until the next step that is proposed

Edit = Callable[[Task], Sequence[Task] | None]  # changes a task in place; answers the new ones that come of it


def create(actor: Actor, draft: TaskDraft, *, task_id: str | None = None) -> TaskView:
    """A new task, with its reminder. Raises `Invalid` for an assignee or a subject that is not there.

    `task_id` is for those who may come twice: one that is there already, also in the trash, is answered as it is.
    """
    task = _drafted(actor, draft, task_id)
    try:
        transact(*_making(task))
    except errors.Stale:
        if task_id is None:
            raise
        return view(load(actor.tenant, task_id, consistent=True, deleted=True))
    return view(task)


def plan(actor: Actor, draft: TaskDraft, task_id: str) -> list[Step]:
    """As `create`, but only says what to write, for those who write more in the same transaction."""
    return list(_making(_drafted(actor, draft, task_id)))


def system_actor(tenant: str, by: str = SYSTEM) -> Actor:
    """Who makes the tasks that nobody asked for; `by` may be what made it necessary. Such a draft says whose it is."""
    return Actor(tenant, by, SYSTEM, permissions.ALL)


def get(actor: Actor, task_id: str) -> TaskView:
    """One task. Raises `NotFound`."""
    return view(load(actor.tenant, task_id))


def listing(actor: Actor, query: TaskQuery, wanted: Page) -> Listing[TaskView]:
    """Tasks of one status, the earliest due first; those without a date come last. Raises `Invalid`."""
    found = agenda.of(actor.tenant, query, wanted)
    return Listing([view(task) for task in found.items], found.last)


def update(actor: Actor, task_id: str, patch: dict[str, Any], expected: int | None, scope: Scope = "this") -> TaskView:
    """Change some fields (RFC 7396); the reminder follows. Raises `NotFound`, `Stale`, `Invalid`.

    Of a task that recurs `this` one, or `all` from it on; rule and zone are always those of all. Closing one makes the
    next one, unless `all` is cancelled.
    """
    fields = {name: value for name, value in patch.items() if name != "status"}
    status = patch.get("status", _UNCHANGED)
    if status is None:
        raise errors.invalid("/status", "required", "`status` cannot be cleared.")

    def edit(task: Task) -> None:
        before = series.of(task)
        draft = _patched(task, fields)
        _write(actor, task, draft)
        series.write(task, draft, before, scope)
        if status not in {_UNCHANGED, task.status}:
            _turn(task, status)
            if status == "cancelled" and scope == "all":
                series.end(task)

    return view(_change(actor, task_id, expected, edit)[0])


def complete(actor: Actor, task_id: str, done: Completion, expected: int | None) -> CompletedTask:
    """It is done, no reminder comes any more, and what is next is made in the same transaction.

    Raises `NotFound`, `Stale`, `Invalid` at `/next`, and `Conflict` unless it is open.
    """

    def finish(task: Task) -> list[Task]:
        if task.status != "open":
            raise errors.Conflict(f"This task is {task.status} already.")
        _turn(task, "done", done.outcome)
        return [_next(actor, task, done.next)] if done.next else []

    task, born = _change(actor, task_id, expected, finish)
    answer = msgspec.convert({**_plain(task)}, CompletedTask, strict=False)
    following = next((one for one in born if one.series_id and one.series_id == task.series_id), None)
    made = next((one for one in born if one is not following), following)
    answer.next, answer.following = (view(one) if one else None for one in (made, following))
    if made is None and task.subject_id and not agenda.is_planned(task.tenant, task.subject_id, task.id):
        answer.next_required, answer.next_suggested = True, _suggested(task)
    return answer


def snooze(actor: Actor, task_id: str, until: datetime, expected: int | None) -> TaskView:
    """Be reminded then, and not before; the task stays due when it is.

    Raises `NotFound`, `Stale`, `Invalid` for a moment that is past, and `Conflict` unless the task is open.
    """
    if until <= clock.now():
        raise errors.invalid("/until", "past", "That moment is past.")

    def put_off(task: Task) -> None:
        if task.status != "open":
            raise errors.Conflict(f"This task is {task.status} already.")
        task.snoozed_until = clock.stamp(until)

    return view(_change(actor, task_id, expected, put_off)[0])


def delete(actor: Actor, task_id: str, expected: int | None) -> None:
    """Put the task into the trash, its reminder away, and with it all that would follow. Raises `NotFound`, `Stale`."""
    _change(actor, task_id, expected, lambda task: setattr(task, "deleted_at", clock.stamp()))


def restore(actor: Actor, task_id: str, expected: int | None = None) -> TaskView:
    """Take the task out of the trash; a reminder that still lies ahead comes again. Raises `NotFound`, `Conflict`."""

    def take_back(task: Task) -> None:
        if not task.deleted_at:
            raise errors.Conflict("This task is not in the trash.")
        task.deleted_at = None

    return view(_change(actor, task_id, expected, take_back, deleted=True)[0])


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
    return msgspec.convert(_plain(task), TaskView, strict=False)


def _plain(task: Task) -> dict[str, Any]:
    return {field: getattr(task, "what" if field == "kind" else field) for field in TaskView.__struct_fields__}


def _change(
    actor: Actor, task_id: str, expected: int | None, edit: Edit, *, deleted: bool = False
) -> tuple[Task, list[Task]]:
    """Edit and write; the task, and the new ones that were written with it: of the edit, and the next of its series."""
    born: list[Task] = []

    def apply(task: Task) -> list[Step]:
        before, was_open = _reminder(task), task.status == "open"
        born[:] = edit(task) or ()
        after = series.follow(task) if was_open and task.status != "open" else None
        born.extend([after] if after else [])
        for one in (task, *born):
            _stand(actor, one)
        return [Step("save", task), *_moved(before, _reminder(task)), *(step for one in born for step in _making(one))]

    task = change(lambda again: load(actor.tenant, task_id, consistent=again, deleted=deleted), apply, expected)
    return task, born


def _drafted(actor: Actor, draft: TaskDraft, task_id: str | None = None) -> Task:
    task = Task(id=task_id or ids.new("tsk"), tenant=actor.tenant, status="open")
    before = dict.fromkeys(series.of(task))
    _write(actor, task, draft)
    series.write(task, draft, before, "this")
    _stand(actor, task)
    return task


def _making(task: Task) -> list[Step]:
    """The writes of a new task and its reminder."""
    moment = _reminder(task)
    return [Step("save", task, absent()), *([Step("save", moment)] if moment else [])]


def _next(actor: Actor, task: Task, draft: TaskDraft) -> Task:
    """What is to be done next: by the same one and for the same record, unless the draft says otherwise."""
    filled = msgspec.structs.replace(
        draft, assignee_id=draft.assignee_id or task.assignee_id, subject_id=draft.subject_id or task.subject_id
    )
    try:
        made = _drafted(actor, filled)
    except errors.Invalid as error:
        flaws = (errors.Flaw(f"/next{flaw.pointer}", flaw.code, flaw.message) for flaw in error.flaws)
        raise errors.Invalid(error.detail, *flaws) from None
    if not task.recurrence:
        task.next_id = made.id
    return made


def _suggested(task: Task) -> NextTask:
    return NextTask(
        title=task.title,
        kind=task.what,
        due_at=clock.stamp(clock.now() + _SUGGESTED),
        assignee_id=task.assignee_id,
        subject_id=task.subject_id or "",
        priority=task.priority,
    )


def _turn(task: Task, status: str, outcome: str | None = None) -> None:
    task.status, task.outcome = status, outcome
    task.completed_at = clock.stamp() if status == "done" else None
    task.snoozed_until = task.snoozed_until if status == "open" else None


def _write(actor: Actor, task: Task, draft: TaskDraft) -> None:
    if draft.assignee_id and draft.assignee_id not in {actor.user, task.assignee_id}:
        users.exists(actor.tenant, draft.assignee_id, "/assignee_id")
    if draft.subject_id and draft.subject_id != task.subject_id:
        subjects.check(actor.tenant, draft.subject_id, "/subject_id")
    task.time_zone = _zone(actor, draft)
    due, ahead = _due(draft, task.time_zone), draft.remind_before
    if (due, ahead) != (task.due_at, task.remind_before):
        task.snoozed_until = None  # whoever says anew when it is to be done wants to be reminded of that
    task.title, task.what, task.priority, task.subject_id = draft.title, draft.kind, draft.priority, draft.subject_id
    task.due_at, task.remind_before = due, ahead
    task.assignee_id = draft.assignee_id or actor.user


def _zone(actor: Actor, draft: TaskDraft) -> str | None:
    """The zone of the draft; where one is needed that of the caller, or else of his firm."""
    zones.check(draft.time_zone, "/time_zone")
    if draft.time_zone or not (draft.recurrence or draft.due_local):
        return draft.time_zone
    return users.zone_of(actor.tenant, actor.user)


def _due(draft: TaskDraft, zone: str | None) -> str | None:
    if draft.due_local is None:
        return clock.stamp(draft.due_at) if draft.due_at else None
    if draft.due_at is not None:
        raise errors.invalid("/due_local", "unsupported", "It is due at `due_at` or at `due_local`, not at both.")
    from chalicelib.services import recurrence

    try:
        return clock.stamp(recurrence.instant(datetime.fromisoformat(draft.due_local), zone or "UTC"))
    except (ValueError, OverflowError):
        raise errors.invalid("/due_local", "format", "There is no such day or time.") from None


def _stand(actor: Actor, task: Task) -> None:
    task.touch(actor.user)
    task.keys()


def _patched(task: Task, patch: dict[str, Any]) -> TaskDraft:
    shown = msgspec.to_builtins(view(task))
    current = {name: shown[name] for name in TaskDraft.__struct_fields__ if shown.get(name) is not None}
    if patch.get("due_local") is not None:
        current.pop("due_at", None)
    # The one field whose absence and null differ: absent means "when it is due", null means never.
    draft = decoding.convert(merged(current, patch), TaskDraft)
    silent = patch.get("remind_before", shown["remind_before"]) is None
    return msgspec.structs.replace(draft, remind_before=None) if silent else draft


def _reminder(task: Task) -> Moment | None:
    """The moment at which the assignee is to be told, if there is to be one.

    A task that had been overdue for a day when it was last changed has none: whoever changed it knew. One that was due
    a moment ago has: by the time it is here, a client's "now" is past, and an entry may be late.
    """
    at = _remind_at(task)
    if task.status != "open" or task.deleted_at or at is None:
        return None
    moment = Moment(tenant=task.tenant, subject_id=task.id, what=REMINDER, at=at)
    moment.keys()
    return moment


def _remind_at(task: Task) -> str | None:
    oldest = clock.before(task.updated_at, _LATE)
    if task.snoozed_until is not None:
        return task.snoozed_until if task.snoozed_until >= oldest else None
    if task.due_at is None or task.remind_before is None or task.due_at < oldest:
        return None
    return clock.before(task.due_at, int(task.remind_before))


def _moved(before: Moment | None, after: Moment | None) -> list[Step]:
    """The writes that make the due index agree, if anything changed."""
    if (before and before.at) == (after and after.at):
        return []
    if after is not None:
        return [Step("save", after)]
    return [Step("delete", before)] if before else []
