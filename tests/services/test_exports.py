"""An export is everything, each record once, whatever happens while it is written; and an import takes it back."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from chalicelib import clock
from chalicelib.adapters import _objects, storage
from chalicelib.services import exports, turns
from chalicelib.services.exporting import outlet, sources
from tests.contract.calling import colleague
from tests.house import House, Sender


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages and parts so small that a few records are many of both."""
    monkeypatch.setattr(sources, "PAGE", 3)
    monkeypatch.setattr(sources, "SUBJECTS", 2)
    monkeypatch.setattr(outlet, "PART", 2000)
    monkeypatch.setattr(_objects, "PART", 2000)
    yield
    clock.reset()


def export(sender: Sender, **draft: Any) -> Any:
    """The job of an export, as it ended."""
    answer = sender.post("/v1/exports", draft)
    assert answer.status == 202, answer.text
    assert answer.headers["Location"].endswith(f"/v1/jobs/{answer.json['id']}")
    sender.house.settle()
    return sender.get(f"/v1/jobs/{answer.json['id']}").json


def content(job: Any) -> bytes:
    assert job["status"] == "succeeded", job
    return Path(unquote(urlsplit(job["result_url"]).path)).read_bytes()


def lines(job: Any) -> list[Any]:
    return [json.loads(line) for line in content(job).splitlines()]


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def people(owner: Sender, count: int) -> list[Any]:
    made = [owner.contact(first_name=f"Ada {number}", tags=["even"] * (number % 2 == 0)) for number in range(count)]
    owner.house.settle()
    return made


def test_every_contact_comes_once_in_its_wire_form(house: House, owner: Sender) -> None:
    made = people(owner, 8)
    gone = owner.contact(first_name="Gone")
    owner.delete(f"/v1/contacts/{gone['id']}")
    house.settle()
    job = export(owner, kind="contact", format="jsonl")
    assert job["progress"] == {"done": 8, "total": 8}
    assert job["counts"] == {"contacts": 8}
    assert job["kind"] == "export"
    now = [owner.get(f"/v1/contacts/{one['id']}").json for one in made]
    assert lines(job) == now


def test_an_empty_house_gives_an_empty_file(house: House, owner: Sender) -> None:
    assert content(export(owner, kind="contact", format="jsonl")) == b""
    assert table(content(export(owner, kind="company", format="csv"))) == []
    assert content(export(owner, kind="company", format="csv")).startswith(b"id,name,domain,")
    assert content(export(owner, kind="task", format="jsonl")) == b""
    assert content(export(owner, kind="activity", format="jsonl")) == b""


def test_tasks_of_every_status_and_activities_of_every_record(house: House, owner: Sender) -> None:
    made = people(owner, 3)
    company = owner.post("/v1/companies", {"name": "Lovelace & Daughters"}).json
    for number in range(5):
        owner.post(f"/v1/contacts/{made[0]['id']}/activities", {"kind": "note", "text": f"n{number}"})
    owner.post(f"/v1/companies/{company['id']}/activities", {"kind": "call"})
    tasks = [owner.post("/v1/tasks", {"title": f"t{number}"}).json for number in range(7)]
    owner.post(f"/v1/tasks/{tasks[2]['id']}/complete", {})
    owner.patch(f"/v1/tasks/{tasks[3]['id']}", {"status": "cancelled"})
    owner.delete(f"/v1/tasks/{tasks[4]['id']}")
    house.settle()
    found = lines(export(owner, kind="task", format="jsonl"))
    assert sorted(one["title"] for one in found) == ["t0", "t1", "t2", "t3", "t5", "t6"]
    assert {one["status"] for one in found} == {"open", "done", "cancelled"}
    found = lines(export(owner, kind="activity", format="jsonl"))
    assert sorted(one["text"] for one in found if one["kind"] == "note") == [f"n{number}" for number in range(5)]
    assert [one["subject_id"] for one in found if one["kind"] == "call"] == [company["id"]]
    assert len({one["id"] for one in found}) == len(found)


