"""The one clock. Services read it here, so that on one machine, and in tests, due work can be tried without waiting."""

import time
from datetime import UTC, datetime, timedelta

_offset = 0.0  # seconds between this clock and the real one; process-wide, never touched in the cloud


def epoch() -> float:
    """Seconds since 1970-01-01T00:00:00Z."""
    return time.time() + _offset


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.fromtimestamp(epoch(), UTC)


def stamp(moment: datetime | None = None) -> str:
    """An aware datetime (default: now) as RFC 3339 UTC with milliseconds. Fixed width, so text order is time order."""
    moment = moment or now()
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:  # the first or last hours of what a date can say, seen from another zone
        utc = moment.replace(tzinfo=UTC)
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse(text: str) -> datetime:
    """The inverse of `stamp`; takes any RFC 3339 text. Raises ValueError for anything else."""
    return datetime.fromisoformat(text)


def before(text: str, seconds: float) -> str:
    """The stamp that lies `seconds` before the stamp `text`, at the earliest the first one there is."""
    try:
        return stamp(parse(text) - timedelta(seconds=seconds))
    except OverflowError:
        return stamp(datetime.min.replace(tzinfo=UTC))


def after(seconds: float) -> datetime:
    """The moment that lies `seconds` ahead (behind, if negative)."""
    return now() + timedelta(seconds=seconds)


def ticks() -> float:
    """Monotonic seconds, for measuring how long something took."""
    return time.perf_counter()


def advance(seconds: float) -> None:
    """Move the clock of this process by `seconds`."""
    global _offset
    _offset += seconds


def set(moment: datetime) -> None:  # noqa: A001 - reads as clock.set(...)
    """Let the clock of this process show `moment` now, and run on from there."""
    global _offset
    _offset = moment.timestamp() - time.time()


def reset() -> None:
    """Return to real time."""
    global _offset
    _offset = 0.0
