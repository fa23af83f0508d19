"""A firm's rate holds whatever the number of workers, falls when the provider says so, and comes back."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models.pace import Pace
from chalicelib.services import pace
from tests import mailshots

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon(engine: str) -> Iterator[None]:
    clock.set(NOON)
    yield
    clock.reset()


@given(st.lists(st.tuples(st.integers(1, 25), st.floats(0, 3)), min_size=2, max_size=12), st.integers(1, 200))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_stretch_of_time_has_more_than_the_rate(asked: list[tuple[int, float]], rate: int) -> None:
    """Whoever waited as told sends; between any two of these moments no more go than the rate allows."""
    tenant = mailshots.tenant()
    sent: list[tuple[float, int]] = []
    for count, gap in asked:
        clock.advance(gap)
        before = clock.epoch()
        wait = pace.reserve(tenant, count, float(rate))
        if wait <= pace.PATIENCE:
            sent.append((before + wait, count))
    slack = 0.3 + pace.BURST  # the clock runs on between the two looks at it
    for first, (start, _) in enumerate(sent):
        for last in range(first + 1, len(sent)):
            between = sum(count for _, count in sent[first:last])
            assert between <= rate * (sent[last][0] - start + slack) + 1


def test_the_first_goes_at_once_and_the_next_waits_for_its_turn() -> None:
    tenant = mailshots.tenant()
    assert pace.reserve(tenant, 14, 14.0) == 0
    assert 0.5 < pace.reserve(tenant, 14, 14.0) <= 1
    assert 1.5 < pace.reserve(tenant, 1, 14.0) <= 2


def test_whoever_would_wait_too_long_speaks_for_nothing() -> None:
    tenant = mailshots.tenant()
    pace.reserve(tenant, 25, 1.0)
    first = pace.reserve(tenant, 25, 1.0)
    assert first > pace.PATIENCE
    assert pace.reserve(tenant, 25, 1.0) <= first


def test_too_fast_halves_the_rate_once_and_it_comes_back() -> None:
    tenant = mailshots.tenant()
    pace.reserve(tenant, 1, 100.0)
    for _ in range(25):
        pace.slow(tenant, 100.0)

    def now() -> float:
        return pace.current(pace._read(tenant), 100.0, round(clock.epoch() * 1_000_000))

    assert now() == 50
    clock.advance(30)
    assert now() == 50
    clock.advance(31)
    assert now() == 60
    pace.slow(tenant, 100.0)
    assert now() == 30
    clock.advance(8 * 60)
    assert now() == 100
    for _ in range(12):
        pace.slow(tenant, 100.0)
        clock.advance(6)
    assert now() >= pace.LEAST


def test_closed_it_is_closed_for_all_rates() -> None:
    tenant = mailshots.tenant()
    pace.close(tenant, 600)
    assert 590 < pace.reserve(tenant, 1, 1000.0) <= 600
    clock.advance(601)
    assert pace.reserve(tenant, 1, 1000.0) == 0


def test_a_moment_written_by_a_clock_that_was_wrong_keeps_nobody_for_ever() -> None:
    tenant = mailshots.tenant()
    clock.advance(400 * 86_400)
    pace.reserve(tenant, 1, 10.0)
    clock.set(NOON)
    assert pace.reserve(tenant, 1, 10.0) <= 3600


def test_the_provider_bounds_what_a_campaign_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_RATE", "20")
    assert [pace.limit(one) for one in (None, 5.0, 500.0)] == [20, 5, 20]


def test_it_is_one_item(engine: str) -> None:
    assert Pace.at("ten_1").pk == "T#ten_1#pace"
