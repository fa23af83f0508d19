"""A company's new name reaches its contacts: once told or twice, in whatever order, and the last name wins."""

from itertools import pairwise
from typing import Any

from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.services import jobs, nouns, relabel, steps
from tests.house import House, Sender


def company(owner: Sender, name: str = "Acme") -> str:
    answer = owner.post("/v1/companies", {"name": name})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def rename(owner: Sender, company_id: str, name: str) -> None:
    assert owner.patch(f"/v1/companies/{company_id}", {"name": name}).status == 200


def staff(owner: Sender, company_id: str, count: int = 3) -> list[str]:
    return [owner.contact(first_name=f"P{number}", company_id=company_id)["id"] for number in range(count)]


def names(owner: Sender, people: list[str]) -> set[str]:
    return {owner.get(f"/v1/contacts/{one}").json["company_name"] for one in people}


def record(owner: Sender, noun: str, record_id: str) -> Any:
    return nouns.peek(nouns.NOUNS[noun], owner.tenant, record_id, consistent=True)


def versions(owner: Sender, people: list[str]) -> list[int]:
    return [int(record(owner, "contact", one).version) for one in people]


def relabels(owner: Sender) -> list[Any]:
    return [one for one in owner.get("/v1/jobs?limit=50").json["data"] if one["kind"] == "relabel"]


def test_a_new_name_reaches_every_contact(house: House, owner: Sender) -> None:
    acme, other = company(owner), company(owner, "Other")
    people, others = staff(owner, acme), staff(owner, other)
    house.settle()
    rename(owner, acme, "Acme & Sons")
    house.settle()
    assert names(owner, people) == {"Acme & Sons"}
    assert names(owner, others) == {"Other"}
    (job,) = relabels(owner)
    assert (job["status"], job["counts"]) == ("succeeded", {"updated": 3})
    found = owner.get("/v1/contacts?q=sons").json["data"]
    assert {one["id"] for one in found} == set(people)
    assert owner.patch(f"/v1/companies/{acme}", {"website": "https://acme.example"}).status == 200
    house.settle()
    assert len(relabels(owner)) == 1


def test_the_last_name_wins_whatever_is_told_late_or_twice(house: House, owner: Sender) -> None:
    acme = company(owner)
    people = staff(owner, acme)
    house.settle()
    images: list[tuple[Company, Company]] = []
    for name in ("Second", "Third", "Fourth"):
        before = record(owner, "company", acme)
        rename(owner, acme, name)
        images.append((before, record(owner, "company", acme)))
    for before, after in (*reversed(images), *images):
        relabel.renamed(before, after)
    assert len(relabels(owner)) == 3, "told again it is the same job"
    house.settle()
    assert names(owner, people) == {"Fourth"}
    changed = versions(owner, people)
    for before, after in images:
        relabel.renamed(before, after)
    house.settle()
    assert versions(owner, people) == changed


def test_a_step_that_is_done_again_changes_nothing_more(house: House, owner: Sender) -> None:
    acme = company(owner)
    people = staff(owner, acme)
    house.settle()
    before = record(owner, "company", acme)
    rename(owner, acme, "Acme & Sons")
    relabel.renamed(before, record(owner, "company", acme))
    job = jobs.load(owner.tenant, relabels(owner)[0]["id"])
    first = dict(job.state)
    assert steps.STEPS["relabel"](job)
    changed = versions(owner, people)
    job.state = first
    assert steps.STEPS["relabel"](job)
    assert (names(owner, people), versions(owner, people)) == ({"Acme & Sons"}, changed)


def test_a_contact_that_was_linked_while_the_name_changed_gets_the_new_one(house: House, owner: Sender) -> None:
    acme = company(owner)
    (one,) = staff(owner, acme, 1)
    house.settle()
    contact: Contact = record(owner, "contact", one)
    contact.company_name = "Old copy"
    contact.save()
    after = record(owner, "contact", one)
    for _ in range(2):
        relabel.linked(None, after)
    assert names(owner, [one]) == {"Acme"}
    assert versions(owner, [one]) == [int(after.version) + 1]


def test_who_has_left_keeps_what_is_theirs(house: House, owner: Sender) -> None:
    acme, other = company(owner), company(owner, "Other")
    people = staff(owner, acme, 2)
    house.settle()
    owner.patch(f"/v1/contacts/{people[0]}", {"company_id": other})  # the index does not know yet
    before = record(owner, "company", acme)
    rename(owner, acme, "New")
    relabel.renamed(before, record(owner, "company", acme))
    job = jobs.load(owner.tenant, relabels(owner)[0]["id"])
    assert steps.STEPS["relabel"](job)
    assert [owner.get(f"/v1/contacts/{one}").json["company_name"] for one in people] == ["Other", "New"]


