"""Tasks as a calendar file (iCalendar, RFC 5545) that Google, Apple and Outlook read by subscription.

Each task is an event: those programs leave out what a feed has as to-dos (VTODO). What does not recur is in UTC; what
does is in its own time zone, which the file brings along, so that 9 o'clock stays 9 o'clock when clocks are changed.
The file says nothing of when it was made, so that the same tasks give the same file.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from chalicelib import clock
from chalicelib.services import content_lines, series, vtimezones
from chalicelib.services.content_lines import text

if TYPE_CHECKING:
    from chalicelib.services.recurrence import Rule

_MINUTES: Final = {"call": 30, "meeting": 30}  # how long it takes, for programs that show no moments
_USUAL: Final = 15
_PRIORITY: Final = {"high": 1, "normal": 5, "low": 9}  # RFC 5545, 3.8.1.9
_UTC: Final = "%Y%m%dT%H%M%SZ"
_LOCAL: Final = "%Y%m%dT%H%M%S"
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_TOLD: Final = ("title", "what", "priority", "remind_before", "assignee_id")
_DAY_END: Final = timedelta(days=1) - timedelta(seconds=1)


def written(name: str, tasks: Iterable[Any]) -> str:
    """The file of these tasks, all of which have a due time."""
    events, zones = list[str](), dict[str, int]()
    for task in tasks:
        events += _event(task)
        if series.goes_on(task):
            events += _following(task, zones)
    parts = [line for zone, year in sorted(zones.items()) for line in vtimezones.component(zone, year)]
    return content_lines.written([*_head(name), *parts, *events, "END:VCALENDAR"])


def _head(name: str) -> list[str]:
    shown = text(name)
    return [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tendril//Tasks//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{shown}",  # RFC 7986; the next line is what programs read before there was that
        f"X-WR-CALNAME:{shown}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]


def _event(task: Any) -> Iterator[str]:
    start = clock.parse(task.due_at)
    end = start + _length(task.what)
    yield from ("BEGIN:VEVENT", f"UID:{task.id}@tendril", f"SEQUENCE:{int(task.version)}")
    yield from (f"DTSTART:{start:{_UTC}}", f"DTEND:{end:{_UTC}}")
    if task.outcome:
        yield f"DESCRIPTION:{text(task.outcome)}"
    remind = task.remind_before if task.status == "open" else None
    yield from _about(task, task.title, task.what, task.priority, remind)
    yield "END:VEVENT"


def _following(task: Any, zones: dict[str, int]) -> Iterator[str]:
    """What comes after this one of a series, as an event of its own that recurs: this one may have been moved.

    It begins with what the rule names, as programs differ in what they make of a beginning that it does not.
    """
    from chalicelib.services import recurrence

    zone, wall = task.time_zone or "UTC", datetime.fromisoformat(task.series["wall"])
    following = recurrence.following(task.recurrence, zone, wall, int(task.occurrence or 1), _EVER)
    told = {**{name: getattr(task, name) for name in _TOLD}, **task.series.get("fields", {})}
    if following is None or told["assignee_id"] != task.assignee_id:
        return
    first, rule = following.wall, recurrence.parse(task.recurrence)
    yield from ("BEGIN:VEVENT", f"UID:{task.series_id}@tendril")
    yield f"SEQUENCE:{following.number * 1000 + int(task.version)}"  # the task of a later occurrence begins anew
    if zone == "UTC":
        yield f"DTSTART:{first:{_UTC}}"
    else:
        zones[zone] = min(first.year, zones.get(zone, first.year))
        yield f"DTSTART;TZID={zone}:{first:{_LOCAL}}"
    # Not an end: in the hour that a clock shows twice that may come before the beginning.
    yield f"DURATION:PT{_length(told['what']).seconds // 60}M"
    yield f"RRULE:{rule.endless}{_end(rule, zone, following.number)}"
    yield from _about(task, told["title"], told["what"], told["priority"], told["remind_before"])
    yield "END:VEVENT"


def _end(rule: "Rule", zone: str, number: int) -> str:
    """How the rule ends, counted from this occurrence; in UTC, as RFC 5545 has it where times are in a zone."""
    from chalicelib.services import recurrence

    if rule.times is not None:
        return f";COUNT={rule.times - number + 1}"
    if rule.until is None:
        return ""
    if rule.until.endswith("Z"):
        return f";UNTIL={rule.until}"
    last = datetime.fromisoformat(rule.until)
    return f";UNTIL={recurrence.instant(last if 'T' in rule.until else last + _DAY_END, zone):{_UTC}}"


def _about(task: Any, title: str, what: str, priority: str, remind_before: Any) -> Iterator[str]:
    changed = _stamp(task.updated_at)
    yield from (f"DTSTAMP:{changed}", f"CREATED:{_stamp(task.created_at)}", f"LAST-MODIFIED:{changed}")
    yield from (f"SUMMARY:{text(title)}", f"CATEGORIES:{what.upper()}", f"PRIORITY:{_PRIORITY[priority]}")
    # Only what one is with somebody for makes one busy.
    yield from ("STATUS:CONFIRMED", f"TRANSP:{'OPAQUE' if what in _MINUTES else 'TRANSPARENT'}")
    if remind_before is not None:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{text(title)}")
        yield from (f"TRIGGER:-PT{int(remind_before)}S", "END:VALARM")


def _length(what: str) -> timedelta:
    return timedelta(minutes=_MINUTES.get(what, _USUAL))


def _stamp(moment: str) -> str:
    return f"{clock.parse(moment):{_UTC}}"
