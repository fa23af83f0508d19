"""Dates that come every year: on which day of a year, and at which moment somebody is to be reminded.

Pure calendar, no table. A day to remember is reminded of at nine in the morning, in the contact's time zone if that is
known, else in UTC. The 29th of February falls on the 28th in years without one.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final, NamedTuple

_HOUR: Final = time(9)
_NO_YEAR: Final = "-"  # what stands for the year where it is not known


class Occasion(NamedTuple):
    """A day of every year from `first` on, of which somebody is reminded `ahead` days before."""

    label: str
    first: int
    month: int
    day: int
    ahead: int

    def on(self, year: int) -> date:
        """The day in this year."""
        if (self.month, self.day) == (2, 29) and not _is_leap(year):
            return date(year, 2, 28)
        return date(year, self.month, self.day)


def of(record: Any) -> list[Occasion]:
    """What is to be remembered of a contact or a company: the birthday, and each date that says how long before."""
    birthday = getattr(record, "birthday", None)
    found = [_occasion("Birthday", birthday, 0)] if birthday else []
    told = [one for one in record.dates or () if one.get("remind_days") is not None]
    return [*found, *(_occasion(one["label"], one["date"], one["remind_days"]) for one in told)]


def zone_of(record: Any) -> tzinfo:
    """The time zone in which it is nine in the morning."""
    name = getattr(record, "time_zone", None)
    if not name:
        return UTC
    from zoneinfo import ZoneInfo  # loaded only when a zone is given

    return ZoneInfo(name)


def upcoming(record: Any, now: datetime, after: datetime | None = None) -> datetime | None:
    """The next moment at which somebody is to be reminded of anything, in UTC; later than `after` if that is given.

    It may lie behind `now` if the day itself does not: who enters a birthday in the morning is reminded that day.
    """
    zone = zone_of(record)
    today = now.astimezone(zone).date()
    moments = (
        moment
        for one in of(record)
        for day, moment in _reminders(one, zone, today)
        if day >= today and (after is None or moment > after)
    )
    return min(moments, default=None)


def pending(record: Any, now: datetime, since: datetime) -> list[tuple[Occasion, date]]:
    """What somebody is to be reminded of by now, with its day: whatever came up since a moment or is still to be."""
    zone = zone_of(record)
    today = now.astimezone(zone).date()
    return [
        (one, day)
        for one in of(record)
        for day, moment in _reminders(one, zone, today)
        if moment <= now and (moment >= since or day >= today)
    ]


def _reminders(one: Occasion, zone: tzinfo, today: date) -> Iterator[tuple[date, datetime]]:
    """The days around this one with the moment of their reminder; the first of all if that lies further ahead."""
    years = range(max(today.year - 1, one.first), today.year + 3)
    for year in years or (one.first,):
        day = one.on(year)
        yield day, datetime.combine(day - timedelta(days=one.ahead), _HOUR, zone).astimezone(UTC)


def _occasion(label: str, text: str, ahead: int) -> Occasion:
    year, month, day = text.rsplit("-", 2)
    return Occasion(label, 1 if year == _NO_YEAR else int(year), int(month), int(day), int(ahead))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
