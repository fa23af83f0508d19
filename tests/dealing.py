"""A firm that deals: random work on deals by the services' own verbs, and what must follow, computed anew from the raw
deals - by other words than the house uses.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.deal import Deal
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.settings import Rate
from chalicelib.models.table import Item, several
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, Move
from chalicelib.schemas.lines import Worth
from chalicelib.schemas.pipeline import Stage
from chalicelib.services import deals, permissions, pipelines, users

START: Final = datetime(2026, 3, 30, 23, 30, tzinfo=UTC)  # so that work goes on into other months, and years
RATES: Final = {"EUR": Fraction(1), "USD": Fraction("0.9223"), "JPY": Fraction("0.006137"), "KWD": Fraction("3.0111")}
_MINOR: Final = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
_DAYS: Final = (None, "2026-03-31", "2026-04-01", "2026-05-15", "2027-01-01")
_OTHER: Final = (
    Stage(name="Talk", probability=0.1),
    Stage(name="Perhaps", probability=0.35, forecast="omitted"),
    Stage(name="Surely", probability=0.999, forecast="commit"),
    Stage(name="Signed", forecast="won"),
    Stage(name="Renewed", forecast="won"),
    Stage(name="Gone", forecast="lost"),
)
Cells = dict[str, dict[str, int]]

WORK: Final = ("make", "move", "move", "worth", "date", "give", "rename", "delete", "restore", "purge")


class Firm:
    """One tenant with two pipelines, three users and rates of three currencies; `did` counts what was not refused."""

    def __init__(self) -> None:
        clock.set(START)
        tenant = ids.new("ten")
        self.actor = Actor(tenant, ids.new("usr"), "owner", permissions.ALL)
        self.users = [self.actor.user, ids.new("usr"), ids.new("usr")]
        self.pipelines = [pipelines.first_of(tenant, self.actor.user), self._pipeline(tenant)]
        self.deals: list[str] = []
        self.did: Counter[str] = Counter()
        steps = [Step("save", pipeline) for pipeline in self.pipelines]
        for number, one in enumerate(self.users):
            user = User(id=one, tenant=tenant, name=f"User {number}", email="-", role="rep", password="-")
            steps += users.saved(self.actor, user)
        for currency, rate in RATES.items():
            place = keys.key("rate", tenant=tenant, currency=currency, day="2020-01-01")
            text = f"{float(rate):.6f}"
            steps.append(Step("save", Rate(*place, day="2020-01-01", currency=currency, rate=text)))
        transact(*steps)

    def _pipeline(self, tenant: str) -> Pipeline:
        made = Pipeline(id=ids.new("pip"), tenant=tenant, name="Renewals", last_code=4)
        made.touch(self.actor.user)
        pipelines.arrange(made, _OTHER)
        made.keys()
        return made

    def perform(self, name: str, which: int, other: int) -> None:
        """One operation, some days after the last one; what the house refuses is not done."""
        clock.advance(timedelta(days=other % 5, seconds=which).total_seconds())
        try:
            getattr(self, name)(which, other)
        except (errors.CrmError, IndexError):
            return
        self.did[name] += 1

    def make(self, which: int, other: int) -> None:
        pipeline = self.pipelines[which % 2]
        stage = pipeline.stages[other % len(pipeline.stages)]
        draft = DealDraft(
            title="Ten engines",
            pipeline_id=pipeline.id,
            stage_id=stage["id"],
            value=_worth(other),
            owner_id=self.users[which % 3],
            expected_close=_DAYS[other % 5],
            lost_reason="price" if stage["forecast"] == "lost" else None,
        )
        self.deals.append(deals.create(self.actor, draft).id)

    def move(self, which: int, other: int) -> None:
        deal = self._one(which)
        stages = next(one for one in self.pipelines if one.id == deal.pipeline_id).stages
        stage = stages[other % len(stages)]
        lost = "price" if stage["forecast"] == "lost" else None
        deals.move(self.actor, deal.id, Move(stage_id=stage["id"], lost_reason=lost))

    def worth(self, which: int, other: int) -> None:
        value = _worth(other + which)
        plain = {"amount": value.amount, "currency": value.currency} if value else None
        self._change(which, {"value": plain})

    def date(self, which: int, other: int) -> None:
        self._change(which, {"expected_close": _DAYS[other % 5]})

    def give(self, which: int, other: int) -> None:
        self._change(which, {"owner_id": self.users[other % 3] if other % 4 else None})

    def rename(self, which: int, other: int) -> None:
        self._change(which, {"title": f"{other} engines"})

    def transfer(self, which: int, other: int) -> None:
        """Into the other pipeline."""
        to = self.pipelines[other % 2]
        self._change(which, {"pipeline_id": to.id, "stage_id": to.stages[0]["id"]})

    def delete(self, which: int, other: int) -> None:
        deals.delete(self.actor, self._one(which).id, None)

    def restore(self, which: int, other: int) -> None:
        deals.restore(self.actor, self._one(which).id)

    def purge(self, which: int, other: int) -> None:
        deals.purge(self.actor, self._one(which).id)

    def raw(self) -> list[Deal]:
        """All deals as they are kept, in the trash or not."""
        found = several([keys.key("deal", tenant=self.actor.tenant, id=one) for one in self.deals], consistent=True)
        return [one for one in found if isinstance(one, Deal)]

    def stage(self, deal: Deal) -> dict[str, Any]:
        """The stage that a deal is in."""
        of = next(one for one in self.pipelines if one.id == deal.pipeline_id)
        return next(stage for stage in of.stages if stage["id"] == deal.stage_id)

    def _change(self, which: int, patch: dict[str, Any]) -> None:
        deals.update(self.actor, self._one(which).id, patch)

    def _one(self, which: int) -> Deal:
        place = keys.key("deal", tenant=self.actor.tenant, id=self.deals[which % len(self.deals)])
        found = Item.get(*place, consistent_read=True)
        if not isinstance(found, Deal):
            raise IndexError
        return found


def live(raw: Iterable[Deal]) -> list[Deal]:
    """Those that are not in the trash."""
    return [deal for deal in raw if not deal.deleted_at]


def sheets(raw: Iterable[Deal], pipeline_id: str) -> Cells:
    """The sheets of one pipeline, counted from its deals one by one."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in live(raw):
        if deal.pipeline_id != pipeline_id:
            continue
        closed = deal.status != "open"
        owner = deal.owner_id or "-"
        name = f"C#{deal.closed_at[:7]}#{owner}" if closed else f"O#{owner}#{(deal.expected_close or '-')[:7]}"
        code = int(deal.stage_code)
        found[name]["n"] += 1
        for sheet in (name, "K") if closed else (name,):
            found[sheet][f"{code}n"] += 1
            if deal.value:
                found[sheet][f"{code}v.{deal.value['currency']}"] += deal.value["amount"]
            if closed and deal.base_value:
                found[sheet][f"{code}b"] += deal.base_value["amount"]
        for one in deal.entered:
            found[name][f"{one}e"] += 1
            found[name][f"{one}w"] += deal.status == "won"
        for one, seconds in (deal.stayed or {}).items():
            found[name][f"{one}x"] += 1
            found[name][f"{one}t"] += seconds
        if closed:
            lived = datetime.fromisoformat(deal.closed_at) - datetime.fromisoformat(deal.created_at)
            found[name][f"{code}d"] += round(lived.total_seconds())
    return {name: kept for name, cells in found.items() if (kept := {one: n for one, n in cells.items() if n})}


def in_euros(value: Any) -> Fraction:
    """Cents of an amount of money, not rounded; nothing for none."""
    if not value:
        return Fraction(0)
    currency = value["currency"]
    return value["amount"] * RATES[currency] * Fraction(10) ** (2 - _MINOR[currency])


def cents(amount: Fraction) -> int:
    """Rounded, a half upwards."""
    return math.floor(amount + Fraction(1, 2))


def _worth(other: int) -> Worth | None:
    """Some amount, each in another currency; none now and then."""
    currency = list(RATES)[other % 4]
    return Worth(amount=(other * 7919) % 100_003, currency=currency) if other % 6 else None
