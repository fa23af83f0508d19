"""Templates and partials: made, read, changed, looked at."""

import uuid
from typing import Any

from chalicelib.services import rendering, templates
from chalicelib.services.rendering import values
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

DRAFT = {
    "name": "Spring",
    "subject": "Hello {{ contact.first_name }}",
    "preheader": "What is new this spring",
    "html": "<p>Hello {{ contact.first_name }}, of {{ firm.name }}</p><a href='{{ unsubscribe_url }}'>x</a>",
    "defaults": {"contact.first_name": "friend"},
}


def made(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/templates", {**DRAFT, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def partial(owner: Sender) -> Any:
    draft = {"name": f"footer {uuid.uuid4().hex}", "kind": "partial", "html": "<p>{{ firm.name }}</p>"}
    answer = owner.post("/v1/templates", draft)
    assert answer.status == 201, answer.text
    return answer.json


def using(owner: Sender, inner: Any) -> dict[str, Any]:
    return {**DRAFT, "html": f"<p>x</p>{{% render '{inner['name']}' %}}"}


@performs("template.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/templates", DRAFT))


@performs("template.partial")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/templates", {"name": "footer", "kind": "partial", "html": "<p>x</p>"}))


@performs("template.using")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/templates", using(owner, partial(owner))))


@performs("template.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/templates/{made(owner)['id']}"))


@performs("template.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(25):
        made(owner, name=f"Spring {number:02}")
    answer = owner.get("/v1/templates?limit=25")
    assert len(answer.json["data"]) == 25
    return of(answer)


@performs("template.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/templates/{made(owner)['id']}", {"html": "<p>Other</p>"}))


@performs("template.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/templates/{made(owner)['id']}"))


@performs("template.delete_partial")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/templates/{partial(owner)['id']}"))


@performs("template.restore")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/templates/{made(owner)['id']}"
    assert owner.delete(path).status == 204
    return of(owner.post(f"{path}/restore"))


@performs("template.preview")
def _(house: House, owner: Sender) -> Units:
    path, contact = f"/v1/templates/{made(owner)['id']}/preview", owner.contact()
    of(owner.post(path, {"contact_id": contact["id"]}))
    values._firms.clear()
    return of(owner.post(path, {"contact_id": contact["id"]}))


@performs("template.compile")
def _(house: House, owner: Sender) -> Units:
    template = templates.load(owner.tenant, made(owner, **using(owner, partial(owner)))["id"])
    rendering.compiled(template)
    return consumed(lambda: rendering.compiled(template))
