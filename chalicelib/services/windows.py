"""When a campaign's mails may go out, as the clock of the contact, of the firm or of a fixed zone shows."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from chalicelib.models.settings import Settings
from chalicelib.services import zones
from chalicelib.services.hours import OFFICE, Calendar, calendar, next_open

CONTACT: Final = "contact"  # the zone of a window that goes by each contact's own clock


def by_contact(window: dict[str, Any] | None) -> bool:
    """Whether this window is another one for contacts in other zones."""
    return bool(window) and (window or {}).get("zone", CONTACT) == CONTACT


def opens(window: dict[str, Any] | None, zone: str | None, firm: Settings, now: datetime) -> datetime:
    """`now` itself (aware) if a mail to somebody in this zone may go out, else the first moment when it may.

    A contact without a zone, or with one that is no longer known, has the firm's.
    """
    if not window:
        return now
    return next_open(_times(window, zone if by_contact(window) else str(window["zone"]), firm), now)


def _times(window: dict[str, Any], zone: str | None, firm: Settings) -> Calendar:
    hours = window.get("hours") or firm.hours or OFFICE
    off = window.get("holidays") or ([] if window.get("hours") else firm.holidays or [])
    spans = tuple((day, tuple(tuple(span) for span in hours[day])) for day in sorted(hours))
    return _calendar(_known(zone) or str(firm.time_zone), spans, tuple(sorted(off)))


@lru_cache(maxsize=500)
def _calendar(zone: str, spans: tuple[Any, ...], off: tuple[str, ...]) -> Calendar:
    return calendar(zone, dict(spans), off)


@lru_cache(maxsize=1000)
def _known(zone: str | None) -> str | None:
    from chalicelib import errors

    try:
        zones.check(zone, "/zone")
    except errors.Invalid:
        return None
    return zone
