"""Campaigns: what is to be sent to whom, by whom, when, how fast and for how much at most.

`campaign_states.py` has the steps of its life, `launching.py` takes them.
"""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.adapters import mailer
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.segment import Segment
from chalicelib.models.table import find
from chalicelib.models.template import Template
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import Approval, CampaignDraft, CampaignQuery, CampaignView, SendWindow
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import emails, topics, zones
from chalicelib.services.shelf import Shelf

CONTACT: Final = "contact"  # the zone of a window that follows each contact's own clock

# What may be changed in which state; what is not named there is as it was launched.
_ALL: Final = frozenset(CampaignDraft.__struct_encode_fields__)
EDITABLE: Final[dict[str, frozenset[str]]] = {
    "draft": _ALL,
    "scheduled": _ALL,
    "paused": frozenset({"name", "rate", "concurrency", "max_cost", "send_window", "priority"}),
    "running": frozenset(),
    "finished": frozenset(),
    "cancelled": frozenset(),
}
_UNDER_WAY: Final = ("scheduled", "running", "paused")

SHELF: Final[Shelf[Campaign]] = Shelf(Campaign, "campaign", "cam", "campaign")


def create(actor: Actor, draft: CampaignDraft) -> CampaignView:
    """A new campaign, a draft. Raises `Invalid`, also for a segment, a template or a topic that is not there."""
    campaign = Campaign(id=ids.new("cam"), tenant=actor.tenant, status="draft")
    _write(actor, campaign, draft)
    return view(SHELF.add(actor, campaign))


def get(actor: Actor, campaign_id: str) -> CampaignView:
    """One campaign. Raises `NotFound`."""
    return view(load(actor.tenant, campaign_id))


def load(tenant: str, campaign_id: str, *, consistent: bool = False) -> Campaign:
    """The campaign. Half a unit. Raises `NotFound`."""
    return SHELF.load(tenant, campaign_id, consistent=consistent)


def listing(actor: Actor, query: CampaignQuery, wanted: Page) -> Listing[CampaignView]:
    """Campaigns, the newest first."""
    found = SHELF.page(keys.partition("campaign", "gsi1", tenant=actor.tenant), "gsi1", wanted, newest_first=True)
    return Listing([view(one) for one in found.items], found.last)


def update(actor: Actor, campaign_id: str, patch: dict[str, Any], expected: int | None) -> CampaignView:
    """Change some fields (RFC 7396); whoever approved it has to do so again.

    Raises as `create`, `NotFound`, `Stale`, and `Conflict` for what its state does not permit.
    """

    def edit(campaign: Campaign) -> None:
        firm = sorted(patch.keys() - EDITABLE[campaign.status])
        if firm:
            raise errors.Conflict(
                f"{', '.join(firm)} of a campaign that is {campaign.status} cannot be changed.", state=campaign.status
            )
        _write(actor, campaign, decoding.convert(merged(_written(campaign), patch), CampaignDraft))

    return view(SHELF.edit(actor, campaign_id, edit, expected))


def delete(actor: Actor, campaign_id: str, expected: int | None) -> None:
    """Put it into the trash; what was sent stays told. Raises `NotFound`, `Stale`, `Conflict` while it is under way."""

    def edit(campaign: Campaign) -> None:
        if campaign.status in _UNDER_WAY:
            raise errors.Conflict(f"A campaign that is {campaign.status} is cancelled first.", state=campaign.status)
        campaign.deleted_at = clock.stamp()

    SHELF.edit(actor, campaign_id, edit, expected)


def restore(actor: Actor, campaign_id: str, expected: int | None = None) -> CampaignView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there."""
    return view(SHELF.take_back(actor, campaign_id, expected))


def view(campaign: Campaign) -> CampaignView:
    """The campaign as a client reads it."""
    plain = {name: getattr(campaign, name, None) for name in CampaignView.__struct_fields__}
    plain |= {"name": campaign.label, "from": plain.pop("sender"), "send_window": campaign.window}
    plain |= {"tracking": campaign.tracking or {}, "seeds": campaign.seeds or [], "ab": {}}
    plain |= {"approval": _approval(campaign.approval), "status_reason": campaign.paused_reason}
    return msgspec.convert(plain, CampaignView, strict=False)


def _approval(said: dict[str, Any] | None) -> Approval:
    if not said:
        return Approval(state="none")
    return Approval(state=said["state"], by=said.get("by"), at=said.get("at"), reason=said.get("reason"))


def _written(campaign: Campaign) -> dict[str, Any]:
    """The fields a client writes, as the plain object that a merge patch applies to."""
    shown = msgspec.to_builtins(view(campaign))
    return {name: shown[name] for name in CampaignDraft.__struct_encode_fields__ if shown[name] is not None}


def _write(actor: Actor, campaign: Campaign, draft: CampaignDraft) -> None:
    """Put the draft's fields into the campaign. Raises `Invalid` for what a struct cannot see."""
    if not draft.name.strip():
        raise errors.invalid("/name", "required", "A campaign needs a name.")
    if draft.ab:
        raise errors.invalid("/ab", "unsupported", "Variants are not supported yet: leave `ab` out.")
    for given, pointer in ((draft.sender, "/from"), (draft.reply_to, "/reply_to")):
        if given is not None:
            mailer.mailbox(given, pointer)
    _refer(actor.tenant, campaign, draft)
    if draft.send_window is not None:
        _check(draft.send_window)
    for name in ("segment_id", "template_id", "sender", "reply_to", "topic", "rate", "concurrency", "max_cost"):
        setattr(campaign, name, getattr(draft, name))
    campaign.label, campaign.priority = draft.name.strip(), draft.priority
    campaign.window = msgspec.to_builtins(draft.send_window)
    campaign.tracking = msgspec.to_builtins(draft.tracking)
    campaign.seeds = list({emails.folded(one): one for one in draft.seeds}.values()) or None
    campaign.edited_by = actor.user
    if campaign.status in ("draft", "scheduled") and (campaign.approval or {}).get("state") == "approved":
        campaign.approval = {**(campaign.approval or {}), "state": "void"}


def _refer(tenant: str, campaign: Campaign, draft: CampaignDraft) -> None:
    """Nothing, or `Invalid` if what it newly names is not there. Half a unit each."""
    if draft.segment_id and draft.segment_id != campaign.segment_id:
        _there(Segment, "segment", tenant, draft.segment_id)
    if draft.template_id and draft.template_id != campaign.template_id:
        _there(Template, "template", tenant, draft.template_id)
    if draft.topic and draft.topic != campaign.topic:
        topics.exists(tenant, draft.topic, "/topic")


def _there(model: Any, noun: str, tenant: str, record_id: str) -> None:
    """Nothing, or `Invalid` if there is no such record. Half a unit."""
    found = find(model, *keys.key(noun, tenant=tenant, id=record_id)) if ids.is_id(_PREFIX[noun], record_id) else None
    if found is None or found.deleted_at or getattr(found, "what", None) == "partial":
        raise errors.invalid(f"/{noun}_id", "unknown", f"There is no such {noun}.")


_PREFIX: Final = {"segment": "seg", "template": "tpl"}


def _check(window: SendWindow) -> None:
    from chalicelib.services import hours  # zoneinfo is loaded only when somebody gives hours

    if window.zone != CONTACT:
        zones.check(window.zone, "/send_window/zone")
    try:
        hours.check(window.hours, window.holidays)
    except errors.Invalid as error:
        flaws = [flaw._replace(pointer=f"/send_window{flaw.pointer}") for flaw in error.flaws]
        raise errors.Invalid(error.detail, *flaws) from None
