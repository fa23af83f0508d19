"""Segments over HTTP: made, changed, listed and in the trash; static lists; previews; what each of them refuses."""

import json
from typing import Any
from urllib.request import urlopen

import pytest

from chalicelib.models.campaign import Campaign
from chalicelib.models.job import Job
from chalicelib.models.writes import Step, transact
from chalicelib.services import jobs, previews, rulebooks, segments, steps
from tests.house import Answer, House, Sender

CUSTOMERS = {"all": [{"field": "lifecycle", "op": "eq", "value": "customer"}]}
LEADS = {"all": [{"field": "lifecycle", "op": "eq", "value": "lead"}]}


def segment(sender: Sender, **fields: Any) -> Any:
    answer = sender.post("/v1/segments", {"name": "Fair", "kind": "static", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def dynamic(house: House, sender: Sender, rule: Any = CUSTOMERS, **fields: Any) -> Any:
    """A segment with a rule, filled."""
    made = segment(sender, kind="dynamic", rule=rule, **fields)
    house.settle()
    return sender.get(f"/v1/segments/{made['id']}").json


def names(sender: Sender, made: Any) -> list[str]:
    rows = sender.get(f"/v1/segments/{made['id']}/members").json["data"]
    assert sender.get(f"/v1/segments/{made['id']}").json["size"] == len(rows)
    return sorted(row["name"] for row in rows)


def flaw(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]


def test_a_list_has_whom_somebody_puts_into_it(house: House, owner: Sender) -> None:
    made = segment(owner, description="Met in Graz")
    assert (made["kind"], made["rule"], made["size"], made["building"]) == ("static", None, 0, False)
    path = f"/v1/segments/{made['id']}/members"
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob")
    both = {"contact_ids": [ada["id"], bob["id"], ada["id"]], "reason": "was at the stand"}
    assert owner.post(path, both).json == {"added": 2, "unchanged": 0, "size": 2}
    assert owner.post(path, {"contact_ids": [bob["id"]]}).json == {"added": 0, "unchanged": 1, "size": 2}
    rows = {row["id"]: row for row in owner.get(path).json["data"]}
    assert rows.keys() == {ada["id"], bob["id"]}
    assert (rows[ada["id"]]["name"], rows[ada["id"]]["reason"]) == ("Ada", "was at the stand")
    assert owner.delete(f"{path}/{ada['id']}").status == 204
    assert owner.delete(f"{path}/{ada['id']}").status == 404
    house.settle()
    assert names(owner, made) == ["Bob"]


def test_a_dynamic_one_is_built_by_a_job_and_says_so_meanwhile(house: House, owner: Sender) -> None:
    owner.contact(first_name="Ada", lifecycle="customer")
    owner.contact(first_name="Bob", lifecycle="lead")
    house.settle()
    made = segment(owner, kind="dynamic", rule=CUSTOMERS)
    assert (made["building"], made["size"]) == (True, 0)
    assert owner.get(f"/v1/jobs/{made['job_id']}").json["kind"] == segments.BUILD
    house.settle()
    job = owner.get(f"/v1/jobs/{made['job_id']}").json
    assert (job["status"], job["progress"]) == ("succeeded", {"done": 2, "total": 2})
    assert job["counts"] == {"added": 1, "removed": 0, "unchanged": 0}
    shown = owner.get(f"/v1/segments/{made['id']}").json
    assert (shown["building"], shown["job_id"], shown["rule"]) == (False, None, CUSTOMERS)
    assert names(owner, made) == ["Ada"]


def test_another_rule_replaces_the_old_one_as_a_whole(house: House, owner: Sender) -> None:
    owner.contact(first_name="Ada", lifecycle="customer")
    owner.contact(first_name="Bob", lifecycle="lead")
    house.settle()
    made = dynamic(house, owner)
    path = f"/v1/segments/{made['id']}"
    renamed = owner.patch(path, {"name": "Ours", "rule": CUSTOMERS}).json
    assert (renamed["name"], renamed["building"], renamed["size"]) == ("Ours", False, 1)
    changed = owner.patch(path, {"rule": {"any": LEADS["all"]}}).json
    assert (changed["rule"], changed["building"]) == ({"any": LEADS["all"]}, True)
    house.settle()
    assert names(owner, made) == ["Bob"]


def test_a_rule_that_only_looks_alike_is_another_one(house: House, owner: Sender) -> None:
    """To Python 1 is true: unchecked it would stand there as a rule that nobody understands."""
    asked = {"field": "preferences.channels.email", "op": "eq", "value": True}
    path = f"/v1/segments/{dynamic(house, owner, {'all': [asked]})['id']}"
    refused = owner.patch(path, {"rule": {"all": [{**asked, "value": 1}]}})
    assert flaw(refused) == (422, "/rule/all/0/value", "type")
    turned = dict(reversed(asked.items()))
    assert owner.patch(path, {"rule": {"all": [turned]}}).json["building"] is False, "the order of keys means nothing"


def test_a_job_of_a_rule_that_was_replaced_leaves_it_to_the_next(house: House, owner: Sender) -> None:
    owner.contact(first_name="Ada", lifecycle="customer")
    house.settle()
    made = segment(owner, kind="dynamic", rule=LEADS)
    latest = owner.patch(f"/v1/segments/{made['id']}", {"rule": CUSTOMERS}).json
    assert latest["job_id"] != made["job_id"]
    house.settle()
    assert owner.get(f"/v1/jobs/{made['job_id']}").json["counts"] == {}
    assert owner.get(f"/v1/segments/{made['id']}").json["building"] is False
    assert names(owner, made) == ["Ada"]


def test_the_trash_empties_a_rule_and_keeps_a_list(house: House, owner: Sender) -> None:
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    house.settle()
    rule, fixed = dynamic(house, owner), segment(owner)
    owner.post(f"/v1/segments/{fixed['id']}/members", {"contact_ids": [ada["id"]]})
    for one in (rule, fixed):
        assert owner.delete(f"/v1/segments/{one['id']}").status == 204
        assert owner.get(f"/v1/segments/{one['id']}/members").status == 404
    house.settle()
    assert segments.size(owner.tenant, rule["id"]) == 0
    for one in (rule, fixed):
        assert owner.post(f"/v1/segments/{one['id']}/restore").status == 200
        assert owner.post(f"/v1/segments/{one['id']}/restore").status == 409
    house.settle()
    assert names(owner, rule) == names(owner, fixed) == ["Ada"]


@pytest.mark.parametrize("status", ["scheduled", "running", "paused"])
def test_a_segment_that_a_campaign_is_about_to_be_sent_to_stays(owner: Sender, status: str) -> None:
    made = segment(owner)
    campaign = Campaign(id="cam_01HX5ZZKBKACTAV9WEVGEMMVRZ", tenant=owner.tenant, label="Spring", status=status)
    campaign.segment_id = made["id"]
    campaign.touch(owner.user)
    campaign.keys()
    transact(Step("save", campaign))
    refused = owner.delete(f"/v1/segments/{made['id']}")
    assert (refused.status, refused.json["campaign_id"]) == (409, campaign.id)
    campaign.status = "finished"
    transact(Step("save", campaign))
    assert owner.delete(f"/v1/segments/{made['id']}").status == 204


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"kind": "dynamic"}, (422, "/rule", "required")),
        ({"kind": "dynamic", "rule": None}, (422, "/rule", "required")),
        ({"kind": "static", "rule": CUSTOMERS}, (422, "/rule", "unsupported")),
        ({"kind": "static", "name": "  "}, (422, "/name", "required")),
        ({"kind": "list"}, (422, "/kind", "invalid")),
        ({"kind": "dynamic", "rule": {"all": [{"field": "shoe", "op": "eq", "value": 1}]}}, None),
        ({"kind": "dynamic", "rule": {"all": []}}, (422, "/rule/all", "type")),
        ({"kind": "dynamic", "rule": {"all": [], "any": []}}, (422, "/rule", "length")),
    ],
)
def test_what_no_segment_can_be(owner: Sender, body: Any, expected: Any) -> None:
    refused = owner.post("/v1/segments", {"name": "Fair", **body})
    assert refused.status == 422, refused.text
    assert refused.json["errors"][0]["pointer"].startswith(expected[1] if expected else "/rule/all/0/field")
    if "rule" in body and body["kind"] == "dynamic" and body["rule"]:
        tried = owner.post("/v1/segments/preview", {"rule": body["rule"]})
        assert flaw(tried)[:2] == flaw(refused)[:2], "a preview says the same"


