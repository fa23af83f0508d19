"""The forecast, and what it and home read of the sheets."""

from typing import Any

from chalicelib.services import deal_sheets
from tests.contract.performing import Units, consumed, of, performs
from tests.feeds import forget
from tests.house import House, Sender


def deal(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Ten engines", "value": {"amount": 100, "currency": "EUR"}, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def stages(owner: Sender) -> Any:
    return owner.get("/v1/pipelines").json["data"][0]["stages"]


@performs("forecast.read")
def _(house: House, owner: Sender) -> Units:
    forget(house)
    for currency in ("USD", "CHF"):
        assert owner.call("PUT", f"/v1/rates/{currency}/2020-01-01", {"rate": "0.9"}).status == 201
    for currency in ("USD", "CHF", "EUR"):
        deal(owner, value={"amount": 100, "currency": currency}, expected_close="2026-11-30")
    deal(owner, stage_id=stages(owner)[4]["id"])
    house.settle()
    amount = {"amount": 5_000_000, "currency": "EUR"}
    assert owner.post("/v1/quotas", {"period": "2026-11", "amount": amount}).status == 201
    answer = owner.get("/v1/forecast?from=2026-10&to=2026-12")
    assert answer.json["total"]["count"] == 3
    return of(answer)


@performs("deal_sheets.mine")
def _(house: House, owner: Sender) -> Units:
    deal(owner)
    deal(owner, expected_close="2026-11-30")
    won = deal(owner, stage_id=stages(owner)[4]["id"])
    house.settle()
    pipeline = won["pipeline_id"]
    found = deal_sheets.mine(owner.tenant, pipeline, owner.user, won["closed_at"][:7])
    assert sum(one.count for one in found.open.values()) == 2
    assert sum(one.count for one in found.closed.values()) == 1
    return consumed(lambda: deal_sheets.mine(owner.tenant, pipeline, owner.user, won["closed_at"][:7]))
