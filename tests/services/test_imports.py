"""Imports from end to end: what a file makes of the firm's records, told row by row, resumed anywhere, taken back."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from chalicelib import clock
from chalicelib.adapters import storage
from chalicelib.schemas.page import Page
from chalicelib.services import jobs, parties, turns
from chalicelib.services import rows as job_rows
from chalicelib.services.exporting.columns import headers, row
from chalicelib.services.importing import files, lookups, planning, steps
from tests.contract import calling
from tests.contract.calling import colleague, token
from tests.house import Answer, House, Sender

HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Additional email addresses,Associated Company,Lifecycle Stage,Contact owner\n"
    "1,Ada,Lovelace,ada@example.com,ada@home.example;countess@home.example,Analytical,Lead,Olga Owner\n"
    "2,José,Müller,jose@example.com,,Analytical,Marketing Qualified Lead,\n"
    "3,Bad,Mail,nomail,,Nowhere,,\n"
    "4,Second,Ada,ada@example.com,,Elsewhere,,\n"
    "5,Few,Cells\n"
)


def begun(sender: Sender, content: str, **fields: Any) -> Answer:
    return sender.post("/v1/imports", {"source": "csv", "content": content, **fields})


def done(sender: Sender, content: str, **fields: Any) -> Any:
    """The import, when it has ended."""
    answer = begun(sender, content, **fields)
    assert answer.status == 202, answer.text
    sender.house.settle()
    return sender.get(f"/v1/imports/{answer.json['id']}").json


def uploaded(sender: Sender, data: bytes, **fields: Any) -> Any:
    made = sender.post("/v1/imports", {"source": "csv", **fields})
    assert made.status == 201, made.text
    path(made.json["upload_url"]).write_bytes(data)
    assert sender.post(f"/v1/imports/{made.json['id']}/start").status == 202
    sender.house.settle()
    return sender.get(f"/v1/imports/{made.json['id']}").json


def path(url: str) -> Path:
    return Path(unquote(urlparse(url).path))


def rows(sender: Sender, imported: Any, status: str | None = None) -> list[Any]:
    found, cursor = [], ""
    while cursor is not None:
        query = "&".join(filter(None, (f"status={status}" if status else "", f"cursor={cursor}" if cursor else "")))
        page = sender.get(f"/v1/imports/{imported['id']}/rows?{query}").json
        found += page["data"]
        cursor = page["next_cursor"]
    return found


def statuses(sender: Sender, imported: Any) -> dict[int, str]:
    return {row["line"]: row["status"] for row in rows(sender, imported)}


def contacts(sender: Sender) -> dict[str, Any]:
    """By first name."""
    return {one["first_name"]: one for one in sender.get("/v1/contacts?limit=200").json["data"]}


def companies(sender: Sender) -> dict[str, Any]:
    return {one["name"]: one for one in sender.get("/v1/companies?limit=200").json["data"]}


def reverted(sender: Sender, imported: Any) -> list[Any]:
    """What became of each row, when the import has been taken back."""
    answer = sender.post(f"/v1/imports/{imported['id']}/revert")
    assert answer.status == 202, answer.text
    sender.house.settle()
    job = sender.get(answer.headers["Location"]).json
    assert job["status"] == "succeeded", job
    return [json.loads(line) for line in path(job["result_url"]).read_text().splitlines()]


# What it does


def test_an_export_of_another_system(owner: Sender) -> None:
    imported = done(owner, HUBSPOT, source="hubspot")
    assert imported["status"] == "partial"
    assert imported["counts"] == {"created": 2, "updated": 0, "skipped": 1, "failed": 2}
    assert imported["progress"] == {"done": 5, "total": 5}
    assert imported["mapping"]["Record ID"] == "external_ids.hubspot"
    ada, jose = contacts(owner)["Ada"], contacts(owner)["José"]
    assert [one["address"] for one in ada["emails"]] == ["ada@example.com", "ada@home.example", "countess@home.example"]
    assert (ada["company_name"], ada["lifecycle"], ada["owner_id"]) == ("Analytical", "lead", owner.user)
    assert (jose["lifecycle"], jose["external_ids"]) == ("marketing_qualified_lead", {"hubspot": "2"})
    assert ada["company_id"] == jose["company_id"]
    assert companies(owner).keys() == {"Analytical"}  # those of rows that were not imported are not made


def test_each_row_is_told(owner: Sender) -> None:
    imported = done(owner, HUBSPOT, source="hubspot")
    assert statuses(owner, imported) == {2: "created", 3: "created", 4: "failed", 5: "skipped", 6: "failed"}
    bad, few = rows(owner, imported, "failed")
    assert [(error["pointer"], error["code"]) for error in bad["errors"]] == [("/Email", "format")]
    assert few["errors"][0]["code"] == "too_few_cells"
    (skipped,) = rows(owner, imported, "skipped")
    assert skipped["id"] == contacts(owner)["Ada"]["id"]
    told = [json.loads(line) for line in path(imported["result_url"]).read_text().splitlines()]
    assert told == rows(owner, imported)


def test_what_failed_is_corrected_and_imported_again(owner: Sender) -> None:
    imported = done(owner, HUBSPOT, source="hubspot")
    text = path(imported["errors_url"]).read_text(encoding="utf-8-sig")
    failed = list(csv.DictReader(io.StringIO(text)))
    assert [(one["Import line"], one["First Name"]) for one in failed] == [("4", "Bad"), ("6", "Few")]
    assert "nomail" in failed[0]["Import errors"]
    again = done(owner, text.replace("nomail", "bad@example.com"), source="hubspot")
    assert again["counts"]["failed"] == 0
    assert again["unmapped"] == ["Import line", "Import errors"]
    assert contacts(owner)["Bad"]["company_name"] == "Nowhere"


def test_formulas_are_text_and_harmless_in_reports(owner: Sender) -> None:
    imported = done(owner, "First Name,Email,Job Title\n=1+2,f@example.com,=HYPERLINK(1)\n@x,nomail,-1\n")
    assert contacts(owner)["=1+2"]["title"] == "=HYPERLINK(1)"
    assert "'@x,nomail,'-1" in path(imported["errors_url"]).read_text(encoding="utf-8-sig")


def test_a_dry_run_says_what_would_happen_and_does_nothing(owner: Sender) -> None:
    imported = done(owner, HUBSPOT, source="hubspot", dry_run=True)
    assert imported["counts"] == {"created": 2, "updated": 0, "skipped": 1, "failed": 2}
    assert contacts(owner) == companies(owner) == {}
    assert statuses(owner, imported) == statuses(owner, done(owner, HUBSPOT, source="hubspot"))
    assert owner.post(f"/v1/imports/{imported['id']}/revert").status == 409


def test_an_uploaded_file(owner: Sender) -> None:
    imported = uploaded(owner, HUBSPOT.encode("cp1252"), source="hubspot")
    assert (imported["encoding"], len(imported["warnings"])) == ("cp1252", 1)
    assert contacts(owner)["José"]["last_name"] == "Müller"


def test_an_import_that_waits_for_its_file(house: House, owner: Sender) -> None:
    made = owner.post("/v1/imports", {"source": "csv"})
    assert made.headers["Location"] == f"/api/v1/imports/{made.json['id']}" or made.headers["Location"].endswith(
        f"/v1/imports/{made.json['id']}"
    )
    assert made.json["status"] == "pending"
    assert owner.get(f"/v1/imports/{made.json['id']}").json["upload_url"]
    assert owner.get(f"/v1/imports/{made.json['id']}/rows").json["data"] == []
    assert owner.post(f"/v1/imports/{made.json['id']}/start").status == 409
    assert owner.post(f"/v1/imports/{made.json['id']}/revert").status == 409
    path(made.json["upload_url"]).write_bytes(b"Email\nada@example.com\n")
    assert house.signup().post(f"/v1/imports/{made.json['id']}/start").status == 404
    begun = owner.post(f"/v1/imports/{made.json['id']}/start")
    assert begun.headers["Location"].endswith(f"/v1/jobs/{made.json['id']}")
    assert owner.post(f"/v1/imports/{made.json['id']}/start").status == 409
    house.settle()
    assert owner.get(f"/v1/imports/{made.json['id']}").json["counts"]["created"] == 1
    assert [one["id"] for one in owner.get("/v1/imports").json["data"]] == [made.json["id"]]


@pytest.mark.parametrize(
    ("policy", "title", "tags", "status"),
    [
        ("skip", "Countess", ["vip"], "skipped"),
        ("update", "Analyst", ["vip", "new"], "updated"),
        ("fill_empty", "Countess", ["vip"], "updated"),
    ],
)
def test_policies(owner: Sender, policy: str, title: str, tags: list[str], status: str) -> None:
    ada = owner.contact(first_name="Ada", emails=[{"address": "ada@example.com"}], title="Countess", tags=["vip"])
    text = "Email,Last Name,Job Title,Tags\nADA@example.com,Lovelace,Analyst,new\n"
    imported = done(owner, text, policy=policy)
    found = contacts(owner)["Ada"]
    assert rows(owner, imported)[0]["status"] == status
    assert rows(owner, imported)[0]["id"] == ada["id"]
    assert (found["title"], found["tags"]) == (title, tags)
    assert found["last_name"] == (None if policy == "skip" else "Lovelace")


def test_an_empty_cell_changes_nothing_and_nothing_new_is_skipped(owner: Sender) -> None:
    owner.contact(first_name="Ada", emails=[{"address": "ada@example.com"}], title="Countess")
    imported = done(owner, "Email,First Name,Job Title\nada@example.com,Ada,\n", policy="update")
    assert imported["counts"]["skipped"] == 1
    assert contacts(owner)["Ada"]["title"] == "Countess"


@pytest.mark.parametrize("policy", ["skip", "update", "fill_empty"])
def test_the_same_mail_over_and_over_is_one_contact(
    owner: Sender, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setattr(files, "CHUNK", 40)
    text = "Email,First Name,Job Title\n" + "".join(f"a@example.com,Ada,T{number}\n" for number in range(100))
    imported = done(owner, text, policy=policy)
    assert imported["counts"]["created"] == 1
    assert imported["counts"]["updated"] == (99 if policy == "update" else 0)
    assert contacts(owner)["Ada"]["title"] == ("T99" if policy == "update" else "T0")


def test_other_keys(owner: Sender) -> None:
    ada = owner.contact(
        first_name="Ada", last_name="Lovelace", external_ids={"crm": "7"}, phones=[{"number": "+4366412345"}]
    )
    owner.house.settle()
    for key, text in (
        ("external_id:crm", "ID,Job Title\n7,T1\n"),
        ("name", "First Name,Last Name,Job Title\nADA,Lovelace,T2\n"),
        ("phone", "Phone,Job Title\n+43 664 12345,T3\n"),
    ):
        mapping = {"ID": "external_ids.crm"} if "ID" in text.split("\n")[0] else {}
        imported = done(owner, text, key=key, policy="update", mapping=mapping)
        assert rows(owner, imported)[0] == {"line": 2, "id": ada["id"], "status": "updated", "errors": []}, key


def test_companies(owner: Sender) -> None:
    parent = owner.post("/v1/companies", {"name": "Holding"}).json
    text = (
        "Company name,Company Domain Name,Parent Company\nAcme,acme.com,Holding\nAcme Ltd,www.acme.com,\nBeta,,Nobody\n"
    )
    imported = done(owner, text, kind="company", source="hubspot", policy="update")
    assert statuses(owner, imported) == {2: "created", 3: "updated", 4: "created"}
    assert companies(owner)["Acme Ltd"]["parent_id"] == parent["id"]
    assert rows(owner, imported)[2]["errors"][0]["code"] == "unknown_parent"


@pytest.mark.parametrize(
    ("key", "bad"),
    [
        ("email", {"emails": "x"}),
        ("email", {"emails": [{"kind": "home"}]}),
        ("email", {"emails": [{"address": 5}]}),
        ("email", {"external_ids": "x"}),
        ("phone", {"phones": [{"n": 1}]}),
        ("name", {"first_name": 5}),
        ("external_id:crm", {"external_ids": [1]}),
    ],
)
def test_a_row_of_the_wrong_shape_fails_alone(owner: Sender, key: str, bad: dict[str, Any]) -> None:
    text = "".join(json.dumps(one) + "\n" for one in ({"first_name": "Ada"}, {"last_name": "B", **bad}))
    imported = done(owner, text, source="jsonl", key=key)
    assert statuses(owner, imported) == {1: "created", 2: "failed"}
    (error,) = rows(owner, imported, "failed")[0]["errors"]
    assert error["pointer"] == f"/{next(iter(bad))}"


def test_a_cell_of_the_wrong_shape_fails_its_row_alone(owner: Sender) -> None:
    imported = done(owner, 'First name,emails\nAda,\nBob,"[{""x"":1}]"\nCid,"[5]"\n')
    assert statuses(owner, imported) == {2: "created", 3: "failed", 4: "failed"}


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Company", "x" * 201),
        ("Company domain", "x" * 70 + ".com"),
        ("Company domain", "x" * 3000 + ".com"),
        ("Company", "x" * 3000),
    ],
)
def test_a_company_that_cannot_be_made_fails_its_row_alone(owner: Sender, header: str, cell: str) -> None:
    mapping = {header: "company_domain" if "domain" in header else "company"}
    imported = done(owner, f"First name,{header}\nAda,\nBob,{cell}\n", mapping=mapping)
    assert statuses(owner, imported) == {2: "created", 3: "failed"}
    (error,) = rows(owner, imported, "failed")[0]["errors"]
    assert (error["pointer"], error["code"])[0] == f"/{header}"


def test_many_companies_below_one_in_a_file(owner: Sender) -> None:
    parent = owner.post("/v1/companies", {"name": "Holding"}).json
    owner.house.settle()
    text = "Name,Parent company\n" + "".join(f"Branch {number},Holding\n" for number in range(8))
    imported = done(owner, text, kind="company", key="name")
    assert set(statuses(owner, imported).values()) == {"created"}
    assert {one["parent_id"] for name, one in companies(owner).items() if name != "Holding"} == {parent["id"]}


def test_a_parent_that_is_gone_fails_its_rows_only(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    parent = owner.post("/v1/companies", {"name": "Holding"}).json
    owner.house.settle()
    real = planning.make

    def make(*given: Any, **named: Any) -> Any:
        plan = real(*given, **named)
        if owner.get(f"/v1/companies/{parent['id']}").status == 200:
            owner.delete(f"/v1/companies/{parent['id']}")
        return plan

    monkeypatch.setattr(planning, "make", make)
    imported = done(owner, "Name,Parent company\nBranch,Holding\nAlone,\n", kind="company", key="name")
    assert (imported["status"], statuses(owner, imported)) == ("partial", {2: "failed", 3: "created"})


def test_contacts_find_their_companies_by_domain_then_by_name(owner: Sender) -> None:
    acme = owner.post("/v1/companies", {"name": "Acme", "domains": ["acme.com"]}).json
    beta = owner.post("/v1/companies", {"name": "Bêta GmbH"}).json
    text = (
        "First Name,Email,Company,Website\nA,a@x.example,Whatever,https://www.acme.com/\n"
        "B,b@x.example,BETA gmbh,\nC,c@acme.com,,\nD,d@x.example,New,new.example\n"
    )
    done(owner, text)
    found = {name: one["company_id"] for name, one in contacts(owner).items()}
    assert (found["A"], found["B"], found["C"]) == (acme["id"], beta["id"], acme["id"])
    assert companies(owner)["New"]["domains"] == ["new.example"]


def test_our_own_lines_come_back_as_they_were(house: House, owner: Sender) -> None:
    done(owner, HUBSPOT, source="hubspot")
    lines = [json.dumps(one) for one in contacts(owner).values()]
    other = house.signup()
    imported = done(other, "\n".join(lines), source="jsonl")
    assert imported["counts"]["created"] == 2
    same = ("first_name", "emails", "lifecycle", "external_ids", "company_name")
    for name, one in contacts(owner).items():
        kept = {**one, "external_ids": {**one["external_ids"], "tendril": one["id"]}}
        assert {field: contacts(other)[name][field] for field in same} == {field: kept[field] for field in same}


# What is refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('Email,Name\na@example.com,"x\nb@example.com,y\n', "unclosed_quote"),
        ("Email,Email\na@example.com,b@example.com\n", "repeated_header"),
        (",".join(f"c{number}" for number in range(300)) + "\n", "too_many_columns"),
        ("", "empty"),
        ("foo,bar\n1,2\n", "unknown"),
    ],
)
def test_a_broken_file_is_refused_whole(owner: Sender, content: str, code: str) -> None:
    answer = begun(owner, content)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["code"] == code
    imported = uploaded(owner, content.encode())
    assert imported["status"] == "failed"
    assert [error["code"] for error in imported["errors"]] == [code]
    assert contacts(owner) == {}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"mapping": {"Email": "e_mail"}}, "/mapping/Email"),
        ({"mapping": {"No": "email"}}, "/mapping/No"),
        ({"key": "shoe"}, "/key"),
        ({"key": "domain"}, "/key"),
        ({"key": "external_id:"}, "/key"),
        ({"encoding": "rot13"}, "/encoding"),
        ({"policy": "merge"}, "/policy"),
        ({"kind": "company", "source": "vcard"}, "/source"),
        ({"country": "Austria"}, "/country"),
    ],
)
def test_what_cannot_be_asked_for(owner: Sender, fields: dict[str, Any], pointer: str) -> None:
    answer = begun(owner, "Email\na@example.com\n", **fields)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("key", ["external_id:erp", "email", "id"])
def test_a_key_that_no_column_says_refuses_the_file(owner: Sender, key: str) -> None:
    answer = begun(owner, "First Name\nAda\n", key=key)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/key")
    assert [error["code"] for error in uploaded(owner, b"First Name\nAda\n", key=key)["errors"]] == ["no_column"]
    assert contacts(owner) == {}


def test_a_column_named_like_the_system_of_the_key_is_its(owner: Sender) -> None:
    for status in ("created", "skipped"):
        imported = done(owner, "ERP ID,First Name\n7,Ada\n", key="external_id:erp")
        assert (imported["mapping"]["ERP ID"], rows(owner, imported)[0]["status"]) == ("external_ids.erp", status)


def test_that_nobody_can_be_found_is_said(owner: Sender) -> None:
    assert "email" in done(owner, "First Name\nAda\n")["warnings"][0]
    assert done(owner, "Record ID,First Name\n7,Bob\n", source="hubspot")["warnings"] == []


def test_bytes_that_are_none_fail_their_row_only(owner: Sender) -> None:
    imported = uploaded(owner, b"Email,First Name\na@example.com,A\x00\nb@example.com,B\n", encoding="utf-8")
    (failed,) = rows(owner, imported, "failed")
    assert failed["errors"][0]["code"] == "nul"
    assert contacts(owner).keys() == {"B"}


def test_a_field_that_is_not_there_is_refused_at_once(owner: Sender) -> None:
    answer = begun(owner, "Email,Shoe\na@example.com,42\n", mapping={"Shoe": "custom.shoe"})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/mapping/Shoe")


def test_fields_of_the_firm_are_known_by_name_and_label(owner: Sender) -> None:
    for name, label in (("shoe", "Shoe size"), ("hat_size", "Hat")):
        assert (
            owner.post("/v1/fields", {"noun": "contact", "name": name, "label": label, "type": "number"}).status == 201
        )
    imported = done(owner, "Email,Shoe Size,HatSize\na@example.com,42,7\n")
    assert (imported["mapping"]["Shoe Size"], imported["mapping"]["HatSize"]) == ("custom.shoe", "custom.hat_size")
    (one,) = owner.get("/v1/contacts").json["data"]
    assert one["custom"] == {"shoe": 42, "hat_size": 7}


def test_a_row_between_two_records_is_not_guessed(owner: Sender) -> None:
    owner.contact(first_name="A", emails=[{"address": "a@example.com"}])
    owner.contact(first_name="B", emails=[{"address": "b@example.com"}])
    imported = done(owner, "Email,Job Title\na@example.com;b@example.com,T\n", policy="update")
    assert rows(owner, imported)[0]["errors"][0]["code"] == "ambiguous"


def test_a_value_of_another_record_fails_the_row(owner: Sender) -> None:
    other = owner.contact(first_name="A", emails=[{"address": "a@example.com"}], external_ids={"hubspot": "1"})
    imported = done(owner, "Record ID,Email\n1,b@example.com\n", source="hubspot")
    (row,) = rows(owner, imported)
    assert (row["status"], row["id"]) == ("failed", other["id"])
    assert row["errors"][0]["pointer"] == "/Record ID"


def test_permissions(owner: Sender) -> None:
    imported = done(owner, "Email\na@example.com\n")
    viewer = colleague(owner, "viewer")
    assert begun(viewer, "Email\na@example.com\n").status == 403
    assert viewer.get(f"/v1/imports/{imported['id']}").status == 403
    assert colleague(owner, "rep").get(f"/v1/imports/{imported['id']}").status == 200
    limited = token(owner, {"imports:read", "imports:write"})
    assert begun(limited, "Email\nb@example.com\n").status == 403


def test_another_firm_sees_nothing(house: House, owner: Sender) -> None:
    imported = done(owner, "Email\na@example.com\n")
    stranger = house.signup()
    for method, place in (("GET", ""), ("GET", "/rows"), ("POST", "/start"), ("POST", "/revert")):
        assert stranger.call(method, f"/v1/imports/{imported['id']}{place}").status == 404
        assert stranger.call(method, f"/v1/imports/%C3%97{place}").status == 404


# Resumed and cancelled


class Crash(Exception):
    """A worker died."""


def crashing(at: int, act: Callable[..., Any], count: Iterator[int]) -> Callable[..., Any]:
    """`act`, but the worker dies before or after the write of this number."""

    def acting(*given: Any, **named: Any) -> Any:
        if next(count) == at:
            raise Crash
        done = act(*given, **named)
        if next(count) == at:
            raise Crash
        return done

    return acting


def snapshot(sender: Sender) -> Any:
    people = {name: (one["title"], one["company_name"], one["version"]) for name, one in contacts(sender).items()}
    return people, sorted(companies(sender))


def test_a_crash_between_any_two_writes_changes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    text = (
        "First Name,Email,Job Title,Company\nA,a@example.com,T1,Acme\nOld,old@example.com,T2,Acme\n"
        "B,b@example.com,T3,Beta\nA,a@example.com,T4,Acme\nBad,nomail,,\n"
    )

    def run(at: int | None) -> tuple[Any, Any, bool]:
        owner = house.signup()
        owner.contact(first_name="Old", emails=[{"address": "old@example.com"}])
        answer = begun(owner, text, policy="update")
        job = jobs.load(owner.tenant, answer.json["id"])
        count, crashed = iter(range(10**6)), False
        with monkeypatch.context() as dying:
            if at is not None:
                dying.setattr(storage, "put", crashing(at, storage.put, count))
                for verbs in set(parties.VERBS.values()):
                    dying.setattr(verbs, "create_many", crashing(at, verbs.create_many, count))
                    dying.setattr(verbs, "update", crashing(at, verbs.update, count))
            finished = False
            while not finished:
                before = json.loads(json.dumps([job.state, job.counts, int(job.done)]))
                try:
                    finished = steps.step(job)
                except Crash:  # another worker begins with what was saved last
                    crashed = True
                    job.state, job.counts, job.done = before
        told = [(row.line, row.status) for row in job_rows.page(job, None, Page(100)).data]
        return snapshot(owner), (told, job.counts), crashed

    expected = run(None)[:2]
    assert expected[1][1] == {"created": 2, "updated": 2, "skipped": 0, "failed": 1}
    at, crashed = 0, True
    while crashed:
        *found, crashed = run(at)
        assert tuple(found) == expected, at
        at += 1
    assert at > 20


def test_a_cancelled_import_says_what_it_did_and_can_be_taken_back(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    monkeypatch.setattr(turns, "SLICE", 0.0)
    text = "Email,First Name\n" + "".join(f"n{number}@example.com,N{number}\n" for number in range(10))
    answer = begun(owner, text)
    house.feed.drain()
    for _ in range(4):  # check, read, two chunks
        house.work()
        house.feed.drain()
    assert owner.post(f"/v1/jobs/{answer.json['id']}/cancel").status == 202
    house.settle()
    imported = owner.get(f"/v1/imports/{answer.json['id']}").json
    assert imported["status"] == "cancelled"
    assert 0 < imported["counts"]["created"] < 10
    assert len(contacts(owner)) == imported["counts"]["created"] == len(rows(owner, imported))
    assert imported["result_url"]
    reverted(owner, imported)
    assert contacts(owner) == {}


def test_what_others_do_meanwhile_is_planned_anew(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    real = lookups.holders
    late: list[Any] = []

    def holders(tenant: str, noun: str, wanted: Any, *, surely: bool = False) -> Any:
        found = real(tenant, noun, wanted, surely=surely)
        if not late and noun == "contact":
            late.append(owner.contact(first_name="Ada", emails=[{"address": "ada@example.com"}]))
        return found

    monkeypatch.setattr(lookups, "holders", holders)
    imported = done(owner, "Email,Job Title\nada@example.com,T\n", policy="update")
    assert rows(owner, imported)[0] == {"line": 2, "id": late[0]["id"], "status": "updated", "errors": []}
    assert contacts(owner)["Ada"]["title"] == "T"


# Taken back


def test_an_import_is_taken_back_whole(owner: Sender) -> None:
    before = owner.contact(first_name="Old", emails=[{"address": "old@example.com"}], title="T0", tags=["a"])
    text = (
        "First Name,Email,Additional email addresses,Job Title,Tags,Associated Company,Record ID\n"
        "Old,old@example.com,more@example.com,T1,b,Acme,7\nNew,new@example.com,,T2,,Acme,8\nNew,new@example.com,,T3,,,8\n"
    )
    imported = done(owner, text, source="hubspot", policy="update")
    assert len(contacts(owner)["Old"]["emails"]) == 2
    told = reverted(owner, imported)
    assert {row["status"] for row in told} == {"reverted"}, told
    computed = ("version", "updated_at", "lifecycle_since")
    after = owner.get(f"/v1/contacts/{before['id']}").json
    assert {name: value for name, value in after.items() if name not in computed} == {
        name: value for name, value in before.items() if name not in computed and name in after
    }
    assert contacts(owner).keys() == {"Old"}
    assert companies(owner) == {}
    again = owner.post(f"/v1/imports/{imported['id']}/revert")
    assert again.status == 409
    view = owner.get(f"/v1/imports/{imported['id']}").json
    assert again.json["existing_id"] == view["revert_job_id"]


def test_what_somebody_changed_since_is_kept_and_said(owner: Sender) -> None:
    old = owner.contact(first_name="Old", emails=[{"address": "old@example.com"}], title="T0")
    text = (
        "First Name,Email,Job Title,City,Company\nOld,old@example.com,T1,Wien,\nChanged,c@example.com,T,,Acme\n"
        "Called,p@example.com,T,,\nGone,g@example.com,T,,\nNew,n@example.com,T,,\n"
    )
    imported = done(owner, text, policy="update")
    found = contacts(owner)
    owner.patch(f"/v1/contacts/{old['id']}", {"title": "T2"})
    owner.patch(f"/v1/contacts/{found['Changed']['id']}", {"title": "Boss"})
    owner.post(f"/v1/contacts/{found['Called']['id']}/activities", {"kind": "call"})
    owner.delete(f"/v1/contacts/{found['Gone']['id']}")
    owner.house.settle()
    told = {
        row["line"]: (row["status"], [error["code"] for error in row["errors"]])
        for row in reverted(owner, imported)
        if row["id"].startswith("con")
    }
    assert told == {
        2: ("reverted", []),
        3: ("kept", ["changed"]),
        4: ("kept", ["changed"]),
        5: ("reverted", []),
        6: ("reverted", []),
    }
    after = contacts(owner)
    assert after.keys() == {"Old", "Changed", "Called"}
    assert (after["Old"]["title"], after["Old"]["address"]) == ("T2", None)
    assert companies(owner).keys() == {"Acme"}  # somebody still belongs to it


def test_taking_back_goes_on_where_it_broke_off(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 2)
    text = "Email,First Name,Company\n" + "".join(f"n{one}@example.com,N{one},Acme\n" for one in range(5))
    imported = done(owner, text, policy="update")
    deletes = iter(range(100))
    verbs = parties.of("contact")
    real = verbs.delete

    def dying(*given: Any) -> None:
        real(*given)
        if next(deletes) in (0, 3):
            raise RuntimeError("a worker died")

    monkeypatch.setattr(verbs, "delete", dying)
    answer = owner.post(f"/v1/imports/{imported['id']}/revert")
    for _ in range(4):
        owner.house.settle()
        clock.advance(600)
        owner.house.minute()
    owner.house.settle()
    job = owner.get(answer.headers["Location"]).json
    assert (job["status"], job["counts"]) == ("succeeded", {"reverted": 6})
    assert contacts(owner) == companies(owner) == {}


# What our own export says


WHOLE: dict[str, Any] = {
    "first_name": "=Ada",
    "last_name": "Lovelace, Countess; the 1st",
    "emails": [
        {"address": "b@example.com", "kind": "home", "primary": False},
        {"address": "a@example.com", "kind": "work", "primary": True},
    ],
    "phones": [{"number": "+436641234567", "kind": "mobile", "primary": True}],
    "address": {"street": "Karlsplatz 13", "city": "Wien", "postal_code": "01040", "country": "AT"},
    "title": "'-- Analyst",
    "birthday": "--12-10",
    "tags": ["a;b", "c"],
    "social": {"LinkedIn": "https://www.linkedin.com/in/ada"},
    "dates": [{"label": "Renewal", "date": "2026-03-01", "remind_days": 7}],
    "external_ids": {"hubspot": "17"},
    "time_zone": "Europe/Vienna",
    "language": "de-AT",
    "lifecycle": "lead",
    "relationship": "partner",
    "preferences": {"channels": {"email": False}, "topics": {"news": True}},
}


@pytest.mark.parametrize("source", ["csv", "jsonl"])
def test_what_was_exported_is_imported_without_loss(house: House, owner: Sender, source: str) -> None:
    company = owner.post("/v1/companies", {"name": "Analytical; Ltd"}).json
    ada = owner.contact(**WHOLE, company_id=company["id"])
    ada = owner.get(f"/v1/contacts/{ada['id']}").json
    if source == "csv":
        text = io.StringIO()
        csv.writer(text).writerows([headers("contact", []), row("contact", [], ada)])
        content = text.getvalue()
    else:
        content = json.dumps(ada)
    other = house.signup()
    imported = done(other, content, source=source)
    assert imported["counts"]["created"] == 1, rows(other, imported)
    (found,) = other.get("/v1/contacts").json["data"]
    kept = {**ada, "external_ids": {**ada["external_ids"], "tendril": ada["id"]}}
    assert {name: found[name] for name in WHOLE} == {name: kept[name] for name in WHOLE}
    assert found["company_name"] == "Analytical; Ltd"


def lines_of(several: Any, source: str, kind: str = "contact") -> str:
    """Records as an export has them."""
    if source == "jsonl":
        return "".join(json.dumps(one) + "\n" for one in several)
    text = io.StringIO()
    csv.writer(text).writerows([headers(kind, []), *(row(kind, [], one) for one in several)])
    return text.getvalue()


@pytest.mark.parametrize("source", ["csv", "jsonl"])
@pytest.mark.parametrize("key", [None, "id"])
def test_what_is_imported_where_it_comes_from_makes_nobody_twice(owner: Sender, source: str, key: str | None) -> None:
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob", emails=[{"address": "b@example.com"}])
    owner.house.settle()
    said = [{**one, "title": "T", "emails": []} for one in contacts(owner).values()]  # nothing else tells them
    imported = done(owner, lines_of(said, source), source=source, policy="update", **({"key": key} if key else {}))
    assert imported["counts"] == {"created": 0, "updated": 2, "skipped": 0, "failed": 0}
    assert {name: (one["id"], one["title"]) for name, one in contacts(owner).items()} == {
        "Ada": (ada["id"], "T"),
        "Bob": (bob["id"], "T"),
    }


@pytest.mark.parametrize("source", ["csv", "jsonl"])
@pytest.mark.parametrize("dry", [True, False])
def test_a_tree_moves_to_another_firm(house: House, owner: Sender, source: str, dry: bool) -> None:
    """Also where those above stand below in the file; who is in no file is said."""
    top = owner.post("/v1/companies", {"name": "Top"}).json
    middle = owner.post("/v1/companies", {"name": "Middle", "parent_id": top["id"]}).json
    low = owner.post("/v1/companies", {"name": "Low", "parent_id": middle["id"]}).json
    gone = {**low, "id": "com_01ARZ3NDEKTSV4RRFFQ69G5FAV", "name": "Alone", "parent_id": low["id"][:-4] + "0000"}
    other = house.signup()
    text = lines_of([low, gone, middle, top], source, "company")
    imported = done(other, text, source=source, kind="company", dry_run=dry)
    told = rows(other, imported)
    assert [row["status"] for row in told] == ["created"] * 4, told
    assert [[error["code"] for error in row["errors"]] for row in told] == [[], ["unknown_parent"], [], []]
    if dry:
        return
    found = companies(other)
    assert found["Low"]["parent_id"] == found["Middle"]["id"]
    assert found["Middle"]["parent_id"] == found["Top"]["id"]
    assert found["Top"]["external_ids"] == {"tendril": top["id"]}
    again = done(other, text, source=source, kind="company")
    assert again["counts"] == {"created": 0, "updated": 0, "skipped": 4, "failed": 0}
    assert {row["status"] for row in reverted(other, imported)} == {"reverted"}


def test_those_above_may_stand_below_by_name(owner: Sender) -> None:
    done(owner, "Name,Parent company\nLow,Top\nTop,\n", kind="company")
    assert companies(owner)["Low"]["parent_id"] == companies(owner)["Top"]["id"]


def test_what_refers_to_others_moves_with_them(house: House, owner: Sender) -> None:
    firm = owner.post("/v1/companies", {"name": "Firm"}).json
    other = house.signup()
    for sender in (owner, other):
        field = {"noun": "contact", "name": "dealer", "label": "Dealer", "type": "reference", "refers_to": "company"}
        assert sender.post("/v1/fields", field).status == 201
    employed = [{"company_id": firm["id"], "role": "CTO"}]
    ada = owner.contact(first_name="Ada", company_id=firm["id"], companies=employed, custom={"dealer": firm["id"]})
    owner.house.settle()
    lost = lines_of([owner.get(f"/v1/contacts/{ada['id']}").json], "jsonl").replace('"company_name": "Firm"', '"x": 1')
    lost = lost.replace(', "x": 1', "").replace('"x": 1, ', "")
    codes = [error["code"] for error in rows(other, done(other, lost, source="jsonl", dry_run=True))[0]["errors"]]
    assert codes == ["unknown_company", "unknown_reference", "unknown_reference"]
    done(other, lines_of([firm], "jsonl", "company"), source="jsonl", kind="company")
    (told,) = rows(other, done(other, lost, source="jsonl"))
    assert (told["status"], told["errors"]) == ("created", [])
    here, moved = companies(other)["Firm"]["id"], contacts(other)["Ada"]
    assert (moved["company_id"], moved["companies"][0]["company_id"], moved["custom"]) == (here, here, {"dealer": here})


def test_an_id_comes_before_the_key_and_a_merged_one_leads_on(owner: Sender) -> None:
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob", emails=[{"address": "b@example.com"}])
    text = f"id,Email,Job Title\n{ada['id']},b@example.com,T\n"
    (told,) = rows(owner, done(owner, text, policy="update"))
    assert (told["status"], told["id"]) == ("failed", bob["id"])  # Ada it is, and the address is Bob's
    merged = owner.post(f"/v1/contacts/{bob['id']}/merge", {"loser_id": ada["id"]})
    assert merged.status == 200, merged.text
    (told,) = rows(owner, done(owner, f"id,Job Title\n{ada['id']},T\n", policy="update"))
    assert (told["status"], told["id"]) == ("updated", bob["id"])


def test_without_a_mail_the_id_of_the_other_system_tells(owner: Sender) -> None:
    text = "Record ID,First Name,Job Title\n7,Ada,T1\n7,Ada,T2\n"
    assert done(owner, text, source="hubspot")["counts"]["created"] == 1
    again = done(owner, text, source="hubspot", policy="update")
    assert again["counts"] == {"created": 0, "updated": 1, "skipped": 1, "failed": 0}


@pytest.mark.parametrize(
    ("source", "header", "said", "silent", "refused"),
    [
        ("hubspot", "Unsubscribed from all email", "true", "false", {"channels": {"email": False}}),
        ("hubspot", "Opted out of email: One to One", "Yes", "", {"topics": {"One to One": False}}),
        ("salesforce", "HasOptedOutOfEmail", "1", "0", {"channels": {"email": False}}),
        ("salesforce", "Email Opt Out", "ja", "nein", {"channels": {"email": False}}),
        ("salesforce", "DoNotCall", "TRUE", "FALSE", {"channels": {"phone": False}}),
        ("salesforce", "Fax Opt Out", "x", "", {"channels": {"fax": False}}),
        ("pipedrive", "Person - Marketing status", "No consent", "Subscribed", {"channels": {"email": False}}),
    ],
)
def test_who_said_no_is_heard(
    owner: Sender, source: str, header: str, said: str, silent: str, refused: dict[str, Any]
) -> None:
    text = f"First name,{header}\nAda,{said}\nBob,{silent}\nCid,perhaps\n"
    imported = done(owner, text, source=source)
    assert statuses(owner, imported) == {2: "created", 3: "created", 4: "failed"}
    found = contacts(owner)
    nothing: dict[str, Any] = {"channels": {}, "topics": {}}
    assert found["Ada"]["preferences"] == {**nothing, **refused}
    assert not any((found["Bob"]["preferences"] or nothing).values())
    assert rows(owner, imported)[2]["errors"][0]["pointer"] == f"/{header}"


def test_a_no_stands_beside_another(owner: Sender) -> None:
    owner.contact(first_name="Ada", emails=[{"address": "a@example.com"}], preferences={"channels": {"phone": False}})
    imported = done(owner, "Email,Email Opt Out\na@example.com,yes\n", source="salesforce", policy="update")
    assert contacts(owner)["Ada"]["preferences"]["channels"] == {"email": False, "phone": False}
    reverted(owner, imported)
    assert contacts(owner)["Ada"]["preferences"]["channels"] == {"phone": False}


def test_too_many_and_too_long_fail_the_row(owner: Sender) -> None:
    mails = ";".join(f"a{number}@example.com" for number in range(11))
    imported = done(owner, f"Email,Tags\n{mails},x\nb@example.com,{'t' * 10_000}\n")
    found = [[(error["pointer"], error["code"]) for error in row["errors"]] for row in rows(owner, imported)]
    assert found == [[("/Email", "length")], [("/Tags", "length")]]


def test_a_kind_may_be_named_in_the_plural(owner: Sender) -> None:
    made = owner.post("/v1/imports", {"kind": "contacts", "content": "First Name\nAda\n"})
    assert (made.status, made.json["kind"]) == (202, "contact")
    assert owner.post("/v1/exports", {"kind": "contacts", "format": "jsonl"}).status == 202
    assert owner.post("/v1/exports", {"all": True, "format": "csv"}).status == 202


def test_only_who_made_it_or_a_manager_takes_an_import_back(owner: Sender) -> None:
    rep, other = calling.colleague(owner, "rep"), calling.colleague(owner, "rep")
    made = rep.post("/v1/imports", {"content": "First Name\nAda\n"}).json
    owner.house.settle()
    assert other.post(f"/v1/imports/{made['id']}/revert").status == 403
    assert owner.post(f"/v1/imports/{made['id']}/revert").status == 202
