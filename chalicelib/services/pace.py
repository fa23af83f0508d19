"""How fast a firm sends, over all its campaigns and workers: one item that says until when the sends are spoken for.

The generic cell rate algorithm (ITU-T I.371, appendix): each send moves that moment on by one interval, and whoever
asked waits until the moment that stood there before. So the rate holds whatever the number of workers, and there is
nothing to refill.

A provider that says "too fast" halves the rate; from a minute later on it grows again, by a tenth of the full rate a
minute (additive increase, multiplicative decrease).
"""

import time
from typing import Any, Final

from chalicelib import clock, config, errors
from chalicelib.models.pace import Pace
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact

BURST: Final = 0.2  # seconds that a worker may be late without losing its turn
PATIENCE: Final = 8.0  # seconds that a worker waits for its turn; for longer ones it leaves, and speaks for nothing
CALM: Final = 60  # seconds for which a lowered rate stays as it is
GROWTH: Final = 0.1  # of the full rate, that comes back in each further minute
LEAST: Final = 1.0  # mails a second, below which no provider's word brings it
_MICROS: Final = 1_000_000
_TRIES: Final = 20
_FARTHEST: Final = 3600 * _MICROS  # ahead of now: one that lies farther was written by a clock that was wrong
_SAME: Final = 5 * _MICROS  # time within which several refusals are one


def limit(wanted: float | None) -> float:
    """The rate of a campaign that wants this one (None: as fast as can be): at most what the provider takes."""
    provider = config.mail_rate()
    return provider if wanted is None else min(float(wanted), provider)


def reserve(tenant: str, count: int, rate: float) -> float:
    """Speak for so many sends at this rate (mails a second); the seconds to wait until they may go. If these are more
    than `PATIENCE`, nothing is spoken for.

    One read and one write unit. Raises `Unready` if too many others do so at the same moment.
    """
    for _ in range(_TRIES):
        known = _read(tenant)
        now = round(clock.epoch() * _MICROS)
        closed = known.closed_until and clock.parse(known.closed_until).timestamp() - clock.epoch()
        if closed and closed > 0:
            return float(closed)
        taken = _interval(current(known, rate, now)) * count
        # A clock that was set back would leave a moment far ahead, and nobody would send until then.
        start = min(max(int(known.until), now - round(BURST * _MICROS)), now + _FARTHEST)
        if start - now > PATIENCE * _MICROS:
            return (start - now) / _MICROS
        same = Pace.until == int(known.until) if known.until else Pace.until.does_not_exist()
        if _update(tenant, [Pace.until.set(start + taken)], same):
            return max(0.0, (start - now) / _MICROS)
    raise errors.Unready("Too many workers ask for their turn.")


def slow(tenant: str, rate: float) -> None:
    """The provider said that this rate is too fast. Counts once for all that it said so of within some seconds."""
    known, now = _read(tenant), round(clock.epoch() * _MICROS)
    if known.slowed_at is not None and 0 <= now - int(known.slowed_at) < _SAME:
        return
    halved = max(LEAST, current(known, rate, now) / 2)
    before = Pace.slowed_at == known.slowed_at if known.slowed_at is not None else Pace.slowed_at.does_not_exist()
    _update(tenant, [Pace.slowed.set(halved), Pace.slowed_at.set(now)], before)


def close(tenant: str, seconds: float) -> None:
    """Nothing more for so long, as when the provider's quota of the day is used up. One write unit."""
    _update(tenant, [Pace.closed_until.set(clock.stamp(clock.after(seconds)))], None)


def current(known: Pace, rate: float, now: int) -> float:
    """The rate that holds now (microseconds since 1970), where this one is the full one."""
    if known.slowed is None or known.slowed_at is None:
        return rate
    minutes = max(0, now - int(known.slowed_at)) // (CALM * _MICROS)
    return min(rate, float(known.slowed) + minutes * GROWTH * rate)


def wait(seconds: float) -> None:
    """Let so much time pass."""
    if seconds > 0:
        time.sleep(seconds)


def _interval(rate: float) -> int:
    return max(1, round(_MICROS / rate))


def _read(tenant: str) -> Pace:
    place = Pace.at(tenant)
    return fetch(Pace, place.pk, place.sk, consistent=True) or place


def _update(tenant: str, actions: list[Any], same: Any) -> bool:
    try:
        transact(Step("update", Pace.at(tenant), same, [*actions, Pace.kind.set(Pace)]))
    except errors.Stale:
        return False
    return True
