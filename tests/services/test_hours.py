"""Working time against a model that looks at every single minute, in zones whose clocks jump."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.services import hours
from chalicelib.services.hours import OFFICE, WEEK, Calendar

MINUTE = timedelta(minutes=1)
# Lord Howe's clocks move by half an hour, Cairo's at midnight, Apia lost a whole day.
ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia")
# Days around which a clock of one of them jumps, and an ordinary one.
STARTS = (
    "2026-03-27",
    "2026-10-23",
    "2026-04-03",
    "2026-10-02",
    "2026-03-06",
    "2026-04-22",
    "2011-12-28",
    "2026-06-01",
)


def _pairs(ends: list[str]) -> list[list[str]]:
    return [list(pair) for pair in zip(ends[::2], ends[1::2], strict=False)]


times = st.integers(0, 1440).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}")
day_spans = st.lists(times, min_size=0, max_size=6, unique=True).map(sorted).map(_pairs)
weeks = st.dictionaries(st.sampled_from(WEEK), day_spans, min_size=1, max_size=7).filter(
    lambda week: any(week.values())
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def works(calendar: Calendar, moment: datetime) -> bool:
    """The model: does the wall clock read a working time now?"""
    wall = moment.astimezone(calendar.zone)
    since = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)
    return calendar.works_on(wall.date()) and any(
        start <= since < end for start, end in calendar.week[wall.date().weekday()]
    )


@st.composite
def cases(draw: Any) -> tuple[Calendar, datetime]:
    start = date.fromisoformat(draw(st.sampled_from(STARTS)))
    holidays = draw(st.lists(st.integers(0, 6), max_size=3))
    off = [(start + timedelta(days=number)).isoformat() for number in holidays]
    calendar = hours.calendar(draw(st.sampled_from(ZONES)), draw(weeks), off)
    minutes = draw(st.integers(0, 5 * 1440))
    return calendar, datetime(start.year, start.month, start.day, tzinfo=UTC) + minutes * MINUTE


@given(cases())
def test_work_goes_on_at_the_first_minute_that_is_working_time(case: tuple[Calendar, datetime]) -> None:
    calendar, start = case
    found = hours.next_open(calendar, start)
    seen = next(one for one in (start + n * MINUTE for n in range(40 * 1440)) if works(calendar, one))
    assert found == seen


@given(cases(), st.integers(1, 1500))
def test_hours_of_work_pass_minute_by_minute(case: tuple[Calendar, datetime], minutes: int) -> None:
    calendar, start = case
    week = sum((end - begin for spans in calendar.week.values() for begin, end in spans), timedelta())
    minutes = min(minutes, int(week / MINUTE))  # a week or two for the model to look at
    found = hours.after(calendar, start, hours=minutes / 60)
    now, left = start, minutes
    while left:
        left -= works(calendar, now)
        now += MINUTE
    assert abs(found - now) < timedelta(seconds=1)


@given(cases(), st.integers(1, 12))
def test_days_of_work_pass_day_by_day(case: tuple[Calendar, datetime], days: int) -> None:
    calendar, start = case
    found = hours.after(calendar, start, days=days)
    wall, left = start.astimezone(calendar.zone), days
    day = wall.date()
    while left:
        day += timedelta(days=1)
        left -= calendar.works_on(day)
    same = datetime.combine(day, wall.time(), calendar.zone).astimezone(UTC)
    assert found == hours.next_open(calendar, same)
    assert works(calendar, found)


def test_an_office_that_closes_for_the_weekend() -> None:
    office = hours.calendar("Europe/Vienna", OFFICE, ["2026-10-26"])  # a Monday, the day after the clocks went back
    friday = at("2026-10-23T14:00:00Z")  # four in the afternoon, summer time
    assert hours.after(office, friday, days=1) == at("2026-10-27T15:00:00Z"), "four in the afternoon, winter time"
    assert hours.after(office, friday, hours=2) == at("2026-10-27T09:00:00Z")
    assert hours.after(office, friday, hours=1) == at("2026-10-23T15:00:00Z"), "the end of a day is still that day"
    assert hours.after(office, friday, days=1, hours=2) == at("2026-10-28T09:00:00Z")
    assert hours.next_open(office, at("2026-10-24T12:00:00Z")) == at("2026-10-27T08:00:00Z")
    assert hours.after(office, friday) == friday


def test_a_wall_time_on_the_days_when_the_clock_jumps() -> None:
    night = hours.calendar("Europe/Vienna", {"sun": [["00:00", "24:00"]]}, [])
    assert hours.at_wall(night, date(2026, 3, 29), "02:30") == at("2026-03-29T01:30:00Z"), "shown as half past three"
    assert hours.at_wall(night, date(2026, 10, 25), "02:30") == at("2026-10-25T00:30:00Z"), "the first of the two"
    assert hours.after(night, at("2026-10-24T22:00:00Z"), hours=25) == at("2026-10-25T23:00:00Z"), "25 hours long"
    assert hours.after(night, at("2026-03-28T23:00:00Z"), hours=23) == at("2026-03-29T22:00:00Z"), "23 hours long"


def test_where_nobody_works_the_time_stays_as_it_is() -> None:
    never = Calendar(ZoneInfo("UTC"), {}, frozenset())
    start = at("2026-03-01T09:00:00Z")
    assert hours.next_open(never, start) == start
    assert hours.after(never, start, days=3, hours=2) == start + timedelta(days=3, hours=2)


@pytest.mark.parametrize("last", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_the_ends_of_the_calendar_do_no_harm(last: str) -> None:
    for zone in ZONES:
        office = hours.calendar(zone, OFFICE, [])
        hours.next_open(office, at(last))
        hours.after(office, at(last), days=300, hours=9)


@pytest.mark.parametrize(
    ("week", "pointer"),
    [
        ({}, "/hours"),
        ({"mon": []}, "/hours"),
        ({"mon": [["09:00", "09:00"]]}, "/hours/mon/0"),
        ({"mon": [["17:00", "09:00"]]}, "/hours/mon/0"),
        ({"mon": [["09:00", "12:00"], ["11:00", "17:00"]]}, "/hours/mon/1"),
    ],
)
def test_hours_that_are_none(week: Any, pointer: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        hours.check(week, None)
    assert refused.value.flaws[0].pointer == pointer


def test_a_holiday_that_is_no_day() -> None:
    with pytest.raises(errors.Invalid) as refused:
        hours.check(None, ["2026-12-25", "2026-02-30"])
    assert refused.value.flaws[0].pointer == "/holidays/1"
