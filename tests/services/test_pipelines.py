"""Pipelines: stages in their order, and never a deal in a stage that is not there."""

import threading
from typing import Any

import pytest

from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import every
from chalicelib.services import pipelines
from tests import truth
from tests.house import Answer, House, Sender

STAGES: list[dict[str, Any]] = [
    {"name": "Due", "probability": 0.5},
    {"name": "Won", "forecast": "won"},
    {"name": "Lost", "forecast": "lost"},
]


def pipeline(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/pipelines", {"name": "Renewals", "stages": STAGES, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def deal(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Ten engines", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


def path(record: Any) -> str:
    return f"/v1/pipelines/{record['id']}"


def names(record: Any) -> list[str]:
    return [stage["name"] for stage in record["stages"]]


class TestFirst:
    def test_a_new_firm_has_one_that_leads_to_won_and_lost(self, owner: Sender) -> None:
        (sales,) = owner.get("/v1/pipelines").json["data"]
        assert sales["name"] == "Sales"
        assert [stage["forecast"] for stage in sales["stages"]] == [
            *("pipeline", "pipeline", "best_case", "commit", "won", "lost")
        ]
        chances = [stage["probability"] for stage in sales["stages"]]
        assert chances == [*sorted(chances[:-1]), 0]
        assert all(stage["id"].startswith("stg_") for stage in sales["stages"])
        assert sales["created_at"] == sales["updated_at"]

    def test_a_deal_without_a_pipeline_is_in_it_while_it_is_there(self, owner: Sender) -> None:
        sales = owner.get("/v1/pipelines").json["data"][0]
        other, third = pipeline(owner), pipeline(owner, name="A")
        assert deal(owner)["pipeline_id"] == sales["id"]
        for one in owner.get(f"/v1/deals?pipeline_id={sales['id']}").json["data"]:
            owner.delete(f"/v1/deals/{one['id']}")
        assert owner.delete(path(sales)).status == 204
        assert deal(owner)["pipeline_id"] == other["id"]  # the next oldest, whatever its name
        for one in owner.get(f"/v1/deals?pipeline_id={other['id']}").json["data"]:
            owner.delete(f"/v1/deals/{one['id']}")
        assert owner.delete(path(other)).status == owner.delete(path(third)).status == 204
        assert flaw(owner.post("/v1/deals", {"title": "X"})) == (422, "/pipeline_id", "unknown")


class TestRecord:
    def test_it_reads_as_it_was_written(self, owner: Sender) -> None:
        owner.post("/v1/fields", {"noun": "deal", "name": "budget", "label": "Budget", "type": "money"})
        stages = [
            {
                "name": "Proposal",
                "probability": 0.4,
                "forecast": "best_case",
                "rotting_days": 14,
                "required_fields": ["value", "custom.budget"],
            },
            *STAGES,
        ]
        made = pipeline(owner, stages=stages)
        read = owner.get(path(made))
        assert (read.json, read.headers["ETag"]) == (made, '"1"')
        assert {name: made["stages"][0][name] for name in stages[0]} == stages[0]
        due = {"name": "Due", "probability": 0.5, "forecast": "pipeline", "rotting_days": None, "required_fields": []}
        assert made["stages"][1] == {"id": made["stages"][1]["id"], **due}

    def test_what_is_won_or_lost_is_certain(self, owner: Sender) -> None:
        stages = [STAGES[0], {"name": "W", "forecast": "won"}, {"name": "L", "forecast": "lost", "probability": 0.9}]
        assert [stage["probability"] for stage in pipeline(owner, stages=stages)["stages"]] == [0.5, 1, 0]

    def test_the_list_is_by_name(self, owner: Sender) -> None:
        pipeline(owner, name="zeta")
        pipeline(owner, name="Alpha")
        assert [one["name"] for one in owner.get("/v1/pipelines").json["data"]] == ["Alpha", "Sales", "zeta"]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"name": " "}, ("/name", "required")),
            ({"stages": []}, ("/stages", "length")),
            ({"stages": STAGES[1:]}, ("/stages", "required")),
            ({"stages": [*STAGES, {"name": "due"}]}, ("/stages/3/name", "repeated")),
            ({"stages": [{"name": " "}]}, ("/stages/0/name", "required")),
            ({"stages": [{"name": "A", "probability": 1.1}]}, ("/stages/0/probability", "range")),
            ({"stages": [{"name": "A", "forecast": "maybe"}]}, ("/stages/0/forecast", "not_allowed")),
            ({"stages": [{"name": "A", "rotting_days": 0}]}, ("/stages/0/rotting_days", "range")),
            ({"stages": [{"name": "A", "required_fields": ["id"]}]}, ("/stages/0/required_fields/0", "format")),
            ({"stages": [{"name": "A", "id": "stg_01HX5ZZKBKACTAV9WEVGEMMVRZ"}]}, ("/stages/0/id", "unknown")),
            ({"stages": [{"name": f"S{number}"} for number in range(31)]}, ("/stages", "length")),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_place(
        self, owner: Sender, fields: dict[str, Any], expected: tuple[str, str]
    ) -> None:
        body = {"name": "Renewals", "stages": STAGES, **fields}
        assert flaw(owner.post("/v1/pipelines", body)) == (422, *expected)
        assert len(owner.get("/v1/pipelines").json["data"]) == 1

    def test_a_firm_has_at_most_ten(self, owner: Sender) -> None:
        made = [pipeline(owner) for _ in range(9)]
        assert owner.post("/v1/pipelines", {"name": "X", "stages": STAGES}).status == 409
        assert owner.delete(path(made[0])).status == 204
        pipeline(owner)
        assert owner.post(f"{path(made[0])}/restore").status == 409

    def test_another_firms_pipeline_is_not_there(self, house: House, owner: Sender) -> None:
        made = pipeline(owner)
        other = house.signup()
        assert other.get(path(made)).status == 404
        assert flaw(other.post("/v1/deals", {"title": "X", "pipeline_id": made["id"]})) == (
            *(422, "/pipeline_id", "unknown"),
        )
        theirs = {"title": "X", "stage_id": made["stages"][0]["id"]}
        assert flaw(other.post("/v1/deals", theirs)) == (422, "/stage_id", "unknown")

    def test_who_only_sells_does_not_change_it(self, owner: Sender) -> None:
        made = owner.post("/v1/tokens", {"name": "t", "scopes": ["deals:write", "pipelines:read"]})
        program = Sender(owner.house, made.json["secret"])
        assert program.get("/v1/pipelines").status == 200
        assert program.post("/v1/pipelines", {"name": "X", "stages": STAGES}).status == 403