def test_all_as_lines_say_what_each_is(house: House, owner: Sender) -> None:
    (person,) = people(owner, 1)
    owner.post("/v1/companies", {"name": "Lovelace & Daughters"})
    owner.post("/v1/tasks", {"title": "Call", "kind": "call", "subject_id": person["id"]})
    house.settle()
    job = export(owner, kind="all", format="jsonl")
    raw = [json.loads(line, object_pairs_hook=list) for line in content(job).splitlines()]
    assert {one[0][0] for one in raw} == {"kind"}
    kinds = [one[0][1] for one in raw]
    assert kinds[:3] == ["company", "contact", "task"]
    assert set(kinds[3:]) == {"activity"}
    assert ("type", "call") in raw[2]
    assert job["progress"]["done"] == job["progress"]["total"] == len(raw)


def test_all_as_csv_is_a_zip_of_a_file_for_each_kind(house: House, owner: Sender) -> None:
    people(owner, 40)
    owner.post("/v1/tasks", {"title": "=1+1"})
    house.settle()
    job = export(owner, kind="all", format="csv")
    with zipfile.ZipFile(io.BytesIO(content(job))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["companies.csv", "contacts.csv", "deals.csv", "tasks.csv", "activities.csv"]
        assert len(table(archive.read("contacts.csv"))) == 40
        assert table(archive.read("companies.csv")) == []
        assert table(archive.read("tasks.csv"))[0]["title"] == "'=1+1"
        assert archive.getinfo("contacts.csv").compress_size < archive.getinfo("contacts.csv").file_size / 2


def test_a_filter_takes_what_the_list_shows(house: House, owner: Sender) -> None:
    made = people(owner, 5)
    clock.advance(10)
    since = clock.stamp()
    owner.patch(f"/v1/contacts/{made[1]['id']}", {"title": "Head"})
    owner.patch(f"/v1/contacts/{made[3]['id']}", {"title": "Head"})
    house.settle()
    job = export(owner, kind="contact", format="jsonl", filter={"updated_since": since})
    assert {one["id"] for one in lines(job)} == {made[1]["id"], made[3]["id"]}
    assert job["progress"] == {"done": 2, "total": 2}
    job = export(owner, kind="contact", format="jsonl", filter={"tag": "even"})
    assert {one["id"] for one in lines(job)} == {one["id"] for one in made[::2]}
    owner.delete(f"/v1/contacts/{made[2]['id']}")
    house.settle()
    job = export(owner, kind="contact", format="jsonl", filter={"deleted": True})
    assert [one["id"] for one in lines(job)] == [made[2]["id"]]
    for number in range(4):
        owner.post("/v1/tasks", {"title": f"t{number}"})
    mine = export(owner, kind="task", format="csv", filter={"status": "open", "assignee_id": owner.user})
    assert len(table(content(mine))) == 4
    assert table(content(export(owner, kind="task", format="csv", filter={"status": "done"}))) == []


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"kind": "all", "filter": {"tag": "x"}}, "/filter"),
        ({"kind": "activity", "filter": {"kind": "call"}}, "/filter"),
        ({"kind": "contact", "filter": {"nonsense": "x"}}, "/filter/nonsense"),
        ({"kind": "contact", "filter": {"limit": 5}}, "/filter/limit"),
        ({"kind": "task", "filter": {"status": "lost"}}, "/filter/status"),
        ({"kind": "contact", "filter": {"q": "-"}}, "/filter/q"),
        ({"kind": "order"}, "/kind"),
        ({"kind": "contact", "format": "xlsx"}, "/format"),
    ],
)
def test_what_cannot_be_exported_is_said_at_once(owner: Sender, draft: Any, pointer: str) -> None:
    answer = owner.post("/v1/exports", draft)
    assert answer.status == 422, answer.text
    assert [flaw["pointer"] for flaw in answer.json["errors"]] == [pointer]


def test_reps_take_nothing_out_of_the_house(house: House, owner: Sender) -> None:
    assert colleague(owner, "rep").post("/v1/exports", {"kind": "contact"}).status == 403
    rep = colleague(owner, "rep")
    people(owner, 1)
    made = export(colleague(owner, "manager"), kind="contact")
    assert rep.get(f"/v1/jobs/{made['id']}").json["result_url"] is None
    assert owner.get(f"/v1/jobs/{made['id']}").json["result_url"]


