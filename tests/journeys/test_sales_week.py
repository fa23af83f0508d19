"""A sales week: leads become deals on Monday, are called, gated, lost and won; on Friday the figures agree with what is
in the raw records. Through HTTP, stream, queue and clock; on its Sunday the clocks go forward.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models.task import Task
from tests import truth
from tests.house import House
from tests.sold import OPEN, Books

MONDAY = datetime(2027, 3, 22, 8, 0, tzinfo=UTC)  # 9:00 in Vienna, whose clocks go forward on the 28th
PASSWORD = "long enough pass"
RATES = {"USD": "0.9200"}


class Week:
    """The firm, its owner Olga, and the time it is."""

    def __init__(self, house: House) -> None:
        self.house = house
        clock.set(MONDAY)
        self.olga = house.signup(name="Olga Owner", company="Olga & Co")
        self.mine: dict[str, Any] = {}

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Let it be that hour (UTC) of that day of March, and sign in again: nobody stays signed in for days."""
        clock.set(datetime(2027, 3, day, hour, minute, tzinfo=UTC))
        given = {"email": self.olga.signed_up["user"]["email"], "password": PASSWORD}
        self.olga.token = self.house.stranger().post("/v1/auth/login", given).json["access_token"]

    def get(self, path: str) -> Any:
        """What the API answers."""
        answer = self.olga.get(path)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        """What becomes of it, and all that follows."""
        answer = self.olga.post(path, body)
        assert answer.status == status, answer.text
        self.house.settle()
        return answer.json

    def patch(self, path: str, body: Any) -> Any:
        """As it is then, after all that follows."""
        answer = self.olga.patch(path, body)
        assert answer.status == 200, answer.text
        self.house.settle()
        return answer.json

    def tick(self) -> None:
        """The minute comes, and what it brings is done."""
        self.house.minute()
        self.house.settle()

    def mails(self, subject: str) -> list[Any]:
        """Mails of this firm about something."""
        tenant = self.olga.tenant
        return [
            mail for mail in self.house.outbox.mails if mail.tags.get("tenant") == tenant and subject in mail.subject
        ]


@pytest.fixture
def week(house: House) -> Week:
    return Week(house)


def test_a_sales_week(week: Week) -> None:
    pipeline, stages = prepare(week)
    steel, tapas, pub = monday(week, stages)
    tuesday(week, stages, steel)
    wednesday(week, stages, tapas, pub)
    won, link = thursday(week, stages, steel)
    pushed(week, won)
    friday(week, pipeline, stages)
    sunday(week, steel)
    assert week.house.http("POST", f"{link}/accept").status == 200, "an answer given twice has no effect"
    assert len(truth.raw(week.olga.tenant, "order")) == 2


def prepare(week: Week) -> tuple[Any, dict[str, Any]]:
    """The firm's own ways: its clock, a rate, a gate, a playbook, a product and a quota."""
    week.patch("/v1/settings", {"time_zone": "Europe/Vienna"})
    assert week.olga.call("PUT", "/v1/rates/USD/2027-03-22", {"rate": RATES["USD"]}).status == 201
    (pipeline,) = week.get("/v1/pipelines")["data"]
    stages = {stage["name"]: stage for stage in pipeline["stages"]}
    stages["Negotiation"]["required_fields"] = ["value", "expected_close"]
    pipeline = week.patch(f"/v1/pipelines/{pipeline['id']}", {"stages": list(stages.values())})
    plays = [
        {"title": "Send references", "kind": "email", "after": {"days": 1}},
        {"title": "Ask what they think", "kind": "call", "after": {"days": 3}},
    ]
    book = {"name": "After a proposal", "pipeline_id": pipeline["id"], "stage_id": stages["Proposal"]["id"]}
    week.post("/v1/playbooks", {**book, "tasks": plays})
    product = {"name": "Engine", "prices": [{"amount": 129900, "currency": "EUR"}], "tax": 20}
    week.mine["product"] = week.post("/v1/products", product)["id"]
    quota = {"user_id": week.olga.user, "period": "2027-03", "amount": {"amount": 500000, "currency": "EUR"}}
    week.post("/v1/quotas", quota)
    return pipeline, stages


