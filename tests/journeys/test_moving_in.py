"""The Monday a firm moves in: its HubSpot export is imported, searched, cleaned of duplicates, changed in bulk, and
taken back - each step compared with what the raw records say.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.services import nouns
from tests import truth
from tests.house import House, Sender

HEADERS = (
    "Record ID",
    "First Name",
    "Last Name",
    "Email",
    "Additional email addresses",
    "Phone Number",
    "Job Title",
    "Lifecycle Stage",
    "Associated Company",
    "City",
    "Favourite colour",
)
# A contact a line, as HubSpot writes them.
GOOD = (
    ("501", "Zoë", "Müller-Lüdenscheidt", "zoe@bade.example", "z.ml@bade.example;zoe@home.example", "+43 1 5880 1000",
     "Geschäftsführerin", "customer", "Bade & Söhne", "Wien", "grün"),
    ("502", "José", "García Ñandú", "jose@tapas.example", "", "+34 912 345 678", "Chef", "lead", "Tapas SL",
     "Madrid", ""),
    ("503", "Łukasz", "Wójcik", "lukasz@bade.example", "", "", "Buyer", "lead", "Bade & Söhne", "Kraków", ""),
    ("504", "Siobhán", "O'Brien", "siobhan@pub.example", "", "+353 1 234 5678", "", "opportunity", "", "Dublin", ""),
    ("505", "Jonathan", "Fitzgerald", "jonathan.fitzgerald@steel.example", "", "+44 20 7946 0101", "Engineer", "lead",
     "Steelworks", "Leeds", ""),
    ("506", "Jonathon", "Fitzgerald", "j.fitzgerald@steel.example", "", "+44 20 7946 0101", "", "customer",
     "Steelworks", "Leeds", ""),
    ("507", "Anneliese", "Hofstätter", "a.hofstaetter@alpen.example", "", "+43 664 1234567", "", "lead", "",
     "Graz", ""),
    ("508", "Annelise", "Hofstaetter", "anneliese.h@alpen.example", "", "+43 664 1234567", "", "lead", "", "Graz", ""),
)  # fmt: skip
BROKEN = (
    ("509", "No", "Mail", "not-an-address", "", "", "", "lead", "", "", ""),
    ("510", "", "", "", "", "", "", "lead", "", "", ""),
    ("511", "Zoe", "Again", "ZOE@bade.example", "", "", "", "lead", "", "", ""),
)


def export() -> str:
    """The file, with a byte order mark and a last row that is cut off."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(HEADERS)
    rows.writerows(GOOD + BROKEN)
    return "\ufeff" + written.getvalue() + "512,Cut"


@pytest.fixture
def olga(house: House) -> Sender:
    return house.signup(name="Olga Owner", company="Olga & Co")


def contacts(olga: Sender) -> dict[str, dict[str, Any]]:
    """The live contacts as the raw records have them."""
    return {key: nouns.plain(one) for key, one in truth.raw(olga.tenant, "contact").items() if one.live}


def done(house: House, olga: Sender, answer: Any) -> Any:
    """The job that an answer has begun, at its end."""
    assert answer.status == 202, answer.text
    house.settle()
    job = olga.get(answer.headers["Location"].removeprefix("/api")).json
    assert job["status"] in {"succeeded", "partial", "cancelled"}, job
    return job


def every(olga: Sender, path: str) -> list[Any]:
    """All rows of a list, page by page."""
    found: list[Any] = []
    cursor = ""
    while True:
        page = olga.get(f"{path}{'&' if '?' in path else '?'}limit=3{cursor}")
        assert page.status == 200, page.text
        found += page.json["data"]
        if page.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={page.json['next_cursor']}"


def test_the_monday(house: House, olga: Sender) -> None:
    before = contacts(olga)
    imported = _imported(house, olga)
    _found(olga)
    _filtered(house, olga)
    _cleaned(house, olga)
    _changed_in_bulk(house, olga)
    _taken_back(house, olga, imported)
    assert contacts(olga) == before == {}


