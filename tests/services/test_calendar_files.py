"""Calendar files: what recurs in them comes for a calendar program when it does here, over zones and years."""

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import recurring_ical_events
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.models.task import Task
from chalicelib.services import calendar_files, recurrence, series

ZONES = ("Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
STAMP = "2026-01-01T00:00:00.000Z"


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule as people make them."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]
    days = ",".join(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=3, unique=True)))
    place = draw(st.sampled_from([1, 2, -1]))
    extra = {
        "DAILY": ["", f"BYDAY={days}", "BYHOUR=8,17"],
        "WEEKLY": ["", f"BYDAY={days}", f"BYDAY={days};WKST=SU"],
        "MONTHLY": ["", f"BYDAY={place}{days[:2]}", "BYMONTHDAY=-1", "BYMONTHDAY=15,31", "BYDAY=MO,TU,WE;BYSETPOS=-1"],
        "YEARLY": ["", "BYMONTH=3,10;BYMONTHDAY=29", f"BYMONTH=11;BYDAY={place}{days[:2]}"],
    }
    parts.append(draw(st.sampled_from(extra[freq])))
    parts.append(
        draw(st.sampled_from(["", "COUNT=7", "UNTIL=20271231", "UNTIL=20270630T093000", "UNTIL=20270327T070000Z"]))
    )
    return ";".join(filter(None, parts))


def task(zone: str, wall: datetime, rule: str, **more: Any) -> Task:
    """A task of a series, as it is kept."""
    fields: dict[str, Any] = {"title": "T", "what": "call", "priority": "normal", "status": "open", "assignee_id": "u"}
    made = Task(id="tsk_1", tenant="t", version=1, created_at=STAMP, updated_at=STAMP, remind_before=0, **fields)
    made.due_at, made.time_zone, made.recurrence = clock.stamp(recurrence.instant(wall, zone)), zone, rule
    made.series_id, made.occurrence, made.series = "ser_1", 1, {"wall": wall.isoformat()}
    for name, value in more.items():
        setattr(made, name, value)
    return made


def told(one: Task, first: datetime, last: datetime) -> list[datetime]:
    """When a calendar program shows it."""
    calendar = icalendar.Calendar.from_ical(calendar_files.written("Mine", [one]))
    shown = recurring_ical_events.of(calendar).between(first, last)
    return sorted(event.decoded("DTSTART").astimezone(UTC) for event in shown)


@settings(max_examples=30)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(datetime(2025, 1, 1), datetime(2027, 6, 1)).map(lambda one: one.replace(second=0, microsecond=0)),
    rule=rules(),
)
@example(zone="Europe/Vienna", wall=datetime(2026, 3, 28, 2, 30), rule="FREQ=DAILY;INTERVAL=1")  # skipped
@example(zone="Europe/Vienna", wall=datetime(2026, 10, 24, 2, 30), rule="FREQ=DAILY;INTERVAL=1")  # shown twice
@example(zone="America/New_York", wall=datetime(2026, 3, 7, 2, 30), rule="FREQ=DAILY;COUNT=7")
def test_it_comes_when_the_series_does(zone: str, wall: datetime, rule: str) -> None:
    try:
        recurrence.check(rule, zone, recurrence.instant(wall, zone), wall)
    except errors.Invalid:
        return  # it would not have been taken
    one = task(zone, wall, rule)
    first = clock.parse(one.due_at) - timedelta(hours=1)
    last = first + timedelta(days=400)
    wanted = series.between(one, first, last, 3000)
    # Where two fall on one moment, as a skipped hour can make them, a program may show both.
    assert sorted(set(told(one, first, last))) == wanted


def test_a_count_goes_on_where_the_series_is() -> None:
    one = task("Europe/Vienna", datetime(2026, 3, 27, 9), "FREQ=DAILY;COUNT=10", occurrence=8)
    assert len(told(one, clock.parse("2026-01-01T00:00:00Z"), clock.parse("2027-01-01T00:00:00Z"))) == 3


def test_the_last_of_a_series_is_one_event() -> None:
    one = task("Europe/Vienna", datetime(2026, 3, 27, 9), "FREQ=DAILY;COUNT=10", occurrence=10)
    assert "RRULE" not in calendar_files.written("Mine", [one])


def test_what_follows_is_not_his_who_stands_in_for_once() -> None:
    one = task(
        "UTC",
        datetime(2026, 3, 27, 9),
        "FREQ=DAILY",
        series={"wall": "2026-03-27T09:00:00", "fields": {"assignee_id": "v"}},
    )
    assert "RRULE" not in calendar_files.written("Mine", [one])


def test_the_same_tasks_are_the_same_file() -> None:
    one = task("Europe/Vienna", datetime(2026, 3, 27, 9), "FREQ=DAILY")
    before = calendar_files.written("Mine", [one])
    clock.advance(86_400)
    try:
        assert calendar_files.written("Mine", [one]) == before
    finally:
        clock.reset()
