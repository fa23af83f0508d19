"""Attempts are counted before they are judged, so no crowd gets more of them than one by one would."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from chalicelib import clock, errors, observability
from chalicelib.services import throttle


@pytest.fixture(autouse=True)
def _in_the_middle_of_a_window(engine: str) -> Iterator[None]:
    clock.set(datetime(2031, 5, 5, 12, 5, tzinfo=UTC))
    yield
    clock.reset()


def _subject() -> str:
    return uuid.uuid4().hex


def _let_through(kind: str, value: str) -> bool:
    try:
        throttle.count(kind, value)
    except errors.TooMany:
        return False
    return True


@pytest.mark.parametrize(("kind", "limit"), [("account", 5), ("address", 100)])
def test_the_limit_is_let_through_and_no_more(kind: str, limit: int) -> None:
    subject = _subject()
    assert [_let_through(kind, subject) for _ in range(limit + 3)] == [True] * limit + [False] * 3


def test_fifty_at_once_get_no_more_than_one_by_one() -> None:
    subject, together = _subject(), threading.Barrier(50)

    def attempt(_: int) -> bool:
        together.wait(30)
        return _let_through("account", subject)

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == throttle.LIMITS["account"]


def test_who_is_refused_learns_when_to_come_again() -> None:
    subject = _subject()
    for _ in range(5):
        throttle.count("account", subject)
    with observability.measured("x") as meter, pytest.raises(errors.TooMany) as caught:
        throttle.count("account", subject)
    assert 590 <= caught.value.retry_after <= 600  # the window began at 12:00
    assert meter.quota == (5, 0, caught.value.retry_after)


def test_who_is_let_through_learns_what_is_left() -> None:
    subject = _subject()
    with observability.measured("x") as meter:
        for left in (4, 3, 2, 1, 0):
            throttle.count("account", subject)
            assert meter.quota is not None
            assert meter.quota[:2] == (5, left)


def test_a_window_passes() -> None:
    subject = _subject()
    for _ in range(5):
        throttle.count("account", subject)
    clock.set(datetime(2031, 5, 5, 12, 14, 50, tzinfo=UTC))
    assert not _let_through("account", subject)
    clock.set(datetime(2031, 5, 5, 12, 15, tzinfo=UTC))
    assert _let_through("account", subject)


def test_retry_after_is_never_nothing() -> None:
    subject = _subject()
    for _ in range(5):
        throttle.count("account", subject)
    clock.set(datetime(2031, 5, 5, 12, 14, 59, 700_000, tzinfo=UTC))
    with pytest.raises(errors.TooMany) as caught:
        throttle.count("account", subject)
    assert caught.value.retry_after >= 1


def test_what_is_forgiven_counts_no_more_and_never_below_nothing() -> None:
    subject = _subject()
    for _ in range(20):
        throttle.forgive("account", subject)
    for _ in range(4):
        throttle.count("account", subject)
    for _ in range(20):
        throttle.count("account", subject)
        throttle.forgive("account", subject)
    assert _let_through("account", subject)
    assert not _let_through("account", subject)


def test_subjects_and_kinds_are_counted_apart_and_not_kept_in_clear() -> None:
    subject = f"{_subject()}@example.com"
    for _ in range(5):
        throttle.count("account", subject)
    assert _let_through("account", f"x{subject}")
    assert _let_through("address", subject)
    assert subject not in throttle._subject("account", subject)