class TestStages:
    def test_order_and_names_may_change_and_the_deals_stay(self, owner: Sender) -> None:
        made = pipeline(owner)
        due, won, lost = made["stages"]
        there = deal(owner, pipeline_id=made["id"], stage_id=won["id"])
        changed = owner.patch(
            path(made), {"stages": [won, {"name": "New"}, {**due, "name": "Coming", "probability": 0.25}, lost]}
        )
        assert changed.status == 200, changed.text
        assert names(changed.json) == ["Won", "New", "Coming", "Lost"]
        assert [changed.json["stages"][n]["id"] for n in (0, 2, 3)] == [won["id"], due["id"], lost["id"]]
        assert owner.get(f"/v1/deals/{there['id']}").json == there
        # Without a stage a deal begins in the first one that is open.
        assert deal(owner, pipeline_id=made["id"])["stage_id"] == changed.json["stages"][1]["id"]

    def test_a_code_is_never_given_twice(self, owner: Sender) -> None:
        made = pipeline(owner)

        def codes() -> list[int]:
            kept = truth.record(Pipeline, owner.tenant, made["id"])
            return [stage["code"] for stage in kept.stages]

        assert codes() == [1, 2, 3]
        owner.patch(path(made), {"stages": made["stages"][:2]})
        owner.patch(path(made), {"stages": [*made["stages"][:2], {"name": "Lost", "forecast": "lost"}]})
        assert codes() == [1, 2, 4]

    def test_a_stage_with_deals_is_not_removed(self, owner: Sender) -> None:
        made = pipeline(owner)
        there = deal(owner, pipeline_id=made["id"])
        left = {"stages": [{"name": "Other"}, *made["stages"][1:]]}
        refused = owner.patch(path(made), left)
        assert (refused.status, refused.json["stage_id"]) == (409, made["stages"][0]["id"])
        assert "Due" in refused.json["detail"]
        assert owner.get(path(made)).json == made
        owner.post(f"/v1/deals/{there['id']}/move", {"stage_id": made["stages"][1]["id"]})
        assert owner.patch(path(made), left).status == 200

    def test_a_stage_with_deals_does_not_begin_to_close_them_nor_to_open_them(self, owner: Sender) -> None:
        made = pipeline(owner)
        due, won, lost = made["stages"]
        deal(owner, pipeline_id=made["id"])
        deal(owner, pipeline_id=made["id"], stage_id=won["id"])
        other = {"name": "Other"}
        for stages in (
            [{**due, "forecast": "won"}, other, won, lost],
            [due, {**won, "forecast": "lost"}, lost],
            [due, {**won, "forecast": "commit"}, lost],
        ):
            assert owner.patch(path(made), {"stages": stages}).status == 409
        allowed = [{**due, "forecast": "commit"}, won, {**lost, "forecast": "pipeline"}]
        assert owner.patch(path(made), {"stages": allowed}).status == 200

    def test_stages_are_its_own_and_each_once(self, owner: Sender) -> None:
        one, other = pipeline(owner), pipeline(owner)
        foreign = [*one["stages"], {**other["stages"][0], "name": "Theirs"}]
        assert flaw(owner.patch(path(one), {"stages": foreign})) == (422, "/stages/3/id", "unknown")
        twice = [*one["stages"], {**one["stages"][0], "name": "Again"}]
        assert flaw(owner.patch(path(one), {"stages": twice})) == (422, "/stages/3/id", "repeated")
        assert flaw(owner.patch(path(one), {"stages": one["stages"][1:]})) == (422, "/stages", "required")
        assert flaw(owner.patch(path(one), {"stages": None}))[:2] == (422, "/stages")

    def test_a_name_alone_leaves_the_stages(self, owner: Sender) -> None:
        made = pipeline(owner)
        changed = owner.patch(path(made), {"name": "Upgrades"}, If_Match='"1"').json
        assert (changed["name"], changed["stages"], changed["version"]) == ("Upgrades", made["stages"], 2)
        assert owner.patch(path(made), {"name": "Again"}, If_Match='"1"').status == 412

    def test_two_who_add_a_stage_at_once_do_not_lose_one(self, owner: Sender) -> None:
        made = pipeline(owner)
        answers: list[Answer] = []

        def add(name: str) -> None:
            read = owner.get(path(made))
            stages = [*read.json["stages"], {"name": name}]
            while True:
                answer = owner.patch(path(made), {"stages": stages}, If_Match=read.headers["ETag"])
                answers.append(answer)
                if answer.status != 412:
                    return
                read = owner.get(path(made))
                stages = [*read.json["stages"], {"name": name}]

        threads = [threading.Thread(target=add, args=(name,)) for name in ("A", "B", "C")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {"A", "B", "C"} < set(names(owner.get(path(made)).json))


class TestGates:
    def test_a_custom_field_that_there_is_not_is_refused_unless_it_was_asked_for_before(self, owner: Sender) -> None:
        made = pipeline(owner)
        made["stages"][0]["required_fields"] = ["custom.tier"]
        asked = {"stages": made["stages"]}
        assert flaw(owner.patch(path(made), asked)) == (422, "/stages/0/required_fields/0", "unknown")
        field = {"noun": "deal", "name": "tier", "label": "Tier", "type": "text"}
        defined = owner.post("/v1/fields", field).json
        assert owner.patch(path(made), asked).status == 200
        assert owner.delete(f"/v1/fields/{defined['id']}").status == 204
        assert owner.patch(path(made), {**asked, "name": "Other"}).status == 200


class TestTrash:
    def test_with_open_deals_it_stays(self, owner: Sender) -> None:
        made = pipeline(owner)
        there = deal(owner, pipeline_id=made["id"])
        refused = owner.delete(path(made))
        assert (refused.status, refused.json["stage_id"]) == (409, made["stages"][0]["id"])
        assert owner.get(path(made)).status == 200
        owner.post(f"/v1/deals/{there['id']}/move", {"stage_id": made["stages"][1]["id"]})
        assert owner.delete(path(made)).status == 409, "what was won there is still in the forecast"
        sales = next(one for one in owner.get("/v1/pipelines").json["data"] if one["name"] == "Sales")
        moved = owner.patch(f"/v1/deals/{there['id']}", {"pipeline_id": sales["id"]}).json
        assert (moved["stage_id"], moved["status"]) == (sales["stages"][0]["id"], "open")
        assert owner.delete(path(made)).status == 204
        assert owner.get(path(made)).status == 404

    def test_a_deal_that_came_in_the_same_moment_takes_it_back(
        self, house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = pipeline(owner)
        house.settle()
        there = deal(owner, pipeline_id=made["id"])
        with monkeypatch.context() as just_then:
            just_then.setattr(pipelines, "has_deals", lambda *_: False)  # asked before the deal was there
            assert owner.delete(path(made)).status == 204
        entry = truth.record(Deal, owner.tenant, there["id"])
        for _ in range(2):
            pipelines.came(None, entry)
            assert owner.get(path(made)).json["version"] == 3
        owner.delete(f"/v1/deals/{there['id']}")
        assert owner.delete(path(made)).status == 204
        pipelines.came(None, entry)
        assert owner.get(path(made)).status == 404, "told late, of a deal that is there no more"

    def test_nothing_is_made_in_one_that_is_deleted(self, owner: Sender) -> None:
        made = pipeline(owner)
        owner.delete(path(made))
        for body in ({"pipeline_id": made["id"]}, {"pipeline_id": made["id"], "stage_id": made["stages"][0]["id"]}):
            assert flaw(owner.post("/v1/deals", {"title": "X", **body})) == (422, "/pipeline_id", "unknown")

    def test_it_comes_back_as_it_was(self, owner: Sender) -> None:
        made = pipeline(owner)
        assert owner.post(f"{path(made)}/restore").status == 409
        owner.delete(path(made))
        assert made["id"] not in [one["id"] for one in owner.get("/v1/pipelines").json["data"]]
        back = owner.post(f"{path(made)}/restore").json
        assert (back["stages"], back["version"], back["deleted_at"]) == (made["stages"], 3, None)
        assert made["id"] in [one["id"] for one in owner.get("/v1/pipelines").json["data"]]


def test_one_pipeline_is_made_with_the_firm_and_by_its_id(owner: Sender) -> None:
    found = list(every(keys.partition("pipeline", "gsi1", tenant=owner.tenant), index="gsi1"))
    assert [one.id for one in found] == [pipelines.of(owner.tenant, None).id]
    assert found[0].id[4:] == owner.tenant[4:]
