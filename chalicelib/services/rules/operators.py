"""What operators say: each makes, of a field and what it is compared with, a function of a scope and a moment.

A missing value fulfils nothing but `ne` and `exists: false`. So `ne` is exactly the opposite of `eq`, as in the
segments of other CRMs, and "older than" is not said of what never happened.
"""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from chalicelib.services.rules import times
from chalicelib.services.rules.operands import Distance, When, Worth
from chalicelib.services.rules.times import DAY, FALSE, NEVER, TRUE, Judged, Yearly
from chalicelib.services.rules.values import Field, Judge

Build = Callable[[Field, Any], Judge]
Test = Callable[[Any, Any], bool]


def holds(test: Test, *, turned: bool = False) -> Build:
    """`test` gets what there is and what is wanted. `turned` it is the opposite, also true of what is missing."""
    yes, no = (FALSE, TRUE) if turned else (TRUE, FALSE)

    def build(field: Field, wanted: Any) -> Judge:
        value = field.reader()

        def judge(scope: Any, now: int) -> Judged:
            have = value(scope)
            return yes if have is not None and test(have, wanted) else no

        return judge

    return build


def exists(field: Field, wanted: bool) -> Judge:
    """Whether there is a value."""
    value = field.reader()

    def judge(scope: Any, now: int) -> Judged:
        return TRUE if (value(scope) is not None) == wanted else FALSE

    return judge


def ends(test: Callable[[int, int, int], bool], *, missing: bool = False) -> Build:
    """Moments against a moment or a day; `test` gets the value, and beginning and end of what it is compared with."""

    def build(field: Field, wanted: When) -> Judge:
        value = field.reader()

        def judge(scope: Any, now: int) -> Judged:
            have = value(scope)
            if have is None:
                return TRUE if missing else FALSE
            return TRUE if test(have, *wanted.ends(scope)) else FALSE

        return judge

    return build


def near(field: Field, wanted: Distance) -> Judge:
    """Within so many days of 24 hours."""
    value = field.reader()
    length = wanted.days * DAY

    def judge(scope: Any, now: int) -> Judged:
        at = value(scope)
        if at is None:
            return FALSE
        return times.during(at - length, at, now) if wanted.ahead else times.during(at, at + length, now)

    return judge


def past(field: Field, days: int) -> Judge:
    """So many days of 24 hours ago, or longer."""
    value = field.reader()
    length = days * DAY

    def judge(scope: Any, now: int) -> Judged:
        at = value(scope)
        return FALSE if at is None else times.during(at + length, NEVER, now)

    return judge


def near_day(field: Field, wanted: Distance) -> Judge:
    """Today, or within so many days of the calendar."""
    value = field.reader()

    def judge(scope: Any, now: int) -> Judged:
        day = value(scope)
        return FALSE if day is None else times.during(*_around(day, wanted, scope.zone), now)

    return judge


def past_day(field: Field, days: int) -> Judge:
    """More than so many days of the calendar ago."""
    value = field.reader()

    def judge(scope: Any, now: int) -> Judged:
        day = value(scope)
        return FALSE if day is None else times.during(times.begins(day + days + 1, scope.zone), NEVER, now)

    return judge


def near_yearly(field: Field, wanted: Distance) -> Judge:
    """As `near_day`, of any year."""
    value = field.reader()

    def judge(scope: Any, now: int) -> Judged:
        one = value(scope)
        if one is None:
            return FALSE
        year = times.year_of(now, scope.zone)
        days = [one.on(number) for number in range(max(1, year - 1), min(9999, year + 1) + 1)]
        return times.during_any([_around(day, wanted, scope.zone) for day in days], now)

    return judge


def _around(day: int, wanted: Distance, zone: tzinfo) -> tuple[int, int]:
    before, after = (wanted.days, 0) if wanted.ahead else (0, wanted.days)
    return times.begins(day - before, zone), times.begins(day + after + 1, zone)


def count(test: Test) -> Build:
    """Moments by how many there are, of all or of those in the window before now. None are 0."""

    def build(field: Field, wanted: Any) -> Judge:
        value, window = field.reader(), field.window

        def fits(number: int) -> bool:
            return test(number, wanted)

        def judge(scope: Any, now: int) -> Judged:
            stamps = value(scope)
            if not window:
                return TRUE if fits(len(stamps)) else FALSE
            return times.while_same(stamps, window, now, fits)

        return judge

    return build


# Tests: what there is, and what is wanted. The plain ones are those of `operator` --------------------------------


def among(have: Any, wanted: Any) -> bool:
    """One of these."""
    return have in wanted


def begins(have: str, wanted: str) -> bool:
    """A text from its beginning."""
    return have.startswith(wanted)


def meets(have: frozenset[str], wanted: frozenset[str]) -> bool:
    """Several, one of which is one of these."""
    return not wanted.isdisjoint(have)


def inside(have: frozenset[str], wanted: str) -> bool:
    """Several texts, one of which has this in it."""
    return any(wanted in one for one in have)


def one_begins(have: frozenset[str], wanted: str) -> bool:
    """Several texts, one of which begins so."""
    return any(one.startswith(wanted) for one in have)


def of_currency(test: Test) -> Test:
    """The sum in the currency that was asked for: amounts of others are not compared."""

    def compare(have: dict[str, int], wanted: Worth) -> bool:
        return wanted.currency in have and test(have[wanted.currency], wanted.amount)

    return compare


def same_day(have: Yearly, wanted: Yearly) -> bool:
    """The same day of the year; if a year was named, of that one."""
    same = (have.month, have.day) == (wanted.month, wanted.day)
    return same and wanted.year in (None, have.year)


def one_day(have: Yearly, wanted: frozenset[Yearly]) -> bool:
    """One of these days."""
    return any(same_day(have, one) for one in wanted)


# What a moment is compared with has a beginning and an end, as it may be a day.


def at(have: int, begin: int, end: int) -> bool:
    """In it."""
    return begin <= have < end


def not_at(have: int, begin: int, end: int) -> bool:
    """Not in it."""
    return not begin <= have < end


def before(have: int, begin: int, _end: int) -> bool:
    """Before it begins."""
    return have < begin


def by_end(have: int, _begin: int, end: int) -> bool:
    """Before it is over."""
    return have < end


def behind(have: int, _begin: int, end: int) -> bool:
    """When it is over."""
    return have >= end


def from_begin(have: int, begin: int, _end: int) -> bool:
    """From its beginning on."""
    return have >= begin
