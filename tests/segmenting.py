"""Segments as tests of who is in them need them: made by their routes, filled, and looked into."""

from typing import Any

from chalicelib.models import keys
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Belonging
from chalicelib.models.table import fetch
from chalicelib.services import membership, segments
from tests.house import House, Sender


def condition(field: str, op: str, value: Any = None) -> Any:
    """As it stands in a rule."""
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


def made(house: House, owner: Sender, *conditions: Any) -> str:
    """A dynamic segment of whoever fulfils all of these, filled: its id."""
    rule = {"all": list(conditions)}
    answer = owner.post("/v1/segments", {"name": "S", "kind": "dynamic", "rule": rule})
    assert answer.status == 201, answer.text
    house.settle()
    assert owner.get(f"/v1/segments/{answer.json['id']}").json["building"] is False
    return str(answer.json["id"])


def fixed(owner: Sender, *contacts: Any) -> str:
    """A static segment of these: its id."""
    segment_id = str(owner.post("/v1/segments", {"name": "S", "kind": "static"}).json["id"])
    if contacts:
        put = owner.post(f"/v1/segments/{segment_id}/members", {"contact_ids": [one["id"] for one in contacts]})
        assert put.status == 200, put.text
    return segment_id


def inside(owner: Sender, segment_id: str) -> set[str]:
    """The ids of the contacts in it. That cards and size say the same is checked on the way."""
    found, last = membership.walk(owner.tenant, segment_id)
    assert last is None
    assert segments.size(owner.tenant, segment_id) == len(found) == len(set(found))
    for one in found:
        assert segment_id in card(owner, one).segments
    return set(found)


def card(owner: Sender, contact_id: str) -> Any:
    """What stands beside the contact, None if nothing does."""
    empty = Belonging.of(owner.tenant, contact_id)
    return fetch(Belonging, empty.pk, empty.sk, consistent=True)


def moment(owner: Sender, contact: Any) -> str | None:
    """When the contact is to be looked at again. That its card says the same is checked on the way."""
    found, known = due(owner, contact), card(owner, contact["id"])
    assert (found.at if found else None) == (known.until if known else None)
    return str(found.at) if found else None


def due(owner: Sender, contact: Any) -> Moment | None:
    """The moment itself."""
    place = keys.key("moment", tenant=owner.tenant, subject=contact["id"], what=membership.WHAT)
    return fetch(Moment, *place, consistent=True)
