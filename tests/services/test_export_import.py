"""What was exported is imported into an empty house, and equal records stand there: nothing is lost on the way."""

import json
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house import House, Sender

# Words as people have them, and as somebody who means no good writes them; an import trims blanks around them.
NASTY = (
    *("Ada", "Müller", "O'Brien", "李", "=1+1", "+SUM(A1)", "-x", "@cmd", "'=x", "''@x", '"q"', "a;b", "a,b", "[x]"),
    *("{y}", "a|b", "a  b", "two\nlines", "'", "=", "['a']", '["a"]', "1e5", "true"),
)
SIGNS = st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_characters="\x7f\x85\xa0\xad")
WORDS = st.sampled_from(NASTY) | st.text(SIGNS, min_size=1, max_size=12)
LABELS = WORDS.map(lambda word: " ".join(word.split()))
SIMPLE = st.text("abcdefghij", min_size=1, max_size=8)
DAYS = st.dates().map(lambda day: day.isoformat().rjust(10, "0"))
PHONES = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(10, 99).map(lambda number: f"+43158801{number}"),
            "kind": st.sampled_from(["work", "mobile", "home", "fax", "other"]),
        }
    ),
    max_size=3,
    unique_by=lambda one: one["number"],
)
PARTY: dict[str, st.SearchStrategy[Any]] = {
    "phones": PHONES,
    "address": st.fixed_dictionaries(
        {}, optional={"street": LABELS, "city": LABELS, "postal_code": SIMPLE, "country": st.sampled_from(["AT", "DE"])}
    ),
    "tags": st.lists(LABELS, max_size=3, unique_by=str.casefold),
    "relationship": st.sampled_from(["customer", "supplier"]),
    "social": st.dictionaries(SIMPLE, WORDS, max_size=2),
    "external_ids": st.dictionaries(SIMPLE, WORDS, max_size=2),
    "dates": st.lists(st.fixed_dictionaries({"label": LABELS, "date": DAYS, "remind_days": st.none()}), max_size=2),
}
CUSTOM: dict[str, st.SearchStrategy[Any]] = {
    "note": LABELS,
    "score": st.integers(-(10**9), 10**9) | st.floats(-1000, 1000).map(lambda number: round(number, 3)),
    "value": st.fixed_dictionaries({"amount": st.integers(0, 10**9), "currency": st.sampled_from(["EUR", "USD"])}),
    "since": DAYS,
    "likes": st.lists(st.sampled_from(["tea", "coffee, black", "a;b"]), min_size=1, max_size=3, unique=True),
    "vip": st.booleans(),
}
CONTACTS = st.lists(
    st.fixed_dictionaries(
        {"first_name": WORDS},
        optional={
            **PARTY,
            "last_name": WORDS,
            "title": WORDS,
            "birthday": DAYS | st.just("--02-29"),
            "language": st.sampled_from(["de-AT", "en"]),
            "time_zone": st.just("Europe/Vienna"),
            "lifecycle": st.sampled_from(["lead", "marketing_qualified_lead", "own_stage"]),
            "preferences": st.fixed_dictionaries({"channels": st.dictionaries(SIMPLE, st.booleans(), max_size=2)}),
            "custom": st.fixed_dictionaries({}, optional=CUSTOM),
            "kinds": st.lists(st.sampled_from(["work", "home", "other"]), max_size=3),
            "firm": st.booleans(),
        },
    ),
    min_size=1,
    max_size=4,
)
COMPANIES = st.lists(
    st.fixed_dictionaries(
        {"name": WORDS},
        optional={**PARTY, "website": st.just("https://www.example.com/a?b=c"), "hosts": st.integers(0, 2)},
    ),
    min_size=1,
    max_size=3,
)
# What another house gives anew.
NEW = {"id", "company_id", "created_at", "updated_at", "version", "owner_id", "lifecycle_since", "last_contacted_at"}


@pytest.fixture
def other(house: House, owner: Sender) -> Sender:
    """Another firm, with the same fields of its own."""
    firm = house.signup()
    for sender in (owner, firm):
        for name, kind in (
            ("note", "text"),
            ("score", "number"),
            ("value", "money"),
            ("since", "date"),
            ("vip", "bool"),
        ):
            define(sender, name=name, type=kind)
        define(sender, name="likes", type="multi", options=["tea", "coffee, black", "a;b"])
    return firm


def define(sender: Sender, **field: Any) -> None:
    answer = sender.post("/v1/fields", {"noun": "contact", "label": field["name"], **field})
    assert answer.status == 201, answer.text


def exported(sender: Sender, kind: str, form: str) -> str:
    sender.house.settle()
    made = sender.post("/v1/exports", {"kind": kind, "format": form})
    assert made.status == 202, made.text
    sender.house.settle()
    job = sender.get(f"/v1/jobs/{made.json['id']}").json
    assert job["status"] == "succeeded", job
    assert urlsplit(job["result_url"]).scheme == "file"
    with urlopen(job["result_url"]) as file:
        return str(file.read().decode())


def imported(sender: Sender, kind: str, form: str, content: str) -> None:
    draft = {"kind": kind, "source": form, "content": content}
    made = sender.post("/v1/imports", draft)
    assert made.status == 202, made.text
    sender.house.settle()
    rows = sender.get(f"/v1/jobs/{made.json['id']}/rows").json["data"]
    assert {row["status"] for row in rows} == {"created"}, rows


def records(sender: Sender, kind: str) -> list[str]:
    """All records of a kind without what is given anew, in an order that says nothing."""
    found = [json.loads(line) for line in exported(sender, kind, "jsonl").splitlines()]
    bare = [{name: value for name, value in one.items() if name not in NEW} for one in found]
    for one in bare:
        one["external_ids"].pop("tendril", None)  # which id it had before it moved
    return sorted(json.dumps(one, sort_keys=True) for one in bare)


def emptied(sender: Sender) -> None:
    """As if nothing had been there: the next example finds a house without records."""
    for kind in ("contacts", "companies"):
        while listed := sender.get(f"/v1/{kind}?limit=200").json["data"]:
            for one in listed:
                assert sender.delete(f"/v1/{kind}/{one['id']}").status == 204
    sender.house.settle()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@given(several=CONTACTS)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contacts_come_back_as_they_were(
    house: House, owner: Sender, other: Sender, form: str, several: list[dict[str, Any]]
) -> None:
    emptied(owner)
    emptied(other)
    firm = owner.post("/v1/companies", {"name": "Lovelace; Daughters"}).json
    for number, draft in enumerate(several):
        kinds, employed = draft.pop("kinds", []), draft.pop("firm", False)
        mails = [{"address": f"p{number}.{place}@gmail.com", "kind": kind} for place, kind in enumerate(kinds)]
        given_to = {"company_id": firm["id"]} if employed else {}
        answer = owner.post("/v1/contacts", {**draft, "emails": mails, **given_to})
        assert answer.status == 201, answer.text
    imported(other, "contact", form, exported(owner, "contact", form))
    assert records(other, "contact") == records(owner, "contact")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@given(several=COMPANIES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_companies_come_back_as_they_were(
    house: House, owner: Sender, other: Sender, form: str, several: list[dict[str, Any]]
) -> None:
    emptied(owner)
    emptied(other)
    for number, draft in enumerate(several):
        hosts = [f"f{number}-{place}.example.com" for place in range(draft.pop("hosts", 0))]
        answer = owner.post("/v1/companies", {**draft, "name": f"{draft['name']} {number}", "domains": hosts})
        assert answer.status == 201, answer.text
    imported(other, "company", form, exported(owner, "company", form))
    assert records(other, "company") == records(owner, "company")
