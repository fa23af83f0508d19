"""Home: what somebody wants to see first, out of what is kept ready: lists, sheets, the index. No deal is read for it.

It costs ten read units at most, however large the firm is: by part

    user 0.5, settings 0.5, pipelines 0.5
    overdue 0.5, today 0.5          six tasks each, below 4 KB
    changes 1.5                     ten pieces of news 0.5, up to where they are read 1
    quota 0.5, going cold 0.5       the day and the name stand in the index itself
    each pipeline 1                 the caller's open deals by month, and those closed in this one, 0.5 each
    each other currency 0.5

and what is longer than 4 KB as much again. So it looks what it has spent before it goes on to the next pipeline, and
says if it had to stop.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from chalicelib import clock, observability
from chalicelib.models import keys
from chalicelib.models.table import Item, page
from chalicelib.models.term import place_of
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.home import (
    HomePipeline,
    HomePipelines,
    HomeSums,
    HomeTasks,
    HomeView,
    HomeWon,
    QuietContact,
)
from chalicelib.schemas.money import Money
from chalicelib.schemas.notification import NotificationQuery
from chalicelib.schemas.page import Page
from chalicelib.services import (
    deal_sheets,
    exchange,
    inbox,
    pipelines,
    quotas,
    rates,
    recurrence,
    settings,
    tasks,
    terms,
    users,
)
from chalicelib.services.deal_sheets import Figures

BUDGET: Final = 10.0  # read units
QUIET_DAYS: Final = 30
_NEEDS: Final = ("deals:read", "contacts:read", "quotas:read")  # besides what the route asks for
_TASKS, _QUIET, _CHANGES, _PIPELINES = 5, 4, 10, 5
_RATE: Final = 0.5
_DIGITS: Final = 4  # of attainment, behind the point
_MONTH: Final = len("2026-03")


def view(actor: Actor) -> HomeView:
    """The caller's home. Raises `Forbidden`."""
    actor.needs(*_NEEDS)
    before = observability.meter().rru
    user, firm = users.load(actor.tenant, actor.user), settings.of(actor.tenant)
    zone, now = user.time_zone or firm.time_zone, clock.now()
    overdue, today = _tasks(actor, "", clock.stamp(now)), _tasks(actor, clock.stamp(now), _midnight(now, zone))
    month = clock.stamp(now)[:_MONTH]
    quota = quotas.of_user(actor.tenant, actor.user, month)
    quiet, changes = _quiet(actor, now.date()), _changes(actor)
    mine = _Mine(actor, firm.currency, month, before)
    return HomeView(
        time_zone=zone,
        overdue=overdue,
        today=today,
        pipeline=mine.open(),
        won_this_month=mine.won(month, quota),
        going_cold=quiet,
        changes=changes,
    )


def _tasks(actor: Actor, first: str, before: str) -> HomeTasks:
    """The caller's open tasks that are due in [first, before). One query."""
    partition = keys.partition("task", "gsi2", tenant=actor.tenant, status="open", assignee=actor.user)
    where = Item.gsi2sk.between(first, before) if first else Item.gsi2sk < before
    found = page(partition, index="gsi2", where=where, limit=_TASKS + 1).items
    return HomeTasks(tasks=[tasks.view(task) for task in found[:_TASKS]], more=len(found) > _TASKS)


def _midnight(now: datetime, zone: str) -> str:
    """When the day ends that it is there."""
    tomorrow = recurrence.wall_of(now, zone).date() + timedelta(days=1)
    return clock.stamp(recurrence.instant(datetime.combine(tomorrow, time()), zone))


def _quiet(actor: Actor, today: date) -> list[QuietContact]:
    """Those of the caller's contacts that have been quiet for 30 days, the last ones to become so first. One query."""
    last = today - timedelta(days=QUIET_DAYS)
    partition = keys.partition("term", tenant=actor.tenant, space=terms.quiet(actor.user))
    where = Item.sk < f"{last + timedelta(days=1)}"
    found = page(partition, where=where, limit=_QUIET, newest_first=True).items
    shown = []
    for entry in found:
        value, contact_id = place_of(entry.sk)
        since, _, name = value.partition(" ")
        shown.append(QuietContact(id=contact_id, name=name, since=since, days=(today - date.fromisoformat(since)).days))
    return shown


