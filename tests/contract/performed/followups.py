"""Follow-ups that come by themselves."""

from typing import Any

from chalicelib.models import keys, moments
from chalicelib.models.activity import Activity
from chalicelib.models.table import fetch
from chalicelib.services import followups
from tests.contract.performing import Units, consumed, of, path, performs
from tests.house import House, Sender

TASK = {"title": "Ask whether the offer has come", "kind": "call"}


def waiting(owner: Sender, record: Any) -> Any:
    answer = owner.post("/v1/followups", {"subject_id": record["id"], "after_days": 3, "task": TASK})
    assert answer.status == 201, answer.text
    return answer.json


def told(owner: Sender, record: Any, **fields: Any) -> Activity:
    """An activity of which the feed has not told yet."""
    answer = owner.post(f"{path(record)}/activities", {"kind": "email", "data": {"direction": "inbound"}, **fields})
    place = keys.key("activity", tenant=owner.tenant, subject=record["id"], id=answer.json["id"])
    entry = fetch(Activity, *place, consistent=True)
    assert entry is not None
    return entry


@performs("followup.create")
def _(house: House, owner: Sender) -> Units:
    record = owner.contact()
    return of(owner.post("/v1/followups", {"subject_id": record["id"], "after_days": 3, "task": TASK}))


@performs("followup.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/followups/{waiting(owner, owner.contact())['id']}"))


@performs("followup.page")
def _(house: House, owner: Sender) -> Units:
    record = owner.contact()
    waiting(owner, record)
    for query in ("", f"?subject_id={record['id']}", f"?subject_id={record['id']}&status=waiting"):
        answer = owner.get(f"/v1/followups{query}")
        assert len(answer.json["data"]) == 1
        assert of(answer) == (0.5, 0)
    return of(answer)


@performs("followup.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/followups/{waiting(owner, owner.contact())['id']}"))


@performs("followup.unconcerned")
def _(house: House, owner: Sender) -> Units:
    record = owner.contact()
    waiting(owner, record)
    entry = told(owner, record, data={})
    return consumed(lambda: followups.answered(None, entry))


@performs("followup.none")
def _(house: House, owner: Sender) -> Units:
    entry = told(owner, owner.contact())
    return consumed(lambda: followups.answered(None, entry))


@performs("followup.answered")
def _(house: House, owner: Sender) -> Units:
    record = owner.contact()
    made = waiting(owner, record)
    entry = told(owner, record)
    units = consumed(lambda: followups.answered(None, entry))
    assert owner.get(f"/v1/followups/{made['id']}").json["reason"] == "reply"
    return units


@performs("followup.due")
def _(house: House, owner: Sender) -> Units:
    made = waiting(owner, owner.contact())
    moment = moments.load(owner.tenant, made["id"], followups.WHAT)
    assert moment is not None
    units = consumed(lambda: followups.come(moment))
    assert owner.get(f"/v1/followups/{made['id']}").json["status"] == "done"
    moments.finish(moment)
    return units
