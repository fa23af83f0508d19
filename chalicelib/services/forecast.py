"""The forecast: what is to come in and what has, by owner, month, team or pipeline, against what was to.

All of it is read from the sheets, two queries for each pipeline, so it costs the same however many deals there are.
Sums are exact until they are shown, and each figure that is shown is rounded once; so rounded figures need not add up
to the last cent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import every
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.forecast import (
    Categories,
    CategorySums,
    ForecastQuery,
    ForecastRow,
    ForecastSums,
    ForecastView,
)
from chalicelib.schemas.money import Money
from chalicelib.services import deal_sheets, exchange, pipelines, quotas, rates, settings
from chalicelib.services.deal_sheets import Figures, Place

NONE: Final = "none"
MOST: Final = 36  # months
_USUAL: Final = 3  # months, this one and the next two
_YEAR: Final = 12
_LAST: Final = 9999 * _YEAR + 11  # the last month that can be written
_EXPECTED: Final = ("commit", "best_case", "pipeline")
_CHANCE: Final = {"won": Fraction(1), "lost": Fraction(0)}  # of what is closed
_DIGITS: Final = 4  # of attainment, behind the point


@dataclass(slots=True)
class _Sums:
    """Deals of one category: minor units by currency, and those times the chance of their stage."""

    count: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    weighted: defaultdict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def add(self, count: int, sums: Mapping[str, int], chance: Fraction) -> None:
        self.count += count
        for currency, amount in sums.items():
            self.sums[currency] += amount
            self.weighted[currency] += amount * chance


_Row = defaultdict[str, _Sums]  # by category


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What was asked for, with what is needed to answer it."""

    tenant: str
    months: list[str]
    pipelines: list[Pipeline]
    pipeline_id: str | None
    group_by: str
    undated: bool
    currency: str


def report(actor: Actor, query: ForecastQuery) -> ForecastView:
    """The forecast of some months.

    Units: settings and pipelines 0.5 each; for each pipeline its open deals and its closed ones 0.5 each and for 4 KB
    more, some three owners in three months; quotas 1.5 for each year; a rate of another currency 0.5; names 0.5. Raises
    `Invalid` for a pipeline that is not there, and for months upside down or too many.
    """
    wanted = _Wanted(
        actor.tenant,
        _months(query),
        [pipelines.of(actor.tenant, query.pipeline_id)] if query.pipeline_id else pipelines.everyone(actor.tenant),
        query.pipeline_id,
        query.group_by,
        query.undated is not None,
        settings.of(actor.tenant).currency,
    )
    groups = _Groups(wanted)
    rows, total = _summed(wanted, groups)
    known = rates.known(actor.tenant, wanted.currency, {one for sums in total.values() for one in sums.sums})
    shown = _Shown(wanted.currency, known)
    return ForecastView(
        currency=wanted.currency,
        since=wanted.months[0],
        until=wanted.months[-1],
        group_by=query.group_by,
        data=[
            ForecastRow(
                group=group, name=groups.name(group), **shown.sums(rows.get(group, _Row(_Sums)), groups.quota(group))
            )
            for group in groups.listed(rows)
        ],
        total=ForecastSums(**shown.sums(total, groups.total())),
        without_rate=shown.left_out(total),
    )


def _months(query: ForecastQuery) -> list[str]:
    """The months that are meant, `YYYY-MM`. Raises `Invalid` if there are none, or too many."""
    now = clock.now()
    # An end that is not given lies where the usual span from or to the other one ends.
    first = _number(query.since) if query.since else now.year * _YEAR + now.month - 1
    if query.since is None and query.until:
        first = min(first, _number(query.until))
    last = _number(query.until) if query.until else min(first + _USUAL - 1, _LAST)
    if not 0 <= last - first < MOST:
        raise errors.invalid("/from", "range", f"`from` must not lie after `to`, and at most {MOST} months are told.")
    return [f"{number // _YEAR:04}-{number % _YEAR + 1:02}" for number in range(first, last + 1)]


def _number(month: str) -> int:
    return int(month[:4]) * _YEAR + int(month[5:7]) - 1


def _summed(wanted: _Wanted, groups: "_Groups") -> tuple[dict[str, _Row], _Row]:
    """What is asked for, by group; and all of it."""
    rows: dict[str, _Row] = defaultdict(lambda: _Row(_Sums))
    total = _Row(_Sums)
    first, last = wanted.months[0], wanted.months[-1]
    for pipeline in wanted.pipelines:
        stages = {stage["code"]: stage for stage in pipeline.stages}
        for place, figures in _sheets(wanted.tenant, pipeline.id, first, last):
            if not (first <= place.month <= last if place.month else wanted.undated):
                continue
            row = rows[groups.of(place, pipeline)]
            for code, one in figures.items():
                category, chance = _counted(stages.get(code), closed=not place.open)
                sums = one.sums if place.open else {wanted.currency: one.base}
                for target in (row, total):
                    target[category].add(one.count, sums, chance)
    return rows, total


def _sheets(tenant: str, pipeline_id: str, first: str, last: str) -> Iterable[tuple[Place, dict[int, Figures]]]:
    yield from deal_sheets.open_deals(tenant, pipeline_id).items()
    yield from deal_sheets.closed_deals(tenant, pipeline_id, first, last).items()


