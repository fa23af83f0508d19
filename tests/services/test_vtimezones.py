"""Time zones for calendar files: read by another parser they tell what Python's own zones tell."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from chalicelib.services import vtimezones
from chalicelib.services.content_lines import written

ZONES = (
    "Europe/Vienna",
    "Europe/Dublin",  # winter is what is saved
    "America/New_York",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Casablanca",  # follows the month of fasting
    "Africa/Cairo",
    "Asia/Jerusalem",  # the Friday before a Sunday
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Chatham",
    "Pacific/Apia",
    "UTC",
)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [2011, 2026])
def test_another_program_reads_the_same_offsets(name: str, year: int) -> None:
    zone = ZoneInfo(name)
    component: Any = icalendar.Timezone.from_ical(written(vtimezones.component(name, year)))
    told = component.to_tz(lookup_tzid=False)
    moment = datetime(year, 1, 1, 12, tzinfo=UTC)
    for _ in range(365 * 12 // 9):
        # Noon: at the hour itself of a change two zones may name the fold differently.
        local = moment.astimezone(zone).replace(hour=12, tzinfo=None)
        assert local.replace(tzinfo=told).utcoffset() == local.replace(tzinfo=zone).utcoffset(), local
        moment += timedelta(days=9)


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("Europe/Vienna", ["FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"]),
        ("America/New_York", ["FREQ=YEARLY;BYMONTH=11;BYDAY=1SU", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU"]),
        ("Asia/Kolkata", []),
        ("Africa/Casablanca", []),
    ],
)
def test_what_follows_a_rule_is_said_by_it(name: str, rules: list[str]) -> None:
    lines = vtimezones.component(name, 2026)
    assert [line.removeprefix("RRULE:") for line in lines if line.startswith("RRULE")] == rules


def test_what_follows_none_is_said_one_by_one() -> None:
    assert sum(line.startswith("RDATE") for line in vtimezones.component("Africa/Casablanca", 2026)) > 20
