"""Recurrence rules (RFC 5545, 3.3.10): which are taken, and when each occurrence comes. Pure calendar, no table.

An occurrence is a wall time in a zone. One that a clock skips comes as much later as was skipped: it is read with the
offset from before the gap (RFC 5545, 3.3.5). One that a clock shows twice is the first. What a series begins with is
its first occurrence, whether the rule would name it or not; the rule says what follows.

python-dateutil expands the rules. It goes on to the year 9999 before it says that nothing follows, so it is asked
about the last full cycle of the calendar before that: after 400 years dates and weekdays are the same again.
"""

import re
from collections.abc import Iterator
from datetime import MAXYEAR, UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from chalicelib import errors

POINTER: Final = "/recurrence"
LONGEST: Final = 500  # characters
A_DAY: Final = 24  # occurrences, at most
_STEPS: Final = 50_000  # occurrences looked at, at most, before one gives up
_CYCLE: Final = 400  # years after which the Gregorian calendar repeats, weekdays included
_ROOM: Final = 100  # years that must follow within what a date can say; a leap day on a given weekday may take 40
_YEARS: Final = (1900, 9000)  # within them clocks of all zones can say every moment
_IN_MONTH: Final = 5  # times a weekday may come in a month; asked for more dateutil looks beyond the year, and fails
_IN_YEAR: Final = 53
_SHIFTED: Final = timedelta(hours=3)  # more than any gap: what a clock skips may come after what follows it

_FREQ: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_UNTIL: Final = re.compile(r"(\d{8})(T\d{6}(Z?))?", re.ASCII)
_BYDAY: Final = re.compile(r"([+-]?\d{1,2})?([A-Z]{2})", re.ASCII)
_WHOLE: Final = re.compile(r"[+-]?\d{1,5}", re.ASCII)

# The parts that are lists of numbers: from, to, and whether one may count from the end.
_LISTS: Final[dict[str, tuple[int, int, bool]]] = {
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYSETPOS": (1, 366, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSECOND": (0, 59, False),
}
_ALONE: Final[dict[str, tuple[int, int]]] = {"INTERVAL": (1, 1000), "COUNT": (1, 10_000)}
# RFC 5545: which parts a frequency does not take.
_NOT_WITH: Final[dict[str, frozenset[str]]] = {
    "DAILY": frozenset({"BYWEEKNO", "BYYEARDAY"}),
    "WEEKLY": frozenset({"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY"}),
    "MONTHLY": frozenset({"BYWEEKNO", "BYYEARDAY"}),
    "YEARLY": frozenset(),
}


class Rule(NamedTuple):
    """A rule that is taken: without its end, which is counted here, and the end."""

    endless: str
    times: int | None
    until: str | None

    def ends_before(self, wall: datetime, at: datetime) -> bool:
        """Whether an occurrence with this wall time and this instant lies behind `UNTIL`."""
        if self.until is None:
            return False
        if "T" not in self.until:
            return wall.date() > _day(self.until)
        last = datetime.strptime(self.until.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone is told apart below
        return at > last.replace(tzinfo=UTC) if self.until.endswith("Z") else wall > last


class Occurrence(NamedTuple):
    """One time that a series comes: its wall time, the instant, and the how manieth it is, from 1."""

    wall: datetime
    at: datetime
    number: int


def canonical(text: str) -> str:
    """The rule as it is kept. Raises `Invalid` for one that is not taken."""
    parse(text)
    return _plain(text)


def parse(text: str) -> Rule:
    """The rule of this text. Raises `Invalid` for one that is none, or comes more than 24 times a day."""
    parts = _parts(text)
    freq = parts.get("FREQ")
    if freq not in _FREQ:
        raise _refused(f"It must say FREQ as one of {', '.join(_FREQ)}.")
    for name, value in parts.items():
        if name in _NOT_WITH[freq]:
            raise _refused(f"{name} does not go with FREQ={freq}.")
        _check(name, value, freq, parts)
    if "COUNT" in parts and "UNTIL" in parts:
        raise _refused("It ends by COUNT or by UNTIL, not by both.")
    if "BYSETPOS" in parts and not any(name.startswith("BY") and name != "BYSETPOS" for name in parts):
        raise _refused("BYSETPOS needs another BY part to choose from.")
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= len(set(parts[name].split(","))) if name in parts else 1
    if times > A_DAY:
        raise _refused(f"It comes {times} times a day; at most {A_DAY} are taken.")
    endless = ";".join(f"{name}={value}" for name, value in parts.items() if name not in ("COUNT", "UNTIL"))
    return Rule(endless, int(parts["COUNT"]) if "COUNT" in parts else None, parts.get("UNTIL"))


def check(text: str, zone: str, start: datetime, wall: datetime | None = None) -> None:
    """Nothing, or `Invalid` for a rule that ends before it begins at `start`, or after which nothing ever comes."""
    if not _YEARS[0] <= start.year < _YEARS[1]:
        raise _refused(f"It begins between the years {_YEARS[0]} and {_YEARS[1]}.")
    rule, wall = parse(text), wall or wall_of(start, zone)
    if rule.ends_before(wall, start):
        raise _refused("UNTIL lies before the first time.")
    if rule.times != 1 and next(_walls(rule, wall, inclusive=True), None) is None:
        raise _refused("There is no such day.")


def following(text: str, zone: str, wall: datetime, number: int, after: datetime) -> Occurrence | None:
    """The next occurrence behind the one at `wall`, which was the `number`th, that comes later than `after`.

    Those between count too: a series of ten has ten days, not ten days on which somebody had time.
    """
    rule = parse(text)
    return next((one for one in _behind(rule, zone, wall, number) if one.at > after), None)


def expand(
    text: str, zone: str, start: datetime, between: tuple[datetime, datetime], limit: int = 500
) -> list[datetime]:
    """The instants (UTC) of a series that begins at `start`, in [from, to), in order; at most `limit`."""
    own = [start.astimezone(UTC)] if between[0] <= start < between[1] else []
    return sorted({*own, *behind(text, zone, wall_of(start, zone), 1, between, limit)})[:limit]


def behind(
    text: str, zone: str, wall: datetime, number: int, between: tuple[datetime, datetime], limit: int = 500
) -> list[datetime]:
    """As `expand`, of what comes behind the `number`th occurrence of a series, which is at `wall`."""
    first, last = between
    found: set[datetime] = set()
    for one in _behind(parse(text), zone, wall, number):
        if one.at >= last + _SHIFTED or len(found) >= limit:
            break
        if first <= one.at < last:
            found.add(one.at)
    return sorted(found)[:limit]


def wall_of(at: datetime, zone: str) -> datetime:
    """What a clock in the zone shows at this instant, to the second."""
    return at.astimezone(_zone(zone)).replace(tzinfo=None, fold=0, microsecond=0)


def instant(wall: datetime, zone: str) -> datetime:
    """The instant (UTC) at which a clock in the zone shows this; as the head of this file says for gaps and folds."""
    return wall.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)


