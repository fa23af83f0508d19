"""The arithmetic of time under rules: small numbers counted out one by one, and days of zones that leap."""

from datetime import UTC, date, datetime, timedelta
from operator import ge, lt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.rules import times
from chalicelib.services.rules.times import NEVER

small = st.integers(0, 12)
LATE = 40  # after all of them


@given(st.lists(small, max_size=5), st.integers(1, 6), small, st.integers(0, 3), st.sampled_from([ge, lt]))
def test_a_number_within_a_window_is_told_until_it_matters(
    stamps: list[int], length: int, now: int, bound: int, compare: object
) -> None:
    def test(count: int) -> bool:
        return count >= bound if compare is ge else count < bound

    def said(at: int) -> bool:
        return test(len([one for one in stamps if at - length < one <= at]))

    later = [at for at in range(now + 1, LATE) if said(at) != said(now)]
    assert times.while_same(stamps, length, now, test) == (said(now), min(later, default=NEVER))


@given(st.lists(st.tuples(small, small), max_size=3), small)
def test_stretches_have_their_beginning_and_not_their_end(stretches: list[tuple[int, int]], now: int) -> None:
    def inside(at: int, several: list[tuple[int, int]]) -> bool:
        return any(begin <= at < end for begin, end in several)

    for several, found in [
        (stretches, times.during_any(stretches, now)),
        *(([one], times.during(*one, now)) for one in stretches),
    ]:
        holds, until = found
        assert holds == inside(now, several)
        assert until > now
        assert all(inside(at, several) == holds for at in range(now, min(until, LATE)))
        assert until != NEVER or all(inside(at, several) == holds for at in range(now, LATE))


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Vienna", "America/Santiago", "Pacific/Kiritimati", "Africa/Cairo", "America/Havana"]),
)
def test_every_moment_lies_in_its_day(moment: datetime, name: str) -> None:
    zone, now = ZoneInfo(name), times.micros(moment)
    assert times.moment(now) == moment
    day = times.today(now, zone)
    assert date.fromordinal(day) == moment.astimezone(zone).date()
    assert times.begins(day, zone) <= now < times.begins(day + 1, zone)
    before = times.moment(times.begins(day, zone) - 1)
    assert before is not None
    assert before.astimezone(zone).date() == date.fromordinal(day - 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1815-12-10", (12, 10, 1815)),
        ("--02-29", (2, 29, None)),
        ("2023-02-29", None),
        ("--02-30", None),
        ("-1-02-03", None),
        ("12-10", None),
        ("2026-W01-1", None),
        (None, None),
        (7, None),
    ],
)
def test_days_of_every_year(text: object, day: object) -> None:
    assert times.of_yearly(text) == day  # type: ignore[arg-type] # what stands in records may be anything


def test_the_ends_of_time() -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    assert times.begins(0, zone) == times.ALWAYS
    assert times.begins(date.max.toordinal() + 1, zone) == NEVER
    assert times.moment(NEVER) is None
    last = times.micros(datetime.max.replace(tzinfo=UTC))
    assert times.moment(last) == datetime.max.replace(tzinfo=UTC)
    assert times.year_of(last, zone) == times.year_of(NEVER, zone) == 9999
    assert times.today(times.micros(datetime.min.replace(tzinfo=UTC)), ZoneInfo("America/Havana")) == 1
    assert times.of_stamp("9999-12-31T23:59:59+00:00") == last // 1_000_000 * 1_000_000
    assert times.of_stamp("2026-01-01") is None
    assert times.moment(times.of_stamp("2026-01-01T00:00:00Z") or 0) == datetime(2026, 1, 1, tzinfo=UTC)
    assert timedelta(days=1) // timedelta(microseconds=1) == times.DAY
