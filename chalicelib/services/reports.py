"""Reports about deals: how far they came, how fast, and why they were lost. All from sheets that the ledger keeps."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models.pipeline import Pipeline
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.money import Money
from chalicelib.schemas.report import (
    FunnelStage,
    FunnelView,
    LostReason,
    LostReasonsView,
    ReportQuery,
    VelocityView,
)
from chalicelib.services import deal_sheets, exchange, ledger, outcomes, pipelines, settings, text
from chalicelib.services.deal_sheets import Figures, Place

_EARLIEST: Final = 11  # months before this one that a report covers unless it is told otherwise
_LATEST: Final = "9999-12"
_ENDS: Final = ("won", "lost")
_MONTH: Final = len("2026-11")
_DAY: Final = 86400
_ADDED: Final = ("count", "base", "entered", "won", "left", "stayed", "age")
_NONE: Final = Figures()
Stage = dict[str, Any]
Sums = Mapping[int, Figures]


def funnel(actor: Actor, query: ReportQuery) -> FunnelView:
    """How many deals were ever in each stage, went on, were won, and how long they stayed.

    Half a unit for each 4 KB of sheets: it grows with owners and months, not with deals. Raises `Invalid` for a
    pipeline that is not there.
    """
    pipeline = pipelines.of(actor.tenant, query.pipeline_id)
    first, last = _months(query)
    dated = query.until is not None
    going = _of(
        query,
        {
            at: sums
            for at, sums in deal_sheets.open_deals(actor.tenant, pipeline.id).items()
            if (first <= at.month <= last if at.month else not dated)
        },
    )
    over = _of(query, deal_sheets.closed_deals(actor.tenant, pipeline.id, first, last))
    every, ended = _added(going, over), _ended(pipeline, over)
    opened = sum(figures.count for figures in going.values())
    return FunnelView(
        pipeline_id=pipeline.id,
        since=first,
        until=last if dated else None,
        deals=opened + sum(figures.count for figures in over.values()),
        open=opened,
        won=ended["won"].count,
        lost=ended["lost"].count,
        stages=_stages(pipeline, every),
    )


def velocity(actor: Actor, query: ReportQuery) -> VelocityView:
    """What the pipeline brings a day, in the firm's currency.

    The usual formula of sales velocity, as in the guides of HubSpot and Pipedrive: opportunities x win rate x mean
    deal value / length of the sales cycle. Opportunities are those open now; the rest is of deals closed in the months
    asked for. A deal without a value is worth nothing. Exact until it is rounded, once. Units as `funnel`.
    """
    pipeline = pipelines.of(actor.tenant, query.pipeline_id)
    going = _of(query, deal_sheets.open_deals(actor.tenant, pipeline.id))
    opened = sum(figures.count for figures in going.values())
    first, last = _months(query)
    ended = _ended(pipeline, _of(query, deal_sheets.closed_deals(actor.tenant, pipeline.id, first, last)))
    own, won, lost = settings.of(actor.tenant).currency, ended["won"], ended["lost"]
    closed = won.count + lost.count
    # The number of won deals cancels out of mean value and mean duration, not out of the rate.
    daily = Fraction(opened * won.count * won.base * _DAY, closed * won.age) if won.age else None
    return VelocityView(
        pipeline_id=pipeline.id,
        since=first,
        until=last if query.until else None,
        open=opened,
        won=won.count,
        lost=lost.count,
        win_rate=_share(won.count, closed),
        mean_value=_money(Fraction(won.base, won.count), own) if won.count else None,
        days_to_close=round(won.age / won.count / _DAY, 2) if won.count else None,
        per_day=_money(daily, own) if daily is not None else None,
    )


def lost_reasons(actor: Actor, query: ReportQuery) -> LostReasonsView:
    """Why deals were lost that were closed in the months asked for.

    Half a unit for each 4 KB of sheets: it grows with months, reasons and owners, not with deals. Raises as `funnel`.
    """
    pipeline = pipelines.of(actor.tenant, query.pipeline_id)
    first, last = _months(query)
    several: dict[str, Counter[str]] = defaultdict(Counter)
    spelt: dict[str, Counter[str]] = defaultdict(Counter)
    for name, cells in ledger.sheets(actor.tenant, pipeline.id, f"R#{first}#", f"R#{last}#").items():
        _, reason, owner = outcomes.reason_of(name)
        if query.owner_id in (None, owner):
            several[text.folded(reason)].update(cells)
            spelt[text.folded(reason)][reason] += cells.get("n", 0)
    own, every = settings.of(actor.tenant).currency, Counter[str]()
    for cells in several.values():
        every.update(cells)
    ordered = sorted(several.items(), key=lambda one: (-one[1]["n"], -one[1]["b"], one[0]))
    return LostReasonsView(
        pipeline_id=pipeline.id,
        since=first,
        until=last if query.until else None,
        lost=every["n"],
        sum=Money(amount=every["b"], currency=own),
        data=[
            LostReason(
                reason=min(spelt[folded], key=lambda one: (-spelt[folded][one], one)),
                count=cells["n"],
                sum=Money(amount=cells["b"], currency=own),
                share=cells["n"] / every["n"],
            )
            for folded, cells in ordered
        ],
    )


def _stages(pipeline: Pipeline, every: Sums) -> list[FunnelStage]:
    """Each stage in its order, and what came of those that were in it."""
    shown = []
    for number, stage in enumerate(pipeline.stages):
        here = every.get(int(stage["code"]), _NONE)
        following = _next(pipeline.stages[number:], every)
        shown.append(
            FunnelStage(
                stage_id=stage["id"],
                name=stage["name"],
                reached=here.entered,
                to_next=_share(following.entered, here.entered) if following else None,
                won=here.won,
                to_won=None if stage["forecast"] in _ENDS else _share(here.won, here.entered),
                left=here.left,
                seconds=round(here.stayed / here.left, 1) if here.left else None,
            )
        )
    return shown


def _next(stages: list[Stage], every: Sums) -> Figures | None:
    """The first stage behind an open one that any deal reached; a lost deal has not gone on."""
    if stages[0]["forecast"] in _ENDS:
        return None
    behind = (every.get(int(one["code"]), _NONE) for one in stages[1:] if one["forecast"] != "lost")
    return next((figures for figures in behind if figures.entered), None)


def _ended(pipeline: Pipeline, over: Sums) -> dict[str, Figures]:
    """The figures of closed deals, won and lost. One whose stage is not there any more counts as lost, as in the
    forecast.
    """
    won = {int(stage["code"]) for stage in pipeline.stages if stage["forecast"] == "won"}
    return {
        "won": _total(figures for code, figures in over.items() if code in won),
        "lost": _total(figures for code, figures in over.items() if code not in won),
    }


def _of(query: ReportQuery, sheets: Mapping[Place, Sums]) -> Sums:
    """What sheets say of each stage, all owners together or the one that is asked for."""
    return _added(*(sums for at, sums in sheets.items() if query.owner_id in (None, at.owner)))


def _added(*several: Sums) -> Sums:
    return {
        code: _total(sums[code] for sums in several if code in sums)
        for code in {code for sums in several for code in sums}
    }


def _total(several: Iterable[Figures]) -> Figures:
    """Figures added up, but for values by currency, of which no report here tells."""
    found = Figures()
    for figures in several:
        for name in _ADDED:
            setattr(found, name, getattr(found, name) + getattr(figures, name))
    return found


def _months(query: ReportQuery) -> tuple[str, str]:
    """The first and the last month (`YYYY-MM`) that are asked for. Raises `Invalid` if they are upside down."""
    now = clock.now()
    year, month = divmod(now.year * 12 + now.month - 1 - _EARLIEST, 12)
    last = (query.until or _LATEST)[:_MONTH]
    first = query.since[:_MONTH] if query.since else min(f"{year:04}-{month + 1:02}", last)
    if first > last:
        raise errors.invalid("/from", "range", "`from` must not lie after `to`.")
    return first, last


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _money(exact: Fraction, currency: str) -> Money:
    return Money(amount=exchange.rounded(exact), currency=currency)
