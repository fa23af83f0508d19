"""Home: what it shows is what the records say, and it costs ten read units at most."""

import random
from fractions import Fraction
from typing import Any

import pytest

from chalicelib import clock
from tests.contract import calling
from tests.contract.performing import task
from tests.house import House, Sender
from tests.units import exact_units

NOW = "2026-03-18T15:00:00Z"
STAGES = [
    {"name": "Open", "probability": 0.3},
    {"name": "Late", "probability": 0.75, "forecast": "commit"},
    {"name": "Won", "probability": 1, "forecast": "won"},
    {"name": "Lost", "probability": 0, "forecast": "lost"},
]


@pytest.fixture
def rep(house: House) -> Sender:
    """An owner on a Wednesday in March."""
    clock.set(clock.parse(NOW))
    return house.signup()


def home(sender: Sender) -> Any:
    answer = sender.get("/v1/home")
    assert answer.status == 200, answer.text
    return answer.json


def titles(part: Any) -> list[str]:
    return [one["title"] for one in part["tasks"]]


def deal(sender: Sender, **fields: Any) -> Any:
    answer = sender.post("/v1/deals", {"title": "Engine", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def pipeline(sender: Sender, name: str) -> Any:
    answer = sender.post("/v1/pipelines", {"name": name, "stages": STAGES})
    assert answer.status == 201, answer.text
    return answer.json


def test_a_new_firm_has_an_empty_home(rep: Sender) -> None:
    shown = home(rep)
    assert shown["overdue"] == shown["today"] == {"tasks": [], "more": False}
    assert shown["pipeline"]["currency"] == "EUR"
    assert shown["pipeline"]["open"]["count"] == shown["won_this_month"]["count"] == 0
    assert [one["name"] for one in shown["pipeline"]["pipelines"]] == ["Sales"]
    assert (shown["won_this_month"]["quota"], shown["won_this_month"]["attainment"]) == (None, None)
    assert shown["going_cold"] == shown["changes"] == []


def test_today_ends_with_the_users_own_day(rep: Sender) -> None:
    for due in ("2026-03-18T14:59:00Z", "2026-03-18T15:30:00Z", "2026-03-18T22:59:00Z", "2026-03-18T23:00:00Z"):
        task(rep, title=due[8:16], due_at=due)
    task(rep, title="undated", due_at=None)
    shown = home(rep)
    assert (titles(shown["overdue"]), titles(shown["today"])) == (
        ["18T14:59"],
        ["18T15:30", "18T22:59", "18T23:00"],
    )
    assert rep.patch(f"/v1/users/{rep.user}", {"time_zone": "Europe/Vienna"}).status == 200
    shown = home(rep)
    assert shown["time_zone"] == "Europe/Vienna"
    assert titles(shown["today"]) == ["18T15:30", "18T22:59"]


def test_five_tasks_are_shown_and_that_there_are_more(rep: Sender) -> None:
    for hour in range(6):
        task(rep, title=f"{hour}", due_at=f"2026-03-01T0{hour}:00:00Z")
    other = calling.colleague(rep, "rep")
    task(other, due_at="2026-03-01T00:00:00Z")
    shown = home(rep)["overdue"]
    assert (titles(shown), shown["more"]) == (["0", "1", "2", "3", "4"], True)
    done = shown["tasks"][0]["id"]
    assert rep.post(f"/v1/tasks/{done}/complete", {}).status == 200
    shown = home(rep)["overdue"]
    assert (titles(shown), shown["more"]) == (["1", "2", "3", "4", "5"], False)


def test_home_is_what_the_records_say(house: House, rep: Sender) -> None:
    dice = random.Random(5)
    other = calling.colleague(rep, "rep")
    assert rep.call("PUT", "/v1/rates/USD/2026-03-01", {"rate": "0.9137"}).status in (200, 201)
    pipelines = {one["id"]: one for one in [pipeline(rep, f"P{number}") for number in range(2)]}
    made = []
    for _ in range(60):
        chosen = dice.choice(list(pipelines.values()))
        stage = dice.choice(chosen["stages"])
        value = {"amount": dice.randrange(10**7), "currency": dice.choice(["EUR", "USD"])}
        fields: dict[str, Any] = {"pipeline_id": chosen["id"], "stage_id": stage["id"], "value": value}
        fields["owner_id"] = dice.choice([rep.user, rep.user, other.user])
        fields["expected_close"] = f"2026-0{dice.randrange(3, 8)}-10"
        if stage["forecast"] == "lost":
            fields["lost_reason"] = "price"
        made.append(deal(rep, **fields))
    for one in dice.sample(made, 10):
        assert rep.delete(f"/v1/deals/{one['id']}").status == 204
    clock.set(clock.parse("2026-02-10T10:00:00Z"))
    earlier = house.stranger().post(
        "/v1/auth/login", {"email": rep.signed_up["user"]["email"], "password": calling.PASSWORD}
    )
    then = Sender(house, earlier.json["access_token"], rep.signed_up)
    chosen = next(iter(pipelines.values()))
    made.append(
        deal(then, pipeline_id=chosen["id"], stage_id=chosen["stages"][2]["id"], value={"amount": 5, "currency": "EUR"})
    )
    clock.set(clock.parse(NOW))
    house.settle()
    shown = home(rep)
    records = [rep.get(f"/v1/deals/{one['id']}") for one in made]
    mine = [one.json for one in records if one.status == 200 and one.json["owner_id"] == rep.user]
    for row in shown["pipeline"]["pipelines"]:
        stages = {stage["id"]: stage for stage in pipelines.get(row["pipeline_id"], {"stages": []})["stages"]}
        open_here = [one for one in mine if one["pipeline_id"] == row["pipeline_id"] and one["status"] == "open"]
        assert row["count"] == len(open_here)
        assert row["sum"]["amount"] == rounded(sum(map(worth, open_here), Fraction(0)))
        weighted = (worth(one) * Fraction(str(stages[one["stage_id"]]["probability"])) for one in open_here)
        assert row["weighted"]["amount"] == rounded(sum(weighted, Fraction(0)))
    every = [one for one in mine if one["status"] == "open"]
    assert len(every) > 10
    assert shown["pipeline"]["open"]["count"] == len(every)
    assert shown["pipeline"]["open"]["sum"]["amount"] == rounded(sum(map(worth, every), Fraction(0)))
    won = [one for one in mine if one["status"] == "won" and one["closed_at"].startswith("2026-03")]
    assert len(won) > 2
    assert shown["won_this_month"]["count"] == len(won)
    assert shown["won_this_month"]["sum"]["amount"] == sum(one["base_value"]["amount"] for one in won)


def worth(record: Any) -> Fraction:
    """What a deal is worth in the firm's currency today, exactly; both currencies have cents."""
    rate = Fraction("0.9137") if record["value"]["currency"] == "USD" else Fraction(1)
    return record["value"]["amount"] * rate


def rounded(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


def test_what_was_won_is_measured_against_the_quota(house: House, rep: Sender) -> None:
    quota = {"user_id": rep.user, "period": "2026-Q1", "amount": {"amount": 30_000, "currency": "EUR"}}
    assert rep.post("/v1/quotas", quota).status == 201
    board = pipeline(rep, "P")
    deal(rep, pipeline_id=board["id"], stage_id=board["stages"][2]["id"], value={"amount": 2_500, "currency": "EUR"})
    house.settle()
    won = home(rep)["won_this_month"]
    assert (won["month"], won["count"], won["sum"]["amount"]) == ("2026-03", 1, 2_500)
    assert (won["quota"]["amount"], won["attainment"]) == (10_000, 0.25)


def test_a_currency_that_has_lost_its_rate_is_left_out_and_named(house: House, rep: Sender) -> None:
    assert rep.call("PUT", "/v1/rates/USD/2026-03-01", {"rate": "0.9"}).status in (200, 201)
    deal(rep, value={"amount": 100, "currency": "USD"})
    deal(rep, value={"amount": 7, "currency": "EUR"})
    house.settle()
    assert home(rep)["pipeline"]["open"]["sum"]["amount"] == 97
    assert rep.delete("/v1/rates/USD/2026-03-01").status == 204
    shown = home(rep)["pipeline"]
    assert (shown["open"]["sum"]["amount"], shown["open"]["count"], shown["left_out"]) == (7, 2, ["USD"])


def test_who_goes_quiet_is_named_until_somebody_calls(house: House, rep: Sender) -> None:
    other = calling.colleague(rep, "rep")
    for name, owner_id in (("Ada\tLovelace", rep.user), ("Not mine", other.user), ("Nobody's", None)):
        rep.contact(first_name=name, owner_id=owner_id)
    called = rep.contact(last_name="Called", owner_id=rep.user)
    clock.set(clock.parse("2026-04-10T12:00:00Z"))
    rep = signed_in(rep)
    gone = rep.contact(last_name="Gone", owner_id=rep.user)
    assert rep.post(f"/v1/contacts/{called['id']}/activities", {"kind": "call"}).status == 201
    house.settle()
    clock.set(clock.parse("2026-04-16T12:00:00Z"))
    rep = signed_in(rep)
    assert home(rep)["going_cold"] == []
    clock.set(clock.parse("2026-04-17T12:00:00Z"))
    rep = signed_in(rep)
    (ada,) = home(rep)["going_cold"]
    assert (ada["name"], ada["since"], ada["days"]) == ("Ada Lovelace", "2026-03-18", 30)
    clock.set(clock.parse("2026-05-20T12:00:00Z"))
    rep = signed_in(rep)
    assert {one["name"] for one in home(rep)["going_cold"]} == {"Ada Lovelace", "Called", "Gone"}
    assert home(rep)["going_cold"][-1]["name"] == "Ada Lovelace"
    assert rep.post(f"/v1/contacts/{called['id']}/activities", {"kind": "call"}).status == 201
    assert rep.delete(f"/v1/contacts/{gone['id']}").status == 204
    house.settle()
    assert [one["name"] for one in home(rep)["going_cold"]] == ["Ada Lovelace"]
    assert rep.patch(f"/v1/contacts/{ada['id']}", {"owner_id": other.user, "last_name": "King"}).status == 200
    house.settle()
    assert home(rep)["going_cold"] == []


def signed_in(sender: Sender) -> Sender:
    """The same user, signed in anew: the clock has moved."""
    email = sender.signed_up["user"]["email"]
    answer = sender.house.stranger().post("/v1/auth/login", {"email": email, "password": calling.PASSWORD})
    assert answer.status == 200, answer.text
    return Sender(sender.house, answer.json["access_token"], sender.signed_up)


def test_what_is_new_is_the_newest_of_the_inbox(house: House, rep: Sender) -> None:
    other = calling.colleague(rep, "rep")
    for number in range(12):
        task(other, title=f"T{number}", assignee_id=rep.user)
    house.settle()
    news = rep.get("/v1/notifications?limit=10").json["data"]
    assert home(rep)["changes"] == news


@exact_units
def test_it_costs_ten_units_at_most_however_much_there_is(house: House, rep: Sender) -> None:
    for currency in ("USD", "GBP", "CHF", "SEK"):
        assert rep.call("PUT", f"/v1/rates/{currency}/2026-03-01", {"rate": "0.9"}).status in (200, 201)
    boards = [pipeline(rep, f"P{number}") for number in range(5)]
    for number in range(60):
        board = boards[number % 5]
        value = {"amount": 100, "currency": ("EUR", "USD", "GBP", "CHF", "SEK")[number % 5]}
        month = number // 5 + 1
        deal(rep, pipeline_id=board["id"], value=value, expected_close=f"2027-{month:02}-01")
        task(rep, title="x" * 200, due_at="2026-01-01T09:00:00Z")
    house.settle()
    rep.get("/v1/home")  # the session's standing is asked once a minute
    answer = rep.get("/v1/home")
    assert answer.cost["rru"] <= 10
    assert answer.json["pipeline"]["more"]
    assert answer.json["pipeline"]["pipelines"]


@pytest.mark.parametrize("scope", ["tasks:read", "deals:read", "contacts:read", "quotas:read"])
def test_it_needs_what_it_shows(scope: str, rep: Sender) -> None:
    needed = {"tasks:read", "deals:read", "contacts:read", "quotas:read"}
    assert calling.token(rep, needed - {scope}).get("/v1/home").status == 403
    assert calling.token(rep, needed).get("/v1/home").status == 200
