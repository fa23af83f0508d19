"""Deals: gates, moves, won and lost, and what the firm's money makes of them."""

import threading
import uuid
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.table import every
from chalicelib.schemas.money import MOST
from chalicelib.services import deals
from tests import truth
from tests.house import Answer, House, Sender

EUR = {"amount": 129_900, "currency": "EUR"}


def stages(owner: Sender) -> list[Any]:
    """The stages of Sales: Qualified, Meeting, Proposal, Negotiation, Won, Lost."""
    (sales,) = (one for one in owner.get("/v1/pipelines").json["data"] if one["name"] == "Sales")
    return list(sales["stages"])


def pipeline(owner: Sender, *given: Any) -> Any:
    """A pipeline of these stages, and one that is won and one that is lost."""
    ends = [{"name": "Won", "forecast": "won"}, {"name": "Lost", "forecast": "lost"}]
    answer = owner.post("/v1/pipelines", {"name": "P", "stages": [*given, *ends]})
    assert answer.status == 201, answer.text
    return answer.json


def deal(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Ten engines", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def path(record: Any) -> str:
    return f"/v1/deals/{record['id']}"


def move(owner: Sender, record: Any, stage: Any, **fields: Any) -> Answer:
    return owner.post(f"{path(record)}/move", {"stage_id": stage["id"], **fields})


def moved(owner: Sender, record: Any, stage: Any, **fields: Any) -> Any:
    answer = move(owner, record, stage, **fields)
    assert answer.status == 200, answer.text
    return answer.json


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


def kept(owner: Sender, record: Any) -> Deal:
    found: Deal = truth.record(Deal, owner.tenant, record["id"])
    return found


def rate(owner: Sender, currency: str, value: str, day: str = "2020-01-01") -> None:
    """What one unit of a currency is worth from a day on."""
    from chalicelib.models.settings import Rate
    from chalicelib.models.writes import Step, transact

    place = keys.key("rate", tenant=owner.tenant, currency=currency, day=day)
    transact(Step("save", Rate(*place, day=day, currency=currency, rate=value)))


class TestRecord:
    def test_it_reads_as_it_was_written(self, owner: Sender) -> None:
        person, firm = owner.contact(), owner.post("/v1/companies", {"name": "Analytical"}).json
        stage = stages(owner)[1]
        fields: dict[str, Any] = {
            "title": "Ten engines",
            "stage_id": stage["id"],
            "value": EUR,
            "recurring": {"amount": 4900, "currency": "EUR", "every": "month"},
            "contact_ids": [person["id"]],
            "contact_roles": {person["id"]: "decision maker"},
            "company_id": firm["id"],
            "owner_id": owner.user,
            "expected_close": "2030-06-30",
            "next_step": "Send the offer.",
            "competitor": "Difference Ltd",
            "source": "fair",
            "tags": ["hot"],
            "external_ids": {"hubspot": uuid.uuid4().hex},
        }
        made = deal(owner, **fields)
        read = owner.get(path(made))
        assert (read.json, read.headers["ETag"]) == (made, '"1"')
        assert {name: made[name] for name in fields} == fields
        assert (made["status"], made["stage_since"], made["closed_at"]) == ("open", made["created_at"], None)

    def test_what_is_not_said_is_what_firms_mean(self, owner: Sender) -> None:
        made = deal(owner)
        assert (made["stage_id"], made["owner_id"], made["value"]) == (stages(owner)[0]["id"], owner.user, None)
        program = Sender(owner.house, owner.post("/v1/tokens", {"name": "t", "scopes": ["deals:write"]}).json["secret"])
        assert deal(program)["owner_id"] is None  # a program owns nothing

    def test_a_change_keeps_the_rest_and_null_clears(self, owner: Sender) -> None:
        made = deal(owner, value=EUR, next_step="Call.")
        changed = owner.patch(path(made), {"next_step": None, "tags": ["hot"]}).json
        assert changed == {
            **made,
            "next_step": None,
            "tags": ["hot"],
            "version": 2,
            "updated_at": changed["updated_at"],
        }

    def test_of_money_a_patch_may_say_a_part(self, owner: Sender) -> None:
        made = deal(owner, value=EUR, recurring={**EUR, "every": "year"})
        changed = owner.patch(path(made), {"value": {"amount": 5}, "recurring": {"every": "month"}}).json
        assert (changed["value"], changed["recurring"]) == ({**EUR, "amount": 5}, {**EUR, "every": "month"})
        for value, code in (({"currency": None}, "required"), ({"currency": "USD"}, "no_rate")):
            assert flaw(owner.patch(path(made), {"value": value})) == (422, "/value/currency", code)
        assert flaw(owner.patch(path(deal(owner)), {"value": {"amount": 5}})) == (422, "/value/currency", "required")

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"title": " "}, ("/title", "required")),
            ({"value": {"amount": -1, "currency": "EUR"}}, ("/value/amount", "range")),
            ({"value": {"amount": 10**12 + 1, "currency": "EUR"}}, ("/value/amount", "range")),
            ({"value": {"amount": 1.5, "currency": "EUR"}}, ("/value/amount", "type")),
            ({"value": {"amount": 1, "currency": "eur"}}, ("/value/currency", "format")),
            ({"value": {"amount": 1, "currency": "XXX"}}, ("/value/currency", "unknown")),
            ({"value": {"amount": 1, "currency": "USD"}}, ("/value/currency", "no_rate")),
            ({"recurring": {"amount": 1, "currency": "USD"}}, ("/recurring/currency", "no_rate")),
            ({"recurring": {"amount": -1, "currency": "EUR"}}, ("/recurring/amount", "range")),
            ({"expected_close": "2030-02-30"}, ("/expected_close", "format")),
            ({"contact_ids": ["con_none"]}, ("/contact_ids/0", "unknown")),
            ({"company_id": "com_none"}, ("/company_id", "unknown")),
            ({"owner_id": "usr_none"}, ("/owner_id", "unknown")),
            ({"contact_roles": {"con_none": "boss"}}, ("/contact_roles/con_none", "unknown")),
            ({"pipeline_id": "pip_none"}, ("/pipeline_id", "unknown")),
            ({"stage_id": "stg_none"}, ("/stage_id", "unknown")),
            ({"lost_reason": "price"}, ("/lost_reason", "not_allowed")),
            ({"status": "won"}, ("/status", "unknown_field")),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_place(
        self, owner: Sender, fields: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        assert flaw(owner.post("/v1/deals", {"title": "Ten engines", **fields})) == (422, *expected)
        made = deal(owner)
        assert flaw(owner.patch(path(made), fields)) == (422, *expected)
        assert owner.get(path(made)).json == made

    def test_another_firms_records_are_not_there(self, house: House, owner: Sender) -> None:
        made, person = deal(owner), owner.contact()
        other = house.signup()
        assert other.get(path(made)).status == 404
        assert other.post(f"{path(made)}/move", {"position": 0}).status == 404
        assert flaw(other.post("/v1/deals", {"title": "X", "contact_ids": [person["id"]]})) == (
            *(422, "/contact_ids/0", "unknown"),
        )

    def test_who_leaves_the_deal_leaves_the_role(self, owner: Sender) -> None:
        one, two = owner.contact()["id"], owner.contact()["id"]
        made = deal(owner, contact_ids=[one, two, one], contact_roles={one: "boss", two: "user"})
        assert made["contact_ids"] == [one, two]
        changed = owner.patch(path(made), {"contact_ids": [two]}).json
        assert (changed["contact_ids"], changed["contact_roles"]) == ([two], {two: "user"})
        assert flaw(owner.patch(path(made), {"contact_roles": {one: "boss"}}))[0] == 422

    def test_several_contacts_are_looked_up_together_and_each_that_is_not_there_is_named(self, owner: Sender) -> None:
        people = [owner.contact()["id"] for _ in range(3)]
        answer = owner.post("/v1/deals", {"title": "X", "contact_ids": people})
        assert answer.json["contact_ids"] == people
        alone = owner.post("/v1/deals", {"title": "X", "contact_ids": people[:1]})
        assert answer.cost["rru"] == alone.cost["rru"] + 1
        owner.delete(f"/v1/contacts/{people[1]}")
        for gone in (people[1], "con_none", "con_#"):
            draft = {"title": "X", "contact_ids": [people[0], people[2], gone]}
            assert flaw(owner.post("/v1/deals", draft)) == (422, "/contact_ids/2", "unknown")
        roles = {"title": "X", "contact_roles": {"a/b~": "boss"}}
        assert flaw(owner.post("/v1/deals", roles)) == (422, "/contact_roles/a~1b~0", "unknown")

    def test_a_contact_that_is_gone_by_now_stays_named(self, owner: Sender) -> None:
        person = owner.contact()
        made = deal(owner, contact_ids=[person["id"]])
        owner.delete(f"/v1/contacts/{person['id']}")
        assert owner.patch(path(made), {"next_step": "Call."}).json["contact_ids"] == [person["id"]]

    def test_by_the_id_of_another_system_it_is_made_once_and_then_changed(self, owner: Sender) -> None:
        place = f"/v1/deals/by/external_id/crm:{uuid.uuid4().hex}"
        made = owner.call("PUT", place, {"title": "Ten engines", "value": EUR})
        again = owner.call("PUT", place, {"next_step": "Call."})
        assert (made.status, again.status) == (201, 200)
        assert (again.json["id"], again.json["value"], again.json["version"]) == (made.json["id"], EUR, 2)

    def test_an_id_of_another_system_has_one_deal(self, owner: Sender) -> None:
        ids = {"crm": uuid.uuid4().hex}
        made = deal(owner, external_ids=ids)
        refused = owner.post("/v1/deals", {"title": "X", "external_ids": ids})
        assert (refused.status, refused.json["existing_id"]) == (409, made["id"])
        owner.delete(path(made))
        other = deal(owner, external_ids=ids)
        assert owner.post(f"{path(made)}/restore").json["existing_id"] == other["id"]

    def test_several_at_once(self, owner: Sender) -> None:
        made = deal(owner)
        key = uuid.uuid4().hex
        operations = [
            {"op": "create", "ref": "1", "body": {"title": "A"}},
            {"op": "upsert", "ref": "2", "by": "external_id", "value": f"crm:{key}", "body": {"title": "B"}},
            {"op": "update", "ref": "3", "id": made["id"], "body": {"stage_id": stages(owner)[2]["id"]}},
            {"op": "create", "ref": "4", "body": {"title": "C", "stage_id": "stg_none"}},
        ]
        answer = owner.post("/v1/deals/batch", {"operations": operations})
        assert [one["status"] for one in answer.json["results"]] == [201, 201, 200, 422]
        assert owner.get(path(made)).json["stage_id"] == stages(owner)[2]["id"]
        together = [{"op": "create", "ref": str(number), "body": {"title": f"T{number}"}} for number in range(3)]
        answer = owner.post("/v1/deals/batch", {"operations": together, "all_or_none": True})
        assert [one["status"] for one in answer.json["results"]] == [201, 201, 201]


class TestGates:
    def gated(self, owner: Sender, *fields: str) -> Any:
        return pipeline(owner, {"name": "Open"}, {"name": "Gate", "required_fields": list(fields)})

    def test_each_missing_field_is_named_at_its_place(self, owner: Sender) -> None:
        owner.post("/v1/fields", {"noun": "deal", "name": "budget", "label": "Budget", "type": "number"})
        way = self.gated(owner, "value", "contact_ids", "custom.budget", "next_step", "owner_id")
        made = deal(owner, pipeline_id=way["id"])
        refused = move(owner, made, way["stages"][1])
        assert refused.status == 422
        assert [(one["pointer"], one["code"]) for one in refused.json["errors"]] == [
            *(("/value", "required"), ("/contact_ids", "required")),
            *(("/custom/budget", "required"), ("/next_step", "required")),
        ]
        assert owner.get(path(made)).json == made

    def test_it_opens_once_they_are_filled_also_by_the_same_patch(self, owner: Sender) -> None:
        way = self.gated(owner, "value", "next_step")
        made = deal(owner, pipeline_id=way["id"], value={"amount": 0, "currency": "EUR"})
        gate = way["stages"][1]
        assert flaw(owner.patch(path(made), {"stage_id": gate["id"]})) == (422, "/next_step", "required")
        entered = owner.patch(path(made), {"stage_id": gate["id"], "next_step": "Call."})
        assert (entered.status, entered.json["stage_id"]) == (200, gate["id"])
        # Only who enters is asked.
        assert owner.patch(path(made), {"next_step": None}).status == 200
        assert owner.post(f"{path(made)}/move", {"position": 0}).status == 200

    def test_nothing_is_made_beyond_it(self, owner: Sender) -> None:
        way = self.gated(owner, "source")
        gate = way["stages"][1]["id"]
        draft = {"title": "X", "pipeline_id": way["id"], "stage_id": gate}
        assert flaw(owner.post("/v1/deals", draft)) == (422, "/source", "required")
        assert deal(owner, pipeline_id=way["id"], stage_id=gate, source="fair")["stage_id"] == gate


class TestMoves:
    def test_from_stage_to_stage(self, owner: Sender) -> None:
        first, second, third = stages(owner)[:3]
        steps = [deal(owner)]
        for stage in (second, first, third):
            clock.advance(100)
            steps.append(moved(owner, steps[0], stage))
        assert [step["stage_id"] for step in steps[1:]] == [second["id"], first["id"], third["id"]]
        assert [step["version"] for step in steps] == [1, 2, 3, 4]
        since = [step["stage_since"] for step in steps]
        assert since == [step["updated_at"] for step in steps]
        stays = [round((clock.parse(end) - clock.parse(start)).total_seconds()) for start, end in pairwise(since)]
        assert min(stays) >= 100
        record = kept(owner, steps[0])
        assert record.entered == {"1": 2, "2": 1, "3": 1}
        assert record.stayed == {"1": stays[0] + stays[2], "2": stays[1]}

    def test_it_stands_on_the_board_of_its_stage_and_on_no_other(self, owner: Sender) -> None:
        first, second = stages(owner)[:2]
        made, other = deal(owner), deal(owner)

        def board(stage: Any) -> list[str]:
            partition = keys.partition("deal", "gsi1", tenant=owner.tenant, stage=stage["id"])
            return [card.id for card in every(partition, index="gsi1")]

        assert board(first) == [made["id"], other["id"]]
        moved(owner, made, second)
        assert (board(first), board(second)) == ([other["id"]], [made["id"]])
        moved(owner, other, second, position=0)
        assert board(second) == [other["id"], made["id"]]
        moved(owner, other, second)  # again, without a place: nothing happens
        assert board(second) == [other["id"], made["id"]]
        owner.delete(path(other))
        assert board(second) == [made["id"]]
        owner.post(f"{path(other)}/restore")
        assert set(board(second)) == {made["id"], other["id"]}

    def test_a_stage_is_one_of_its_own_pipeline(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"}, {"name": "Next"})
        made = deal(owner)
        assert flaw(move(owner, made, way["stages"][0])) == (422, "/stage_id", "unknown")
        assert flaw(owner.patch(path(made), {"stage_id": way["stages"][0]["id"]})) == (422, "/stage_id", "unknown")
        assert flaw(owner.patch(path(made), {"stage_id": None})) == (422, "/stage_id", "required")
        assert flaw(owner.patch(path(made), {"pipeline_id": None})) == (422, "/pipeline_id", "required")

    def test_into_another_pipeline_it_begins_there_anew(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"}, {"name": "Next"})
        made = deal(owner)
        moved(owner, made, stages(owner)[2])
        there = owner.patch(path(made), {"pipeline_id": way["id"]}).json
        assert (there["pipeline_id"], there["stage_id"]) == (way["id"], way["stages"][0]["id"])
        assert (kept(owner, made).entered, kept(owner, made).stayed) == ({"1": 1}, None)
        named = {"pipeline_id": way["id"], "stage_id": way["stages"][1]["id"]}
        other = owner.patch(path(deal(owner)), named).json
        assert other["stage_id"] == way["stages"][1]["id"]

    def test_from_two_places_at_once_the_second_is_told(self, owner: Sender) -> None:
        second, third = stages(owner)[1:3]
        made = deal(owner)
        seen = {"If_Match": owner.get(path(made)).headers["ETag"]}
        place = f"{path(made)}/move"
        assert owner.post(place, {"stage_id": second["id"]}, **seen).status == 200
        assert owner.post(place, {"stage_id": third["id"]}, **seen).status == 412
        assert owner.get(path(made)).json["stage_id"] == second["id"]

    def test_of_many_with_the_same_version_one_moves_it(self, owner: Sender) -> None:
        made, all_stages = deal(owner), stages(owner)[1:4]
        tag = owner.get(path(made)).headers["ETag"]
        answers = at_once(
            lambda stage=stage: owner.post(f"{path(made)}/move", {"stage_id": stage["id"]}, If_Match=tag)
            for stage in all_stages
        )
        assert sorted(answer.status for answer in answers) == [200, 412, 412]
        winner = next(answer for answer in answers if answer.status == 200)
        assert owner.get(path(made)).json == winner.json

    def test_without_a_version_they_move_it_one_after_the_other(self, house: House, owner: Sender) -> None:
        made, all_stages = deal(owner), stages(owner)[1:4]
        answers = at_once(
            [
                *(lambda stage=stage: move(owner, made, stage) for stage in all_stages),
                lambda: owner.patch(path(made), {"next_step": "Call."}),
            ]
        )
        assert [answer.status for answer in answers] == [200] * 4
        now = owner.get(path(made)).json
        assert (now["version"], now["next_step"]) == (5, "Call.")
        assert kept(owner, made).entered == {"1": 1, "2": 1, "3": 1, "4": 1}
        house.settle()
        told = owner.get(f"{path(made)}/timeline?kind=deal.stage_changed").json["data"]
        ways = {entry["data"]["version"]: (entry["data"]["from"], entry["data"]["to"]) for entry in told}
        way = [ways[version] for version in sorted(ways)]
        assert [start for start, _ in way] == [made["stage_id"], *(end for _, end in way[:-1])]
        assert way[-1][1] == now["stage_id"]


@given(
    way=st.lists(
        st.tuples(st.sampled_from(["open", "commit", "won", "lost"]), st.integers(1, 9), st.integers(0, 10**7)),
        min_size=1,
        max_size=30,
    )
)
def test_whatever_its_way_what_reports_need_of_it_adds_up(way: list[tuple[str, int, int]]) -> None:
    made = Deal(id="dea_x", tenant="ten_x")
    start = clock.parse("2026-03-29T00:30:00.500Z")
    now, closed_at = start, None
    for forecast, code, milliseconds in way:
        before = made.status
        now += timedelta(milliseconds=milliseconds)
        made.updated_at = clock.stamp(now)
        deals._enter(made, {"code": code, "forecast": forecast})
        status = forecast if forecast in ("won", "lost") else "open"
        closed_at = None if status == "open" else closed_at if status == before else clock.stamp(now)
        assert (made.status, made.closed_at) == (status, closed_at)
    codes = [str(code) for _, code, _ in way]
    assert made.entered == {code: codes.count(code) for code in codes}
    assert made.stage_since == clock.stamp(now)
    began = start + timedelta(milliseconds=way[0][2])
    stayed = made.stayed or {}
    assert stayed.keys() == set(codes[:-1])
    assert abs(sum(stayed.values()) - (now - began).total_seconds()) <= len(way) / 2  # each stay is rounded


def at_once(calls: Any) -> list[Answer]:
    """Each call in a thread of its own, begun together."""
    several = list(calls)
    gate, answers = threading.Barrier(len(several)), []

    def run(call: Any) -> None:
        gate.wait()
        answers.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(several)
    return answers


class TestClosing:
    def test_won_it_says_when_and_for_how_much(self, owner: Sender) -> None:
        made = deal(owner, value=EUR)
        won = moved(owner, made, stages(owner)[4])
        assert (won["status"], won["closed_at"]) == ("won", won["updated_at"])
        assert (won["rate"], won["base_value"]) == ("1", EUR)

    def test_lost_it_says_why(self, owner: Sender) -> None:
        made, lost = deal(owner, value=EUR), stages(owner)[5]
        for reason in ({}, {"lost_reason": " "}):
            assert flaw(move(owner, made, lost, **reason)) == (422, "/lost_reason", "required")
        assert flaw(owner.post("/v1/deals", {"title": "X", "stage_id": lost["id"]})) == (
            *(422, "/lost_reason", "required"),
        )
        gone = moved(owner, made, lost, lost_reason="price")
        assert (gone["status"], gone["lost_reason"], gone["base_value"]) == ("lost", "price", EUR)
        again = owner.patch(path(made), {"lost_reason": "timing"}).json
        assert (again["lost_reason"], again["closed_at"]) == ("timing", gone["closed_at"])
        assert flaw(owner.patch(path(made), {"lost_reason": None})) == (422, "/lost_reason", "required")
        assert flaw(move(owner, deal(owner), stages(owner)[4], lost_reason="price")) == (
            *(422, "/lost_reason", "not_allowed"),
        )

    def test_reopened_it_is_as_if_it_had_not_been_closed(self, owner: Sender) -> None:
        made = deal(owner, value=EUR)
        moved(owner, made, stages(owner)[5], lost_reason="price")
        back = moved(owner, made, stages(owner)[3])
        assert back["status"] == "open"
        assert {back[name] for name in ("closed_at", "lost_reason", "rate", "base_value")} == {None}
        won = moved(owner, made, stages(owner)[4])
        assert (won["status"], won["closed_at"], won["lost_reason"]) == ("won", won["updated_at"], None)

    def test_from_one_won_stage_to_another_it_was_won_when_it_was(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"}, {"name": "Delivered", "forecast": "won"})
        made = deal(owner, pipeline_id=way["id"], value=EUR)
        won = moved(owner, made, way["stages"][2])
        clock.advance(100)
        delivered = moved(owner, made, way["stages"][1])
        assert (delivered["closed_at"], delivered["base_value"]) == (won["closed_at"], EUR)
        assert delivered["stage_since"] > won["stage_since"]

    def test_a_foreign_value_is_settled_at_the_rate_of_the_day(self, owner: Sender) -> None:
        rate(owner, "USD", "0.9")
        rate(owner, "JPY", "0.006")
        made = deal(owner, value={"amount": 10_005, "currency": "USD"})
        assert (made["rate"], made["base_value"]) == (None, None)
        won = moved(owner, made, stages(owner)[4])
        assert (won["rate"], won["base_value"]) == ("0.9", {"amount": 9005, "currency": "EUR"})  # 9004.5
        # No cents in Japan: 1,000 yen are 6.00 euro.
        other = deal(owner, value={"amount": 1000, "currency": "JPY"}, stage_id=stages(owner)[4]["id"])
        assert other["base_value"] == {"amount": 600, "currency": "EUR"}

    def test_a_value_put_right_later_is_worth_what_it_would_have_been_then(self, owner: Sender) -> None:
        rate(owner, "USD", "0.9")
        rate(owner, "GBP", "1.1")
        made = deal(owner, value={"amount": 1000, "currency": "USD"})
        won = moved(owner, made, stages(owner)[4])
        rate(owner, "USD", "0.5", day=won["closed_at"][:10])
        more = owner.patch(path(made), {"value": {"amount": 2000, "currency": "USD"}}).json
        assert (more["rate"], more["base_value"]["amount"]) == ("0.9", 1800)
        other = owner.patch(path(made), {"value": {"amount": 2000, "currency": "GBP"}}).json
        assert (other["rate"], other["base_value"]["amount"], other["closed_at"]) == ("1.1", 2200, won["closed_at"])
        none = owner.patch(path(made), {"value": None}).json
        assert (none["rate"], none["base_value"]) == (None, None)
        again = owner.patch(path(made), {"value": {"amount": 1000, "currency": "USD"}}).json
        assert (again["rate"], again["base_value"]["amount"]) == ("0.5", 500)  # the rate of the day of its closing
        untouched = owner.patch(path(made), {"next_step": "Call."}).json
        assert untouched["base_value"] == again["base_value"]

    def test_what_grows_beyond_counting_is_refused(self, owner: Sender) -> None:
        rate(owner, "USD", str(MOST))
        made = deal(owner, value={"amount": 1000, "currency": "USD"})
        assert flaw(move(owner, made, stages(owner)[4])) == (422, "/value/amount", "range")


class TestItems:
    def test_they_say_what_it_is_worth(self, owner: Sender) -> None:
        line = {"name": "Engine", "quantity": 3, "unit_price": EUR}
        made = deal(owner, items=[line])
        assert made["value"] == {"amount": 3 * 129_900, "currency": "EUR"}
        assert made["items"][0]["quantity"] == 3
        changed = owner.patch(path(made), {"items": [{**line, "quantity": 1, "discount": 50}]}).json
        assert changed["value"] == {"amount": 64_950, "currency": "EUR"}
        kept_as_is = owner.patch(path(made), {"next_step": "Call."}).json
        assert (kept_as_is["items"], kept_as_is["value"]) == (changed["items"], changed["value"])

    def test_another_value_than_theirs_is_refused(self, owner: Sender) -> None:
        line = {"name": "Engine", "quantity": 3, "unit_price": EUR}
        assert flaw(owner.post("/v1/deals", {"title": "X", "items": [line], "value": EUR})) == (
            *(422, "/value", "not_allowed"),
        )
        made = deal(owner, items=[line], value={"amount": 3 * 129_900, "currency": "EUR"})
        assert flaw(owner.patch(path(made), {"value": EUR})) == (422, "/value", "not_allowed")
        without = owner.patch(path(made), {"items": [], "value": EUR}).json
        assert (without["items"], without["value"]) == ([], EUR)

    def test_they_open_gates(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"}, {"name": "Gate", "required_fields": ["items", "value"]})
        made = deal(owner, pipeline_id=way["id"])
        gate = way["stages"][1]["id"]
        refused = owner.patch(path(made), {"stage_id": gate})
        assert [one["pointer"] for one in refused.json["errors"]] == ["/items", "/value"]
        line = {"name": "Engine", "unit_price": EUR}
        assert owner.patch(path(made), {"stage_id": gate, "items": [line]}).status == 200

    def test_a_closed_deal_is_settled_anew(self, owner: Sender) -> None:
        made = deal(owner, items=[{"name": "Engine", "unit_price": EUR}], stage_id=stages(owner)[4]["id"])
        assert made["base_value"] == EUR
        more = owner.patch(path(made), {"items": [{"name": "Engine", "quantity": 2, "unit_price": EUR}]}).json
        assert more["base_value"] == {"amount": 259_800, "currency": "EUR"}


class TestTrash:
    def test_deleted_restored_and_removed_for_good(self, house: House, owner: Sender) -> None:
        made = deal(owner)
        assert owner.post(f"{path(made)}/restore").status == 409
        assert owner.post(f"{path(made)}/purge").status == 409
        assert owner.delete(path(made)).status == 204
        assert owner.get(path(made)).status == 404
        assert move(owner, made, stages(owner)[1]).status == 404
        back = owner.post(f"{path(made)}/restore").json
        assert back == {**made, "version": 3, "updated_at": back["updated_at"]}
        owner.delete(path(made))
        assert owner.post(f"{path(made)}/purge").status == 204
        assert owner.get(path(made)).status == 410
        assert owner.post(f"{path(made)}/move", {"position": 0}).status == 410

    def test_it_comes_back_into_a_stage_that_is_there(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"}, {"name": "Next"})
        first, second, won, lost = way["stages"]
        made = deal(owner, pipeline_id=way["id"], stage_id=second["id"])
        gone = deal(owner, pipeline_id=way["id"], stage_id=lost["id"], lost_reason="price")
        closed = deal(owner, pipeline_id=way["id"], stage_id=won["id"], value=EUR)
        for one in (made, gone, closed):
            owner.delete(path(one))
        left = [first, {**won, "forecast": "pipeline"}, {"name": "Done", "forecast": "won"}]
        changed = owner.patch(f"/v1/pipelines/{way['id']}", {"stages": left})
        assert changed.status == 200, changed.text
        back = owner.post(f"{path(made)}/restore").json
        assert (back["stage_id"], back["status"]) == (first["id"], "open")
        # No stage is lost any more: it is open again.
        reopened = owner.post(f"{path(gone)}/restore").json
        assert (reopened["stage_id"], reopened["status"], reopened["lost_reason"]) == (first["id"], "open", None)
        still = owner.post(f"{path(closed)}/restore").json
        assert (still["stage_id"], still["status"]) == (changed.json["stages"][2]["id"], "won")
        assert (still["closed_at"], still["base_value"]) == (closed["closed_at"], EUR)

    def test_an_open_deal_waits_for_its_pipeline(self, owner: Sender) -> None:
        way = pipeline(owner, {"name": "Open"})
        made = deal(owner, pipeline_id=way["id"])
        won = deal(owner, pipeline_id=way["id"], stage_id=way["stages"][1]["id"])
        for one in (made, won):
            owner.delete(path(one))
        assert owner.delete(f"/v1/pipelines/{way['id']}").status == 204
        refused = owner.post(f"{path(made)}/restore")
        assert (refused.status, refused.json["pipeline_id"]) == (409, way["id"])
        assert owner.post(f"{path(won)}/restore").status == 200
        owner.post(f"/v1/pipelines/{way['id']}/restore")
        assert owner.post(f"{path(made)}/restore").json["stage_id"] == made["stage_id"]
