"""How long a campaign will take: so many people in so many time zones, at one rate for all of them, while the window is
open where each is.

Time goes on in quarters of an hour. In each, those in whose zone it is open share the rate by how many of them are
left; so nothing is lost while anybody may be mailed, as it is with lanes that pass over who has to wait.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.models.campaign import Campaign
from chalicelib.models.settings import Settings
from chalicelib.services import dispatch, pace, windows

_TICK: Final = timedelta(minutes=15)
_TICKS: Final = 60 * 24 * 4  # sixty days; of what is left by then it is said as if it went on so
_FAR: Final = timedelta(days=30)  # two zones are one here if they have the same offset now and then


def rate(campaign: Campaign) -> float:
    """Mails a second that this campaign may send: the provider's limit, its own, and what its lanes can do."""
    return min(pace.limit(campaign.rate), dispatch.lanes(campaign, dispatch.MOST, None) * dispatch.PER_LANE)


def seconds(campaign: Campaign, zones: Mapping[str, int], firm: Settings, start: datetime) -> float:
    """From `start` (aware) until the last of so many people by zone (empty: none of his own) has his mail."""
    window: dict[str, Any] | None = campaign.window
    left = _merged(zones, start) if windows.by_contact(window) else {"": float(sum(zones.values()))}
    return _run(left, rate(campaign), start, lambda zone, at: windows.opens(window, zone or None, firm, at))


def _run(left: dict[str, float], speed: float, start: datetime, opens: Callable[[str, datetime], datetime]) -> float:
    whole, now = sum(left.values()), start
    for _ in range(_TICKS):
        left = {zone: people for zone, people in left.items() if people > 0}
        if not left:
            return (now - start).total_seconds()
        when = {zone: opens(zone, now) for zone in left}
        ready = {zone: people for zone, people in left.items() if when[zone] <= now}
        if not ready:
            now = min(when.values())
            continue
        waiting, room = sum(ready.values()), speed * (_next(now) - now).total_seconds()
        if waiting <= room and len(ready) == len(left):
            return (now - start).total_seconds() + waiting / speed
        share = min(1.0, room / waiting)
        left |= {zone: people * (1 - share) for zone, people in ready.items()}
        now = _next(now)
    done = whole - sum(left.values())
    return (now - start).total_seconds() * whole / done if done else (now - start).total_seconds()


def _next(now: datetime) -> datetime:
    """The next quarter of an hour: windows open and close at such times, nearly always."""
    past = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
    return now - past + _TICK


def _merged(zones: Mapping[str, int], start: datetime) -> dict[str, float]:
    """People by one zone of those that are alike, so that hundreds of names are a few dozen clocks."""
    names: dict[Any, str] = {}
    left: dict[str, float] = {}
    for zone, people in zones.items():
        name = names.setdefault(_offsets(zone, start), zone)
        left[name] = left.get(name, 0.0) + people
    return left


def _offsets(zone: str, start: datetime) -> Any:
    from zoneinfo import ZoneInfo

    try:
        there = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # none, or one that is no longer known: the firm's
        return None
    return start.astimezone(there).utcoffset(), (start + _FAR).astimezone(there).utcoffset()
