"""Escalation: a task that is overdue for so many hours of a team's working time is told to the team's manager.

Once for each task and due time. A moment stands where the task and the team say when the task was last changed; when
it comes it looks at both again. Teams without a manager or without such a time cost a look at the team, and nothing
is written for them.
"""

import html
from functools import partial
from typing import Any, Final

from chalicelib import clock, config, errors
from chalicelib.models.access import User
from chalicelib.models.moment import Moment
from chalicelib.models.task import Task
from chalicelib.models.team import Team
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.mail import Mail
from chalicelib.services import hints, inbox, preferences, sending, settings, tasks, teams, text, users, worktime
from chalicelib.services.remembered import ask, remembering

WHAT: Final = "escalation"
_TRIES: Final = 10


def planned(before: Any, after: Any) -> None:
    """A task changed: so may the moment at which its assignee's manager is told.

    Nothing for a task without a date, or closed before and after; half a read unit where the assignee has no team, one
    where his team does not ask for it, else three and two write units.
    """
    if after is None or not (_counts(after) or (before is not None and _counts(before))):
        return
    with remembering():
        if _team(after) is not None:
            _settle(after.tenant, after.id)


def come(moment: Moment) -> float | None:
    """Tell the manager, if the task is still to be done. As `due.DUE` says."""
    task = _load(moment.tenant, moment.subject_id)
    team = _team(task) if task is not None and _counts(task) else None
    if task is None or team is None or team.manager_id == task.assignee_id:
        return None
    if _at(task, team) > moment.at:  # the team has more time by now
        _settle(task.tenant, task.id)
        return hints.SETTLED
    manager, assignee = _user(task.tenant, team.manager_id), _user(task.tenant, task.assignee_id)
    if manager is None:
        return None
    title = text.line(f"Overdue: {task.title} ({assignee.name if assignee else 'nobody'})")
    about = {"due_at": task.due_at, "assignee_id": task.assignee_id}
    key = f"{WHAT}/{task.id}/{task.due_at}"
    inbox.tell(task.tenant, manager.id, key, WHAT, title, subject_id=task.id, data=about, user=manager)
    if not preferences.wants(manager, WHAT, "mail"):
        return None
    return sending.once(task.tenant, task.id, WHAT, task.due_at, partial(_compose, task, manager, title))


def give_up(moment: Moment) -> None:
    """No further try is made: account for the mail that never went out."""
    task = _load(moment.tenant, moment.subject_id)
    if task is not None and task.due_at:
        sending.give_up(task.tenant, task.id, WHAT, task.due_at)


def _counts(task: Task) -> bool:
    """Whether it can be overdue."""
    return task.status == "open" and not task.deleted_at and task.due_at is not None


def _team(task: Task) -> Team | None:
    """The assignee's team, if it wants its manager to be told."""
    team = teams.of_user(task.tenant, task.assignee_id)
    return team if team is not None and team.manager_id and team.escalate_after_hours else None


def _at(task: Task, team: Team) -> str:
    """When the task is overdue for as long as the team takes."""
    calendar = worktime.of_team(settings.of(task.tenant), team)
    return clock.stamp(worktime.after(calendar, clock.parse(task.due_at), hours=float(team.escalate_after_hours)))


def _settle(tenant: str, task_id: str) -> None:
    """Let the moment stand where the task says, then look again: whoever writes last has seen the last version."""
    task = _load(tenant, task_id)
    for _ in range(_TRIES):
        if task is None:
            return
        _place(task)
        seen, task = int(task.version), _load(tenant, task_id)
        if task is not None and int(task.version) == seen:
            return
    raise errors.Stale("The task kept changing.")


def _place(task: Task) -> None:
    team = _team(task) if _counts(task) else None
    at = _at(task, team) if team is not None else clock.stamp()
    moment = Moment(tenant=task.tenant, subject_id=task.id, what=WHAT, at=at)
    moment.keys()
    transact(Step("save" if team is not None else "delete", moment))


def _load(tenant: str, task_id: str) -> Task | None:
    try:
        return tasks.load(tenant, task_id, consistent=True, deleted=True)
    except errors.NotFound:
        return None


def _user(tenant: str, user_id: str) -> User | None:
    return ask(("user", tenant, user_id), partial(_found, tenant, user_id))


def _found(tenant: str, user_id: str) -> User | None:
    try:
        return users.load(tenant, user_id)
    except errors.NotFound:
        return None


def _compose(task: Task, manager: User, title: str) -> Mail:
    due = f"It was due {task.due_at[:16].replace('T', ' ')} UTC."
    return Mail(
        sender=config.mail_from(),
        to=manager.email,
        subject=title,
        text=f"Hello {manager.name},\n\n{title}\n{due}\n",
        html=f"<p>Hello {html.escape(manager.name)},</p><p><b>{html.escape(title)}</b><br>{due}</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": task.tenant, "purpose": WHAT, "task": task.id},
    )