def _imported(house: House, olga: Sender) -> str:
    """Tried first, which writes nothing; then done, row by row as the file has it."""
    order = {"kind": "contact", "source": "hubspot", "content": export()}
    tried = done(house, olga, olga.post("/v1/imports", {**order, "dry_run": True}))
    assert contacts(olga) == {}
    answer = olga.post("/v1/imports", order)
    job = done(house, olga, answer)
    assert job["counts"] == tried["counts"]
    assert {name: job["counts"].get(name, 0) for name in ("created", "skipped", "failed")} == {
        "created": len(GOOD),
        "skipped": 1,
        "failed": 3,
    }
    rows = every(olga, f"/v1/imports/{job['id']}/rows")
    assert [row["status"] for row in rows] == ["created"] * 8 + ["failed", "failed", "skipped", "failed"]
    assert all(row["errors"] for row in rows if row["status"] == "failed")
    kept = contacts(olga)
    assert len(kept) == len(GOOD)
    for line, row in zip(GOOD, rows, strict=False):
        contact = kept[row["id"]]
        mails = [mail for cell in line[3:5] for mail in cell.split(";") if mail]
        assert (contact["first_name"], contact["last_name"]) == line[1:3]
        assert [one["address"] for one in contact["emails"]] == mails
        assert (contact["external_ids"], contact["lifecycle"]) == ({"hubspot": line[0]}, line[7])
        assert contact["company_name"] == (line[8] or None)
        assert olga.get(f"/v1/contacts/{row['id']}").json["id"] == row["id"]
    companies = {one.display_name for one in truth.raw(olga.tenant, "company").values()}
    assert companies == {line[8] for line in GOOD} - {""}
    return str(job["id"])


def _found(olga: Sender) -> None:
    """Any word, any order, without accents; what is found is what the records say, and nothing else."""
    kept = contacts(olga)
    for query in ("zoe", "mull", "jos gar", "gar jos", "fitz jon", "hofst", "bade", "wojc", "lukasz bade", "obr", "zz"):
        found = {one["id"] for one in every(olga, f"/v1/contacts?q={query.replace(' ', '%20')}")}
        wanted = {key for key, one in kept.items() if truth.matches(_split(one), query)}
        assert found == wanted, query
    (number,) = every(olga, "/v1/contacts?q=0158801000")
    assert number["first_name"] == "Zoë"


def _split(record: dict[str, Any]) -> dict[str, Any]:
    """The record with names as people type their parts: O'Brien and obrien, Müller and Lüdenscheidt."""
    last = record["last_name"] or ""
    apart = f"{last} {last.replace('-', ' ')} {last.replace(chr(39), '')} {last.replace('ł', 'l')}"
    first = f"{record['first_name'] or ''} {(record['first_name'] or '').replace('Ł', 'L')}"
    return {**record, "last_name": apart, "first_name": first}


def _filtered(house: House, olga: Sender) -> None:
    """Lists by what the records have, in order of the name."""
    kept = contacts(olga)
    lists: dict[str, Callable[[dict[str, Any]], bool]] = {
        "lifecycle=lead": lambda one: one["lifecycle"] == "lead",
        "owner_id=" + olga.user: lambda one: one["owner_id"] == olga.user,
        "not_contacted_since=2030-01-01T00:00:00Z": lambda one: one["last_contacted_at"] is None,
    }
    for query, wanted in lists.items():
        found = [one["id"] for one in every(olga, f"/v1/contacts?{query}")]
        assert sorted(found) == sorted(key for key, one in kept.items() if wanted(one)), query
    by_name = [one["id"] for one in every(olga, "/v1/contacts?sort=name")]
    assert sorted(by_name) == sorted(kept)


