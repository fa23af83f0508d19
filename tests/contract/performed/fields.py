"""Custom fields: made, changed, asked for when values are checked."""

import uuid
from typing import Any

from chalicelib.services import fields
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def field(owner: Sender, **more: Any) -> Any:
    draft = {"noun": "contact", "name": f"f{uuid.uuid4().hex}", "label": "Tier", "type": "text", **more}
    answer = owner.post("/v1/fields", draft)
    assert answer.status == 201, answer.text
    return answer.json


@performs("field.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/fields", {"noun": "contact", "name": "tier", "label": "Tier", "type": "text"}))


@performs("field.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/fields/{field(owner)['id']}"))


@performs("field.page")
def _(house: House, owner: Sender) -> Units:
    field(owner)
    field(owner, noun="company")
    assert len(owner.get("/v1/fields").json["data"]) == 2
    return of(owner.get("/v1/fields?noun=company"))


@performs("field.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/fields/{field(owner)['id']}", {"label": "Class"}))


@performs("field.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/fields/{field(owner)['id']}"))


@performs("field.restore")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/fields/{field(owner)['id']}"
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("field.check")
def _(house: House, owner: Sender) -> Units:
    names = [field(owner)["name"] for _ in range(5)]
    return consumed(lambda: fields.check(owner.tenant, "contact", dict.fromkeys(names, "x")))
