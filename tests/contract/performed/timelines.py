"""The patterns of timelines, history, notes, dates to remember and purges."""

import time
from typing import Any

from chalicelib import clock, ids
from chalicelib.models.contact import Contact
from chalicelib.models.moment import Moment
from chalicelib.services import dates, engagement, history, mentions, purging, versions
from tests import truth
from tests.contract.performing import Units, consumed, of, path, performs, person
from tests.house import House, Sender


def changed(house: House, owner: Sender, patch: dict[str, Any], **fields: Any) -> tuple[Any, Any]:
    """A contact before and after a change, both as the feed shows them; nothing is left to follow up."""
    made = owner.contact(**{**person(), **fields})
    before = truth.record(Contact, owner.tenant, made["id"])
    assert owner.patch(path(made), patch).status == 200
    house.settle()
    return before, truth.record(Contact, owner.tenant, made["id"])


@performs("contact.as_of")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    time.sleep(0.003)
    then = clock.stamp()
    time.sleep(0.003)
    for number in range(5):
        owner.patch(path(made), {"title": f"Head {number}"})
    house.settle()
    return of(owner.get(f"{path(made)}?as_of={then}"))


@performs("contact.history")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    for number in range(10):
        owner.patch(path(made), {"title": f"Head {number}"})
    house.settle()
    answer = owner.get(f"{path(made)}/history")
    assert len(answer.json["data"]) == 11
    assert of(owner.get(f"{path(made)}/history?field=title")) == of(answer)
    return of(answer)


@performs("contact.lifecycle")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person(), lifecycle="lead")
    owner.patch(path(made), {"lifecycle": "customer"})
    house.settle()
    answer = owner.get(f"{path(made)}/lifecycle")
    assert len(answer.json["data"]) == 2
    return of(answer)


@performs("contact.timeline_pinned")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Likes tea.", "pinned": True})
    answer = owner.get(f"{path(made)}/timeline?pinned=true")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("activity.event")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    return of(owner.post(f"{path(made)}/activities", {"kind": "shop.order", "external_id": "1"}))


@performs("activity.event_again")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    answers = [owner.post(f"{path(made)}/activities", {"kind": "shop.order", "external_id": "1"}) for _ in range(2)]
    assert answers[0].json == answers[1].json
    return of(answers[1])


@performs("activity.pin")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    note = owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Likes tea."}).json
    return of(owner.patch(f"{path(made)}/activities/{note['id']}", {"pinned": True}))


@performs("activity.patch")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    note = owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Likes tea."}).json
    return of(owner.patch(f"{path(made)}/activities/{note['id']}", {"text": "Likes coffee."}))


@performs("feed.change")
def _(house: House, owner: Sender) -> Units:
    before, after = changed(house, owner, {"title": "Head"})
    after.version += 1  # or it would be told already
    return consumed(lambda: versions.changed(before, after))


@performs("feed.told")
def _(house: House, owner: Sender) -> Units:
    before, after = changed(house, owner, {"owner_id": owner.user})
    after.version += 1  # or it would be told already
    return consumed(lambda: history.contact(before, after))


@performs("feed.company_reached")
def _(house: House, owner: Sender) -> Units:
    company = owner.post("/v1/companies", {"name": "Featherstone Industries"}).json
    before, after = changed(house, owner, {"company_id": company["id"]})
    after.last_contacted_at = clock.stamp()
    units = consumed(lambda: engagement.belongs(before, after))
    assert consumed(lambda: engagement.belongs(before, after)) == (1, 0)
    return units


@performs("feed.mention")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    note = owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Likes tea."}).json
    entry = next(one for one in truth.collection(owner.tenant, made["id"]) if getattr(one, "id", "") == note["id"])
    entry.mentions = {ids.new("usr"): owner.user}
    return consumed(lambda: mentions.mentioned(None, entry))


@performs("feed.dates")
def _(house: House, owner: Sender) -> Units:
    before, after = changed(house, owner, {"birthday": None}, birthday="--05-01", owner_id=owner.user)
    assert owner.patch(f"/v1/contacts/{after.id}", {"birthday": "--05-01"}).status == 200
    return consumed(lambda: dates.planned(after, before))


@performs("due.date")
def _(house: House, owner: Sender) -> Units:
    today = clock.stamp()[5:10]
    _, after = changed(house, owner, {"title": "Head"}, birthday=f"--{today}", owner_id=owner.user)
    moment = Moment(tenant=owner.tenant, subject_id=after.id, what=dates.WHAT, at=clock.stamp())
    moment.keys()
    clock.set(clock.parse(f"{clock.stamp()[:10]}T23:00:00Z"))
    units = consumed(lambda: dates.remind(moment))
    assert "Birthday" in house.outbox.mails[-1].subject
    return units


@performs("feed.purged")
def _(house: House, owner: Sender) -> Units:
    before, _ = changed(house, owner, {"title": "Head"})
    return consumed(lambda: purging.purged(before, None))
