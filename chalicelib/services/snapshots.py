"""What the forecast is at the beginning of each week, kept.

A firm with open deals has one moment, at midnight of the next Monday in its time zone. It is set when a deal is made,
reopened or restored in a firm that has none, and set anew each time it comes; when nothing is open it is left out, and
the week's snapshot says so. After an outage there is one snapshot, of the week that it is: what the forecast was in
the weeks between nobody knows any more.
"""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, ids
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.models.snapshot import Snapshot
from chalicelib.models.table import fetch
from chalicelib.models.writes import LIMIT, Step, absent, transact
from chalicelib.services import deal_sheets, exchange, hints, pipelines, rates, settings
from chalicelib.services.deal_sheets import Figures, Place

WHAT: Final = "forecast_snapshot"
OMITTED: Final = "omitted"  # what counts so is in no sum
WON: Final = "won"
NOBODY: Final = "-"
_AGAIN: Final = 60.0  # seconds after which a moment that is just being done is looked at again
_MOST_KNOWN: Final = 10_000
_LAST: Final = "9999-12"
_known: dict[str, str] = {}  # until when a firm has a moment, as this process knows


class Row(NamedTuple):
    """What an owner's deals of a category in a pipeline are worth in a month, exactly, plain and weighted."""

    pipeline: str
    owner: str
    category: str
    deals: int
    value: Fraction
    weighted: Fraction


class _Going(NamedTuple):
    """Open deals of one sheet that are in the same stage."""

    pipeline: str
    at: Place
    stage: Mapping[str, Any] | None
    figures: Figures


Months = dict[str, list[Row]]


def started(before: Any, after: Any) -> None:
    """There is an open deal: its firm has a moment. Nothing is read while this process knows that; else one read unit,
    and where there is none the settings 0.5, the moment 1 + due 1 write units.
    """
    if after is None or not after.live or after.status != "open":
        return
    now = clock.stamp()
    if _known.get(after.tenant, "") > now:
        return
    moment = moments.load(after.tenant, after.tenant, WHAT)
    if moment is None:
        moment = _moment(after.tenant, settings.of(after.tenant).time_zone)
        with suppress(errors.Stale):  # somebody else set it meanwhile
            transact(Step("save", moment, absent()))
    elif moment.at <= now:
        # It is due or just being done, and may end because nothing was open a moment ago: let it look again.
        moments.renew(moment, clock.stamp(clock.after(_AGAIN)))
        return
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[after.tenant] = moment.at


def take(moment: Moment) -> float | None:
    """Keep the forecast of this week, once, and set the next moment. As `due.DUE` says.

    By part: settings 0.5 read units, is it kept already 0.5, pipelines 0.5, of each its open deals and those closed
    lately 0.5 for each 4 KB, a rate 0.5 for each other currency. In one transaction 2 write units for the week and 2
    for each month; the next moment 3.
    """
    tenant = moment.tenant
    settled = settings.of(tenant)
    week = week_of(clock.now(), settled.time_zone)
    months = read(tenant, settled.currency, month_before(week[:7]))
    if fetch(Snapshot, *_place(tenant, Snapshot.ALL, week)) is None:
        _keep(tenant, week, settled.currency, months)
    if not _open(months):
        return None
    transact(Step("save", _moment(tenant, settled.time_zone)))
    return hints.SETTLED


def give_up(moment: Moment) -> None:
    """No further try is made this week: the next one is."""
    transact(Step("save", _moment(moment.tenant, settings.of(moment.tenant).time_zone)))


def week_of(now: datetime, zone: str) -> str:
    """The Monday of the week it is in a time zone, as a day."""
    return _monday(_local(now, zone)).isoformat()


def today(zone: str) -> str:
    """The day it is in a time zone."""
    return _local(clock.now(), zone).isoformat()


