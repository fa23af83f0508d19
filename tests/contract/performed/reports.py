"""The patterns of reports about deals, of learning from them, and of the weekly snapshot."""

from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.models import moments
from chalicelib.models.moment import Moment
from chalicelib.services import deals, hints, outcomes, snapshots
from tests.contract.performing import Units, consumed, of, performs
from tests.feeds import forget
from tests.house import House, Sender


def made(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Ten engines", "value": {"amount": 100, "currency": "EUR"}, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def stages(owner: Sender) -> list[Any]:
    return list(owner.get("/v1/pipelines").json["data"][0]["stages"])


def lost(owner: Sender) -> Any:
    deal = made(owner, source="fair")
    body = {"stage_id": stages(owner)[-1]["id"], "lost_reason": "Price"}
    assert owner.post(f"/v1/deals/{deal['id']}/move", body).status == 200
    return deal


def busy(house: House, owner: Sender) -> Any:
    """A firm with an open deal and a lost one; the open one."""
    lost(owner)
    deal = made(owner, source="fair", expected_close=clock.stamp()[:10])
    house.settle()
    return deal


def asked(house: House, owner: Sender, path: str) -> Units:
    busy(house, owner)
    return of(owner.get(path))


def due(house: House, owner: Sender) -> Moment:
    """The moment of a firm in the week in which it comes."""
    busy(house, owner)
    moment = moments.load(owner.tenant, owner.tenant, snapshots.WHAT)
    assert moment is not None
    clock.set(clock.parse(moment.at) + timedelta(seconds=1))
    return moment


@performs("feed.outcome")
def _(house: House, owner: Sender) -> Units:
    before = deals.load(owner.tenant, made(owner, source="fair")["id"])
    body = {"stage_id": stages(owner)[-1]["id"], "lost_reason": "Price"}
    assert owner.post(f"/v1/deals/{before.id}/move", body).status == 200
    after = deals.load(owner.tenant, before.id)
    forget(house)
    assert consumed(lambda: outcomes.outcome(None, before)) == (0, 0)  # a move between open stages
    return consumed(lambda: outcomes.outcome(before, after))


@performs("feed.first_deal")
def _(house: House, owner: Sender) -> Units:
    deal = deals.load(owner.tenant, made(owner)["id"])
    forget(house)
    units = consumed(lambda: snapshots.started(None, deal))
    assert consumed(lambda: snapshots.started(None, deal)) == (0, 0)
    return units


@performs("report.funnel")
def _(house: House, owner: Sender) -> Units:
    return asked(house, owner, "/v1/reports/funnel")


@performs("report.velocity")
def _(house: House, owner: Sender) -> Units:
    return asked(house, owner, "/v1/reports/velocity")


@performs("report.lost_reasons")
def _(house: House, owner: Sender) -> Units:
    return asked(house, owner, "/v1/reports/lost-reasons")


@performs("report.win_probability")
def _(house: House, owner: Sender) -> Units:
    return asked(house, owner, "/v1/reports/win-probability")


@performs("deal.probability")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/deals/{busy(house, owner)['id']}/probability"))


@performs("due.snapshot")
def _(house: House, owner: Sender) -> Units:
    moment = due(house, owner)
    answered: list[float | None] = []
    units = consumed(lambda: answered.append(snapshots.take(moment)))
    assert answered == [hints.SETTLED]
    return units


@performs("snapshot.page")
def _(house: House, owner: Sender) -> Units:
    snapshots.take(due(house, owner))
    clock.reset()
    return of(owner.get("/v1/forecast/snapshots"))


@performs("snapshot.drift")
def _(house: House, owner: Sender) -> Units:
    moment = due(house, owner)
    snapshots.take(moment)
    clock.reset()
    return of(owner.get(f"/v1/forecast/drift?month={clock.stamp()[:7]}"))
