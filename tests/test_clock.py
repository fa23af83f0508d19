"""The clock: stamps whose text order is time order, and a hand that tests can move."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock

moments = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), timezone.max])
)


@pytest.fixture(autouse=True)
def _real_time() -> Iterator[None]:
    yield
    clock.reset()


@given(moments, moments)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    if one.astimezone(UTC).replace(microsecond=0) < other.astimezone(UTC).replace(microsecond=0):
        assert clock.stamp(one) < clock.stamp(other)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)))
def test_a_stamp_is_read_back_to_the_millisecond(moment: datetime) -> None:
    again = clock.parse(clock.stamp(moment))
    assert again.tzinfo is not None
    assert timedelta(0) <= moment - again < timedelta(milliseconds=1)


@given(moments)
def test_a_stamp_has_one_width_and_ends_in_z(moment: datetime) -> None:
    assert len(clock.stamp(moment)) == len("2026-01-01T00:00:00.000Z")
    assert clock.stamp(moment).endswith("Z")


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=23)), timezone(timedelta(hours=-23))])
@pytest.mark.parametrize("edge", [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)])
def test_the_ends_of_the_calendar_have_a_stamp_in_every_zone(edge: datetime, zone: timezone) -> None:
    assert clock.stamp(edge.replace(tzinfo=zone))[:4] in {"0001", "9999"}


def test_a_stamp_is_in_utc_whatever_the_zone() -> None:
    moment = datetime(2026, 3, 1, 9, 30, 0, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert clock.stamp(moment) == "2026-03-01T04:00:00.999Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        clock.parse(text)


def test_before_goes_back_and_stops_at_the_first_stamp() -> None:
    assert clock.before("2026-03-01T00:00:00.000Z", 1) == "2026-02-28T23:59:59.000Z"
    assert clock.before("2024-03-01T00:00:00.000Z", 86_400) == "2024-02-29T00:00:00.000Z"
    assert clock.before("0001-01-01T00:00:10.000Z", 31_536_000) == "0001-01-01T00:00:00.000Z"


def test_advancing_adds_up_and_resetting_returns() -> None:
    clock.advance(3600)
    clock.advance(1800)
    assert clock.epoch() == pytest.approx(time.time() + 5400, abs=5)
    assert clock.now().timestamp() == pytest.approx(time.time() + 5400, abs=5)
    clock.reset()
    assert clock.epoch() == pytest.approx(time.time(), abs=5)


def test_a_clock_that_was_set_runs_on() -> None:
    clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    first = clock.now()
    time.sleep(0.02)
    assert first < clock.now() < datetime(2030, 1, 1, 0, 1, tzinfo=UTC)
    assert clock.after(-60) < datetime(2030, 1, 1, tzinfo=UTC) < clock.after(60)


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_measuring_does_not_follow_the_hand() -> None:
    before = clock.ticks()
    clock.advance(10_000)
    assert clock.ticks() - before < 10
