"""How the forecast changed from week to week, read from the snapshots."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.snapshot import Snapshot
from chalicelib.models.table import Item, every, page
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.report import DriftChange, DriftQuery, DriftRow, DriftView, SnapshotView
from chalicelib.services import exchange, pipelines, settings, snapshots
from chalicelib.services.snapshots import OMITTED, WON, Row

_EARLIEST: Final = "0000"
_LATEST: Final = "9999"
_END: Final = "\uffff"  # sorts after whatever a name goes on with
_FIGURES: Final = ("sum", "weighted", "won", "expected")
_CATEGORIES: Final = ("commit", "best_case", "pipeline", OMITTED)


def listing(actor: Actor, wanted: Page) -> Listing[SnapshotView]:
    """The weeks of which there is a snapshot, the latest first. Half a unit for each 4 KB."""
    found = page(
        keys.partition("snapshot", tenant=actor.tenant),
        where=Item.sk.startswith(_named(Snapshot.ALL, "")),
        limit=wanted.limit,
        start=wanted.start,
        newest_first=True,
    )
    return Listing([_view(one) for one in found.items], found.last)


def report(actor: Actor, query: DriftQuery) -> DriftView:
    """How the forecast of a month changed. A week whose snapshot says nothing of the month forecast nothing for it.

    Half a unit for each 4 KB of the month's snapshots, and of the weeks; half a unit for the settings. Raises
    `Invalid` for a week that is no day, for weeks upside down, and for a pipeline that is not there.
    """
    settled = settings.of(actor.tenant)
    if query.pipeline_id is not None:
        pipelines.of(actor.tenant, query.pipeline_id)
    month = query.month or snapshots.today(settled.time_zone)[:7]
    first, last = _monday(query.from_week, "/from_week") or _EARLIEST, _monday(query.to_week, "/to_week") or _LATEST
    if first > last:
        raise errors.invalid("/to_week", "range", "`to_week` lies before `from_week`.")
    said = {one.week: one.rows for one in _between(actor.tenant, month, first, last)}
    begin = first if query.from_week else min(said, default=_LATEST)
    weeks = [one.week for one in _between(actor.tenant, Snapshot.ALL, begin, last) if _speaks(one.week, month)]
    shown: list[DriftRow] = []
    for week in weeks:
        rows = [row for row in map(snapshots.unpacked, said.get(week, ())) if _wanted(row, query)]
        shown.append(_row(week, rows, str(settled.currency), shown[-1] if shown else None))
    return DriftView(month=month, data=shown)


def _row(week: str, rows: list[Row], own: str, before: DriftRow | None) -> DriftRow:
    going = [row for row in rows if row.category not in (OMITTED, WON)]
    value, weighted = sum((row.value for row in going), Fraction(0)), sum((row.weighted for row in going), Fraction(0))
    won = sum((row.value for row in rows if row.category == WON), Fraction(0))
    shown = DriftRow(
        week=week,
        count=sum(row.deals for row in going),
        sum=_money(value, own),
        weighted=_money(weighted, own),
        won=_money(won, own),
        expected=_money(weighted + won, own),
        change=None,
        **{
            one: _money(sum((row.value for row in rows if row.category == one), Fraction(0)), own)
            for one in _CATEGORIES
        },
    )
    if before is not None:
        shown.change = DriftChange(**{one: _difference(getattr(shown, one), getattr(before, one)) for one in _FIGURES})
    return shown


def _between(tenant: str, month: str, first: str, last: str) -> Iterator[Any]:
    """The items of a month, or of the weeks as a whole, from one Monday to another."""
    if first > last:  # nothing is said of the month, and the weeks asked for end before the last that could be
        return
    where = Item.sk.between(_named(month, first), _named(month, last + _END))
    yield from every(keys.partition("snapshot", tenant=tenant), where=where, consistent=False)


def _named(month: str, week: str) -> str:
    return keys.key("snapshot", tenant="", month=month, week=week)[1]


def _speaks(week: str, month: str) -> bool:
    """Whether a snapshot of this week tells of the month: of the one before its own, and of all from then on."""
    return snapshots.month_before(week[:7]) <= month


def _wanted(row: Row, query: DriftQuery) -> bool:
    return query.pipeline_id in (None, row.pipeline) and query.owner_id in (None, row.owner)


def _monday(day: str | None, pointer: str) -> str | None:
    """The Monday of the week that a day is in. Raises `Invalid` for what is no day."""
    if day is None:
        return None
    try:
        found = date.fromisoformat(day)
        return (found - timedelta(days=found.weekday())).isoformat()
    except (ValueError, OverflowError):
        raise errors.invalid(pointer, "date", "There is no such day.") from None


def _view(item: Any) -> SnapshotView:
    return SnapshotView(
        id=item.id,
        week=item.week,
        at=item.at,
        count=int(item.open),
        sum=_money(Fraction(item.value), item.currency),
        weighted=_money(Fraction(item.weighted), item.currency),
        months=item.months,
    )


def _difference(one: Money, other: Money) -> Money:
    return Money(amount=one.amount - other.amount, currency=one.currency)


def _money(exact: Fraction, currency: str) -> Money:
    return Money(amount=exchange.rounded(exact), currency=currency)