def test_a_company_that_is_gone_renames_nobody(house: House, owner: Sender) -> None:
    acme = company(owner)
    people = staff(owner, acme)
    house.settle()
    rename(owner, acme, "New")
    assert owner.delete(f"/v1/companies/{acme}").status == 204
    house.settle()
    assert names(owner, people) == {"Acme"}
    assert {job["status"] for job in relabels(owner)} == {"succeeded"}


def merged(owner: Sender, winner: str, loser: str) -> None:
    assert owner.post(f"/v1/companies/{winner}/merge", {"loser_id": loser}).status == 200


def unmerged(owner: Sender, loser: str) -> None:
    assert owner.post(f"/v1/companies/{loser}/unmerge").status == 200


def found(owner: Sender, words: str) -> set[str]:
    return {one["id"] for one in owner.get(f"/v1/contacts?q={words}").json["data"]}


def test_contacts_of_a_merged_company_show_the_winner_until_the_undo(house: House, owner: Sender) -> None:
    fabrik, gasthof, inner = (company(owner, name) for name in ("Fabrik", "Gasthof", "Garten"))
    people, others = [*staff(owner, gasthof, 2), *staff(owner, inner, 1)], staff(owner, fabrik, 1)
    merged(owner, gasthof, inner)
    merged(owner, fabrik, gasthof)
    house.settle()
    assert names(owner, people) == {"Fabrik"}
    assert (found(owner, "fabrik"), found(owner, "gasthof")) == ({*people, *others}, set())
    rename(owner, fabrik, "Werkstatt")
    house.settle()
    assert names(owner, [*people, *others]) == {"Werkstatt"}
    unmerged(owner, gasthof)
    house.settle()
    assert (names(owner, people), names(owner, others)) == ({"Gasthof"}, {"Werkstatt"})
    assert found(owner, "gasthof") == set(people)
    unmerged(owner, inner)
    house.settle()
    assert [owner.get(f"/v1/contacts/{one}").json["company_name"] for one in people] == ["Gasthof", "Gasthof", "Garten"]


def test_a_merge_and_its_undo_told_in_any_order_and_twice(house: House, owner: Sender) -> None:
    fabrik, gasthof = company(owner, "Fabrik"), company(owner, "Gasthof")
    people = staff(owner, gasthof)
    house.settle()
    images = [record(owner, "company", gasthof)]
    merged(owner, fabrik, gasthof)
    images.append(record(owner, "company", gasthof))
    unmerged(owner, gasthof)
    images.append(record(owner, "company", gasthof))
    told = list(pairwise(images))
    for before, after in (*reversed(told), *told):
        relabel.renamed(before, after)
    house.settle()
    assert names(owner, people) == {"Gasthof"}
    assert len(relabels(owner)) == 2, "told again it is the same job"
    merged(owner, fabrik, gasthof)
    for before, after in reversed(told):
        relabel.renamed(before, after)
    house.settle()
    assert names(owner, people) == {"Fabrik"}


def test_an_undo_while_the_merge_is_still_told_to_a_contact(house: House, owner: Sender) -> None:
    fabrik, gasthof = company(owner, "Fabrik"), company(owner, "Gasthof")
    (one,) = staff(owner, gasthof, 1)
    house.settle()
    merged(owner, fabrik, gasthof)
    seen = record(owner, "company", fabrik)  # by a step that is slow
    unmerged(owner, gasthof)
    house.settle()
    relabel._copy(seen, one)
    assert names(owner, [one]) == {"Gasthof"}


def test_a_contact_taken_out_of_another_has_the_name_of_now(house: House, owner: Sender) -> None:
    fabrik, gasthof = company(owner, "Fabrik"), company(owner, "Gasthof")
    (one,), (other,) = staff(owner, gasthof, 1), staff(owner, fabrik, 1)
    assert owner.post(f"/v1/contacts/{other}/merge", {"loser_id": one}).status == 200
    house.settle()
    merged(owner, fabrik, gasthof)
    house.settle()
    assert owner.post(f"/v1/contacts/{one}/unmerge").status == 200
    assert names(owner, [one]) == {"Fabrik"}
    house.settle()
    assert names(owner, [one]) == {"Fabrik"}


def test_nobody_is_linked_to_a_company_that_was_merged(house: House, owner: Sender) -> None:
    fabrik, gasthof = company(owner, "Fabrik"), company(owner, "Gasthof")
    (one,) = staff(owner, gasthof, 1)
    (other,) = staff(owner, fabrik, 1)
    merged(owner, fabrik, gasthof)
    assert owner.post("/v1/contacts", {"first_name": "New", "company_id": gasthof}).status == 422
    assert owner.patch(f"/v1/contacts/{other}", {"company_id": gasthof}).status == 422
    assert owner.patch(f"/v1/contacts/{one}", {"first_name": "Same"}).status == 200, "who was there already stays"
