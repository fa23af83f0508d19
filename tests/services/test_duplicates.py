"""Duplicates are found when a record is made and by a scan of all, once, and only as long as they are some."""

import uuid
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.pair import Pair
from chalicelib.models.table import page
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.services import duplicates, matching, nouns, permissions, scanning, terms
from tests.house import House, Sender


def actor(owner: Sender) -> Actor:
    return Actor(owner.tenant, owner.user, "owner", permissions.ALL)


def ada(**other: Any) -> dict[str, Any]:
    """Somebody with all that one is recognised by; the mail address is nobody else's."""
    return {
        "first_name": "Augusta",
        "last_name": "Lovelace",
        "emails": [{"address": f"ada.{uuid.uuid4().hex[:12]}@example.com"}],
        "phones": [{"number": "+43 1 588 01 12345"}],
        "address": {"street": "Karlsplatz 13", "city": "Wien", "postal_code": "1040", "country": "AT"},
        "birthday": "1985-12-10",
        **other,
    }


def twice(owner: Sender, **other: Any) -> list[str]:
    """The same person twice, the second time with slips; settled, so that the index knows them. Their ids, sorted."""
    made = [
        owner.contact(**ada()),
        owner.contact(**ada(first_name="Agusta", last_name="Lovlace", birthday="1985-10-12", **other)),
    ]
    owner.house.settle()
    return sorted(one["id"] for one in made)


def scanned(owner: Sender, nouns_: str = "contacts") -> Any:
    """A scan, run to its end; the job as it is then."""
    answer = owner.post(f"/v1/{nouns_}/duplicates/scan")
    assert answer.status == 202, answer.text
    assert answer.json["kind"] == "duplicates"
    owner.house.settle()
    job = owner.get(answer.headers["Location"]).json
    assert job["status"] == "succeeded", job
    return job


def listed(owner: Sender, nouns_: str = "contacts") -> list[Any]:
    answer = owner.get(f"/v1/{nouns_}/duplicates")
    assert answer.status == 200, answer.text
    rows: list[Any] = answer.json["data"]
    return rows


def stored(owner: Sender, noun: str = "contact") -> list[Pair]:
    return page(keys.partition("pair", "gsi1", tenant=owner.tenant, noun=noun), index="gsi1", limit=100).items


def test_a_scan_finds_a_pair_and_says_why(owner: Sender) -> None:
    ids = twice(owner)
    owner.contact(**ada(first_name="Grace", last_name="Hopper", phones=[], address=None, birthday="1906-12-09"))
    owner.house.settle()
    assert listed(owner) == []
    job = scanned(owner)
    assert job["progress"] == {"done": terms.SHARDS, "total": terms.SHARDS}
    assert job["counts"] == {"compared": 1, "found": 1}
    (row,) = listed(owner)
    assert row["ids"] == ids
    assert row["score"] >= matching.THRESHOLD
    assert "same phone number" in row["reasons"]
    assert "nearly the same last name" in row["reasons"]


def test_the_likeliest_come_first_page_by_page(owner: Sender) -> None:
    for number, slip in enumerate(("Charles Babbage", "Charls Babbage", "Charles Babage")):
        first, last = slip.split()
        phones = [{"number": f"+43 1 588 01 9999{number % 2}"}]
        owner.contact(first_name=first, last_name=last, phones=phones, address={"postal_code": "1040", "city": "Wien"})
    twice(owner)
    scanned(owner)
    rows = listed(owner)
    assert len(rows) == 4
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    first = owner.get("/v1/contacts/duplicates?limit=3").json
    rest = owner.get(f"/v1/contacts/duplicates?limit=3&cursor={first['next_cursor']}").json
    assert first["data"] + rest["data"] == rows


def thrice(owner: Sender) -> list[str]:
    """Three entries of one person: first and last have little in common, the second has much with both."""
    named = {"first_name": "Augusta", "emails": [], "address": {"postal_code": "1040", "city": "Wien"}}
    born = {"birthday": "1985-12-10", "phones": [{"number": "+43 1 588 01 12345"}]}
    made = [
        owner.contact(last_name="Lovelace", **named),
        owner.contact(last_name="Lovelace", **named, **born),
        owner.contact(last_name="Byron", **named, **born),
    ]
    owner.house.settle()
    return [one["id"] for one in made]


