"""Dates that come every year, against a calendar that counts day by day."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services import occasions


def record(birthday: str | None = None, zone: str | None = None, **dates: Any) -> Any:
    kept = [{"label": label, "date": day, "remind_days": ahead} for label, (day, ahead) in dates.items()]
    return SimpleNamespace(birthday=birthday, dates=kept or None, time_zone=zone)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "now", "comes"),
    [
        (record("1990-05-01"), "2026-04-30T12:00", "2026-05-01T09:00"),
        (record("--05-01"), "2026-04-30T12:00", "2026-05-01T09:00"),
        (record("--05-01"), "2026-05-01T23:59", "2026-05-01T09:00"),
        (record("--05-01"), "2026-05-02T00:00", "2027-05-01T09:00"),
        (record("2000-02-29"), "2026-01-01T00:00", "2026-02-28T09:00"),
        (record("2000-02-29"), "2027-12-01T00:00", "2028-02-29T09:00"),
        (record("--02-29"), "2028-02-28T12:00", "2028-02-29T09:00"),
        (record(renewal=("2020-03-10", 7)), "2026-03-01T00:00", "2026-03-03T09:00"),
        (record(renewal=("2020-03-10", 7)), "2026-03-05T00:00", "2026-03-03T09:00"),
        (record(renewal=("2020-01-03", 14)), "2026-06-01T00:00", "2026-12-20T09:00"),
        (record(renewal=("2031-03-10", 7)), "2026-03-05T00:00", "2031-03-03T09:00"),
        (record(renewal=("2026-03-10", None)), "2026-03-05T00:00", None),
        (record(), "2026-03-05T00:00", None),
        (record("--07-01", "Europe/Vienna"), "2026-01-01T00:00", "2026-07-01T07:00"),
        (record("--01-02", "Europe/Vienna"), "2026-07-01T00:00", "2027-01-02T08:00"),
        (record("--07-01", "Pacific/Kiritimati"), "2026-01-01T00:00", "2026-06-30T19:00"),
        (record("--07-01", "Pacific/Pago_Pago"), "2026-07-02T10:00", "2026-07-01T20:00"),
        (record("--12-24", renewal=("--11-11", 0)), "2026-01-01T00:00", "2026-11-11T09:00"),
    ],
)
def test_the_next_reminder(one: Any, now: str, comes: str | None) -> None:
    assert occasions.upcoming(one, at(now)) == (at(comes) if comes else None)


def test_after_one_reminder_comes_that_of_the_next_year() -> None:
    one, now = record("--02-29"), at("2027-02-28T09:00")
    seen = []
    for _ in range(3):
        found = occasions.upcoming(one, now, after=now)
        assert found is not None
        now = found
        seen.append(now.date())
    assert seen == [date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28)]


def test_what_came_up_during_an_outage_is_still_said() -> None:
    one = record("--05-01", renewal=("2020-05-20", 7))
    found = occasions.pending(one, at("2026-05-15T00:00"), since=at("2026-05-01T09:00"))
    assert [(what.label, day) for what, day in found] == [
        ("Birthday", date(2026, 5, 1)),
        ("renewal", date(2026, 5, 20)),
    ]


DAYS = st.dates(date(1800, 1, 1), date(2090, 12, 31))


@given(
    day=DAYS, year=st.booleans(), ahead=st.integers(0, 90), now=st.datetimes(datetime(2020, 1, 1), datetime(2080, 1, 1))
)
def test_nothing_is_missed_and_nothing_comes_twice(day: date, year: bool, ahead: int, now: datetime) -> None:
    text = day.isoformat() if year else f"-{day.isoformat()[4:]}"
    one, now = record(thing=(text, ahead)), now.replace(tzinfo=UTC)
    upcoming = occasions.upcoming(one, now)
    assert upcoming is not None
    found = upcoming.date() + timedelta(days=ahead)
    assert found == _by_counting(day, now.date(), year)
    assert occasions.pending(one, upcoming, since=upcoming) != []
    later = occasions.upcoming(one, max(now, upcoming), after=upcoming)
    assert later is not None
    assert 364 <= (later - upcoming).days <= 366


def _by_counting(day: date, today: date, year: bool) -> date:
    """The next day, today or later, that is the day of its year."""
    one = max(today, day) if year else today
    while True:
        is_last = one.month == 2 and (one + timedelta(days=1)).month == 3
        if (one.month, one.day) == (day.month, day.day) or ((day.month, day.day) == (2, 29) and is_last):
            return one
        one += timedelta(days=1)