def monday(week: Week, stages: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Three leads; one of them is there already, which is said, and then used."""
    week.olga.contact(first_name="Jonathan", last_name="Fitzgerald", emails=[{"address": "jon@steel.example"}])
    lead = {
        "contact": {"first_name": "Jon", "title": "Engineer", "emails": [{"address": "jon@steel.example"}]},
        "company": {"name": "Steelworks", "domains": ["steel.example"]},
        "deal": {"title": "Engines for Steelworks", "source": "fair", "expected_close": "2027-03-31"},
    }
    offered = week.post("/v1/leads/convert", lead, status=409)
    assert offered["existing_id"]
    assert len(truth.raw(week.olga.tenant, "company")) == 0, "all or nothing"
    steel = week.post("/v1/leads/convert", {**lead, "on_duplicate": "join"})
    assert (steel["contact"]["id"], steel["joined"]["contact"]) == (offered["existing_id"], True)
    assert (steel["contact"]["first_name"], steel["contact"]["title"]) == ("Jonathan", "Engineer")
    assert steel["deal"]["company_id"] == steel["company"]["id"] == steel["contact"]["company_id"]

    others = []
    for first, firm, value in (("José", "tapas", {"amount": 80000, "currency": "USD"}), ("Siobhán", "pub", None)):
        others.append(
            week.post(
                "/v1/leads/convert",
                {
                    "contact": {"first_name": first, "emails": [{"address": f"{firm}@{firm}.example"}]},
                    "company": {"name": firm.title(), "domains": [f"{firm}.example"]},
                    "deal": {"title": f"Engine for {firm}", "value": value, "source": "web"},
                },
            )
        )
    # They are called, and a weekly call at nine is set, over the Sunday on which the clocks go forward.
    week.post(f"/v1/deals/{steel['deal']['id']}/activities", {"kind": "call", "text": "Wants three."})
    weekly = {
        "title": "Weekly call",
        "kind": "call",
        "due_local": "2027-03-22T09:30",
        "time_zone": "Europe/Vienna",
        "recurrence": "FREQ=WEEKLY;BYDAY=MO;COUNT=4",
        "subject_id": steel["deal"]["id"],
    }
    task = week.post("/v1/tasks", weekly)
    assert task["due_at"] == "2027-03-22T08:30:00.000Z"
    week.at(22, 8, 30)
    week.tick()
    week.tick()
    assert len(week.mails("Weekly call")) == 1
    done = week.post(f"/v1/tasks/{task['id']}/complete", {"outcome": "Spoke for an hour."}, status=200)
    assert done["following"]["due_at"] == "2027-03-29T07:30:00.000Z", "half past nine by the new clock"
    week.mine["weekly"] = done["following"]["id"]
    seen = week.get(f"/v1/deals/{steel['deal']['id']}")
    assert seen["last_contacted_at"]
    assert seen["next_activity_at"] == "2027-03-29T07:30:00.000Z"
    return steel["deal"], others[0]["deal"], others[1]["deal"]


def tuesday(week: Week, stages: dict[str, Any], steel: Any) -> None:
    """A gate is refused, then met; the playbook's tasks come by themselves, in working time."""
    week.at(23, 9)
    path = f"/v1/deals/{steel['id']}"
    week.post(f"{path}/move", {"stage_id": stages["Proposal"]["id"]}, status=200)
    played = week.get(f"/v1/tasks?subject_id={steel['id']}")["data"]
    assert {task["title"]: task["due_at"][:16] for task in played if task["id"] != week.mine["weekly"]} == {
        "Send references": "2027-03-24T09:00",
        "Ask what they think": "2027-03-26T09:00",
    }
    refused = week.post(f"{path}/move", {"stage_id": stages["Negotiation"]["id"]}, status=422)
    assert [flaw["pointer"] for flaw in refused["errors"]] == ["/value"]
    items = [{"product_id": week.mine["product"], "quantity": 3, "discount": 10}]
    assert week.patch(path, {"items": items})["value"] == {"amount": 350730, "currency": "EUR"}
    moved = week.post(f"{path}/move", {"stage_id": stages["Negotiation"]["id"]}, status=200)
    assert (moved["stage_id"], moved["status"]) == (stages["Negotiation"]["id"], "open")


def wednesday(week: Week, stages: dict[str, Any], tapas: Any, pub: Any) -> None:
    """One is lost, with a reason; the other goes on."""
    week.at(24, 9)
    lost = {"stage_id": stages["Lost"]["id"]}
    refused = week.post(f"/v1/deals/{pub['id']}/move", lost, status=422)
    assert refused["errors"][0]["pointer"] == "/lost_reason"
    gone = week.post(f"/v1/deals/{pub['id']}/move", {**lost, "lost_reason": "No budget"}, status=200)
    assert (gone["status"], gone["lost_reason"]) == ("lost", "No budget")
    week.patch(f"/v1/deals/{tapas['id']}", {"expected_close": "2027-04-15"})
    week.post(f"/v1/deals/{tapas['id']}/move", {"stage_id": stages["Meeting"]["id"], "position": 0}, status=200)


def thursday(week: Week, stages: dict[str, Any], steel: Any) -> tuple[Any, str]:
    """A quote is accepted on its public page: an order is made, and the deal is won."""
    week.at(25, 9)
    quote = week.post("/v1/quotes", {"deal_id": steel["id"], "terms": "30 days net."})
    sent = week.post(f"/v1/quotes/{quote['id']}/send", {}, status=200)
    link = "/q/" + sent["url"].rpartition("/q/")[2]
    page = week.house.http("GET", link)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Engine" in page.text
    assert week.get(f"/v1/quotes/{quote['id']}")["status"] == "sent", "looking changes nothing"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert week.house.http("POST", f"{link}/accept", b"name=Jonathan+Fitzgerald", headers).status == 200
    week.house.settle()
    week.tick()
    accepted = week.get(f"/v1/quotes/{quote['id']}")
    assert (accepted["status"], accepted["answered_by"]) == ("accepted", "Jonathan Fitzgerald")
    deal = week.get(f"/v1/deals/{steel['id']}")
    assert (deal["status"], deal["stage_id"]) == ("won", stages["Won"]["id"])
    assert deal["base_value"] == {"amount": 350730, "currency": "EUR"}
    order = week.get(f"/v1/orders/{accepted['order_id']}")
    assert (order["contact_id"], order["totals"]["net"]) == (deal["contact_ids"][0], 350730)
    return deal, link


def pushed(week: Week, won: Any) -> None:
    """The shop pushes an order, and pushes it again."""
    order = {
        "contact_id": won["contact_ids"][0],
        "items": [{"name": "Oil", "quantity": 2, "unit_price": {"amount": 1500, "currency": "EUR"}}],
        "ordered_at": "2027-03-25T08:00:00Z",
    }
    path = "/v1/orders/by/external_id/shop:1815"
    answers = [week.olga.call("PUT", path, order) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200], answers[0].text
    assert answers[0].json["version"] == answers[1].json["version"], "nothing was written for the second"
    week.house.settle()
    bought = week.get(f"/v1/contacts/{won['contact_ids'][0]}/purchases")
    assert (bought["orders"], bought["total"]) == (2, {"amount": 353730, "currency": "EUR"})


def friday(week: Week, pipeline: Any, stages: dict[str, Any]) -> None:
    """What the manager reads, against the raw records."""
    week.at(26, 9, 30)
    books = Books(week.olga.tenant, RATES)
    open_ones = books.of(status="open")
    assert len(books.deals) == 3
    assert len(open_ones) == 1

    board = week.get(f"/v1/pipelines/{pipeline['id']}/board")
    for stage in board["stages"]:
        there = books.of(stage_id=stage["stage_id"])
        assert stage["count"] == len(there) == len(stage["deals"])
        assert stage["total"]["amount"] == books.sum(there)
        assert stage["weighted"]["amount"] == books.weighted(there)

    for group in ("owner", "month", "pipeline"):
        forecast = week.get(f"/v1/forecast?from=2027-03&to=2027-05&group_by={group}")
        total = forecast["total"]
        assert total["count"] == len(open_ones)
        assert total["sum"]["amount"] == books.sum(open_ones)
        assert total["weighted"]["amount"] == books.weighted(open_ones)
        assert total["won"]["amount"] == books.sum(books.of(status="won"))
        for category in (*OPEN, "won", "lost"):
            there = [deal for deal in books.deals if books.category(deal) == category]
            assert total["categories"][category]["count"] == len(there)
            assert total["categories"][category]["sum"]["amount"] == books.sum(there)
        assert sum(row["sum"]["amount"] for row in forecast["data"]) == total["sum"]["amount"]

    funnel = week.get("/v1/reports/funnel?from=2027-03&to=2027-04")
    assert {row["stage_id"]: row["reached"] for row in funnel["stages"] if row["reached"]} == {
        stage["id"]: len(books.reached(stage["id"])) for stage in stages.values() if books.reached(stage["id"])
    }
    reasons = week.get("/v1/reports/lost-reasons?from=2027-03&to=2027-03")
    assert {row["reason"]: row["count"] for row in reasons["data"]} == books.reasons() == {"No budget": 1}

    answer = week.olga.get("/v1/home")
    assert answer.cost["rru"] <= 10
    home = answer.json
    overdue = overdue_tasks(week)
    assert [task["id"] for task in home["overdue"]["tasks"]] == overdue
    assert home["pipeline"]["open"]["count"] == len(open_ones)
    assert home["pipeline"]["open"]["sum"]["amount"] == books.sum(open_ones)
    assert home["pipeline"]["open"]["weighted"]["amount"] == books.weighted(open_ones)
    won = home["won_this_month"]
    assert won["sum"]["amount"] == books.sum(books.of(status="won")) == 350730
    assert won["quota"]["amount"] == 500000
    assert won["attainment"] == pytest.approx(350730 / 500000, abs=0.0001)
    assert week.get("/v1/me")["counts"]["tasks_open"] == len(open_tasks(week))


def open_tasks(week: Week) -> list[Task]:
    return [
        task for task in truth.raw(week.olga.tenant, "task").values() if task.status == "open" and not task.deleted_at
    ]


def overdue_tasks(week: Week) -> list[str]:
    """Those whose time has come, the earliest due first, as the raw records have them."""
    late = [task for task in open_tasks(week) if task.due_at and task.due_at <= clock.stamp()]
    return [task.id for task in sorted(late, key=lambda task: (task.due_at, task.id))]


def sunday(week: Week, steel: Any) -> None:
    """The clocks go forward; on Monday the weekly call is reminded of at half past nine by the new one, once."""
    week.at(29, 7, 29)
    week.tick()
    assert len(week.mails("Weekly call")) == 1
    week.at(29, 7, 30)
    week.tick()
    week.tick()
    assert len(week.mails("Weekly call")) == 2
    told = week.get("/v1/notifications")["data"]
    assert json.dumps(told).count("Weekly call") >= 2
    weeks = week.get("/v1/forecast/snapshots")["data"]
    assert [one["week"] for one in weeks][:1] == ["2027-03-29"]