def _changes(actor: Actor) -> list[Any]:
    return inbox.listing(actor, NotificationQuery(limit=_CHANGES), Page(_CHANGES)).data


class _Read(NamedTuple):
    """One pipeline's part: its stages by code, and the caller's figures by stage code."""

    pipeline: Any
    stages: Mapping[int, dict[str, Any]]
    open: Mapping[int, Figures]
    closed: Mapping[int, Figures]

    def sums(self) -> Iterator[tuple[Figures, Fraction]]:
        """The figures of each stage with open deals, and the chance of the stage."""
        for code, figures in self.open.items():
            stage = self.stages.get(code)
            yield figures, Fraction(str(stage["probability"])) if stage else Fraction(0)


class _Mine:
    """The caller's deals, as far as the budget goes: `before` is what the call had spent when it came here."""

    def __init__(self, actor: Actor, currency: str, month: str, before: float) -> None:
        self.currency, self.read = currency, list[_Read]()
        partition = keys.partition("pipeline", "gsi1", tenant=actor.tenant)
        found = page(partition, index="gsi1", limit=_PIPELINES + 1).items
        dearest = 1.0
        for pipeline in found[:_PIPELINES]:
            spent = observability.meter().rru - before
            if spent + dearest + _RATE * len(self._others()) > BUDGET:
                break
            theirs = deal_sheets.mine(actor.tenant, pipeline.id, actor.user, month)
            stages = {int(stage["code"]): stage for stage in pipeline.stages}
            self.read.append(_Read(pipeline, stages, theirs.open, theirs.closed))
            dearest = max(dearest, observability.meter().rru - before - spent)
        self.more = len(self.read) < len(found)
        left = int((BUDGET - (observability.meter().rru - before)) / _RATE)
        self.rates = rates.known(actor.tenant, currency, {currency, *self._others()[: max(0, left)]})

    def open(self) -> HomePipelines:
        """The open deals, of each pipeline and of all."""
        shown, count, total, weighted = [], 0, Fraction(0), Fraction(0)
        for one in self.read:
            deals, worth, expected = 0, Fraction(0), Fraction(0)
            for figures, chance in one.sums():
                amount = exchange.summed(figures.sums, self.currency, self.rates)
                deals, worth, expected = deals + figures.count, worth + amount, expected + amount * chance
            name, its_id = one.pipeline.name, one.pipeline.id
            money = {"sum": self._money(worth), "weighted": self._money(expected)}
            shown.append(HomePipeline(pipeline_id=its_id, name=name, count=deals, **money))
            count, total, weighted = count + deals, total + worth, weighted + expected
        return HomePipelines(
            currency=self.currency,
            open=HomeSums(count=count, sum=self._money(total), weighted=self._money(weighted)),
            pipelines=shown,
            more=self.more,
            left_out=[one for one in self._others() if one not in self.rates],
        )

    def won(self, month: str, quota: Money | None) -> HomeWon:
        """What was won, as it was worth when it was."""
        won = [
            figures
            for one in self.read
            for code, figures in one.closed.items()
            if code in one.stages and pipelines.kind_of(one.stages[code]) == "won"
        ]
        total = sum(figures.base for figures in won)
        return HomeWon(
            month=month,
            count=sum(figures.count for figures in won),
            sum=self._money(Fraction(total)),
            quota=quota,
            attainment=round(total / quota.amount, _DIGITS) if quota and quota.amount else None,
        )

    def _others(self) -> list[str]:
        """The currencies of open deals besides the firm's own."""
        found = {
            one
            for read in self.read
            for figures in read.open.values()
            for one, amount in figures.sums.items()
            if amount
        }
        return sorted(found - {self.currency})

    def _money(self, amount: Fraction) -> Money:
        return Money(amount=exchange.rounded(amount), currency=self.currency)
