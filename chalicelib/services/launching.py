"""The steps of a campaign's life as people take them, and the moment at which a scheduled one is launched.

What `dispatch` plans is written in the same transaction as the state, so that no running campaign is without its work.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from chalicelib import clock, errors, observability
from chalicelib.models.campaign import Campaign
from chalicelib.models.moment import Moment
from chalicelib.models.writes import Step
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import CampaignView, Start
from chalicelib.services import approvals, campaign_lint, campaign_parts, campaign_states, campaigns, dispatch, inbox
from chalicelib.services.approvals import moment

WHAT: Final = approvals.WHAT  # the kind of its moment
SYSTEM: Final = "system"  # who launches what was scheduled
_FARTHEST: Final = timedelta(days=731)
_REASON: Final = 500  # characters


def schedule(actor: Actor, campaign_id: str, start: Start, expected: int | None, base: str) -> CampaignView:
    """Have it launched at a moment, or at another one than before.

    Raises `NotFound`, `Stale`, `Invalid` for a moment that is over or two years off, `Conflict` for a state that does
    not permit it, without an approval that the firm wants, or for what would keep it from being launched.
    """
    if not clock.now() < start.at < clock.now() + _FARTHEST:
        raise errors.invalid("/at", "range", "A campaign is launched later than now, and within two years.")

    def edit(campaign: Campaign) -> list[Step]:
        _ready(campaign, at_once=False)
        campaign.scheduled_at, campaign.launched_by, campaign.base_url = clock.stamp(start.at), actor.user, base
        campaign.paused_reason = None
        return [Step("save", moment(campaign))]

    return _moved(actor, campaign_id, "schedule", edit, expected)


def unschedule(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """A draft again. Raises `NotFound`, `Stale`, `Conflict`."""
    return _moved(actor, campaign_id, "unschedule", _off, expected)


def launch(actor: Actor, campaign_id: str, expected: int | None, base: str) -> CampaignView:
    """Launch it now; launched again, it stays the one run it is.

    Raises `NotFound`, `Stale`, and `Conflict` for a state that does not permit it, without an approval that the firm
    wants, or with what keeps it from being launched.
    """

    def edit(campaign: Campaign) -> list[Step]:
        campaign.launched_by, campaign.base_url = actor.user, base
        gone = [Step("delete", moment(campaign))] if campaign.scheduled_at else []
        return [*_launched(campaign), *gone]

    return _moved(actor, campaign_id, "launch", edit, expected)


def pause(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let no further mail go out; those that are being handed over do. Raises `NotFound`, `Stale`, `Conflict`."""
    return _moved(actor, campaign_id, "pause", dispatch.pause, expected)


def resume(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Go on where it was paused. Raises `NotFound`, `Stale`, `Conflict`."""
    return _moved(actor, campaign_id, "resume", dispatch.resume, expected)


def cancel(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Send nothing more, for good. Raises `NotFound`, `Stale`, `Conflict`."""

    def edit(campaign: Campaign) -> Sequence[Step]:
        return _off(campaign) if campaign.run is None else dispatch.cancel(campaign)

    return _moved(actor, campaign_id, "cancel", edit, expected)


def retry(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Try once more those to whom sending has failed, and nobody else. Raises `NotFound`, `Stale`, `Conflict`."""
    return _moved(actor, campaign_id, "retry", dispatch.retry, expected)


def come(due: Moment) -> float | None:
    """The moment of a scheduled campaign: launch it, or say why it could not be. As `due.DUE` says."""

    def edit(campaign: Campaign) -> list[Step]:
        if campaign.scheduled_at != due.at:
            raise _Moot
        return _launched(campaign)

    try:
        campaign_states.move(due.tenant, due.subject_id, "launch", SYSTEM, edit)
    except (errors.NotFound, _Moot):
        return None
    except errors.Conflict as error:
        _back(due, "; ".join([error.detail, *(flaw.message for flaw in error.flaws)]))
    return None


def give_up(due: Moment) -> None:
    """It could not be launched for more than a day, and now is not the time that was meant."""
    _back(due, "It could not be launched at its time.")


class _Moot(Exception):
    """It is not scheduled for this moment any more."""


def _moved(
    actor: Actor,
    campaign_id: str,
    verb: str,
    edit: Callable[[Campaign], Sequence[Step] | None],
    expected: int | None,
) -> CampaignView:
    campaign, moved = campaign_states.move(actor.tenant, campaign_id, verb, actor.user, edit, expected)
    if moved:
        observability.note("campaign", campaign=campaign.id, verb=verb, status=campaign.status)
    return campaigns.view(campaign)


def _launched(campaign: Campaign) -> list[Step]:
    """Let it be the campaign's one run, and say what that takes."""
    checked = _ready(campaign, at_once=True).template
    steps = dispatch.launch(campaign)
    kept = (campaign.frozen or {}).get("template", {}).get("version")
    if checked is None or kept != int(checked.version):  # read a moment later, or as it was a moment ago
        raise errors.Stale("The template was changed meanwhile.")
    return steps


def _ready(campaign: Campaign, *, at_once: bool) -> campaign_parts.Parts:
    """What it is made of, or `Conflict` with what keeps it from being sent. Its segment may be empty until it is."""
    found = campaign_parts.of(campaign)
    lacking = approvals.lacking(campaign, found)
    if lacking is not None:
        raise errors.Conflict(lacking)
    size = campaign_parts.size(found) if at_once else None
    wrong = [one for one in campaign_lint.findings(campaign, found, size) if one.severity == "error"]
    if wrong:
        flaws = [errors.Flaw(one.pointer, "preflight", one.message) for one in wrong]
        raise errors.Conflict("It cannot be sent like this.", *flaws)
    return found


def _off(campaign: Campaign) -> list[Step]:
    """Not scheduled any more."""
    gone = [Step("delete", moment(campaign))] if campaign.scheduled_at else []
    campaign.scheduled_at = campaign.launched_by = campaign.paused_reason = None
    return gone


def _back(due: Moment, reason: str) -> None:
    """A draft again, after whoever scheduled it was told. Called twice, the second time changes nothing."""

    def edit(campaign: Campaign) -> None:
        if campaign.scheduled_at != due.at:
            raise _Moot
        campaign.scheduled_at = campaign.launched_by = None
        campaign.paused_reason = reason[:_REASON]

    try:
        campaign = campaigns.load(due.tenant, due.subject_id, consistent=True)
        if campaign.status == "scheduled" and campaign.scheduled_at == due.at and campaign.launched_by:
            key, title = f"campaign/{campaign.id}/{due.at}", f"{campaign.label} was not launched. {reason}"
            inbox.tell(due.tenant, campaign.launched_by, key, WHAT, title, subject_id=campaign.id, at=due.at)
        campaign_states.move(due.tenant, due.subject_id, "unschedule", SYSTEM, edit)
    except (errors.NotFound, errors.Conflict, _Moot):
        return
