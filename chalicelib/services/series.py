"""Tasks that recur. Only the next one of a series is a task: it carries the rule and what the following one is made of.

So a series without an end is one item, and nothing has to be expanded ahead. A field that was changed of one occurrence
only is remembered beside it as the series has it.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

from chalicelib import clock, errors, ids
from chalicelib.models.task import Task
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import recurrence

Scope = Literal["this", "all"]
PAST: Final = timedelta(days=366)  # a series begins at most so long ago: what was missed is counted one by one
_FIELDS: Final = ("title", "what", "priority", "subject_id", "assignee_id", "remind_before")


def of(task: Task) -> dict[str, Any]:
    """What an edit may change of a series; to be taken before the edit."""
    return {name: getattr(task, name) for name in (*_FIELDS, "due_at", "time_zone")}


def write(task: Task, draft: TaskDraft, before: dict[str, Any], scope: Scope) -> None:
    """Let the task be what the draft says of recurring; its other fields are as the draft has them already.

    A new rule begins a new count with this occurrence. Raises `Invalid`.
    """
    if draft.recurrence is None:
        end(task)
        return
    text = recurrence.canonical(draft.recurrence)
    given = datetime.fromisoformat(draft.due_local) if draft.due_local else None
    if text != task.recurrence:
        _begin(task, text, given)
        return
    _rezoned(task, before)
    _edited(task, before, scope, given)


def end(task: Task) -> None:
    """Nothing follows this one."""
    task.recurrence = task.series_id = task.occurrence = task.series = None


def follow(task: Task) -> Task | None:
    """The occurrence after this one, not yet written; None if there is none, or it was made before.

    What was missed until now is passed over, and counts.
    """
    if not task.recurrence or task.next_id:
        return None
    one = recurrence.following(task.recurrence, _zone(task), _wall(task), int(task.occurrence or 1), clock.now())
    if one is None:
        return None
    told = {**{name: getattr(task, name) for name in _FIELDS}, **task.series.get("fields", {})}
    after = Task(id=ids.new("tsk"), tenant=task.tenant, status="open", due_at=clock.stamp(one.at), **told)
    after.recurrence, after.time_zone, after.series_id = task.recurrence, task.time_zone, task.series_id
    after.occurrence, after.series = one.number, {"wall": one.wall.isoformat()}
    task.next_id = after.id
    return after


def goes_on(task: Task) -> bool:
    """Whether the series goes on behind this one; not if the one after was made, and this one then opened again."""
    return bool(task.recurrence) and task.status == "open" and not task.next_id


def between(task: Task, first: datetime, last: datetime, limit: int = 100) -> list[datetime]:
    """When an open task comes in [first, last): its own time, then the times at which the series goes on.

    At most `limit` instants (UTC), in order. Nothing is read.
    """
    own = clock.parse(task.due_at) if task.due_at else None
    found = [own] if own and first <= own < last else []
    if goes_on(task):
        number = int(task.occurrence or 1)
        found += recurrence.behind(task.recurrence, _zone(task), _wall(task), number, (first, last), limit)
    return sorted(set(found))[:limit]


def _begin(task: Task, text: str, given: datetime | None) -> None:
    if task.due_at is None:
        raise errors.invalid("/due_at", "required", "What recurs has a first time: `due_at` or `due_local`.")
    start = clock.parse(task.due_at)
    if start < clock.now() - PAST:
        raise errors.invalid("/due_at", "range", f"A series begins at most {PAST.days} days ago.")
    wall = given or recurrence.wall_of(start, _zone(task))
    recurrence.check(text, _zone(task), start, wall)
    if task.next_id:  # what was made when it was closed before goes its own way
        task.next_id = task.series_id = None
    task.recurrence, task.occurrence = text, 1
    task.series_id = task.series_id or ids.new("ser")
    task.series = {"wall": wall.isoformat()}


def _rezoned(task: Task, before: dict[str, Any]) -> None:
    """Another zone reads the same instant off another clock, from this one on."""
    if task.time_zone != before["time_zone"]:
        at = recurrence.instant(_wall(task), before["time_zone"] or "UTC")
        task.series = {**task.series, "wall": recurrence.wall_of(at, _zone(task)).isoformat()}


def _edited(task: Task, before: dict[str, Any], scope: Scope, given: datetime | None) -> None:
    changed = [name for name in _FIELDS if getattr(task, name) != before[name]]
    differing = dict(task.series.get("fields", {}))
    for name in changed:
        if scope == "all":
            differing.pop(name, None)
        else:
            differing.setdefault(name, _plain(before[name]))
    series = {"wall": task.series["wall"], **({"fields": differing} if differing else {})}
    if scope == "all" and task.due_at != before["due_at"]:
        if task.due_at is None:
            raise errors.invalid("/due_at", "required", "What recurs has a time; take away `recurrence` to end it.")
        series["wall"] = (given or recurrence.wall_of(clock.parse(task.due_at), _zone(task))).isoformat()
    task.series = series


def _plain(value: Any) -> Any:
    """As JSON keeps it: numbers come from the table as decimals."""
    return value if value is None or isinstance(value, str) else int(value)


def _wall(task: Task) -> datetime:
    return datetime.fromisoformat(task.series["wall"])


def _zone(task: Task) -> str:
    return task.time_zone or "UTC"