def _cleaned(house: House, olga: Sender) -> None:
    """The two pairs are found, with reasons; both are merged, and one of them is two people after all."""
    done(house, olga, olga.post("/v1/contacts/duplicates/scan"))
    kept = contacts(olga)
    pairs = sorted(every(olga, "/v1/contacts/duplicates"), key=lambda pair: min(_hubspot(kept, pair)))
    assert {frozenset(_hubspot(kept, pair)) for pair in pairs} == {frozenset({"505", "506"}), frozenset({"507", "508"})}
    assert all(0.5 < pair["score"] <= 1 and pair["reasons"] for pair in pairs)
    for pair in pairs:
        winner, loser = sorted(pair["ids"], key=lambda one: kept[one]["external_ids"]["hubspot"])
        answer = olga.post(f"/v1/contacts/{winner}/merge", {"loser_id": loser, "fields": {"lifecycle": "loser"}})
        assert answer.status == 200, answer.text
        house.settle()
        sent_on = olga.get(f"/v1/contacts/{loser}")
        assert (sent_on.status, sent_on.json) == (301, {"merged_into": winner})
        assert sent_on.headers["Location"].endswith(f"/v1/contacts/{winner}")
        whole = contacts(olga)[winner]
        both = [one["address"] for key in (winner, loser) for one in kept[key]["emails"]]
        assert [one["address"] for one in whole["emails"]] == both
        assert whole["lifecycle"] == kept[loser]["lifecycle"]
        assert loser not in contacts(olga)
    assert every(olga, "/v1/contacts/duplicates") == []
    assert olga.post(f"/v1/contacts/{winner}/unmerge").status == 200
    house.settle()
    again = contacts(olga)
    changing = ("version", "updated_at")
    for key in (winner, loser):
        assert {k: v for k, v in again[key].items() if k not in changing} == {
            k: v for k, v in kept[key].items() if k not in changing
        }


def _hubspot(kept: dict[str, Any], pair: Any) -> list[str]:
    """The ids that the two of a pair had in HubSpot."""
    return [kept[one]["external_ids"]["hubspot"] for one in pair["ids"]]


def _changed_in_bulk(house: House, olga: Sender) -> None:
    """A tag for all leads; then one for everybody, cancelled before it began."""
    leads = {key for key, one in contacts(olga).items() if one["lifecycle"] == "lead"}
    order = {"filter": {"lifecycle": "lead"}, "action": "tag", "tags": ["monday"]}
    job = done(house, olga, olga.post("/v1/contacts/bulk", order))
    assert job["progress"] == {"done": len(leads), "total": len(leads)}
    assert {key for key, one in contacts(olga).items() if "monday" in one["tags"]} == leads
    assert {one["id"] for one in every(olga, "/v1/contacts?tag=monday")} == leads
    answer = olga.post("/v1/contacts/bulk", {"filter": {}, "all": True, "action": "tag", "tags": ["all"]})
    assert olga.post(f"/v1/jobs/{answer.json['id']}/cancel").status == 202
    assert done(house, olga, answer)["status"] == "cancelled"
    assert not any("all" in one["tags"] for one in contacts(olga).values())


def _taken_back(house: House, olga: Sender, imported: str) -> None:
    """What nobody changed goes to the trash at once; what somebody changed is said, and goes by hand."""
    job = done(house, olga, olga.post(f"/v1/imports/{imported}/revert"))
    rows = every(olga, f"/v1/jobs/{job['id']}/rows")
    left = contacts(olga)
    kept = {row["id"] for row in rows if row["status"] != "reverted" and row["id"].startswith("con")}
    (merged,) = (key for key, one in truth.raw(olga.tenant, "contact").items() if one.merged_into)
    assert kept == {*left, merged}
    assert {left[key]["external_ids"]["hubspot"] for key in left} == {"502", "503", "505", "507", "508"}
    assert all(row["errors"] for row in rows if row["id"] in kept)
    for key in left:
        assert olga.delete(f"/v1/contacts/{key}").status == 204
    house.settle()
    assert every(olga, "/v1/contacts?q=zoe") == []
    assert olga.get("/v1/me").json["counts"]["contacts"] == 0
