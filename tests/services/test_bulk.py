"""Bulk changes: refused at once or begun, the same for one as the verb, told of row by row, cancelled between steps."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib import ids
from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.services import jobs, nouns, steps
from chalicelib.services.bulk import _Bulk
from tests.contract.calling import token
from tests.house import Answer, House, Sender


def bulk(owner: Sender, action: str, noun: str = "contacts", **draft: Any) -> Answer:
    return owner.post(f"/v1/{noun}/bulk", {"action": action, **draft})


def done(house: House, owner: Sender, answer: Answer) -> Any:
    """The job once it has ended."""
    assert answer.status == 202, answer.text
    assert answer.headers["Location"].endswith(f"/v1/jobs/{answer.json['id']}")
    house.settle()
    return owner.get(f"/v1/jobs/{answer.json['id']}").json


def rows_of(owner: Sender, job: Any, query: str = "") -> dict[str, str]:
    answer = owner.get(f"/v1/jobs/{job['id']}/rows?limit=200{query}")
    assert answer.status == 200, answer.text
    return {row["id"]: row["status"] for row in answer.json["data"]}


def read(url: str) -> list[Any]:
    return [json.loads(line) for line in Path(urlsplit(url).path).read_text().splitlines()]


def people(owner: Sender, count: int, **fields: Any) -> list[str]:
    return [owner.contact(first_name=f"P{number:03}", **fields)["id"] for number in range(count)]


def contact(owner: Sender, contact_id: str) -> Any:
    return owner.get(f"/v1/contacts/{contact_id}").json


# What is refused at once


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"action": "tag", "tags": ["a"]}, "/filter"),
        ({"action": "tag", "tags": ["a"], "ids": ["x"], "filter": {"sort": "name"}}, "/filter"),
        ({"action": "tag", "tags": ["a"], "filter": {}}, "/all"),
        ({"action": "tag", "tags": ["a"], "filter": {"sort": "name"}, "all": True}, "/all"),
        ({"action": "tag", "tags": ["a"], "ids": ["con_1"]}, "/ids/0"),
        ({"action": "tag", "tags": ["a"], "ids": []}, "/ids"),
        ({"action": "tag", "tags": ["a"], "filter": {"color": "red"}}, "/filter/color"),
        ({"action": "tag", "tags": ["a"], "filter": {"email": "a@example.com", "sort": "name"}}, "/filter/sort"),
        ({"action": "tag", "filter": {}, "all": True}, "/tags"),
        ({"action": "tag", "tags": [], "filter": {}, "all": True}, "/tags"),
        ({"action": "tag", "tags": ["x" * 10_000], "filter": {}, "all": True}, "/tags/0"),
        ({"action": "tag", "tags": ["a"], "fields": {"title": "x"}, "filter": {}, "all": True}, "/fields"),
        ({"action": "delete", "owner_id": None, "filter": {}, "all": True}, "/owner_id"),
        ({"action": "assign", "filter": {}, "all": True}, "/owner_id"),
        ({"action": "assign", "owner_id": "usr_1", "filter": {}, "all": True}, "/owner_id"),
        ({"action": "update", "filter": {}, "all": True}, "/fields"),
        ({"action": "update", "fields": {}, "filter": {}, "all": True}, "/fields"),
        ({"action": "update", "fields": {"shoe": 5}, "filter": {}, "all": True}, "/fields/shoe"),
        ({"action": "update", "fields": {"title": 5}, "filter": {}, "all": True}, "/fields/title"),
        ({"action": "update", "fields": {"time_zone": "Mars/Base"}, "filter": {}, "all": True}, "/fields/time_zone"),
        ({"action": "update", "fields": {"owner_id": "usr_1"}, "filter": {}, "all": True}, "/fields/owner_id"),
        ({"action": "update", "fields": {"custom": {"tier": "x"}}, "filter": {}, "all": True}, "/fields/custom/tier"),
        ({"action": "update", "fields": {"social": {"x": "y" * 99}}, "filter": {}, "all": True, "x": 1}, "/x"),
        ({"action": "explode", "filter": {}, "all": True}, "/action"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(owner: Sender, draft: dict[str, Any], pointer: str) -> None:
    draft = {**draft, "ids": [ids.new("con")]} if draft.get("ids") == ["x"] else draft
    answer = owner.post("/v1/contacts/bulk", draft)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.text
    assert owner.get("/v1/jobs").json["data"] == []


# What is done


def test_every_record_of_a_filter_is_changed_and_told_of(house: House, owner: Sender) -> None:
    chosen = people(owner, 60)
    house.settle()
    job = done(house, owner, bulk(owner, "tag", filter={}, all=True, tags=["fair", "new"]))
    assert (job["status"], job["progress"]) == ("succeeded", {"done": 60, "total": 60})
    assert job["counts"] == {"updated": 60}
    assert rows_of(owner, job) == dict.fromkeys(chosen, "updated")
    assert {tuple(contact(owner, one)["tags"]) for one in chosen} == {("fair", "new")}
    report = read(job["result_url"])
    assert [row["line"] for row in report] == list(range(1, 61))
    assert job["errors_url"] is None
    again = done(house, owner, bulk(owner, "tag", filter={}, all=True, tags=["new"]))
    assert again["counts"] == {"unchanged": 60}
    assert {contact(owner, one)["version"] for one in chosen} == {2}


def test_what_fails_says_why_and_keeps_nobody_else(house: House, owner: Sender) -> None:
    good, bad = people(owner, 2), people(owner, 1, tags=[f"t{number}" for number in range(50)])
    gone, nobody = people(owner, 1), [ids.new("con")]
    owner.delete(f"/v1/contacts/{gone[0]}")
    stranger = house.signup().contact()["id"]
    chosen = [good[0], *bad, *gone, *nobody, stranger, good[1], good[0]]
    job = done(house, owner, bulk(owner, "tag", ids=chosen, tags=["one more"]))
    assert (job["status"], job["counts"]) == ("partial", {"updated": 2, "failed": 4})
    assert job["progress"] == {"done": 6, "total": 6}
    found = {row["id"]: row for row in read(job["errors_url"])}
    assert found.keys() == {*bad, *gone, *nobody, stranger}
    assert found[bad[0]]["errors"][0]["pointer"] == "/tags"
    assert found[bad[0]]["line"] == 2
    assert "trash" in found[gone[0]]["errors"][0]["message"]
    assert found[stranger]["errors"] == found[nobody[0]]["errors"]
    assert rows_of(owner, job, "&status=failed").keys() == found.keys()
    assert contact(owner, bad[0])["tags"] == [f"t{number}" for number in range(50)]


def test_each_action_does_what_its_verb_does(house: House, owner: Sender) -> None:
    owner.post("/v1/fields", {"noun": "contact", "name": "tier", "label": "T", "type": "enum", "options": ["gold"]})
    chosen = people(owner, 3, tags=["a", "b"], title="Clerk")

    def run(action: str, **draft: Any) -> Any:
        job = done(house, owner, bulk(owner, action, ids=chosen, **draft))
        assert (job["status"], job["counts"]) == ("succeeded", {"updated": 3}), job
        return contact(owner, chosen[0])

    assert run("untag", tags=["a", "z"])["tags"] == ["b"]
    changed = run("update", fields={"title": None, "custom": {"tier": "gold"}, "language": "de"})
    assert (changed["title"], changed["custom"], changed["language"]) == (None, {"tier": "gold"}, "de")
    assert run("assign", owner_id=owner.user)["owner_id"] == owner.user
    assert run("assign", owner_id=None)["owner_id"] is None
    assert run("delete")["status"] == 404
    assert run("restore")["deleted_at"] is None
    assert run("untag", tags=["b"])["tags"] == []


def test_companies_are_changed_alike(house: House, owner: Sender) -> None:
    made = [owner.post("/v1/companies", {"name": f"Firm {number}"}).json["id"] for number in range(3)]
    refused = bulk(owner, "update", "companies", filter={}, all=True, fields={"first_name": "x"})
    assert refused.json["errors"][0]["pointer"] == "/fields/first_name"
    house.settle()
    job = done(
        house, owner, bulk(owner, "update", "companies", filter={}, all=True, fields={"relationship": "partner"})
    )
    assert (job["counts"], rows_of(owner, job)) == ({"updated": 3}, dict.fromkeys(made, "updated"))
    assert owner.get(f"/v1/companies/{made[0]}").json["relationship"] == "partner"


def test_a_merged_record_is_not_changed(house: House, owner: Sender) -> None:
    winner, loser = people(owner, 2)
    merged = owner.post(f"/v1/contacts/{winner}/merge", {"loser_id": loser})
    assert merged.status == 200, merged.text
    job = done(house, owner, bulk(owner, "tag", ids=[loser], tags=["a"]))
    assert job["counts"] == {"failed": 1}
    assert winner in read(job["errors_url"])[0]["errors"][0]["message"]


def test_who_may_not_read_them_does_not_see_the_rows(house: House, owner: Sender) -> None:
    job = done(house, owner, bulk(owner, "tag", ids=people(owner, 1), tags=["a"]))
    assert token(owner, {"tasks:read"}).get(f"/v1/jobs/{job['id']}/rows").status == 403
    assert house.signup().get(f"/v1/jobs/{job['id']}/rows").status == 404


def test_a_filter_chooses_what_its_list_shows(house: House, owner: Sender) -> None:
    owner.post("/v1/fields", {"noun": "contact", "name": "size", "label": "Size", "type": "number"})
    chosen = people(owner, 2, tags=["fair"], custom={"size": 5})
    others = people(owner, 2, tags=["other"], custom={"size": 7})
    house.settle()
    for selection in ({"tag": "fair"}, {"custom.size": 5}):
        job = done(house, owner, bulk(owner, "tag", filter=selection, tags=[str(selection)]))
        assert rows_of(owner, job) == dict.fromkeys(chosen, "updated")
    refused = bulk(owner, "tag", filter={"tag": "fair", "custom.size": 5}, tags=["x"])
    assert refused.status == 422
    assert refused.json["errors"][0]["pointer"].startswith("/filter/")
    assert done(house, owner, bulk(owner, "delete", filter={"tag": "other"}))["counts"] == {"updated": 2}
    job = done(house, owner, bulk(owner, "restore", filter={"deleted": True}))
    assert rows_of(owner, job) == dict.fromkeys(others, "updated")


# Cancelled, cut off, called twice


def running(owner: Sender, answer: Answer) -> Job:
    assert answer.status == 202, answer.text
    return jobs.load(owner.tenant, answer.json["id"])


def test_a_cancelled_one_says_what_was_done_and_what_was_not(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = people(owner, 60)
    began = bulk(owner, "tag", ids=chosen, tags=["a"])
    step, calls = steps.STEPS["bulk"], list[int]()

    def stepping(job: Job) -> bool | float:
        finished = step(job)
        calls.append(1)
        if len(calls) == 1:
            assert owner.post(f"/v1/jobs/{job.id}/cancel").status == 202
        return finished

    monkeypatch.setitem(steps.STEPS, "bulk", stepping)
    job = done(house, owner, began)
    assert (job["status"], job["progress"]) == ("cancelled", {"done": 25, "total": 60})
    assert job["counts"] == {"updated": 25, "skipped": 35}
    found = rows_of(owner, job)
    assert list(found) == chosen
    assert [one for one in chosen if contact(owner, one)["tags"]] == [one for one in chosen if found[one] == "updated"]
    assert len(read(job["result_url"])) == 60


def test_what_is_left_of_thousands_is_told_of_in_few_requests(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = running(owner, bulk(owner, "tag", ids=[ids.new("con") for _ in range(5000)], tags=["a"]))
    written: list[str] = []
    put = storage.put

    def counted(key: str, *what: Any) -> None:
        written.append(key)
        put(key, *what)

    monkeypatch.setattr(storage, "put", counted)
    steps.CLOSING["bulk"](job)
    assert job.counts == {"skipped": 5000}
    assert len(written) <= 4  # three objects of rows, and all of them together


@pytest.mark.parametrize(
    ("action", "draft"),
    [("tag", {"tags": ["a"]}), ("delete", {}), ("assign", {"owner_id": None}), ("update", {"fields": {"title": "X"}})],
)
def test_a_step_that_is_cut_off_and_done_again_says_the_same(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, action: str, draft: dict[str, Any]
) -> None:
    """It is cut off after each change, and done again from the state that was kept."""
    chosen = people(owner, 3, title="X", tags=["a"]) + people(owner, 4, owner_id=owner.user)
    expected = {"tag": 4, "delete": 7, "assign": 4, "update": 4}[action]
    job = running(owner, bulk(owner, action, ids=chosen, **draft))
    do = _Bulk.do
    for allowed in [0, *[1] * (expected - 1)]:
        left = [allowed]

        def until(self: Any, record: Any, left: list[int] = left, do: Callable[..., None] = do) -> None:
            if not left[0]:
                raise ConnectionError("cut off")
            left[0] -= 1
            do(self, record)

        monkeypatch.setattr(_Bulk, "do", until)
        state = json.loads(json.dumps(job.state))
        with pytest.raises(ConnectionError):
            steps.STEPS["bulk"](job)
        job.state = state
        job.counts = {}
    monkeypatch.setattr(_Bulk, "do", do)
    while not steps.STEPS["bulk"](job):
        pass
    untouched = {"unchanged": 7 - expected} if expected < 7 else {}
    assert job.counts == {"updated": expected, **untouched}
    assert job.done == 7
    records = [nouns.peek(nouns.NOUNS["contact"], owner.tenant, one, consistent=True) for one in chosen]
    assert sum(int(record.version) - 1 for record in records) == expected, "each was changed once"


def test_the_first_phase_done_again_chooses_the_same(house: House, owner: Sender) -> None:
    chosen = people(owner, 5)
    job = running(owner, bulk(owner, "tag", filter={}, all=True, tags=["a"]))
    before = json.loads(json.dumps(job.state))
    for _ in range(3):
        job.state = json.loads(json.dumps(before))
        assert not steps.STEPS["bulk"](job)
    assert (job.total, job.done) == (5, 0)
    people(owner, 2)
    while not steps.STEPS["bulk"](job):
        pass
    assert {row["id"] for row in map(json.loads, _report(job))} == set(chosen), "who comes later is not concerned"
    done_once = dict(job.counts)
    assert steps.STEPS["bulk"](job)
    steps.CLOSING["bulk"](job)
    assert job.counts == done_once == {"updated": 5}


def test_one_that_is_cancelled_while_it_looks_for_records_ends_well(house: House, owner: Sender) -> None:
    people(owner, 2)
    job = running(owner, bulk(owner, "tag", filter={}, all=True, tags=["a"]))
    steps.CLOSING["bulk"](job)
    assert (job.counts, _report(job)) == ({}, [])


def test_a_record_that_others_change_meanwhile_loses_nothing(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = people(owner, 1)
    job = running(owner, bulk(owner, "tag", ids=[one], tags=["a"]))
    look = _Bulk.look

    def looking(self: Any, record_ids: Any) -> Any:
        found = look(self, record_ids)
        owner.patch(f"/v1/contacts/{one}", {"tags": ["theirs"]})
        return found

    monkeypatch.setattr(_Bulk, "look", looking)
    while not steps.STEPS["bulk"](job):
        pass
    assert job.counts == {"updated": 1}
    assert contact(owner, one)["tags"] == ["theirs", "a"]


def _report(job: Job) -> list[bytes]:
    assert job.result_key is not None
    return storage.get(job.result_key).splitlines()
