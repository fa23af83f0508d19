"""Campaigns: written, checked, approved, launched, and what became of them."""

from typing import Any

from chalicelib.models import moments
from chalicelib.models.moment import Moment
from chalicelib.models.writes import put_all
from chalicelib.services import launching
from tests import mailshots
from tests.campaigning import act, bare_segment, bare_template, campaign, draft, over, segment
from tests.contract.calling import colleague
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

SOON = "2027-03-01T09:00:00Z"


def path(made: Any) -> str:
    return f"/v1/campaigns/{made['id']}"


def moment(owner: Sender, made: Any) -> Moment:
    found = moments.load(owner.tenant, made["id"], launching.WHAT)
    assert found is not None
    return found


@performs("campaign.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/campaigns", draft(owner)))


@performs("campaign.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(path(campaign(owner))))


@performs("campaign.page")
def _(house: House, owner: Sender) -> Units:
    campaign(owner)
    return of(owner.get("/v1/campaigns"))


@performs("campaign.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(path(campaign(owner)), {"rate": 5}))


@performs("campaign.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(path(campaign(owner))))


@performs("campaign.restore")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    owner.delete(path(made))
    return of(owner.post(f"{path(made)}/restore"))


@performs("campaign.schedule")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(campaign(owner))}/schedule", {"at": SOON}))


@performs("campaign.unschedule")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    act(owner, made, "schedule", {"at": SOON})
    return of(owner.post(f"{path(made)}/unschedule"))


@performs("campaign.launch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(campaign(owner))}/launch"))


@performs("campaign.launch_again")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    act(owner, made, "launch")
    return of(owner.post(f"{path(made)}/launch"))


@performs("campaign.pause")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    act(owner, made, "launch")
    return of(owner.post(f"{path(made)}/pause"))


@performs("campaign.submit")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    colleague(owner, "manager")
    return of(owner.post(f"{path(made)}/submit"))


@performs("campaign.approve")
def _(house: House, owner: Sender) -> Units:
    made, other = campaign(owner), colleague(owner, "manager")
    assert other.get(path(made)).status == 200  # whose session is asked for once a minute
    return of(other.post(f"{path(made)}/approve"))


@performs("campaign.preflight")
def _(house: House, owner: Sender) -> Units:
    people = [mailshots.contact(owner.tenant) for _ in range(20)]
    put_all(people)
    made = campaign(owner, segment_id=segment(owner, *(one.id for one in people)))
    return of(owner.post(f"{path(made)}/preflight"))


@performs("campaign.test")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(campaign(owner))}/test", {"to": [owner.signed_up["user"]["email"]]}))


@performs("campaign.report")
def _(house: House, owner: Sender) -> Units:
    made = over(owner, [owner.contact()["id"]])
    return of(owner.get(f"/v1/campaigns/{made}/report"))


@performs("campaign.recipients")
def _(house: House, owner: Sender) -> Units:
    made = over(owner, [owner.contact()["id"] for _ in range(4)])
    return of(owner.get(f"/v1/campaigns/{made}/recipients"))


@performs("due.campaign")
def _(house: House, owner: Sender) -> Units:
    made = campaign(owner)
    act(owner, made, "schedule", {"at": SOON})
    there = moment(owner, made)
    return consumed(lambda: launching.come(there))


@performs("due.campaign_back")
def _(house: House, owner: Sender) -> Units:
    template = bare_template(owner.tenant)
    made = campaign(owner, template_id=template, segment_id=bare_segment(owner.tenant))
    act(owner, made, "schedule", {"at": SOON})
    assert owner.delete(f"/v1/templates/{template}").status == 204
    there = moment(owner, made)
    return consumed(lambda: launching.come(there))