def test_two_that_are_one_with_a_third_are_listed_as_long_as_that_is_there(owner: Sender) -> None:
    first, third, last = thrice(owner)
    scanned(owner)
    pairs = [sorted(pair) for pair in ([first, third], [third, last], [first, last])]
    assert sorted(row["ids"] for row in listed(owner)) == sorted(pairs)
    scanned(owner)
    assert len(stored(owner)) == 3
    owner.delete(f"/v1/contacts/{third}")
    assert listed(owner) == []
    owner.post(f"/v1/contacts/{third}/restore")
    assert len(listed(owner)) == 3


def test_what_was_found_by_a_third_stays_when_that_is_merged_into_one_of_them(owner: Sender) -> None:
    first, third, last = thrice(owner)
    scanned(owner)
    assert owner.post(f"/v1/contacts/{first}/merge", {"loser_id": third}).status == 200
    assert [row["ids"] for row in listed(owner)] == [sorted([first, last])]


def test_scanning_again_finds_nothing_twice(owner: Sender) -> None:
    twice(owner)
    scanned(owner)
    before = listed(owner)
    scanned(owner)
    assert listed(owner) == before
    assert len(stored(owner)) == 1


def test_each_step_may_be_done_twice(owner: Sender) -> None:
    twice(owner)
    job = Job(id="job_x", tenant=owner.tenant, what="duplicates", params={"noun": "contact"}, started_by=owner.user)
    job.counts, job.state = {}, {}
    finished = False
    while not finished:
        again = Job(id="job_x", tenant=owner.tenant, params={"noun": "contact"}, started_by=owner.user)
        again.counts, again.state = dict(job.counts), dict(job.state)
        finished = scanning.step(job)
        assert scanning.step(again) == finished
        assert (again.state, again.counts) == (job.state, job.counts)
    assert len(stored(owner)) == 1


