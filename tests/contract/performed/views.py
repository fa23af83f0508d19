"""Saved views: made, changed, listed with those of others."""

from typing import Any

from chalicelib.services import access, views
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def saved(owner: Sender, **more: Any) -> Any:
    answer = owner.post("/v1/views", {"noun": "contact", "name": "Mine", "columns": ["title"], **more})
    assert answer.status == 201, answer.text
    return answer.json


@performs("view.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/views", {"noun": "contact", "name": "Mine", "columns": ["title"]}))


@performs("view.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/views/{saved(owner)['id']}"))


@performs("view.page")
def _(house: House, owner: Sender) -> Units:
    saved(owner)
    saved(owner, shared=True)
    answer = owner.get("/v1/views?noun=contact")
    assert len(answer.json["data"]) == 2
    return of(answer)


@performs("view.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/views/{saved(owner)['id']}", {"sort": "name"}))


@performs("view.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/views/{saved(owner)['id']}"))


@performs("view.restore")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/views/{saved(owner)['id']}"
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("view.filter")
def _(house: House, owner: Sender) -> Units:
    made = saved(owner)
    actor = access.authenticate(f"Bearer {owner.token}")
    return consumed(lambda: views.filter_of(actor, "contact", made["id"]))
