"""The patterns of merging and of its undo, and of a timeline that is several."""

from typing import Any

from tests.contract.performing import Units, of, path, performs, person
from tests.house import House, Sender


def pair(owner: Sender) -> tuple[Any, dict[str, str]]:
    """Two contacts as firms have them: the path of one, and the body that merges the other into it."""
    winner, loser = owner.contact(**person(1)), owner.contact(**person(2))
    return winner, {"loser_id": loser["id"]}


def merged(owner: Sender) -> Any:
    winner, body = pair(owner)
    answer = owner.post(f"{path(winner)}/merge", body)
    assert answer.status == 200, answer.text
    return winner


@performs("contact.merge")
def _(house: House, owner: Sender) -> Units:
    winner, body = pair(owner)
    return of(owner.post(f"{path(winner)}/merge", body))


@performs("contact.unmerge")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(merged(owner))}/unmerge"))


@performs("company.merge")
def _(house: House, owner: Sender) -> Units:
    winner, loser = (owner.post("/v1/companies", {"name": name}).json for name in "ab")
    return of(owner.post(f"/v1/companies/{winner['id']}/merge", {"loser_id": loser["id"]}))


@performs("company.merge_below")
def _(house: House, owner: Sender) -> Units:
    top, loser = (owner.post("/v1/companies", {"name": name}).json for name in "ab")
    winner = owner.post("/v1/companies", {"name": "c", "parent_id": top["id"]}).json
    return of(owner.post(f"/v1/companies/{winner['id']}/merge", {"loser_id": loser["id"]}))


@performs("contact.timeline_merged")
def _(house: House, owner: Sender) -> Units:
    winner = merged(owner)
    house.settle()
    answer = owner.get(f"{path(winner)}/timeline")
    assert len(answer.json["data"]) == 3
    return of(answer)
