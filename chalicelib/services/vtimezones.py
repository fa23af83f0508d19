"""A time zone as a calendar file has to bring it along (VTIMEZONE, RFC 5545, 3.6.5), read off the zone itself.

Python's zones tell what the offset is at a moment, not by which rule it changes. So the changes of some years are
looked for. Where they follow a rule ("the last Sunday of March at 2") that is what is written, which holds for ever;
where they do not, such as with the month of fasting in Morocco, they are written one by one.
"""

import calendar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_YEARS: Final = 16  # looked at, beginning before the first event
_STRIDE: Final = timedelta(days=5)  # two changes never lie as close together
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FORM: Final = "%Y%m%dT%H%M%S"


class Change(NamedTuple):
    """When clocks are changed: the local time before it, both offsets from UTC, the name of what holds afterwards."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    forward: bool


@lru_cache(maxsize=64)
def component(name: str, first_year: int) -> tuple[str, ...]:
    """The lines of the zone, right for all that happens from this year on. Raises as `ZoneInfo` does."""
    zone = ZoneInfo(name)
    start = datetime(first_year - 1, 1, 1, tzinfo=UTC)
    changes = list(_changes(zone, start, start.replace(year=first_year - 1 + _YEARS)))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    lines += _observance(_at(zone, start), [start.replace(tzinfo=None)])  # what holds until the first change
    for kind in sorted({(one.forward, one.before, one.after, one.name) for one in changes}):
        same = [one for one in changes if (one.forward, one.before, one.after, one.name) == kind]
        lines += _observance(same[0], [one.local for one in same])
    return (*lines, "END:VTIMEZONE")


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> list[Change]:
    found, moment = [], start
    while moment < end:
        following = moment + _STRIDE
        if _state(zone, moment) != _state(zone, following):
            found.append(_at(zone, _edge(zone, moment, following)))
        moment = following
    return found


def _edge(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The first second after a change that lies between."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _state(zone, middle) == _state(zone, low) else (low, middle)
    return high


def _state(zone: ZoneInfo, moment: datetime) -> tuple[timedelta | None, str | None]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.tzname()


def _at(zone: ZoneInfo, moment: datetime) -> Change:
    before, after = (moment - timedelta(seconds=1)).astimezone(zone), moment.astimezone(zone)
    was, now = before.utcoffset() or timedelta(), after.utcoffset() or timedelta()
    return Change((moment + was).replace(tzinfo=None), was, now, after.tzname() or "", now > was)


def _observance(change: Change, onsets: list[datetime]) -> list[str]:
    part = "DAYLIGHT" if change.forward else "STANDARD"
    lines = [f"BEGIN:{part}", f"DTSTART:{onsets[0]:{_FORM}}"]
    lines += [f"TZOFFSETFROM:{_offset(change.before)}", f"TZOFFSETTO:{_offset(change.after)}", f"TZNAME:{change.name}"]
    rule = _rule(onsets)
    if rule:
        lines.append(f"RRULE:{rule}")
    else:
        lines += [f"RDATE:{one:{_FORM}}" for one in onsets[1:]]
    return [*lines, f"END:{part}"]


def _rule(onsets: list[datetime]) -> str | None:
    """The yearly rule that these follow, if they do: the same weekday of a month, counted from its end or its begin."""
    years = [one.year for one in onsets]
    if len(onsets) < _YEARS - 1 or years != list(range(years[0], years[0] + len(years))):
        return None
    if len({(one.month, one.weekday(), one.time()) for one in onsets}) > 1:
        return None
    places = {(one.day - 1) // 7 + 1 for one in onsets}
    last = all(one.day + 7 > calendar.monthrange(one.year, one.month)[1] for one in onsets)
    if not last and len(places) > 1:
        return None
    place = -1 if last else places.pop()
    return f"FREQ=YEARLY;BYMONTH={onsets[0].month};BYDAY={place}{_DAYS[onsets[0].weekday()]}"


def _offset(offset: timedelta) -> str:
    seconds = round(offset.total_seconds())
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{sign}{hours:02}{minutes:02}" + (f"{rest:02}" if rest else "")
