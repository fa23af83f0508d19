"""The reminder of a task: one mail to its assignee when its moment comes."""

import html
from typing import Final

from chalicelib import config, errors
from chalicelib.models.access import User
from chalicelib.models.moment import Moment
from chalicelib.models.task import Task
from chalicelib.schemas.mail import Mail
from chalicelib.services import sending, tasks, users

_PURPOSE: Final = "reminder"


def remind(moment: Moment) -> float | None:
    """Remind, once. Returns None when settled, or the seconds after which to come again."""
    try:
        task = tasks.load(moment.tenant, moment.subject_id, consistent=True)
    except errors.NotFound:
        return None
    if task.status != "open":
        return None
    return sending.once(moment.tenant, task.id, _PURPOSE, moment.at, lambda: _compose(task))


def give_up(moment: Moment) -> None:
    """No further try is made: account for the mail that never went out."""
    sending.give_up(moment.tenant, moment.subject_id, _PURPOSE, moment.at)


def _compose(task: Task) -> Mail | str:
    try:
        assignee: User = users.load(task.tenant, task.assignee_id)
    except errors.NotFound:
        return "The assignee is no user any more."
    title = " ".join(task.title.split())  # a line break in a title must not become one in a header
    due = (task.due_at or "")[:16].replace("T", " ") + " UTC"
    return Mail(
        sender=config.mail_from(),
        to=assignee.email,
        subject=f"Reminder: {title}",
        text=f"Hello {assignee.name},\n\n{title}\nis due {due}.\n",
        html=f"<p>Hello {html.escape(assignee.name)},</p><p><b>{html.escape(title)}</b><br>is due {due}.</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": task.tenant, "purpose": "reminder", "task": task.id},
    )
