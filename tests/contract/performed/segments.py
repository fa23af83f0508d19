"""The patterns of segments: made and changed, lists, previews, and what each look at a contact consumes."""

from collections.abc import Callable
from typing import Any

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.segment import SegmentPreviewDraft
from chalicelib.services import concerns, due, membership, nouns, permissions, previews, rulebooks
from tests.contract.performing import Units, consumed, of, performs, person
from tests.house import House, Sender

CUSTOMERS = {"all": [{"field": "lifecycle", "op": "eq", "value": "customer"}]}
OPENED = {"all": [{"field": "mail.opened_at", "op": "within_days", "value": 90}]}
RULE = {"name": "Customers", "kind": "dynamic", "rule": CUSTOMERS}


def segment(house: House, owner: Sender, rule: Any = None) -> str:
    """A segment, complete: its path."""
    draft = {"name": "Fair", "kind": "static"} if rule is None else {**RULE, "rule": rule}
    made = owner.post("/v1/segments", draft)
    assert made.status == 201, made.text
    house.settle()
    return f"/v1/segments/{made.json['id']}"


def known(house: House, owner: Sender, **fields: Any) -> Any:
    """A contact that the whole house knows of."""
    made = owner.contact(**{**person(), **fields})
    house.settle()
    return made


def listed(house: House, owner: Sender, count: int) -> tuple[str, list[str]]:
    """A list of so many contacts: its path, and their ids."""
    path, there = segment(house, owner), [owner.contact(**person(number))["id"] for number in range(count)]
    assert owner.post(f"{path}/members", {"contact_ids": there}).status == 200
    house.settle()
    return path, there


def looked(owner: Sender, contact_id: str, **before: Any) -> Callable[[], Any]:
    """What the feed does about a contact of which these values were others."""
    after = nouns.peek(nouns.NOUNS["contact"], owner.tenant, contact_id)
    old = nouns.peek(nouns.NOUNS["contact"], owner.tenant, contact_id)
    for name, value in before.items():
        setattr(old, name, value)
    rulebooks.load(owner.tenant)  # each rule is parsed once in a process
    return lambda: concerns.changed(old, after)


def mailed(owner: Sender, contact_id: str) -> Mailing:
    """A mail of a campaign that the contact has opened."""
    mail = Mailing.at(owner.tenant, contact_id, ids.new("run"))
    mail.campaign_id, mail.claim, mail.claimed_at, mail.outcome = "cam_1", "c", clock.stamp(), outcome("sent", "2026")
    mail.seen = {"opened_human": clock.stamp()}
    transact(Step("save", mail))
    return mail


@performs("segment.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/segments", {"name": "Fair", "kind": "static"}))


@performs("segment.create_rule")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/segments", RULE))


@performs("segment.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(segment(house, owner)))


@performs("segment.page")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        segment(house, owner)
    return of(owner.get("/v1/segments"))


@performs("segment.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(segment(house, owner), {"description": "Met in Graz"}))


@performs("segment.patch_rule")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(segment(house, owner, CUSTOMERS), {"rule": OPENED}))


@performs("segment.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(segment(house, owner)))


@performs("segment.delete_rule")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(segment(house, owner, CUSTOMERS)))


@performs("segment.restore")
def _(house: House, owner: Sender) -> Units:
    path = segment(house, owner)
    owner.delete(path)
    return of(owner.post(f"{path}/restore"))


@performs("segment.rebuild")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{segment(house, owner, CUSTOMERS)}/rebuild"))


@performs("segment.members")
def _(house: House, owner: Sender) -> Units:
    path, _ = listed(house, owner, 25)
    answer = owner.get(f"{path}/members?limit=25")
    assert len(answer.json["data"]) == 25
    return of(answer)


@performs("segment.add_member")
def _(house: House, owner: Sender) -> Units:
    path, ada = segment(house, owner), known(house, owner)
    return of(owner.post(f"{path}/members", {"contact_ids": [ada["id"]]}))


@performs("segment.remove_member")
def _(house: House, owner: Sender) -> Units:
    path, (one,) = listed(house, owner, 1)
    return of(owner.delete(f"{path}/members/{one}"))


@performs("segment.walk")
def _(house: House, owner: Sender) -> Units:
    path, there = listed(house, owner, 15)
    found: list[str] = []
    units = consumed(lambda: found.extend(membership.walk(owner.tenant, path.rpartition("/")[2])[0]))
    assert sorted(found) == sorted(there)
    return units


@performs("segment.preview")
def _(house: House, owner: Sender) -> Units:
    for number in range(25):
        owner.contact(**person(number))
    house.settle()
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    return consumed(lambda: previews.preview(actor, SegmentPreviewDraft(rule=CUSTOMERS)))


@performs("membership.unasked")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, CUSTOMERS)
    return consumed(looked(owner, known(house, owner)["id"], title="Somebody"))


@performs("membership.looked")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, CUSTOMERS)
    return consumed(looked(owner, known(house, owner)["id"], lifecycle="evangelist"))


@performs("membership.entered")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, CUSTOMERS)
    ada = known(house, owner)
    owner.patch(f"/v1/contacts/{ada['id']}", {"lifecycle": "customer"})
    return consumed(looked(owner, ada["id"], lifecycle="lead"))


@performs("membership.opened")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, OPENED)
    ada = known(house, owner)
    mailed(owner, ada["id"])
    house.settle()
    mail = mailed(owner, ada["id"])
    return consumed(lambda: concerns.changed(None, mail))


@performs("membership.opened_first")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, OPENED)
    mail = mailed(owner, known(house, owner)["id"])
    return consumed(lambda: concerns.changed(None, mail))


@performs("membership.due")
def _(house: House, owner: Sender) -> Units:
    segment(house, owner, OPENED)
    ada = known(house, owner)
    mailed(owner, ada["id"])
    house.settle()
    place = keys.key("moment", tenant=owner.tenant, subject=ada["id"], what=membership.WHAT)
    moment = fetch(Moment, *place, consistent=True)
    assert moment is not None
    clock.advance(91 * 24 * 3600)
    message = {"tenant": owner.tenant, "subject_id": ada["id"], "what": membership.WHAT, "at": moment.at}
    return consumed(lambda: due.hand_over(message))


@performs("membership.judged")
def _(house: House, owner: Sender) -> Units:
    path = segment(house, owner, CUSTOMERS)
    several = [owner.contact(**person(number))["id"] for number in range(25)]
    house.settle()
    only = (path.rpartition("/")[2],)
    return consumed(lambda: membership.settle(owner.tenant, several, only=only))
