"""Quotas: set, changed, listed, asked for by home and forecast."""

from typing import Any

from chalicelib.services import quotas
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

AMOUNT = {"amount": 5_000_000, "currency": "EUR"}


def quota(owner: Sender, **more: Any) -> Any:
    answer = owner.post("/v1/quotas", {"period": "2026-11", "amount": AMOUNT, **more})
    assert answer.status == 201, answer.text
    return answer.json


@performs("quota.create")
def _(house: House, owner: Sender) -> Units:
    pipeline = owner.get("/v1/pipelines").json["data"][0]["id"]
    draft = {"user_id": owner.user, "pipeline_id": pipeline, "period": "2026-11", "amount": AMOUNT}
    return of(owner.post("/v1/quotas", draft))


@performs("quota.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/quotas/{quota(owner)['id']}"))


@performs("quota.page")
def _(house: House, owner: Sender) -> Units:
    for period in ("2026-10", "2026-11", "2026-Q4"):
        quota(owner, period=period, user_id=owner.user)
    quota(owner)
    answer = owner.get(f"/v1/quotas?user_id={owner.user}")
    assert len(answer.json["data"]) == 3
    return of(answer)


@performs("quota.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/quotas/{quota(owner)['id']}", {"amount": {**AMOUNT, "amount": 1}}))


@performs("quota.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/quotas/{quota(owner)['id']}"))


@performs("quota.restore")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/quotas/{quota(owner)['id']}"
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("quota.of_user")
def _(house: House, owner: Sender) -> Units:
    for period in ("2026-10", "2026-11", "2026-Q4"):
        quota(owner, period=period, user_id=owner.user)
    return consumed(lambda: quotas.of_user(owner.tenant, owner.user, "2026-12"))