def month_before(month: str) -> str:
    """The month before this one (`YYYY-MM`)."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 2, 12)
    return f"{year:04}-{number + 1:02}"


def next_monday(now: datetime, zone: str) -> datetime:
    """When the next week begins in a time zone, in UTC.

    Where clocks leave that midnight out, it is when the old clock would have shown it; where they show it twice, the
    first time.
    """
    day = _monday(_local(now, zone)) + timedelta(days=7)
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)


def read(tenant: str, own: str, since: str) -> Months:
    """The forecast as it is now, by month: open deals by category, and what was won since a month (`YYYY-MM`).

    What is in a currency without a rate counts, and is worth nothing.
    """
    going: list[_Going] = []
    months: Months = defaultdict(list)
    for pipeline in pipelines.everyone(tenant):
        stages = {int(stage["code"]): stage for stage in pipeline.stages}
        for at, sums in deal_sheets.open_deals(tenant, pipeline.id).items():
            going += (_Going(pipeline.id, at, stages.get(code), figures) for code, figures in sums.items())
        for at, sums in deal_sheets.closed_deals(tenant, pipeline.id, since, _LAST).items():
            for code, figures in sums.items():
                if code in stages and stages[code]["forecast"] == WON and figures.count:
                    worth = Fraction(figures.base)
                    row = Row(pipeline.id, at.owner or NOBODY, WON, figures.count, worth, worth)
                    months[at.month or Snapshot.UNDATED].append(row)
    known = rates.known(tenant, own, {one for deals in going for one in deals.figures.sums})
    for deals in going:
        if deals.figures.count:
            months[deals.at.month or Snapshot.UNDATED].append(_row(deals, own, known))
    return {month: _joined(rows) for month, rows in months.items()}


def _row(deals: "_Going", own: str, known: Mapping[str, str]) -> Row:
    value = exchange.summed(deals.figures.sums, own, known)
    category, chance = _counted(deals.stage)
    return Row(deals.pipeline, deals.at.owner or NOBODY, category, deals.figures.count, value, value * chance)


def _counted(stage: Mapping[str, Any] | None) -> tuple[str, Fraction]:
    """As which category open deals of a stage count, and their chance; as the forecast has it, also of one that is not
    there any more.
    """
    if stage is None or stage["forecast"] in pipelines.CLOSING:
        return "pipeline", Fraction(0)
    return stage["forecast"], Fraction(str(stage["probability"]))


def _joined(rows: list[Row]) -> list[Row]:
    """Stages of one category together."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        old = found.get(row[:3])
        more = (row.deals + old.deals, row.value + old.value, row.weighted + old.weighted) if old else row[3:]
        found[row[:3]] = Row(*row[:3], *more)
    return [found[place] for place in sorted(found)]


def _keep(tenant: str, week: str, own: str, months: Months) -> None:
    """The snapshot, whole or not at all; if another worker was faster, its own stays.

    Where there are more months than one transaction takes, those to come are kept, the next first.
    """
    at, this = clock.stamp(), week[:7]
    nearest = sorted(months, key=lambda one: (one < this, one))[: LIMIT - 1]
    counted = [row for rows in months.values() for row in rows if row.category not in (OMITTED, WON)]
    monday = datetime.combine(date.fromisoformat(week), time(), UTC)
    whole = _item(
        tenant,
        Snapshot.ALL,
        id=ids.derived("snp", monday, f"{tenant}#{week}"),
        week=week,
        at=at,
        currency=own,
        months=sorted(one for one in nearest if one != Snapshot.UNDATED),
        open=sum(row.deals for row in counted),
        value=str(sum((row.value for row in counted), Fraction(0))),
        weighted=str(sum((row.weighted for row in counted), Fraction(0))),
    )
    parts = [
        _item(tenant, month, week=week, at=at, currency=own, rows=[_packed(row) for row in months[month]])
        for month in nearest
    ]
    with suppress(errors.Stale):
        transact(Step("save", whole, absent()), *(Step("save", part) for part in parts))


def _open(months: Months) -> int:
    """How many deals are open."""
    return sum(row.deals for rows in months.values() for row in rows if row.category != WON)


def unpacked(row: list[Any]) -> Row:
    """A row as it was before it was kept."""
    return Row(row[0], row[1], row[2], row[3], Fraction(row[4]), Fraction(row[5]))


def _packed(row: Row) -> list[Any]:
    return [*row[:4], str(row.value), str(row.weighted)]


def _item(tenant: str, month: str, **fields: Any) -> Snapshot:
    made = Snapshot(**fields)
    made.pk, made.sk = _place(tenant, month, made.week)
    return made


def _place(tenant: str, month: str, week: str) -> tuple[str, str]:
    return keys.key("snapshot", tenant=tenant, month=month, week=week)


def _moment(tenant: str, zone: str) -> Moment:
    at = clock.stamp(next_monday(clock.now(), zone))
    moment = Moment(tenant=tenant, subject_id=tenant, what=WHAT, at=at)
    moment.keys()
    return moment


def _local(now: datetime, zone: str) -> date:
    return now.astimezone(_zone(zone)).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _zone(name: str) -> Any:
    from zoneinfo import ZoneInfo  # loaded only when a zone is needed

    return ZoneInfo(name)
