"""The patterns of calendars."""

from typing import Any

from tests.contract.performing import Units, of, performs, task
from tests.house import House, Sender


def made(owner: Sender) -> Any:
    answer = owner.post("/v1/calendars", {"name": "Mine"})
    assert answer.status == 201, answer.text
    return answer.json


def below(url: str) -> str:
    """The path of a link, as a request names it."""
    return "/v1/" + url.partition("/v1/")[2]


@performs("calendar.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/calendars", {"name": "Mine"}))


@performs("calendar.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/calendars/{made(owner)['id']}"))


@performs("calendar.page")
def _(house: House, owner: Sender) -> Units:
    made(owner)
    answer = owner.get("/v1/calendars")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("calendar.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/calendars/{made(owner)['id']}"))


@performs("calendar.read")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        task(owner)
    return of(house.stranger().get(below(made(owner)["url"])))