class Killed(BaseException):
    """The worker is gone in the middle of it."""


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_at_any_step_leaves_the_file_whole(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, form: str, when: str
) -> None:
    """At each step in turn, before or after its work, a worker is killed; the file is as if none had been."""
    people(owner, 11)
    whole = content(export(owner, kind="contact", format=form))
    step, killed = exports.step, set[str]()

    def mortal(job: Any) -> bool:
        here = json.dumps([job.state.get("at"), job.state.get("place"), job.state.get("finished")])
        if when == "before" and here not in killed:
            killed.add(here)
            raise Killed
        done = step(job)
        if here not in killed:
            killed.add(here)
            raise Killed
        return done

    from chalicelib.services import steps

    monkeypatch.setitem(steps.STEPS, exports.KIND, mortal)
    made = owner.post("/v1/exports", {"kind": "contact", "format": form}).json["id"]
    for _ in range(12):
        house.feed.drain()
        try:
            house.work()
        except Killed:
            clock.advance(turns.AWAY + 1)
            house.minute()
    job = owner.get(f"/v1/jobs/{made}").json
    assert len(killed) > 5
    assert content(job) == whole


def test_what_changes_meanwhile_comes_at_most_once(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = people(owner, 9)
    monkeypatch.setattr(turns, "SLICE", 0.0)
    job = owner.post("/v1/exports", {"kind": "contact"}).json["id"]
    house.feed.drain()
    house.work()  # the first page is written
    owner.patch(f"/v1/contacts/{made[0]['id']}", {"first_name": "Zoe"})  # would sort last by name and by change
    owner.patch(f"/v1/contacts/{made[8]['id']}", {"first_name": "Aaron"})
    owner.delete(f"/v1/contacts/{made[5]['id']}")
    house.settle()
    found = lines(owner.get(f"/v1/jobs/{job}").json)
    assert [one["id"] for one in found] == [one["id"] for one in made if one is not made[5]]


def test_a_cancelled_export_leaves_nothing_behind(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    people(owner, 9)
    monkeypatch.setattr(turns, "SLICE", 0.0)
    made = owner.post("/v1/exports", {"kind": "contact"}).json["id"]
    house.feed.drain()
    house.work()
    owner.post(f"/v1/jobs/{made}/cancel")
    house.settle()
    seen = owner.get(f"/v1/jobs/{made}").json
    assert (seen["status"], seen["result_url"]) == ("cancelled", None)
    assert not list(kept(owner, made))


def test_many_small_pieces_are_few_in_the_state(owner: Sender) -> None:
    folder = f"{owner.tenant}/jobs/job_1"
    state, said = outlet.begin(f"{folder}/work", f"{folder}/x.jsonl", "text/plain"), b""
    for number in range(1500):
        piece = f"{number}\n".encode()
        said += piece
        outlet.write(state, piece)
        assert len(state["pieces"]) < 50
    outlet.finish(state)
    assert storage.get(f"{folder}/x.jsonl") == said


def test_a_finished_export_keeps_its_file_only(house: House, owner: Sender) -> None:
    people(owner, 9)
    job = export(owner, kind="contact")
    assert [file.name for file in kept(owner, job["id"])] == ["contacts.jsonl"]


def kept(owner: Sender, job_id: str) -> list[Path]:
    """What storage has of a job."""
    probe = urlsplit(storage.download_url(f"{owner.tenant}/jobs/{job_id}/x", "x")).path
    return [file for file in Path(probe).parent.rglob("*") if file.is_file()]


def test_a_token_takes_out_only_what_it_may_read(owner: Sender) -> None:
    made = owner.post("/v1/tokens", {"name": "x", "scopes": ["exports:write", "companies:read"]})
    program = Sender(owner.house, made.json["secret"], owner.signed_up)
    assert program.post("/v1/exports", {"kind": "company"}).status == 202
    assert program.post("/v1/exports", {"kind": "contact"}).status == 403
    assert program.post("/v1/exports", {"kind": "all"}).status == 403
