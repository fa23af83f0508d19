"""The manager who is told, and the mail of each morning."""

from typing import Any

from chalicelib import clock
from chalicelib.models import moments
from chalicelib.models.task import Task
from chalicelib.services import digests, escalation, tasks, users
from tests.contract.performing import Units, consumed, of, performs, task
from tests.house import House, Sender


def team(owner: Sender, **more: Any) -> str:
    """A team of a manager and somebody else, who is answered."""
    draft = {"name": "Carl", "email": f"c{clock.epoch()}@example.com", "password": "long enough pass"}
    carl = str(owner.post("/v1/users", draft).json["id"])
    answer = owner.post("/v1/teams", {"name": "T", "member_ids": [carl], "manager_id": owner.user, **more})
    assert answer.status == 201, answer.text
    return carl


def overdue(owner: Sender, assignee: str) -> Task:
    return tasks.load(owner.tenant, task(owner, assignee_id=assignee, due_at="2026-03-02T09:00:00Z")["id"])


@performs("escalation.none")
def _(house: House, owner: Sender) -> Units:
    made = overdue(owner, owner.user)
    units = consumed(lambda: escalation.planned(None, made))
    other = overdue(owner, team(owner))
    assert consumed(lambda: escalation.planned(None, other)) == (1, 0)
    other.status = "done"
    assert consumed(lambda: escalation.planned(other, other)) == (0, 0)
    return units


@performs("escalation.planned")
def _(house: House, owner: Sender) -> Units:
    made = overdue(owner, team(owner, escalate_after_hours=4))
    units = consumed(lambda: escalation.planned(None, made))
    moment = moments.load(owner.tenant, made.id, escalation.WHAT)
    assert moment is not None
    assert moment.at == "2026-03-02T13:00:00.000Z"
    return units


@performs("escalation.due")
def _(house: House, owner: Sender) -> Units:
    made = overdue(owner, team(owner, escalate_after_hours=4))
    escalation.planned(None, made)
    moment = moments.load(owner.tenant, made.id, escalation.WHAT)
    assert moment is not None
    units = consumed(lambda: escalation.come(moment))
    assert len(house.outbox.mails) == 1
    moments.finish(moment)
    return units


@performs("digest.get")
def _(house: House, owner: Sender) -> Units:
    assert owner.call("PUT", "/v1/me/digest", {"time": "08:00"}).status == 201
    return of(owner.get("/v1/me/digest"))


@performs("digest.put")
def _(house: House, owner: Sender) -> Units:
    return of(owner.call("PUT", "/v1/me/digest", {"time": "08:00"}))


@performs("digest.delete")
def _(house: House, owner: Sender) -> Units:
    owner.call("PUT", "/v1/me/digest", {"time": "08:00"})
    return of(owner.delete("/v1/me/digest"))


@performs("digest.due")
def _(house: House, owner: Sender) -> Units:
    overdue(owner, owner.user)
    owner.call("PUT", "/v1/me/digest", {"time": "08:00"})
    moment = moments.load(owner.tenant, owner.user, digests.WHAT)
    assert moment is not None
    clock.set(clock.parse(moment.at))
    units = consumed(lambda: digests.come(moment))
    assert len(house.outbox.mails) == 1
    return units


@performs("digest.moved")
def _(house: House, owner: Sender) -> Units:
    owner.call("PUT", "/v1/me/digest", {"time": "08:00"})
    assert owner.patch(f"/v1/users/{owner.user}", {"time_zone": "Asia/Tokyo"}).status == 200
    user = users.load(owner.tenant, owner.user)
    return consumed(lambda: digests.replanned(None, user))
