"""The second pair of eyes: where a firm wants it, a campaign is sent only after somebody else has approved it.

An approval is of one wording: it names what the template says, with its partials, and the rule of the segment; and any
later edit of the campaign makes it void. Who is in a segment may change, as it does by itself.
"""

import hashlib
import json
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Segment
from chalicelib.models.table import page
from chalicelib.models.template import Template
from chalicelib.models.writes import Step
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import CampaignView, Rejection
from chalicelib.services import campaign_parts, campaigns, inbox, permissions, settings

WHAT: Final = "campaign"  # the kind of the moment at which a campaign is launched, and of the news about one
PERMISSION: Final = "campaigns:approve"
_ASKED: Final = 200  # users, of whom those are told who may approve
_OPEN: Final = ("draft", "scheduled")


def ask(actor: Actor, campaign_id: str) -> CampaignView:
    """Tell everybody who may approve it, but for who wrote it last: in his inbox, once for each wording.

    One write unit each. Raises `NotFound`, `Conflict` once it was launched.
    """
    campaign = campaigns.load(actor.tenant, campaign_id)
    _open(campaign)
    everybody = page(keys.partition("user", "gsi1", tenant=actor.tenant), index="gsi1", limit=_ASKED).items
    for user in everybody:
        if user.id != campaign.edited_by and PERMISSION in permissions.ROLES[user.role]:
            key, title = f"campaign/{campaign.id}/asked", f"{campaign.label} waits for an approval."
            at = campaign.updated_at
            inbox.tell(actor.tenant, user.id, key, WHAT, title, subject_id=campaign.id, at=at, user=user)
    return campaigns.view(campaign)


def approve(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let it be sent as it is now. Approved again, the last word counts.

    Raises `NotFound`, `Stale`, `Forbidden` for who wrote it last, `Conflict` once it was launched, or with nothing in
    it to approve.
    """

    def edit(campaign: Campaign) -> None:
        _open(campaign)
        if actor.user == campaign.edited_by:
            raise errors.Forbidden("Somebody else than who wrote it last has to approve it.")
        found = campaign_parts.of(campaign)
        if found.template is None or found.segment is None:
            raise errors.Conflict("There is nothing to approve yet: it has no template, or no segment.")
        said = {"state": "approved", "by": actor.user, "at": clock.stamp()}
        campaign.approval = {**said, **_wording(found.template, found.segment)}

    campaign = campaigns.SHELF.edit(actor, campaign_id, edit, expected)
    _tell(campaign, actor, "approved")
    return campaigns.view(campaign)


def reject(actor: Actor, campaign_id: str, rejection: Rejection, expected: int | None) -> CampaignView:
    """Do not let it be sent so; a scheduled one is a draft again. Raises as `approve`, but for nobody `Forbidden`."""

    def edit(campaign: Campaign) -> list[Step]:
        _open(campaign)
        said: dict[str, Any] = {"state": "rejected", "by": actor.user, "at": clock.stamp(), "reason": rejection.reason}
        campaign.approval = {name: value for name, value in said.items() if value is not None}
        if campaign.status != "scheduled":
            return []
        gone = moment(campaign)
        campaign.status, campaign.paused_reason = "draft", "It was rejected."
        campaign.scheduled_at = campaign.launched_by = None
        return [Step("delete", gone)]

    campaign = campaigns.SHELF.edit(actor, campaign_id, edit, expected)
    _tell(campaign, actor, "rejected")
    return campaigns.view(campaign)


def lacking(campaign: Campaign, found: campaign_parts.Parts) -> str | None:
    """Why it may not be sent yet, None if it may. Half a unit: whether the firm wants approvals."""
    if not settings.of(campaign.tenant).campaign_approval:
        return None
    said = campaign.approval or {}
    if said.get("state") == "rejected":
        return "It was rejected."
    if said.get("state") == "void":
        return "It was changed since it was approved."
    if said.get("state") != "approved":
        return "It has to be approved first, by somebody else than who wrote it last."
    if found.template is not None and found.segment is not None:
        wording = _wording(found.template, found.segment)
        if any(said.get(name) != value for name, value in wording.items()):
            return "Its template, or the rule of its segment, was changed since it was approved."
    return None


def moment(campaign: Campaign) -> Moment:
    """The moment at which a scheduled campaign is launched."""
    one = Moment(tenant=campaign.tenant, subject_id=campaign.id, what=WHAT, at=campaign.scheduled_at)
    one.keys()
    return one


def _wording(template: Template, segment: Segment) -> dict[str, Any]:
    """Half a unit for each partial."""
    from chalicelib.services.rendering import sources

    pieces = sorted((name, piece.body) for name, piece in sources.pieces(template).items())
    said = [template.subject, template.preheader, template.defaults, pieces]
    return {"template": _digest(said), "rule": _digest(segment.rule)}


def _digest(said: Any) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _open(campaign: Campaign) -> None:
    if campaign.status not in _OPEN:
        raise errors.Conflict(f"A campaign that is {campaign.status} needs no approval.", state=campaign.status)


def _tell(campaign: Campaign, actor: Actor, word: str) -> None:
    """In the inbox of who wrote it."""
    said = campaign.approval or {}
    if campaign.edited_by and campaign.edited_by != actor.user:
        inbox.tell(
            campaign.tenant,
            campaign.edited_by,
            f"campaign/{campaign.id}/{word}/{said['at']}",
            WHAT,
            f"{campaign.label} was {word}." + (f" {said['reason']}" if said.get("reason") else ""),
            subject_id=campaign.id,
            at=said["at"],
        )