def test_a_segment_stays_of_its_kind(house: House, owner: Sender) -> None:
    fixed, rule = segment(owner), dynamic(house, owner)
    assert flaw(owner.patch(f"/v1/segments/{fixed['id']}", {"kind": "dynamic"})) == (422, "/kind", "unsupported")
    assert flaw(owner.patch(f"/v1/segments/{fixed['id']}", {"rule": CUSTOMERS})) == (422, "/rule", "unsupported")
    assert flaw(owner.patch(f"/v1/segments/{rule['id']}", {"rule": None})) == (422, "/rule", "required")
    ada = owner.contact()
    members = f"/v1/segments/{rule['id']}/members"
    assert owner.post(members, {"contact_ids": [ada["id"]]}).status == 409
    assert owner.delete(f"{members}/{ada['id']}").status == 409


def test_only_contacts_that_are_there_come_into_a_list(house: House, owner: Sender) -> None:
    path = f"/v1/segments/{segment(owner)['id']}/members"
    ada, gone = owner.contact(first_name="Ada"), owner.contact()
    owner.delete(f"/v1/contacts/{gone['id']}")
    strangers = house.signup().contact()
    for bad in (gone["id"], strangers["id"], "con_1", segment(owner)["id"], ""):
        refused = owner.post(path, {"contact_ids": [ada["id"], bad]})
        assert flaw(refused) == (422, "/contact_ids/1", "unknown"), bad
    assert owner.post(path, {"contact_ids": []}).status == 422
    assert owner.get(path).json["data"] == [], "all or nothing"


