"""Time as rules see it: whole microseconds since 1970, and stretches of it on which something holds.

Every stretch includes its beginning and not its end, so whatever is true at a moment stays true until the next
boundary, and what is true there is true for good. Whole numbers, because they neither overflow nor round.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import groupby
from typing import Final, NamedTuple

NEVER: Final = 1 << 62  # a moment that does not come: beyond what a date can say
ALWAYS: Final = -NEVER
DAY: Final = 24 * 3600 * 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - what a clock on a wall shows has no zone
_UNIT: Final = timedelta(microseconds=1)
_LAST: Final = date.max.toordinal()
_IS_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_LEAP: Final = "2000"  # a year that has every day


# Whether something holds, and the first moment at which time alone may change that. A plain pair, as there are many.
Judged = tuple[bool, int]
TRUE: Final[Judged] = (True, NEVER)
FALSE: Final[Judged] = (False, NEVER)


class Yearly(NamedTuple):
    """A day of every year, the year it began in if that is known. The 29th of February falls on the 28th in others."""

    month: int
    day: int
    year: int | None

    def on(self, year: int) -> int:
        """The day (an ordinal) in this year."""
        if (self.month, self.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
            return date(year, 2, 28).toordinal()
        return date(year, self.month, self.day).toordinal()


def micros(moment: datetime) -> int:
    """An aware datetime as a number."""
    return (moment - _EPOCH) // _UNIT


def moment(at: int) -> datetime | None:
    """The inverse, in UTC; None for what no date can say."""
    try:
        return _EPOCH + timedelta(microseconds=at)
    except OverflowError:
        return None


def of_stamp(text: str) -> int | None:
    """The number of an RFC 3339 text; None for anything else."""
    try:
        return micros(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return None


def of_day(text: str) -> int | None:
    """The ordinal of a day such as 2026-03-01; None for anything else."""
    try:
        return date.fromisoformat(text).toordinal() if _IS_DAY.fullmatch(text) else None
    except (TypeError, ValueError):
        return None


def of_yearly(text: str) -> Yearly | None:
    """The day of every year that `1815-12-10` or `--12-10` means; None for anything else."""
    known = isinstance(text, str) and not text.startswith("--")
    day = of_day(text if known else f"{_LEAP}{str(text)[1:]}")
    if day is None:
        return None
    found = date.fromordinal(day)
    return Yearly(found.month, found.day, found.year if known else None)


def begins(day: int, zone: tzinfo) -> int:
    """When a day (an ordinal) begins in a zone: where the clock leaps over midnight, when it leaps."""
    if day < 1:
        return ALWAYS
    if day > _LAST:
        return NEVER
    midnight = datetime.combine(date.fromordinal(day), time.min)
    offset = midnight.replace(tzinfo=zone).utcoffset() or timedelta(0)
    return (midnight - offset - _LOCAL) // _UNIT


def today(now: int, zone: tzinfo) -> int:
    """The day (an ordinal) that a calendar in this zone shows."""
    at = moment(now)
    try:
        return at.astimezone(zone).toordinal() if at else _LAST
    except OverflowError:  # the first or last hours of what a date can say
        return at.toordinal() if at else _LAST


def year_of(now: int, zone: tzinfo) -> int:
    """The year that a calendar in this zone shows."""
    return date.fromordinal(today(now, zone)).year


def during(begin: int, end: int, now: int) -> Judged:
    """Whether now lies in a stretch."""
    if now < begin:
        return (False, begin) if begin < end else FALSE
    return (True, end) if now < end else FALSE


def during_any(stretches: Sequence[tuple[int, int]], now: int) -> Judged:
    """Whether now lies in one of them at least."""
    inside = [end for begin, end in stretches if begin <= now < end]
    if inside:
        return True, max(inside)
    return False, min((begin for begin, end in stretches if now < begin < end), default=NEVER)


def in_last(stamps: Sequence[int], length: int, now: int) -> int:
    """How many of these moments lie within `length` before now."""
    return sum(at <= now < at + length for at in stamps)


def while_same(stamps: Sequence[int], length: int, now: int, test: Callable[[int], bool]) -> Judged:
    """What a test says of their number within `length` before now, and until when it says that."""
    count = in_last(stamps, length, now)
    holds = test(count)
    steps = [(at, 1) for at in stamps if at > now] + [(at + length, -1) for at in stamps if at + length > now]
    for edge, several in groupby(sorted(steps), key=lambda step: step[0]):
        count += sum(change for _, change in several)
        if test(count) != holds:
            return holds, edge
    return holds, NEVER
