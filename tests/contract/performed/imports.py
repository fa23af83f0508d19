"""Access patterns of imports."""

import uuid
from typing import Any

from chalicelib.services import jobs
from chalicelib.services.importing import steps
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def file(count: int) -> str:
    """So many contacts of a host where anybody has an address."""
    lines = (f"{uuid.uuid4().hex[:12]}@gmail.com,Wilhelmina{one},Featherstone" for one in range(count))
    return "\n".join(("Email,First Name,Last Name", *lines))


def begun(owner: Sender, count: int, **fields: Any) -> Any:
    answer = owner.post("/v1/imports", {"content": file(count), **fields})
    assert answer.status == 202, answer.text
    return answer


def finished(house: House, owner: Sender) -> str:
    imported = begun(owner, 1).json["id"]
    house.settle()
    return f"/v1/imports/{imported}"


@performs("import.start")
def _(house: House, owner: Sender) -> Units:
    return of(begun(owner, 1))


@performs("import.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(finished(house, owner)))


@performs("import.page")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        begun(owner, 1)
    answer = owner.get("/v1/imports")
    assert len(answer.json["data"]) == 3
    return of(answer)


@performs("import.rows")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"{finished(house, owner)}/rows"))


@performs("import.revert")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{finished(house, owner)}/revert"))


@performs("import.contact")
def _(house: House, owner: Sender) -> Units:
    few, many = chunk(owner, 10), chunk(owner, 20)
    return (many[0] - few[0]) / 10, (many[1] - few[1]) / 10


def chunk(owner: Sender, contacts: int) -> Units:
    """What the step consumes that imports so many new contacts."""
    job = jobs.load(owner.tenant, begun(owner, contacts).json["id"])
    for _ in range(2):
        steps.step(job)
    units = consumed(lambda: steps.step(job))
    assert job.counts["created"] == contacts
    return units
