"""Access patterns of duplicates."""

import uuid
from typing import Any

from chalicelib.models.job import Job
from chalicelib.models.pair import Pair
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.services import duplicates, nouns, permissions, scanning
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def ada(**other: Any) -> dict[str, Any]:
    """Somebody with eight keys: two names, mail, phone, postal code, street and number."""
    return {
        "first_name": "Augusta",
        "last_name": "Lovelace",
        "emails": [{"address": f"ada.{uuid.uuid4().hex[:12]}@example.com"}],
        "phones": [{"number": "+43 1 588 01 12345"}],
        "address": {"street": "Karlsplatz 13", "postal_code": "1040"},
        **other,
    }


def two(owner: Sender) -> list[str]:
    ids = [owner.contact(**ada())["id"] for _ in range(2)]
    owner.house.settle()
    return ids


def actor(owner: Sender) -> Actor:
    return Actor(owner.tenant, owner.user, "owner", permissions.ALL)


@performs("duplicate.page")
def _(house: House, owner: Sender) -> Units:
    one, other = two(owner)
    transact(Step("save", Pair.of(owner.tenant, "contact", (one, other), 0.9, [])))
    answer = owner.get("/v1/contacts/duplicates")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("duplicate.dismiss")
def _(house: House, owner: Sender) -> Units:
    one, other = two(owner)
    transact(Step("save", Pair.of(owner.tenant, "contact", (one, other), 0.9, [])))
    return of(owner.post("/v1/contacts/duplicates/dismiss", {"ids": [one, other]}))


@performs("duplicate.candidates")
def _(house: House, owner: Sender) -> Units:
    owner.contact(**ada())
    house.settle()
    return consumed(lambda: duplicates.candidates(owner.tenant, "contact", ada()))


@performs("duplicate.warn")
def _(house: House, owner: Sender) -> Units:
    owner.contact(**ada())
    house.settle()
    made = nouns.load(nouns.NOUNS["contact"], owner.tenant, owner.contact(**ada())["id"])
    return consumed(lambda: duplicates.warn(actor(owner), "contact", made))


@performs("duplicate.step")
def _(house: House, owner: Sender) -> Units:
    return consumed(lambda: scanning.step(_job(owner)))


@performs("duplicate.scan")
def _(house: House, owner: Sender) -> Units:
    two(owner)
    job = _job(owner)

    def run() -> None:
        while not scanning.step(job):
            pass

    return consumed(run)


def _job(owner: Sender) -> Job:
    job = Job(tenant=owner.tenant, params={"noun": "contact"})
    job.counts, job.state = {}, {}
    return job