def _behind(rule: Rule, zone: str, wall: datetime, number: int) -> Iterator[Occurrence]:
    for steps, later in enumerate(islice(_walls(rule, wall), _STEPS), start=1):
        if later.year > _YEARS[1]:
            return
        one = Occurrence(later, instant(later, zone), number + steps)
        if (rule.times is not None and one.number > rule.times) or rule.ends_before(later, one.at):
            return
        yield one


def _walls(rule: Rule, wall: datetime, *, inclusive: bool = False) -> Iterator[datetime]:
    """The wall times that the rule names behind this one, on its own terms; none is counted and nothing ends it."""
    from dateutil.rrule import rrulestr  # thirty milliseconds, for those who recur

    cycles = (MAXYEAR - _ROOM - wall.year) // _CYCLE
    expansion: Any = rrulestr(rule.endless, dtstart=wall.replace(year=wall.year + cycles * _CYCLE))
    for far in expansion:
        near = far.replace(year=far.year - cycles * _CYCLE)
        if near > wall or inclusive:
            yield near


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo  # loaded only when somebody asks what a clock shows

    return ZoneInfo(name)


def _parts(text: str) -> dict[str, str]:
    """The parts by name, in their order. Raises `Invalid` for what is no list of parts."""
    if len(text) > LONGEST:
        raise _refused(f"It is longer than {LONGEST} characters.")
    found: dict[str, str] = {}
    for part in _plain(text).split(";"):
        name, there, value = part.partition("=")
        if not there or not value or name in found:
            raise _refused(f"`{part[:40]}` is no part of a rule, or there twice.")
        found[name] = value
    return found


def _plain(text: str) -> str:
    return text.strip().upper().removeprefix("RRULE:").removesuffix(";")


def _check(name: str, value: str, freq: str, parts: dict[str, str]) -> None:
    if name in _LISTS:
        least, most, backwards = _LISTS[name]
        for one in value.split(","):
            _number(name, one, least, most, backwards)
    elif name in _ALONE:
        _number(name, value, *_ALONE[name], backwards=False)
    elif name == "BYDAY":
        for one in value.split(","):
            _weekday(one, freq, parts)
    elif name == "WKST":
        if value not in _DAYS:
            raise _refused("WKST is a day of the week, such as MO.")
    elif name == "UNTIL":
        _moment(value)
    elif name != "FREQ":
        raise _refused(f"{name[:40]} is no part of a rule that is taken here.")


def _number(name: str, text: str, least: int, most: int, backwards: bool) -> None:
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or not (least <= number <= most or (backwards and least <= -number <= most)):
        raise _refused(f"{name} takes numbers from {least} to {most}{', or as many from the end' * backwards}.")


def _weekday(text: str, freq: str, parts: dict[str, str]) -> None:
    found = _BYDAY.fullmatch(text)
    if found is None or found[2] not in _DAYS:
        raise _refused("BYDAY takes days of the week, such as MO or -1FR.")
    if found[1] is None:
        return
    if freq not in ("MONTHLY", "YEARLY") or "BYWEEKNO" in parts:
        raise _refused(f"BYDAY={text} needs a month or a year to count in.")
    most = _IN_MONTH if freq == "MONTHLY" or "BYMONTH" in parts else _IN_YEAR
    if not 1 <= abs(int(found[1])) <= most:
        raise _refused(f"BYDAY={text} counts from 1 to {most} there, or from the end.")


def _moment(text: str) -> None:
    found = _UNTIL.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        if found[2]:
            datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - only whether it is a moment
        _day(found[1])
    except ValueError:
        raise _refused("UNTIL is a day or a moment, such as 20301231 or 20301231T225959Z.") from None


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _refused(sentence: str) -> errors.Invalid:
    return errors.invalid(POINTER, "recurrence", sentence)
