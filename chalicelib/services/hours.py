"""Working time as arithmetic: when work goes on, and what so many working days or hours later means.

A moment is working time if the wall clock of the zone then reads a time within the hours of that weekday, and the day
is no holiday. So an hour that the clock skips does not exist, and one that it shows twice counts twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib import errors
from chalicelib.schemas.hours import Weekday

WEEK: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE: Final[dict[Weekday, list[list[str]]]] = {day: [["09:00", "17:00"]] for day in WEEK[:5]}
_HORIZON: Final = 3660  # days: farther ahead nobody looks for working time; what is asked for stays as it is
_REACH: Final = timedelta(hours=27)  # no zone is farther from UTC, before and after a change of its offset
_INSTANT: Final = timedelta(seconds=1)

Spans = Sequence[tuple[timedelta, timedelta]]


class Calendar(NamedTuple):
    """The working time of somebody: a zone, the spans of each weekday (0 is Monday) after midnight, days off."""

    zone: ZoneInfo
    week: Mapping[int, Spans]
    holidays: frozenset[date]

    def works_on(self, day: date) -> bool:
        """Whether there is work on this day."""
        return bool(self.week.get(day.weekday())) and day not in self.holidays


def calendar(zone: str, hours: Mapping[Weekday, Sequence[Sequence[str]]], holidays: Iterable[str]) -> Calendar:
    """From what is kept: the name of a zone, spans as HH:MM by `mon` … `sun`, days as YYYY-MM-DD."""
    week = {WEEK.index(day): [(_clock(start), _clock(end)) for start, end in spans] for day, spans in hours.items()}
    return Calendar(ZoneInfo(zone), week, frozenset(map(date.fromisoformat, holidays)))


def check(hours: Mapping[Weekday, Sequence[Sequence[str]]] | None, holidays: Sequence[str] | None) -> None:
    """Nothing, or `Invalid`: a span that ends before it begins or runs into the next, a week without work, no day."""
    if hours is not None and not any(hours.values()):
        raise errors.invalid("/hours", "required", "A week without working time has no next working day.")
    for day, spans in (hours or {}).items():
        end = "00:00"
        for number, span in enumerate(spans):
            if span[0] >= span[1] or span[0] < end:
                raise errors.invalid(f"/hours/{day}/{number}", "range", "Spans have a length, and follow each other.")
            end = span[1]
    for number, holiday in enumerate(holidays or ()):
        try:
            date.fromisoformat(holiday)
        except ValueError:
            raise errors.invalid(f"/holidays/{number}", "format", "There is no such day.") from None


def next_open(times: Calendar, at: datetime) -> datetime:
    """The moment itself (aware) if it is working time, else when work begins next."""
    try:
        return next((max(start, at) for start, _ in _spans_from(times, at)), at).astimezone(UTC)
    except OverflowError:  # at the end of what a date can say
        return at


def after(times: Calendar, start: datetime, *, days: int = 0, hours: float = 0.0) -> datetime:
    """So many working days after `start` (aware) at the same wall time, moved on into working time; then so many hours
    of working time later.

    Whoever has no working time within ten years gets plain days and hours.
    """
    try:
        moved = next_open(times, _days_later(times, start, days) if days else start)
        return _hours_later(times, moved, timedelta(hours=hours)) if hours else moved
    except OverflowError:  # at the end of what a date can say
        return start


def at_wall(times: Calendar, day: date, clock: str) -> datetime:
    """When the clock of the zone shows HH:MM on this day: the first time if twice; if never, as late after the gap."""
    return (datetime.combine(day, datetime.min.time()) + _clock(clock)).replace(tzinfo=times.zone).astimezone(UTC)


def _clock(text: str) -> timedelta:
    hour, _, minute = text.partition(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def _days_later(times: Calendar, start: datetime, days: int) -> datetime:
    wall = start.astimezone(times.zone)
    day, left = wall.date(), days
    for _ in range(max(_HORIZON, days * 2)):
        day += timedelta(days=1)
        left -= times.works_on(day)
        if not left:
            return datetime.combine(day, wall.timetz()).replace(fold=0).astimezone(UTC)
    return start + timedelta(days=days)


def _hours_later(times: Calendar, start: datetime, left: timedelta) -> datetime:
    plain = start + left
    for begin, end in _spans_from(times, start):
        open_from = max(begin, start)
        if end - open_from >= left:
            return open_from + left
        left -= end - open_from
    return plain


def _spans_from(times: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of working time that end after `at`, in UTC, the earliest first."""
    today = at.astimezone(times.zone).date()
    for number in range(_HORIZON):
        day = today + timedelta(days=number)
        if times.works_on(day):
            yield from ((start, end) for start, end in _spans_of(times, day) if end > at)


def _spans_of(times: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    """When, in UTC, the clock shows the working hours of this day; a change of the zone's offset parts a span."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    first, last = midnight - _REACH, midnight + timedelta(days=1) + _REACH
    before, later = _offset(times, first), _offset(times, last)
    change = last if before == later else _change(times, first, last)
    spans = []
    for start, end in times.week[day.weekday()]:
        spans.append((midnight + start - before, min(midnight + end - before, change)))
        if before != later:
            spans.append((max(midnight + start - later, change), midnight + end - later))
    return sorted((start, end) for start, end in spans if start < end)


def _offset(times: Calendar, at: datetime) -> timedelta:
    return at.astimezone(times.zone).utcoffset() or timedelta(0)


def _change(times: Calendar, low: datetime, high: datetime) -> datetime:
    """When the zone's offset changes between the two, to the second."""
    before = _offset(times, low)
    while high - low > _INSTANT:
        middle = low + (high - low) // 2
        low, high = (middle, high) if _offset(times, middle) == before else (low, middle)
    return high.replace(microsecond=0)
