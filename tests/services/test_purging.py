"""Purge: of a person who is removed for good nothing stays in the table, and late events bring nothing back."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.change import Change
from chalicelib.models.moment import Moment
from chalicelib.models.subject import Tombstone
from chalicelib.models.table import Item, every, fetch
from chalicelib.models.term import Card
from chalicelib.services import purging
from tests import truth
from tests.feeds import deliver, taken
from tests.house import House, Sender

NAME = "Featherstonehaugh"
DAYS = 24 * 3600


def items_with(owner: Sender, text: str, within: Iterable[str] | None = None) -> list[str]:
    """The keys of all items of the tenant that hold this text, in whatever case, packed or not: of the whole table, or
    of these partitions.
    """
    tenants: Iterable[Any] = Item.scan(Item.pk.startswith(f"T#{owner.tenant}"))
    if within is not None:
        tenants = (item for partition in within for item in every(partition, consistent=True))
    found = []
    for item in tenants:
        plain = json.dumps(item.serialize(), default=str)
        if isinstance(item, Change):
            plain += json.dumps(item.states())
        if isinstance(item, Card):
            plain += str([item.terms, item.leftovers])
        if text.lower() in plain.lower():
            found.append(f"{item.pk} {item.sk}")
    return found


def person(owner: Sender) -> Any:
    return owner.contact(
        first_name="Wilhelmina",
        last_name=NAME,
        emails=[{"address": f"wilhelmina@{NAME.lower()}-{owner.tenant[-8:].lower()}.example"}],
        tags=[f"friend of {NAME}"],
        owner_id=owner.user,
        birthday="1990-05-01",
    )


def lived(house: House, owner: Sender) -> Any:
    """A contact with everything that can be kept beside one."""
    made = person(owner)
    path = f"/v1/contacts/{made['id']}"
    house.settle()
    owner.patch(path, {"title": f"Head of {NAME} Ltd"})
    owner.post(f"{path}/activities", {"kind": "call", "text": f"Called {NAME}."})
    owner.post(f"{path}/activities", {"kind": "note", "text": NAME, "pinned": True})
    owner.post(f"{path}/activities", {"kind": "shop.order", "external_id": NAME, "data": {"for": NAME}})
    house.settle()
    return made


def purge(owner: Sender, made: Any) -> None:
    path = f"/v1/contacts/{made['id']}"
    assert owner.delete(path).status == 204
    assert owner.post(f"{path}/purge").status == 204


def collection(owner: Sender, made: Any) -> list[str]:
    return sorted(item.sk for item in truth.collection(owner.tenant, made["id"]))


def minute(house: House) -> None:
    house.settle()
    house.minute()
    house.settle()


def test_nothing_of_a_purged_person_stays(house: House, owner: Sender) -> None:
    made = lived(house, owner)
    assert len(items_with(owner, NAME)) > 8, "or this test finds nothing by not looking"
    purge(owner, made)
    minute(house)
    assert items_with(owner, NAME) == []
    kept = collection(owner, made)
    assert [sk for sk in kept if not sk.startswith(("LEDGER#", "DUE#"))] == ["#", "INDEX"]
    assert owner.get(f"/v1/contacts/{made['id']}").status == 410
    assert owner.get("/v1/me").json["counts"]["contacts"] == 0


def test_others_keep_everything(house: House, owner: Sender) -> None:
    made, other = lived(house, owner), owner.contact(first_name="Grace")
    path = f"/v1/contacts/{other['id']}"
    owner.post(f"{path}/activities", {"kind": "call"})
    house.settle()
    before = collection(owner, other)
    purge(owner, made)
    minute(house)
    assert collection(owner, other) == before


def test_late_events_bring_nothing_back_for_long(house: House, owner: Sender) -> None:
    made = person(owner)
    owner.patch(f"/v1/contacts/{made['id']}", {"title": NAME})
    events = taken(house)
    deliver(events)
    house.settle()
    purge(owner, made)
    minute(house)
    deliver(events)
    house.settle()
    assert owner.get("/v1/me").json["counts"]["contacts"] == 0, "what is kept of totals knows better"
    clock.advance(15 * DAYS)
    minute(house)
    clock.reset()
    assert items_with(owner, NAME) == []
    assert collection(owner, made) == ["#"]


def test_told_and_done_twice(house: House, owner: Sender) -> None:
    made = lived(house, owner)
    owner.delete(f"/v1/contacts/{made['id']}")
    house.settle()
    owner.post(f"/v1/contacts/{made['id']}/purge")
    events = taken(house)
    deliver(events)
    deliver(events)
    house.minute()
    house.queue += house.queue
    minute(house)
    deliver(events)
    minute(house)
    assert items_with(owner, NAME) == []
    clock.advance(15 * DAYS)
    minute(house)
    assert collection(owner, made) == ["#"]


def test_a_long_history_goes_in_pieces(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    made = lived(house, owner)
    monkeypatch.setattr(purging, "_PAGE", 3)
    monkeypatch.setattr(purging, "_MOST", 2)
    purge(owner, made)
    house.settle()
    there = items_with(owner, NAME)
    left, partitions = [len(there)], {one.partition(" ")[0] for one in there}
    for _ in range(20):
        minute(house)
        left.append(len(items_with(owner, NAME, partitions)))
    assert left == sorted(left, reverse=True)
    assert len(set(left)) > 3, "in pieces"
    assert left[-1] == 0
    assert items_with(owner, NAME) == []


def test_a_record_that_is_there_is_never_swept(house: House, owner: Sender) -> None:
    made = lived(house, owner)
    before = collection(owner, made)
    moment = Moment(tenant=owner.tenant, subject_id=made["id"], what=purging.WHAT, at=clock.stamp())
    purging.sweep(moment)
    assert fetch(Tombstone, *keys.key("contact", tenant=owner.tenant, id=made["id"])) is None
    assert [sk for sk in collection(owner, made) if sk != f"DUE#{purging.LAST}"] == before
    purging.sweep_last(moment)
    assert [sk for sk in collection(owner, made) if sk != f"DUE#{purging.LAST}"] == before


def test_companies_too(house: House, owner: Sender) -> None:
    made = owner.post("/v1/companies", {"name": f"{NAME} Ltd", "domains": [f"{NAME.lower()}.example"]}).json
    path = f"/v1/companies/{made['id']}"
    owner.post(f"{path}/activities", {"kind": "meeting", "text": NAME})
    owner.patch(path, {"name": f"{NAME} & Sons"})
    house.settle()
    owner.delete(path)
    owner.post(f"{path}/purge")
    minute(house)
    assert items_with(owner, NAME) == []


def test_whoever_was_merged_into_a_purged_person_goes_too(house: House, owner: Sender) -> None:
    whole, part, inner = (owner.contact(first_name=name, last_name=NAME) for name in ("Wilhelmina", "W.", "Willi"))
    for winner, loser in ((part, inner), (whole, part)):
        assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    owner.post(f"/v1/contacts/{whole['id']}/activities", {"kind": "note", "text": NAME})
    house.settle()
    purge(owner, whole)
    events = taken(house)
    deliver(events)
    deliver(events)
    minute(house)
    assert items_with(owner, NAME) == []
    assert {owner.get(f"/v1/contacts/{one['id']}").status for one in (whole, part, inner)} == {410}


def test_whoever_was_taken_out_of_a_person_before_the_purge_stays(house: House, owner: Sender) -> None:
    whole, part = (owner.contact(first_name=name, last_name=NAME) for name in ("Wilhelmina", "W."))
    assert owner.post(f"/v1/contacts/{whole['id']}/merge", {"loser_id": part["id"]}).status == 200
    assert owner.post(f"/v1/contacts/{part['id']}/unmerge").status == 200
    house.settle()
    purge(owner, whole)
    minute(house)
    assert owner.get(f"/v1/contacts/{part['id']}").json["last_name"] == NAME
