"""Many records changed by one job: what beginning costs, and each record."""

from typing import Any

from chalicelib.models.job import Job
from chalicelib.services import jobs, nouns, relabel, steps
from tests.contract.performing import Units, consumed, of, performs, person
from tests.house import House, Sender


def begun(owner: Sender, path: str, draft: Any) -> Job:
    answer = owner.post(path, draft)
    assert answer.status == 202, answer.text
    return jobs.load(owner.tenant, answer.json["id"])


def tagging(owner: Sender) -> Any:
    return {"action": "tag", "tags": ["vip"], "ids": [owner.contact(**person())["id"]]}


def company(owner: Sender) -> Any:
    return nouns.peek(nouns.NOUNS["company"], owner.tenant, owner.post("/v1/companies", {"name": "Acme"}).json["id"])


def renamed(owner: Sender, before: Any) -> Any:
    assert owner.patch(f"/v1/companies/{before.id}", {"name": "Acme & Sons"}).status == 200
    return nouns.peek(nouns.NOUNS["company"], owner.tenant, before.id, consistent=True)


@performs("bulk.start")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/contacts/bulk", tagging(owner)))


@performs("bulk.record")
def _(house: House, owner: Sender) -> Units:
    job = begun(owner, "/v1/contacts/bulk", tagging(owner))
    units = consumed(lambda: steps.STEPS["bulk"](job))
    assert job.counts == {"updated": 1}
    return units


@performs("bulk.unchanged")
def _(house: House, owner: Sender) -> Units:
    draft = {**tagging(owner), "action": "untag"}
    job = begun(owner, "/v1/contacts/bulk", draft)
    units = consumed(lambda: steps.STEPS["bulk"](job))
    assert job.counts == {"unchanged": 1}
    return units


@performs("reassign.start")
def _(house: House, owner: Sender) -> Units:
    draft = {"name": "N", "email": f"{owner.tenant}@example.com", "password": "long enough pass"}
    leaver = owner.post("/v1/users", draft).json["id"]
    return of(owner.post(f"/v1/users/{leaver}/reassign", {"to_user_id": owner.user}))


@performs("relabel.start")
def _(house: House, owner: Sender) -> Units:
    before = company(owner)
    after = renamed(owner, before)
    return consumed(lambda: relabel.renamed(before, after))


@performs("relabel.step")
def _(house: House, owner: Sender) -> Units:
    before = company(owner)
    owner.contact(**person(), company_id=before.id)
    house.settle()
    relabel.renamed(before, renamed(owner, before))
    job = jobs.load(owner.tenant, owner.get("/v1/jobs").json["data"][0]["id"])
    units = consumed(lambda: steps.STEPS["relabel"](job))
    assert job.counts == {"updated": 1}
    return units


@performs("relabel.linked")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person(), company_id=company(owner).id)
    after = nouns.peek(nouns.NOUNS["contact"], owner.tenant, made["id"])
    return consumed(lambda: relabel.linked(None, after))
