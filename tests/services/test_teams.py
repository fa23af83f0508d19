"""Settings and teams: what a firm settles, who is in which team, and whose working time that makes it."""

import uuid
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models.writes import transact
from chalicelib.services import settings, teams, worktime
from tests.house import House, Sender


def colleague(owner: Sender) -> str:
    draft = {"name": "Carl", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    answer = owner.post("/v1/users", draft)
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def team(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/teams", {"name": "Inside sales", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def test_a_firm_that_settled_nothing_works_as_most_do(owner: Sender) -> None:
    shown = owner.get("/v1/settings")
    assert (shown.json["currency"], shown.json["time_zone"], shown.json["version"]) == ("EUR", "UTC", 0)
    assert list(shown.json["hours"]) == ["mon", "tue", "wed", "thu", "fri"]
    assert shown.headers["ETag"] == '"0"'


def test_settings_are_changed_a_day_at_a_time_and_under_if_match(owner: Sender) -> None:
    first = owner.patch("/v1/settings", {"time_zone": "Europe/Vienna"}, If_Match='"0"')
    assert first.status == 200, first.text
    assert first.json["version"] == 1
    changed = owner.patch("/v1/settings", {"hours": {"sat": [["10:00", "14:00"]], "mon": None}})
    assert list(changed.json["hours"]) == ["tue", "wed", "thu", "fri", "sat"]
    assert changed.json["time_zone"] == "Europe/Vienna"
    assert owner.patch("/v1/settings", {"time_zone": "UTC"}, If_Match='"1"').status == 412
    usual = owner.patch("/v1/settings", {"hours": None, "time_zone": None})
    assert next(iter(usual.json["hours"])) == "mon"
    assert usual.json["time_zone"] == "UTC"


def test_settings_that_cannot_be_are_refused(owner: Sender) -> None:
    for field, value, pointer in (
        ("currency", "XYZ", "/currency"),
        ("time_zone", "Europe/Nowhere", "/time_zone"),
        ("hours", dict.fromkeys(("mon", "tue", "wed", "thu", "fri")), "/hours"),
        ("hours", {"mon": [["17:00", "09:00"]]}, "/hours/mon/0"),
        ("hours", {"mon": [["25:00", "26:00"]]}, "/hours"),
        ("hours", {"someday": []}, "/hours"),
        ("holidays", ["2026-02-30"], "/holidays/0"),
    ):
        answer = owner.patch("/v1/settings", {field: value})
        assert answer.status == 422, (field, value, answer.text)
        assert answer.json["errors"][0]["pointer"].startswith(pointer), answer.text
    assert owner.get("/v1/settings").json["version"] == 0


def test_the_currency_stays_once_something_is_added_up_in_it(owner: Sender) -> None:
    assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 200
    transact(settings.fixed(owner.tenant))
    transact(settings.fixed(owner.tenant))
    refused = owner.patch("/v1/settings", {"currency": "USD"})
    assert refused.status == 409
    assert refused.json["errors"][0]["pointer"] == "/currency"
    assert owner.patch("/v1/settings", {"currency": "CHF", "time_zone": "Europe/Zurich"}).status == 200


@pytest.mark.parametrize("where", ["stage", "trash"])
def test_the_currency_stays_once_there_is_a_deal(owner: Sender, where: str) -> None:
    deal = owner.post("/v1/deals", {"title": "Engine"})
    assert deal.status == 201, deal.text
    if where == "trash":
        assert owner.delete(f"/v1/deals/{deal.json['id']}").status == 204
    assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 409
    assert owner.get("/v1/settings").json["currency"] == "EUR"


def test_the_currency_stays_once_something_was_ordered(owner: Sender) -> None:
    lines = [{"name": "Chair", "unit_price": {"amount": 5000, "currency": "EUR"}}]
    assert owner.post("/v1/orders", {"items": lines}).status == 201
    assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 409


def test_the_currency_stays_once_there_is_a_quota_or_a_rate(owner: Sender) -> None:
    other = owner.house.signup()
    amount = {"amount": 100_000, "currency": "EUR"}
    assert owner.post("/v1/quotas", {"period": "2026-Q4", "amount": amount, "user_id": owner.user}).status == 201
    assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 409
    assert other.patch("/v1/settings", {"currency": "CHF"}).status == 200, "another firm's is its own matter"


def test_nobody_is_in_two_teams(owner: Sender) -> None:
    carl = colleague(owner)
    one = team(owner, member_ids=[carl, carl], manager_id=owner.user)
    assert one["member_ids"] == [carl]
    refused = owner.post("/v1/teams", {"name": "Field sales", "member_ids": [owner.user, carl]})
    assert refused.status == 409
    assert refused.json["existing_id"] == one["id"]
    assert refused.json["errors"][0]["pointer"] == "/member_ids/1"
    other = team(owner, name="Field sales", member_ids=[owner.user])
    assert owner.patch(f"/v1/teams/{other['id']}", {"member_ids": [carl]}).status == 409
    assert owner.patch(f"/v1/teams/{one['id']}", {"member_ids": []}).status == 200
    assert owner.patch(f"/v1/teams/{other['id']}", {"member_ids": [carl]}).status == 200
    assert teams.of_user(owner.tenant, owner.user) is None
    assert getattr(teams.of_user(owner.tenant, carl), "id", None) == other["id"]


def test_a_team_in_the_trash_holds_nobody(owner: Sender) -> None:
    one = team(owner, member_ids=[owner.user])
    assert owner.delete(f"/v1/teams/{one['id']}").status == 204
    assert teams.of_user(owner.tenant, owner.user) is None
    assert owner.get(f"/v1/teams/{one['id']}").status == 404
    other = team(owner, name="Another", member_ids=[owner.user])
    assert owner.post(f"/v1/teams/{one['id']}/restore").status == 409
    assert owner.delete(f"/v1/teams/{other['id']}").status == 204
    assert owner.post(f"/v1/teams/{one['id']}/restore").status == 200
    assert getattr(teams.of_user(owner.tenant, owner.user), "id", None) == one["id"]
    assert owner.post(f"/v1/teams/{one['id']}/restore").status == 409


def test_another_firms_user_is_no_member_and_no_manager(house: House, owner: Sender) -> None:
    stranger = house.signup().user
    for fields in ({"member_ids": [stranger]}, {"manager_id": stranger}, {"time_zone": "Mars/Olympus"}):
        assert owner.post("/v1/teams", {"name": "Odd", **fields}).status == 422
    assert owner.get("/v1/teams").json["data"] == []


def test_as_many_members_as_a_transaction_takes_come_and_go(owner: Sender) -> None:
    one = team(owner)
    path = f"/v1/teams/{one['id']}"
    assert owner.patch(path, {"member_ids": ["usr_none"] * 100}).status == 422
    assert owner.patch(path, {"member_ids": ["usr_none"]}).status == 422


def test_a_team_works_as_the_firm_unless_it_says_otherwise(owner: Sender) -> None:
    owner.patch("/v1/settings", {"time_zone": "Europe/Vienna", "holidays": ["2026-10-26"]})
    carl = colleague(owner)
    one = team(owner, member_ids=[carl])
    assert worktime.of(owner.tenant, carl) == worktime.of(owner.tenant, owner.user)
    friday = clock.parse("2026-10-23T14:00:00Z")
    assert clock.stamp(worktime.after(worktime.of(owner.tenant, carl), friday, days=1)) == "2026-10-27T15:00:00.000Z"
    owner.patch(f"/v1/teams/{one['id']}", {"holidays": [], "hours": {"sat": [["10:00", "12:00"]]}, "time_zone": "UTC"})
    assert clock.stamp(worktime.after(worktime.of(owner.tenant, carl), friday, days=1)) == "2026-10-31T10:00:00.000Z"