@pytest.mark.parametrize("size", [2, 3, 7])
def test_blocks_on_the_edge_of_a_page_are_seen_whole(owner: Sender, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(scanning, "_PAGE", size)
    ids = twice(owner)
    scanned(owner)
    assert [row["ids"] for row in listed(owner)] == [ids]


def test_what_was_dismissed_does_not_come_again(owner: Sender) -> None:
    ids = twice(owner)
    scanned(owner)
    for _ in range(2):
        assert owner.post("/v1/contacts/duplicates/dismiss", {"ids": ids[::-1]}).status == 204
    assert listed(owner) == []
    scanned(owner)
    assert listed(owner) == []


def test_what_nobody_has_found_yet_can_be_dismissed(owner: Sender) -> None:
    ids = twice(owner)
    assert owner.post("/v1/contacts/duplicates/dismiss", {"ids": ids}).status == 204
    scanned(owner)
    assert listed(owner) == []


def test_a_pair_is_two_records_of_this_tenant_and_noun(owner: Sender, house: House) -> None:
    mine, theirs = owner.contact()["id"], house.signup().contact()["id"]
    firm = owner.post("/v1/companies", {"name": "Acme"}).json["id"]
    same = owner.post("/v1/contacts/duplicates/dismiss", {"ids": [mine, mine]})
    assert (same.status, same.json["errors"][0]["code"]) == (422, "repeated")
    assert owner.post("/v1/contacts/duplicates/dismiss", {"ids": [mine]}).status == 422
    for other in (theirs, firm, "nobody"):
        assert owner.post("/v1/contacts/duplicates/dismiss", {"ids": [mine, other]}).status == 404


def test_many_of_one_name_are_looked_through_in_bounds(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_ENOUGH", 6)
    monkeypatch.setattr(scanning, "_AT_LEAST", 1)
    for _ in range(6):
        owner.contact(first_name="Augusta", last_name="Lovelace", address={"city": "Wien"})
    owner.house.settle()
    scanned(owner)
    direct = [pair for pair in stored(owner) if pair.through is None]
    assert len(direct) == 5
    assert len(stored(owner)) == 5 + 4


def test_a_pair_goes_and_comes_with_its_records(owner: Sender) -> None:
    ids = twice(owner)
    scanned(owner)
    owner.delete(f"/v1/contacts/{ids[0]}")
    assert listed(owner) == []
    owner.post(f"/v1/contacts/{ids[0]}/restore")
    assert [row["ids"] for row in listed(owner)] == [ids]
    owner.patch(f"/v1/contacts/{ids[0]}", {"first_name": "Grace", "last_name": "Hopper", "birthday": "1906-12-09"})
    assert listed(owner) == []


def test_a_scan_removes_what_is_no_pair_any_more(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = twice(owner)
    for number in range(3):
        made = [owner.contact(**ada(last_name=f"Other{number}"))["id"] for _ in range(2)]
        transact(Step("save", Pair.of(owner.tenant, "contact", (made[0], made[1]), 0.9 + number / 100, [])))
        owner.delete(f"/v1/contacts/{made[number % 2]}")
    assert len(stored(owner)) == 3
    owner.house.settle()
    monkeypatch.setattr(scanning, "_PAIRS", 2)
    scanned(owner)
    assert [(pair.one, pair.other) for pair in stored(owner) if {pair.one, pair.other} == set(ids)] == [tuple(ids)]
    assert all(row["ids"] in [[pair.one, pair.other] for pair in stored(owner)] for row in listed(owner))
    there = [nouns.peek(nouns.NOUNS["contact"], owner.tenant, pair.other).live for pair in stored(owner)]
    assert all(there)


def test_the_one_in_the_trash_is_not_compared(owner: Sender) -> None:
    ids = twice(owner)
    owner.delete(f"/v1/contacts/{ids[1]}")
    owner.house.settle()
    assert "compared" not in scanned(owner)["counts"]


def test_what_is_made_is_warned_of(owner: Sender) -> None:
    ids = twice(owner)
    made = owner.contact(**ada(last_name="Lovelance"))
    record = nouns.load(nouns.NOUNS["contact"], owner.tenant, made["id"])
    found = duplicates.warn(actor(owner), "contact", record)
    assert sorted(one.ids[1] for one in found) == ids
    assert all(one.ids[0] == made["id"] and one.score >= matching.THRESHOLD and one.reasons for one in found)


def test_somebody_else_is_not_warned_of(owner: Sender) -> None:
    twice(owner)
    made = owner.contact(first_name="Grace", last_name="Hopper", address=ada()["address"])
    record = nouns.load(nouns.NOUNS["contact"], owner.tenant, made["id"])
    assert duplicates.warn(actor(owner), "contact", record) == []


def test_candidates_are_of_the_tenant_and_not_oneself(owner: Sender, house: House) -> None:
    ids, stranger = twice(owner), house.signup()
    assert {one.id for one in duplicates.candidates(owner.tenant, "contact", ada())} == set(ids)
    assert [one.id for one in duplicates.candidates(owner.tenant, "contact", ada(), exclude=ids[0])] == [ids[1]]
    assert duplicates.candidates(stranger.tenant, "contact", ada()) == []


def test_firms_are_found_too(owner: Sender) -> None:
    made = [
        owner.post("/v1/companies", {"name": "Nordwind Logistik GmbH", "domains": ["nordwind.example"]}).json,
        owner.post("/v1/companies", {"name": "Nordwind Logistic", "website": "https://www.nordwind.example/en"}).json,
        owner.post("/v1/companies", {"name": "Südwind Reisen GmbH", "domains": ["suedwind.example"]}).json,
    ]
    owner.house.settle()
    scanned(owner, "companies")
    (row,) = listed(owner, "companies")
    assert row["ids"] == sorted(one["id"] for one in made[:2])
    assert listed(owner) == []


def test_a_dismissal_by_another_request_at_once_is_not_overwritten(owner: Sender) -> None:
    ids = twice(owner)
    duplicates.dismiss(actor(owner), "contact", ids)
    scanning._keep(Pair.of(owner.tenant, "contact", (ids[0], ids[1]), 0.9, []))
    assert stored(owner) == []


def test_a_pair_that_is_gone_for_good_cannot_be_dismissed(owner: Sender) -> None:
    ids = twice(owner)
    with pytest.raises(errors.NotFound):
        duplicates.dismiss(actor(owner), "contact", [ids[0], f"con_{'0' * 26}"])
