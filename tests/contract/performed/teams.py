"""Settings, teams and whose working time it is."""

from typing import Any

from chalicelib.models.writes import Step, transact
from chalicelib.services import pipelines, teams, worktime
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def team(owner: Sender, **more: Any) -> Any:
    answer = owner.post("/v1/teams", {"name": "Inside sales", "member_ids": [owner.user], **more})
    assert answer.status == 201, answer.text
    return answer.json


@performs("settings.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get("/v1/settings"))


@performs("settings.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch("/v1/settings", {"time_zone": "Europe/Vienna", "holidays": ["2026-12-25"]}))


@performs("settings.currency")
def _(house: House, owner: Sender) -> Units:
    if not pipelines.everyone(owner.tenant):
        transact(Step("save", pipelines.first_of(owner.tenant, owner.user)))
    return of(owner.patch("/v1/settings", {"currency": "CHF"}))


@performs("team.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/teams", {"name": "Inside sales", "member_ids": [owner.user]}))


@performs("team.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/teams/{team(owner)['id']}"))


@performs("team.page")
def _(house: House, owner: Sender) -> Units:
    team(owner)
    answer = owner.get("/v1/teams")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("team.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/teams/{team(owner)['id']}", {"escalate_after_hours": 8}))


@performs("team.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/teams/{team(owner)['id']}"))


@performs("team.restore")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/teams/{team(owner)['id']}"
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("team.of_user")
def _(house: House, owner: Sender) -> Units:
    made = team(owner)
    found: list[Any] = []
    units = consumed(lambda: found.append(teams.of_user(owner.tenant, owner.user)))
    assert found[0].id == made["id"]
    assert consumed(lambda: teams.of_user(owner.tenant, "usr_none")) == (0.5, 0)
    return units


@performs("worktime.of")
def _(house: House, owner: Sender) -> Units:
    team(owner)
    return consumed(lambda: worktime.of(owner.tenant, owner.user))
