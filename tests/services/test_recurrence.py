"""Recurrence: which rules are taken, and when they come, held to dateutil's own expansion over zones and years."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from dateutil.tz import datetime_exists, resolve_imaginary
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.services import recurrence

ZONES = [
    "UTC",
    "Europe/Vienna",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "America/Sao_Paulo",
]
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def numbers(least: int, most: int, *, backwards: bool = False) -> st.SearchStrategy[str]:
    one = st.integers(least, most) | (st.integers(-most, -least) if backwards else st.nothing())
    return st.lists(one, min_size=1, max_size=3, unique=True).map(lambda some: ",".join(map(str, some)))


PARTS: dict[str, st.SearchStrategy[str]] = {
    "BYMONTH": numbers(1, 12),
    "BYMONTHDAY": numbers(1, 31, backwards=True),
    "BYYEARDAY": numbers(1, 366, backwards=True),
    "BYWEEKNO": numbers(1, 53, backwards=True),
    "BYHOUR": numbers(0, 23),
    "BYMINUTE": numbers(0, 59),
    "BYDAY": st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True).map(",".join),
    "WKST": st.sampled_from(DAYS),
    "INTERVAL": st.integers(1, 5).map(str),
    "BYSETPOS": numbers(1, 3, backwards=True),
}


@st.composite
def rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    names = draw(st.lists(st.sampled_from(sorted(PARTS)), max_size=4, unique=True))
    taken = [name for name in names if name not in recurrence._NOT_WITH[freq]]
    if not any(name.startswith("BY") and name != "BYSETPOS" for name in taken):
        taken = [name for name in taken if name != "BYSETPOS"]
    parts = [f"{name}={draw(PARTS[name])}" for name in taken]
    if freq in ("MONTHLY", "YEARLY") and "BYWEEKNO" not in taken and "BYDAY" not in taken and draw(st.booleans()):
        parts.append(f"BYDAY={draw(st.sampled_from(['1MO', '-1FR', '+2TU', '-2SU', '5WE']))}")
    return ";".join([f"FREQ={freq}", *parts])


WALLS = st.datetimes(datetime(1995, 1, 1), datetime(2060, 1, 1)).map(lambda one: one.replace(microsecond=0, fold=0))


def truth(text: str, start: datetime, zone: str, *, count: int) -> list[datetime]:
    """The first occurrences behind the start by dateutil alone: its rule on wall times, its way out of a gap."""
    rule: Any = rrulestr(text, dtstart=start)
    found = []
    for wall in islice(rule.xafter(start), count):
        local = wall.replace(tzinfo=ZoneInfo(zone))
        found.append((local if datetime_exists(local) else resolve_imaginary(local)).astimezone(UTC))
    return found


@settings(max_examples=150)
@given(rules(), WALLS, st.sampled_from(ZONES))
def test_as_dateutil_expands_it(text: str, wall: datetime, zone: str) -> None:
    far = wall.replace(year=9000 + wall.year % 400)  # dateutil itself searches to the year 9999 where nothing comes
    assume(next(iter(rrulestr(text, dtstart=far)), None) is not None)
    start = recurrence.instant(wall, zone)
    assume(recurrence.wall_of(start, zone) == wall)
    expected = truth(text, wall, zone, count=12)
    assume(expected)
    last = max(expected) + timedelta(seconds=1)
    assert recurrence.expand(text, zone, start, (start + timedelta(seconds=1), last), 12) == sorted(set(expected))[:12]


@settings(max_examples=60)
@given(rules(), WALLS, st.sampled_from(ZONES), st.integers(1, 6))
def test_one_after_the_other_is_what_they_are_all_at_once(text: str, wall: datetime, zone: str, count: int) -> None:
    """Each occurrence knows only of the one before it, and still the series is the one that was begun."""
    whole = [one.wall for one in recurrence._behind(recurrence.Rule(text, count, None), zone, wall, 1)]
    seen, number, place = list[datetime](), 1, wall
    while one := recurrence.following(f"{text};COUNT={count}", zone, place, number, datetime.min.replace(tzinfo=UTC)):
        seen, number, place = [*seen, one.wall], one.number, one.wall
    assert seen == whole
    assert len(seen) <= count - 1


class TestClockChanges:
    def daily(self, zone: str, wall: str, days: int = 3) -> list[str]:
        start = recurrence.instant(datetime.fromisoformat(wall), zone)
        found = recurrence.expand("FREQ=DAILY", zone, start, (start, start + timedelta(days=days)))
        return [one.astimezone(ZoneInfo(zone)).isoformat() for one in found][:3]

    def test_a_time_that_is_skipped_comes_so_much_later(self) -> None:
        assert self.daily("Europe/Vienna", "2026-03-28T02:30:00") == [
            "2026-03-28T02:30:00+01:00",
            "2026-03-29T03:30:00+02:00",
            "2026-03-30T02:30:00+02:00",
        ]

    def test_a_time_that_comes_twice_is_the_first(self) -> None:
        assert self.daily("Europe/Vienna", "2026-10-24T02:30:00") == [
            "2026-10-24T02:30:00+02:00",
            "2026-10-25T02:30:00+02:00",
            "2026-10-26T02:30:00+01:00",
        ]

    def test_a_gap_of_half_an_hour(self) -> None:
        assert self.daily("Australia/Lord_Howe", "2026-10-03T02:15:00")[1] == "2026-10-04T02:45:00+11:00"

    def test_a_day_that_there_was_not(self) -> None:
        """Samoa went from the 29th to the 31st of December 2011."""
        found = self.daily("Pacific/Apia", "2011-12-29T09:00:00")
        assert found[:2] == ["2011-12-29T09:00:00-10:00", "2011-12-31T09:00:00+14:00"], (
            "the 30th is moved onto the 31st"
        )

    def test_office_hours_stay_office_hours(self) -> None:
        start = datetime(2026, 1, 5, 8, tzinfo=UTC)  # nine in Vienna
        found = recurrence.expand(
            "FREQ=WEEKLY;BYDAY=MO", "Europe/Vienna", start, (start, start + timedelta(days=364)), 60
        )
        assert {recurrence.wall_of(one, "Europe/Vienna").hour for one in found} == {9}
        assert {one.hour for one in found} == {7, 8}
        assert len(found) == 52


class TestEnds:
    START = datetime(2026, 3, 2, 8, tzinfo=UTC)

    def all(self, text: str, zone: str = "UTC") -> list[datetime]:
        return recurrence.expand(text, zone, self.START, (self.START, self.START + timedelta(days=4000)))

    def test_by_count_the_first_counts(self) -> None:
        assert len(self.all("FREQ=WEEKLY;BYDAY=MO;COUNT=10")) == 10
        assert len(self.all("FREQ=WEEKLY;BYDAY=TU;COUNT=10")) == 10, "also one that the rule does not name"
        assert self.all("FREQ=DAILY;COUNT=1") == [self.START]

    @pytest.mark.parametrize(
        ("until", "times"),
        [("20260304", 3), ("20260304T080000Z", 3), ("20260304T075959Z", 2), ("20260304T080000", 2)],
    )
    def test_by_until_which_is_a_part_of_it(self, until: str, times: int) -> None:
        zone = "Europe/Vienna"  # where it is nine
        assert len(self.all(f"FREQ=DAILY;UNTIL={until}", zone)) == times

    def test_what_was_missed_counts(self) -> None:
        late = self.START + timedelta(days=30)
        text = "FREQ=DAILY;COUNT=40"
        one = recurrence.following(text, "UTC", datetime(2026, 3, 2, 8), 1, late)
        assert one is not None
        assert (one.at, one.number) == (self.START + timedelta(days=31), 32)
        assert recurrence.following(text, "UTC", datetime(2026, 3, 2, 8), 1, late + timedelta(days=20)) is None


REFUSED = [
    "",
    "DAILY",
    "FREQ=",
    "FREQ=HOURLY",
    "FREQ=MINUTELY",
    "FREQ=SECONDLY",
    "FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0,5,10,15,20,25,30",
    "FREQ=DAILY;" + "BYMINUTE=" + ",".join(map(str, range(25))),
    "FREQ=DAILY;FREQ=DAILY",
    "FREQ=DAILY;COUNT=0",
    "FREQ=DAILY;COUNT=-1",
    "FREQ=DAILY;COUNT=10001",
    "FREQ=DAILY;COUNT=two",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;INTERVAL=1001",
    "FREQ=DAILY;COUNT=2;UNTIL=20300101",
    "FREQ=DAILY;UNTIL=tomorrow",
    "FREQ=DAILY;UNTIL=20300230",
    "FREQ=DAILY;UNTIL=20300101T250000Z",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=DAILY;BYHOUR=",
    "FREQ=DAILY;BYEASTER=0",
    "FREQ=WEEKLY;BYDAY=1MO",
    "FREQ=WEEKLY;BYDAY=XX",
    "FREQ=WEEKLY;BYMONTHDAY=1",
    "FREQ=MONTHLY;BYDAY=0MO",
    "FREQ=MONTHLY;BYDAY=53MO",
    "FREQ=MONTHLY;BYDAY=TU,-6FR",
    "FREQ=YEARLY;BYMONTH=9;BYDAY=SA,53TU",
    "FREQ=YEARLY;BYDAY=54MO",
    "FREQ=MONTHLY;BYMONTHDAY=0",
    "FREQ=MONTHLY;BYMONTHDAY=32",
    "FREQ=MONTHLY;BYSETPOS=1",
    "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
    "FREQ=DAILY\nEXRULE:FREQ=DAILY",
    "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY",
    "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
    "FREQ=DAILY;BYHOUR=" + ",".join(["9"] * 300),
    "FREQ=DAILY;BYMONTH=٣",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_taken(text: str) -> None:
    with pytest.raises(errors.Invalid) as refusal:
        recurrence.parse(text)
    assert refusal.value.flaws[0].pointer == "/recurrence"


@settings(max_examples=200)
@given(st.text(alphabet="FREQ=DAILYWKBMOUNT;,:0123456789-+ \n", max_size=60))
def test_whatever_is_sent_is_taken_or_refused(text: str) -> None:
    try:
        recurrence.check(text, "UTC", datetime(2026, 1, 1, tzinfo=UTC))
    except errors.Invalid:
        return


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=4;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1;BYSETPOS=9",
        "FREQ=DAILY;UNTIL=20251231",
    ],
)
def test_what_never_comes_is_refused_without_a_search_for_ever(text: str) -> None:
    began = process_time()
    with pytest.raises(errors.Invalid):
        recurrence.check(text, "Europe/Vienna", datetime(2026, 1, 1, tzinfo=UTC))
    assert process_time() - began < 30, "seconds; dateutil alone takes minutes for some"


def test_what_comes_once_in_a_generation_is_taken() -> None:
    start = datetime(2072, 2, 29, 9, tzinfo=UTC)  # a Monday; 2100 is no leap year
    text = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
    recurrence.check(text, "UTC", start)
    one = recurrence.following(text, "UTC", start.replace(tzinfo=None), 1, start)
    assert one is not None
    assert one.at == datetime(2112, 2, 29, 9, tzinfo=UTC)


def test_the_end_of_all_dates() -> None:
    for year in (1, 1899, 9000, 9999):
        with pytest.raises(errors.Invalid):
            recurrence.check("FREQ=DAILY", "Pacific/Apia", datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
    start = datetime(8999, 12, 31, 9, tzinfo=UTC)
    recurrence.check("FREQ=YEARLY;INTERVAL=1000", "Pacific/Apia", start)
    assert recurrence.following("FREQ=YEARLY;INTERVAL=1000", "UTC", start.replace(tzinfo=None), 1, start) is None


def test_spelt_in_another_way_it_is_the_same() -> None:
    assert recurrence.canonical(" rrule:freq=weekly;byday=mo;count=3; ") == "FREQ=WEEKLY;BYDAY=MO;COUNT=3"
