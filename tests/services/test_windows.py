"""When a mail may go out: by the clock of the contact, of the firm, or of a fixed zone, also where clocks change."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.models.settings import Settings
from chalicelib.services import windows

ZONES = ["Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns", "Africa/Abidjan"]
NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def firm(zone: str = "Europe/Vienna", **fields: Any) -> Settings:
    return Settings("pk", "sk", tenant="ten_1", time_zone=zone, **fields)


def opens(window: dict[str, Any] | None, zone: str | None, now: str, of: Settings | None = None) -> str:
    found = windows.opens(window, zone, of or firm(), datetime.fromisoformat(now))
    return found.astimezone(UTC).isoformat()


def test_without_a_window_it_is_always_open() -> None:
    assert opens(None, "Asia/Kolkata", "2026-03-07T03:00:00+00:00") == "2026-03-07T03:00:00+00:00"


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Vienna", "2026-03-09T08:00:00+00:00"),
        ("America/New_York", "2026-03-09T13:00:00+00:00"),  # summer time began the night before
        ("Pacific/Auckland", "2026-03-08T20:00:00+00:00"),  # Monday there
        (None, "2026-03-09T08:00:00+00:00"),  # the firm's
        ("Not/There", "2026-03-09T08:00:00+00:00"),
    ],
)
def test_on_a_saturday_it_opens_on_monday_at_nine_where_he_is(zone: str | None, at: str) -> None:
    window = {"hours": NINE_TO_FIVE, "zone": "contact"}
    assert opens(window, zone, "2026-03-07T12:00:00+00:00") == at


def test_a_fixed_zone_is_the_same_for_all() -> None:
    window = {"hours": NINE_TO_FIVE, "zone": "Asia/Kolkata"}
    for zone in (*ZONES, None):
        assert opens(window, zone, "2026-03-07T12:00:00+00:00") == "2026-03-09T03:30:00+00:00"
    assert windows.by_contact({"zone": "contact"})
    assert not windows.by_contact(window)
    assert not windows.by_contact(None)


def test_without_hours_those_of_the_firm_with_its_days_off() -> None:
    of = firm(hours={"mon": [["10:00", "12:00"]]}, holidays=["2026-03-09"])
    assert opens({"zone": "contact"}, None, "2026-03-07T12:00:00+00:00", of) == "2026-03-16T09:00:00+00:00"
    window = {"hours": NINE_TO_FIVE, "holidays": ["2026-03-09"], "zone": "contact"}
    assert opens(window, None, "2026-03-07T12:00:00+00:00") == "2026-03-10T08:00:00+00:00"


@given(st.sampled_from(ZONES), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.integers(0, 22))
@settings(max_examples=200)
def test_it_opens_now_or_later_and_then_the_clock_there_shows_an_hour_of_the_window(
    zone: str, wall: datetime, hour: int
) -> None:
    window = {
        "hours": {day: [[f"{hour:02}:00", f"{hour + 1:02}:00"]] for day in ("mon", "wed", "sun")},
        "zone": "contact",
    }
    now = wall.replace(tzinfo=UTC)
    at = windows.opens(window, zone, firm(), now)
    there = at.astimezone(ZoneInfo(zone))
    assert at >= now
    assert there.weekday() in (0, 2, 6)
    assert there.hour == hour
    assert windows.opens(window, zone, firm(), at) == at