def _counted(stage: Mapping[str, Any] | None, *, closed: bool) -> tuple[str, Fraction]:
    """As which category deals in this stage count, and their chance.

    A stage is neither removed nor made to close deals while there are some; should a deal have come in between, it
    counts as what it was.
    """
    forecast = stage["forecast"] if stage else ""
    if closed:
        status = "won" if forecast == "won" else "lost"
        return status, _CHANCE[status]
    if stage is None or forecast in pipelines.CLOSING:
        return "pipeline", Fraction(0)
    return forecast, Fraction(str(stage["probability"]))


class _Groups:
    """The rows of a forecast: which there are, their names and quotas."""

    def __init__(self, wanted: _Wanted) -> None:
        self._wanted = wanted
        self._quotas = quotas.touching(wanted.tenant, wanted.months)
        self._teams: dict[str, list[str]] = {}  # members by team
        self._team_of: dict[str, str] = {}
        self._names = self._named()

    def of(self, place: Place, pipeline: Pipeline) -> str:
        """The group in which a sheet counts."""
        found = {
            "owner": place.owner,
            "month": place.month,
            "pipeline": pipeline.id,
            "team": self._team_of.get(place.owner or ""),
        }
        return found[self._wanted.group_by] or NONE

    def name(self, group: str) -> str | None:
        """What people call it: none for months, for `none`, and for a user who is not there any more."""
        return self._names.get(group)

    def listed(self, rows: Mapping[str, Any]) -> list[str]:
        """The groups in their order: all months, pipelines and teams, and owners with deals or quotas; `none` last."""
        if self._wanted.group_by == "month":
            there = set(self._wanted.months)
        elif self._wanted.group_by == "owner":
            there = self._names.keys() & self._quotas.keys()
        else:
            there = set(self._names)
        several = there | rows.keys()
        return sorted(several, key=lambda one: (one == NONE, (self._names.get(one) or "").casefold(), one))

    def quota(self, group: str) -> Fraction | None:
        """What the group is to win, in minor units of the firm's currency."""
        months, pipeline_id = self._wanted.months, self._wanted.pipeline_id
        if group == NONE:
            return None
        if self._wanted.group_by == "month":
            return quotas.of_firm(self._quotas, [group], pipeline_id)
        if self._wanted.group_by == "pipeline":
            return quotas.of_firm(self._quotas, months, group)
        members = [self._quotas.get(one, ()) for one in self._teams.get(group, ())]
        return quotas.of_all(self._quotas.get(group, ()), members, months, pipeline_id)

    def total(self) -> Fraction | None:
        """What the firm is to win."""
        return quotas.of_firm(self._quotas, self._wanted.months, self._wanted.pipeline_id)

    def _named(self) -> dict[str, str]:
        if self._wanted.group_by == "owner":
            users = every(keys.partition("user", "gsi1", tenant=self._wanted.tenant), index="gsi1")
            return {user.id: user.name for user in users}
        if self._wanted.group_by == "team":
            from chalicelib.services import teams  # with all that working hours need

            several = teams.everyone(self._wanted.tenant)
            self._teams = {team.id: team.member_ids or [] for team in several}
            self._team_of = {member: team for team, members in self._teams.items() for member in members}
            return {team.id: team.name for team in several}
        if self._wanted.group_by == "pipeline":
            return {pipeline.id: pipeline.name for pipeline in self._wanted.pipelines}
        return {}


@dataclass(frozen=True, slots=True)
class _Shown:
    """Sums as they are shown: in the firm's currency, at today's rates."""

    currency: str
    known: Mapping[str, str]

    def sums(self, row: _Row, quota: Fraction | None) -> dict[str, Any]:
        """The fields of a row, or of the total."""
        none = _Sums()
        won = self._worth(row.get("won", none).sums)
        return {
            "categories": Categories(
                **{name: self._category(row.get(name, none)) for name in Categories.__struct_fields__}
            ),
            "count": sum(row[one].count for one in _EXPECTED if one in row),
            "sum": self._money(sum((self._worth(row[one].sums) for one in _EXPECTED if one in row), Fraction(0))),
            "weighted": self._money(
                sum((self._worth(row[one].weighted) for one in _EXPECTED if one in row), Fraction(0))
            ),
            "won": self._money(won),
            "quota": None if quota is None else self._money(quota),
            "attainment": None if not quota else round(float(won / quota), _DIGITS),
        }

    def left_out(self, total: _Row) -> list[Money]:
        """What is in none of the sums, as its currency has no rate."""
        left: Counter[str] = Counter()
        for sums in total.values():
            left.update({one: amount for one, amount in sums.sums.items() if one not in self.known})
        return [Money(amount=amount, currency=one) for one, amount in sorted(left.items()) if amount]

    def _category(self, sums: _Sums) -> CategorySums:
        return CategorySums(
            count=sums.count, sum=self._money(self._worth(sums.sums)), weighted=self._money(self._worth(sums.weighted))
        )

    def _worth(self, sums: Mapping[str, int | Fraction]) -> Fraction:
        return exchange.summed(sums, self.currency, self.known)

    def _money(self, amount: Fraction) -> Money:
        return Money(amount=exchange.rounded(amount), currency=self.currency)
