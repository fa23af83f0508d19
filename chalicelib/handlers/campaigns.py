"""Campaigns over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import (
    CampaignDraft,
    CampaignPatch,
    CampaignQuery,
    CampaignReport,
    CampaignView,
    Preflight,
    RecipientQuery,
    RecipientView,
    Rejection,
    Start,
    TrialDraft,
)
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Begun, Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)
ONE = "/v1/campaigns/{campaign_id}"


@routes.post("/v1/campaigns", permission="campaigns:write", body=CampaignDraft, returns=CampaignView)
def create_campaign(actor: Actor, body: CampaignDraft) -> CampaignView:
    """Create a campaign, a draft; nothing is sent by that."""
    from chalicelib.services import campaigns

    return campaigns.create(actor, body)


@routes.get(
    "/v1/campaigns", permission="campaigns:read", query=CampaignQuery, returns=Listing[CampaignView], paged=True
)
def list_campaigns(actor: Actor, query: CampaignQuery, page: Page) -> Listing[CampaignView]:
    """List campaigns, the newest first."""
    from chalicelib.services import campaigns

    return campaigns.listing(actor, query, page)


@routes.get(ONE, permission="campaigns:read", returns=CampaignView)
def get_campaign(actor: Actor, campaign_id: str) -> CampaignView:
    """Read a campaign."""
    from chalicelib.services import campaigns

    return campaigns.get(actor, campaign_id)


@routes.patch(ONE, permission="campaigns:write", body=CampaignPatch, returns=CampaignView, errors=(409,))
def patch_campaign(actor: Actor, campaign_id: str, body: dict[str, Any], expected: int | None) -> CampaignView:
    """Change some fields; of one that is paused only how fast, when and for how much it goes on."""
    from chalicelib.services import campaigns

    return campaigns.update(actor, campaign_id, body, expected)


@routes.delete(ONE, permission="campaigns:write", errors=(409,))
def delete_campaign(actor: Actor, campaign_id: str, expected: int | None) -> None:
    """Put a campaign into the trash; one that is under way is cancelled first."""
    from chalicelib.services import campaigns

    campaigns.delete(actor, campaign_id, expected)


@routes.post(f"{ONE}/restore", permission="campaigns:write", returns=CampaignView, status=200)
def restore_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Take a campaign out of the trash."""
    from chalicelib.services import campaigns

    return campaigns.restore(actor, campaign_id, expected)


@routes.post(f"{ONE}/preflight", permission="campaigns:write", returns=Preflight, status=200, begins=JobView)
def preflight_campaign(actor: Actor, campaign_id: str) -> Preflight | Begun[JobView]:
    """Find out what would happen if a campaign were launched; for a large audience a job does."""
    from chalicelib.services import preflight

    found = preflight.run(actor, campaign_id)
    return Begun(found) if isinstance(found, JobView) else found


@routes.post(f"{ONE}/test", permission="campaigns:send", body=TrialDraft, returns=JobView, status=202)
def test_campaign(actor: Actor, campaign_id: str, body: TrialDraft, base: str) -> JobView:
    """Send mails of a campaign on trial, marked as such: to users of the firm and to seeds only."""
    from chalicelib.services import trials

    return trials.start(actor, campaign_id, body, base)


@routes.post(f"{ONE}/schedule", permission="campaigns:send", body=Start, returns=CampaignView, status=200)
def schedule_campaign(actor: Actor, campaign_id: str, body: Start, expected: int | None, base: str) -> CampaignView:
    """Have a campaign launched at a moment, or at another one than before."""
    from chalicelib.services import launching

    return launching.schedule(actor, campaign_id, body, expected, base)


@routes.post(f"{ONE}/unschedule", permission="campaigns:send", returns=CampaignView, status=200)
def unschedule_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let a scheduled campaign be a draft again."""
    from chalicelib.services import launching

    return launching.unschedule(actor, campaign_id, expected)


@routes.post(f"{ONE}/launch", permission="campaigns:send", returns=CampaignView, status=200)
def launch_campaign(actor: Actor, campaign_id: str, expected: int | None, base: str) -> CampaignView:
    """Launch a campaign now; launched again it stays the one run it is."""
    from chalicelib.services import launching

    return launching.launch(actor, campaign_id, expected, base)


@routes.post(f"{ONE}/pause", permission="campaigns:send", returns=CampaignView, status=200)
def pause_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let no further mail of a campaign go out."""
    from chalicelib.services import launching

    return launching.pause(actor, campaign_id, expected)


@routes.post(f"{ONE}/resume", permission="campaigns:send", returns=CampaignView, status=200)
def resume_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let a paused campaign go on where it was."""
    from chalicelib.services import launching

    return launching.resume(actor, campaign_id, expected)


@routes.post(f"{ONE}/cancel", permission="campaigns:send", returns=CampaignView, status=200)
def cancel_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """End a campaign for good; who did not get it by now will not."""
    from chalicelib.services import launching

    return launching.cancel(actor, campaign_id, expected)


@routes.post(f"{ONE}/retry", permission="campaigns:send", returns=CampaignView, status=200)
def retry_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Send a finished campaign once more to those to whom that has failed, and to nobody else."""
    from chalicelib.services import launching

    return launching.retry(actor, campaign_id, expected)


@routes.post(f"{ONE}/submit", permission="campaigns:write", returns=CampaignView, status=200)
def submit_campaign(actor: Actor, campaign_id: str) -> CampaignView:
    """Ask those who may approve a campaign to do so, in their inboxes."""
    from chalicelib.services import approvals

    return approvals.ask(actor, campaign_id)


@routes.post(f"{ONE}/approve", permission="campaigns:approve", returns=CampaignView, status=200, errors=(403,))
def approve_campaign(actor: Actor, campaign_id: str, expected: int | None) -> CampaignView:
    """Let a campaign be sent as it is now; not for who wrote it last."""
    from chalicelib.services import approvals

    return approvals.approve(actor, campaign_id, expected)


@routes.post(f"{ONE}/reject", permission="campaigns:approve", body=Rejection, returns=CampaignView, status=200)
def reject_campaign(actor: Actor, campaign_id: str, body: Rejection, expected: int | None) -> CampaignView:
    """Do not let a campaign be sent as it is now; a scheduled one is a draft again."""
    from chalicelib.services import approvals

    return approvals.reject(actor, campaign_id, body, expected)


@routes.get(f"{ONE}/report", permission="campaigns:read", returns=CampaignReport)
def campaign_report(actor: Actor, campaign_id: str) -> CampaignReport:
    """Read what became of a campaign, and what it took."""
    from chalicelib.services import campaign_report as reports

    return reports.get(actor, campaign_id)


@routes.get(
    f"{ONE}/recipients",
    permission="campaigns:read",
    query=RecipientQuery,
    returns=Listing[RecipientView],
    paged=True,
)
def campaign_recipients(actor: Actor, campaign_id: str, query: RecipientQuery, page: Page) -> Listing[RecipientView]:
    """List those a campaign is for and what became of each; a page may be short and still lead on."""
    from chalicelib.services import recipients

    return recipients.listing(actor, campaign_id, query, page)
