"""Playbooks: kept, asked for whenever a deal enters a stage, and played."""

from typing import Any

from chalicelib.models import moments
from chalicelib.models.deal import Deal
from chalicelib.services import nouns, playbooks, plays
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

LINES = [{"title": "Call", "after": {"days": number}} for number in range(3)]


def book(owner: Sender) -> dict[str, Any]:
    pipeline = owner.get("/v1/pipelines").json["data"][0]
    stage = pipeline["stages"][1]["id"]
    return {"name": "Meeting", "pipeline_id": pipeline["id"], "stage_id": stage, "tasks": LINES}


def made(owner: Sender) -> str:
    answer = owner.post("/v1/playbooks", book(owner))
    assert answer.status == 201, answer.text
    return f"/v1/playbooks/{answer.json['id']}"


def deal(owner: Sender) -> Deal:
    """A deal in the stage, of which the feed has not told yet."""
    given = {name: value for name, value in book(owner).items() if name.endswith("_id")}
    answer = owner.post("/v1/deals", {"title": "Engine", "owner_id": owner.user, **given})
    assert answer.status == 201, answer.text
    found: Deal = nouns.load(nouns.NOUNS["deal"], owner.tenant, answer.json["id"])
    return found


@performs("playbook.create")
def _(house: House, owner: Sender) -> Units:
    draft = book(owner)
    return of(owner.post("/v1/playbooks", draft))


@performs("playbook.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(made(owner)))


@performs("playbook.page")
def _(house: House, owner: Sender) -> Units:
    made(owner)
    for query in ("", f"?stage_id={book(owner)['stage_id']}"):
        answer = owner.get(f"/v1/playbooks{query}")
        assert len(answer.json["data"]) == 1
        assert of(answer) == (0.5, 0)
    return of(answer)


@performs("playbook.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(made(owner), {"tasks": LINES[:2]}))


@performs("playbook.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(made(owner)))


@performs("playbook.restore")
def _(house: House, owner: Sender) -> Units:
    path = made(owner)
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("playbook.none")
def _(house: House, owner: Sender) -> Units:
    found = deal(owner)
    return consumed(lambda: plays.entered(None, found))


@performs("playbook.entered")
def _(house: House, owner: Sender) -> Units:
    made(owner)
    found = deal(owner)
    return consumed(lambda: plays.entered(None, found))


@performs("playbook.play")
def _(house: House, owner: Sender) -> Units:
    made(owner)
    found = deal(owner)
    plays.entered(None, found)
    moment = moments.load(owner.tenant, found.id, plays.WHAT)
    assert moment is not None
    units = consumed(lambda: plays.play(moment))
    assert len(owner.get("/v1/tasks").json["data"]) == len(LINES)
    assert playbooks.any_of_stage(owner.tenant, found.stage_id)
    moments.finish(moment)
    return units


@performs("playbook.closed")
def _(house: House, owner: Sender) -> Units:
    found = deal(owner)
    found.status = "lost"
    return consumed(lambda: plays.closed(None, found))