def test_segments_are_listed_by_name_with_their_sizes(owner: Sender) -> None:
    second, first = segment(owner, name="Über Wien"), segment(owner, name="Graz")
    owner.post(f"/v1/segments/{second['id']}/members", {"contact_ids": [owner.contact()["id"]]})
    rows = owner.get("/v1/segments").json["data"]
    assert [(row["id"], row["size"]) for row in rows] == [(first["id"], 0), (second["id"], 1)]
    assert [row["id"] for row in owner.get("/v1/segments?name=uber").json["data"]] == [second["id"]]


def test_there_are_only_so_many_rules_in_a_firm(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebooks, "MOST", 2)
    made = [segment(owner, kind="dynamic", rule=CUSTOMERS) for _ in range(2)]
    assert owner.post("/v1/segments", {"name": "X", "kind": "dynamic", "rule": LEADS}).status == 409
    assert owner.patch(f"/v1/segments/{made[0]['id']}", {"rule": LEADS}).status == 200
    assert owner.delete(f"/v1/segments/{made[0]['id']}").status == 204
    segment(owner, kind="dynamic", rule=LEADS)
    assert owner.post(f"/v1/segments/{made[0]['id']}/restore").status == 409


def test_two_rules_at_once_both_come_into_the_book(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, others = rulebooks.entered, [1]

    def meanwhile(*given: Any) -> Any:
        step = entered(*given)
        if others:
            others.pop()
            segment(owner, kind="dynamic", rule=LEADS, name="Meanwhile")
        return step

    monkeypatch.setattr(rulebooks, "entered", meanwhile)
    made = segment(owner, kind="dynamic", rule=CUSTOMERS)
    rows = owner.get("/v1/segments").json["data"]
    assert rulebooks.load(owner.tenant).rules.keys() == {row["id"] for row in rows}
    assert made["id"] in {row["id"] for row in rows}
    assert len(rows) == 2


def test_a_preview_counts_and_shows_whom_a_rule_fits(house: House, owner: Sender) -> None:
    for number in range(12):
        owner.contact(first_name=f"C{number:02}", lifecycle="customer")
    owner.contact(first_name="A", lifecycle="lead")
    house.settle()
    shown = owner.post("/v1/segments/preview", {"rule": CUSTOMERS})
    assert shown.status == 200
    assert (shown.json["id"], shown.json["size"], shown.json["contacts"]) == (None, 12, 13)
    assert [one["name"] for one in shown.json["sample"]] == [f"C{number:02}" for number in range(10)]
    assert shown.json["sample"][0]["reason"] == "lifecycle is customer"
    assert owner.get("/v1/segments").json["data"] == [], "nothing is saved"


def test_of_a_large_firm_a_job_does_it(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "AT_ONCE", 3)
    monkeypatch.setattr(previews, "_PAGE", 2)
    monkeypatch.setattr(previews, "_SECONDS", 0.0)
    for number in range(5):
        owner.contact(first_name=f"C{number}", lifecycle="customer" if number % 2 == 0 else "lead")
    house.settle()
    begun = owner.post("/v1/segments/preview", {"rule": CUSTOMERS})
    assert (begun.status, begun.json["size"]) == (202, None)
    assert begun.headers["Location"].endswith(f"/v1/jobs/{begun.json['id']}")
    assert owner.get(f"/v1/jobs/{begun.json['id']}").json["progress"] == {"done": 0, "total": 5}
    house.settle()
    job = owner.get(f"/v1/jobs/{begun.json['id']}").json
    assert (job["status"], job["progress"], job["counts"]) == ("succeeded", {"done": 5, "total": 5}, {"size": 3})
    with urlopen(job["result_url"]) as file:
        result = json.load(file)
    assert result["size"] == 3
    assert [one["name"] for one in result["sample"]] == ["C0", "C2", "C4"]
    assert jobs.load(owner.tenant, begun.json["id"]).state == {}, "the job keeps no names"


def test_a_preview_that_is_cancelled_keeps_no_names_either(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "AT_ONCE", 1)
    monkeypatch.setattr(previews, "_PAGE", 1)
    monkeypatch.setattr(previews, "_SECONDS", 0.0)
    for _ in range(2):
        owner.contact(first_name="Ada", lifecycle="customer")
    house.settle()
    begun = owner.post("/v1/segments/preview", {"rule": CUSTOMERS}).json["id"]
    seen = []

    def stepping(job: Job) -> bool:
        over = previews.step(job)
        seen.append(dict(job.state))
        owner.post(f"/v1/jobs/{job.id}/cancel")
        return over

    monkeypatch.setitem(steps.STEPS, previews.KIND, stepping)
    house.settle()
    job = jobs.load(owner.tenant, begun)
    assert (job.status, [one["name"] for one in seen[0]["sample"]], job.state) == ("cancelled", ["Ada"], {})


def test_a_preview_shows_nobody_to_who_may_not_see_contacts(house: House, owner: Sender) -> None:
    token = owner.post("/v1/tokens", {"name": "rules", "scopes": ["segments:write"]}).json["secret"]
    assert Sender(house, token).post("/v1/segments/preview", {"rule": CUSTOMERS}).status == 403


def test_a_segment_of_another_firm_is_not_there(house: House, owner: Sender) -> None:
    made, stranger = segment(owner), house.signup()
    path = f"/v1/segments/{made['id']}"
    ada = stranger.contact()
    for answer in (
        stranger.get(path),
        stranger.get(f"{path}/members"),
        stranger.patch(path, {"name": "X"}),
        stranger.delete(path),
        stranger.post(f"{path}/rebuild"),
        stranger.post(f"{path}/members", {"contact_ids": [ada["id"]]}),
        stranger.delete(f"{path}/members/{ada['id']}"),
    ):
        assert answer.status == 404


def test_many_come_into_a_list_and_leave_it_by_a_filter(house: House, owner: Sender) -> None:
    ada, bob = owner.contact(first_name="Ada", tags=["fair"]), owner.contact(first_name="Bob", tags=["fair"])
    owner.contact(first_name="Cid")
    house.settle()
    made = segment(owner)
    put = {"action": "add_to_segment", "segment_id": made["id"], "filter": {"tag": "fair"}}
    for counts in ({"updated": 2}, {"unchanged": 2}):
        job = owner.post("/v1/contacts/bulk", put)
        assert job.status == 202, job.text
        house.settle()
        assert owner.get(f"/v1/jobs/{job.json['id']}").json["counts"] == counts
        assert names(owner, made) == ["Ada", "Bob"]
    job = owner.post("/v1/contacts/bulk", {**put, "action": "remove_from_segment", "filter": None, "ids": [ada["id"]]})
    house.settle()
    assert names(owner, made) == ["Bob"]
    assert bob["id"]


def test_what_no_bulk_change_does_to_a_segment(house: House, owner: Sender) -> None:
    rule, fixed = dynamic(house, owner), segment(owner)
    strangers = segment(house.signup())
    base = {"action": "add_to_segment", "ids": [owner.contact()["id"]]}
    assert flaw(owner.post("/v1/contacts/bulk", base)) == (422, "/segment_id", "required")
    for bad, code in ((rule, "unsupported"), (strangers, "unknown")):
        refused = owner.post("/v1/contacts/bulk", {**base, "segment_id": bad["id"]})
        assert flaw(refused) == (422, "/segment_id", code)
    firm = owner.post("/v1/companies", {"name": "Engines"}).json
    refused = owner.post("/v1/companies/bulk", {**base, "ids": [firm["id"]], "segment_id": fixed["id"]})
    assert flaw(refused) == (422, "/action", "unsupported")
