"""What the index costs to keep, and what lists and searches cost to read."""

from typing import Any

from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.table import fetch
from chalicelib.services import indexing
from tests.contract.performing import Units, consumed, of, path, performs, person
from tests.house import House, Sender

PEOPLE = 25


def record(owner: Sender, made: Any) -> Contact:
    found = fetch(Contact, *keys.key("contact", tenant=owner.tenant, id=made["id"]), consistent=True)
    assert found is not None
    return found


@performs("index.contact")
def _(house: House, owner: Sender) -> Units:
    made = record(owner, owner.contact(**person()))
    return consumed(lambda: indexing.follow(None, made))


@performs("index.contacted")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    before = record(owner, made)
    indexing.follow(None, before)
    after = record(owner, made)
    after.last_contacted_at, after.version = "2026-01-01T00:00:00.000Z", after.version + 1
    return consumed(lambda: indexing.follow(before, after))


@performs("index.contacted_owned")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person(), owner_id=owner.user)
    before = record(owner, made)
    indexing.follow(None, before)
    after = record(owner, made)
    after.last_contacted_at, after.version = "2026-01-01T00:00:00.000Z", after.version + 1
    return consumed(lambda: indexing.follow(before, after))


@performs("index.unconcerned")
def _(house: House, owner: Sender) -> Units:
    before, made = (record(owner, owner.contact(**person())) for _ in range(2))
    made.title, made.id, made.first_name, made.emails = "Head", before.id, before.first_name, before.emails
    made.created_at = before.created_at
    return consumed(lambda: indexing.follow(before, made))


def firm(house: House, owner: Sender) -> None:
    """Twenty-five people of one owner, all with the same names."""
    for _ in range(PEOPLE):
        owner.contact(**{**person(), "owner_id": owner.user})
    house.settle()


@performs("search.page")
def _(house: House, owner: Sender) -> Units:
    firm(house, owner)
    for query in ("w", "wilhelmina", "feather+wil", "wilhelmina+featherstone-industries", "%2B44+7700", "zz+wil"):
        assert of(owner.get(f"/v1/contacts?q={query}"))[0] <= 5
    return of(owner.get("/v1/contacts?q=feather+wil"))


@performs("search.one")
def _(house: House, owner: Sender) -> Units:
    owner.contact(**{**person(), "first_name": "Augusta", "last_name": "King"})
    house.settle()
    answer = owner.get("/v1/contacts?q=king+aug")
    assert len(answer.json["data"]) == 1
    assert answer.json["next_cursor"] is None
    return of(answer)


@performs("list.facet")
def _(house: House, owner: Sender) -> Units:
    firm(house, owner)
    for query in (f"owner_id={owner.user}", "tag=newsletter", "no_contact_days=30"):
        answer = owner.get(f"/v1/contacts?limit={PEOPLE}&{query}")
        assert len(answer.json["data"]) == PEOPLE
    return of(answer)


@performs("list.custom")
def _(house: House, owner: Sender) -> Units:
    made = owner.post("/v1/fields", {"noun": "contact", "name": "size", "label": "Size", "type": "number"})
    assert made.status == 201, made.text
    owner.contact(**{**person(), "custom": {"size": 5}})
    house.settle()
    answer = owner.get("/v1/contacts?custom.size.from=4")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("list.trash")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    owner.delete(path(made))
    answer = owner.get("/v1/contacts?deleted=true")
    assert len(answer.json["data"]) == 1
    return of(answer)
