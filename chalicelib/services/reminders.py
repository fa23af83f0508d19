"""The reminder of a task: its assignee is told when its moment comes, in the inbox and by mail as he wants it.

Both are done once for each moment, whoever comes twice: the inbox by the key of what is told, the mail by its claim.
"""

import html
from functools import partial
from typing import Final

from chalicelib import clock, config, errors
from chalicelib.models.access import User
from chalicelib.models.moment import Moment
from chalicelib.models.task import Task
from chalicelib.schemas.mail import Mail
from chalicelib.services import inbox, preferences, sending, settings, tasks, text, users
from chalicelib.services.remembered import ask

KIND: Final = "reminder"


def remind(moment: Moment) -> float | None:
    """Remind, once. Returns None when settled, or the seconds after which to come again."""
    try:
        task = tasks.load(moment.tenant, moment.subject_id, consistent=True)
    except errors.NotFound:
        return None
    if task.status != "open":
        return None
    assignee = ask(("user", task.tenant, task.assignee_id), lambda: _user(task.tenant, task.assignee_id))
    if assignee is not None:
        _tell(task, assignee, moment.at)
        if not preferences.wants(assignee, KIND, "mail"):
            return None
    return sending.once(moment.tenant, task.id, KIND, moment.at, partial(_compose, task, assignee))


def give_up(moment: Moment) -> None:
    """No further try is made: account for the mail that never went out."""
    sending.give_up(moment.tenant, moment.subject_id, KIND, moment.at)


def _tell(task: Task, assignee: User, at: str) -> None:
    about = {"due_at": task.due_at, "kind": task.what, "priority": task.priority, "subject_id": task.subject_id}
    known = {name: value for name, value in about.items() if value is not None}
    inbox.tell(
        task.tenant,
        assignee.id,
        task.id,
        KIND,
        text.line(task.title),
        subject_id=task.id,
        data=known,
        at=at,
        user=assignee,
    )


def _compose(task: Task, assignee: User | None) -> Mail | str:
    if assignee is None:
        return "The assignee is no user any more."
    title = text.line(task.title)
    due = f"is due {_local(task.due_at, assignee)}." if task.due_at else "is to be done."
    return Mail(
        sender=config.mail_from(),
        to=assignee.email,
        subject=f"Reminder: {title}",
        text=f"Hello {assignee.name},\n\n{title}\n{due}\n",
        html=f"<p>Hello {html.escape(assignee.name)},</p><p><b>{html.escape(title)}</b><br>{due}</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": task.tenant, "purpose": KIND, "task": task.id},
    )


def _local(stamp: str, user: User) -> str:
    """The moment as a clock shows it where the user is, or else his firm, with the name of the zone."""
    zone = user.time_zone or settings.of(user.tenant).time_zone or settings.TIME_ZONE
    moment = clock.parse(stamp)
    if zone != settings.TIME_ZONE:
        from zoneinfo import ZoneInfo  # loaded only when somebody lives elsewhere

        try:
            moment = moment.astimezone(ZoneInfo(zone))
        except OverflowError:  # the last hours that a date can say
            zone = settings.TIME_ZONE
    return f"{moment:%Y-%m-%d %H:%M} {zone}"


def _user(tenant: str, user_id: str) -> User | None:
    try:
        return users.load(tenant, user_id)
    except errors.NotFound:
        return None
