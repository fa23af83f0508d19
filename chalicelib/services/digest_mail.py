"""What a daily digest says: what is overdue, what is to be done today, which deals close this week, what is unread."""

import html
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib import clock, config
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.table import Item, page
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.filters import DealQuery
from chalicelib.schemas.mail import Mail
from chalicelib.schemas.page import Page
from chalicelib.services import inbox, lists

_TASKS: Final = 100  # that are looked at; a mail shows the first of each sort
_DEALS: Final = 10
_SHOWN: Final = 20
_WEEK: Final = timedelta(days=7)


class News(NamedTuple):
    """Lines of text by their headings, in the order in which they are told."""

    headline: str
    parts: dict[str, list[str]]


def news(user: User, zone: ZoneInfo, now: datetime) -> News | None:
    """What there is to say to a user at a moment; None for nothing.

    One query of his tasks, one of the index of his deals and half a unit for each of those, one of his inbox.
    """
    overdue, today = _tasks(user, zone, now)
    closing = _deals(user, (now.astimezone(zone) + _WEEK).date().isoformat())
    unread = inbox.unread(Actor(user.tenant, user.id, user.role))
    more = f"{unread.unread}{' or more' if unread.more else ''} in your inbox"
    parts = {
        "Overdue": overdue,
        "Today": today,
        "Closing this week": closing,
        "Unread": [more] if unread.unread else [],
    }
    told = {heading: lines for heading, lines in parts.items() if lines}
    counts = [f"{len(overdue)} overdue"] * bool(overdue) + [f"{len(today)} today"] * bool(today)
    counts += [f"{len(closing)} closing this week"] * bool(closing)
    return News(", ".join(counts) or more, told) if told else None


def compose(user: User, told: News) -> Mail:
    """The mail."""
    shown = {heading: _cut(lines) for heading, lines in told.parts.items()}
    plain = "\n\n".join(f"{heading}\n" + "\n".join(f"- {line}" for line in lines) for heading, lines in shown.items())
    rich = "".join(
        f"<h3>{heading}</h3><ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"
        for heading, lines in shown.items()
    )
    return Mail(
        sender=config.mail_from(),
        to=user.email,
        subject=f"Your day: {told.headline}",
        text=f"Hello {user.name},\n\n{plain}\n",
        html=f"<p>Hello {html.escape(user.name)},</p>{rich}",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": user.tenant, "purpose": "digest", "user": user.id},
    )


def _tasks(user: User, zone: ZoneInfo, now: datetime) -> tuple[list[str], list[str]]:
    """The open tasks of a user that are overdue, and those that are due before his day ends."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    end = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    partition = keys.partition("task", "gsi2", tenant=user.tenant, status="open", assignee=user.id)
    found = page(partition, index="gsi2", where=Item.gsi2sk < clock.stamp(end), limit=_TASKS).items
    sorted_out: tuple[list[str], list[str]] = [], []
    for task in found:
        sorted_out[task.due_at >= clock.stamp(now)].append(_line(task, zone, tomorrow - timedelta(days=1)))
    return sorted_out


def _line(task: Any, zone: ZoneInfo, today: Any) -> str:
    due = clock.parse(task.due_at).astimezone(zone)
    when = due.strftime("%H:%M") if due.date() == today else due.strftime("%Y-%m-%d")
    return f"{when} {' '.join(task.title.split())}"


def _deals(user: User, before: str) -> list[str]:
    query = DealQuery(owner_id=user.id, status="open", close_before=before)
    found, _ = lists.page("deal", user.tenant, query, Page(_DEALS))
    return [f"{deal.expected_close} {' '.join(deal.title.split())}{_worth(deal.value)}" for deal in found]


def _worth(value: Any) -> str:
    from chalicelib.schemas.money import EXPONENTS

    if not value:
        return ""
    digits = EXPONENTS.get(value["currency"], 2)
    return f", {value['amount'] / 10**digits:,.{digits}f} {value['currency']}"


def _cut(lines: list[str]) -> list[str]:
    left = len(lines) - _SHOWN
    return lines if left <= 0 else [*lines[:_SHOWN], f"and {left} more"]
