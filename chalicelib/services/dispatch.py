"""The engine's side of each step in a campaign's life: which work begins, and what must stand beside the campaign.

Each is called while the state changes (`campaign_states.move`), edits the campaign in place, and says what is written
in the same transaction: so there is no campaign that is running without somebody who sends.

Lanes belong to a round. Whoever starts lanes begins a new one, and a lane of an earlier round ends at its next look.
"""

from datetime import timedelta
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.pace import Frozen
from chalicelib.models.segment import Segment
from chalicelib.models.table import find
from chalicelib.models.template import Template
from chalicelib.models.writes import Step
from chalicelib.schemas.actor import Actor
from chalicelib.services import budget, jobs, pace

AUDIENCE: Final = "campaign_audience"  # the job that cuts the audience into shards
LANE: Final = "campaign_lane"  # the job that sends
LANES: Final = 4  # at once, where nobody said how many
MOST: Final = 20
# Mails a second that one lane can be trusted to send. More lanes than the rate needs would only wait, and be billed.
PER_LANE: Final = 50.0
_SYSTEM: Final = "system"


def launch(campaign: Campaign) -> list[Step]:
    """Keep the template as it is now, and have the audience cut. Raises `Conflict` while the segment is being built."""
    from chalicelib.services import templates  # and what renders them

    segment = _there(Segment, "segment", campaign.tenant, campaign.segment_id)
    if segment.building:
        raise errors.Conflict("The segment is being built; wait until it is complete.", building=segment.building)
    template = templates.pin(_there(Template, "template", campaign.tenant, campaign.template_id))
    campaign.run = campaign.run or ids.new("run")
    campaign.launched_at = campaign.launched_at or clock.stamp()
    campaign.audience = campaign.shards = campaign.paused_reason = None
    campaign.frozen = {
        "template": {"id": template.id, "version": int(template.version or 0), "subject": template.subject},
        "round": 1,
        "lanes": 0,
    }
    return [Step("save", Frozen.of(campaign.id, template)), *_cut(campaign)]


def start(campaign: Campaign) -> list[Step]:
    """The lanes of a new round, as many as its rate needs; for those whom it failed to reach one, as `retry` says."""
    if (campaign.frozen or {}).get("retried_at"):
        return _round(campaign, 1)
    return _round(campaign, lanes(campaign, int(campaign.shards or 1), pace.limit(campaign.rate)))


def pause(campaign: Campaign) -> list[Step]:
    """Nothing to write: each lane looks at the state before it takes the next few, and ends."""
    campaign.paused_reason = None
    return []


def resume(campaign: Campaign) -> list[Step]:
    """Go on where it was. While the audience is still being cut, that starts the lanes; if it could not be, it is cut
    anew.
    """
    campaign.paused_reason = None
    begun = budget.begun(campaign)
    if campaign.shards is not None:
        return [*begun, *start(campaign)]
    return [*begun, *(_cut(campaign) if (campaign.frozen or {}).get("lost") else [])]


def cancel(campaign: Campaign) -> list[Step]:
    """Whoever was not reached yet is settled as suppressed; by lanes, as some may be on their way at this moment."""
    campaign.paused_reason = None
    if campaign.shards is None:
        # Nobody was asked yet, and the job of the audience ends at its next step.
        campaign.audience = campaign.shards = 0
        return []
    return _round(campaign, lanes(campaign, int(campaign.shards), None))


def retry(campaign: Campaign) -> list[Step]:
    """Those whom it failed to reach by now are tried again. One lane: until it is through, the count is not right."""
    campaign.frozen = {**(campaign.frozen or {}), "retried_at": clock.stamp()}
    campaign.finished_at = None
    return _round(campaign, 1)


def lanes(campaign: Campaign, shards: int, rate: float | None) -> int:
    """How many lanes at once: no more than were asked for, than there are shards, and than the rate (in mails a second;
    None: it does not matter) needs. One at least.
    """
    wanted = max(1, min(int(campaign.concurrency or LANES), MOST, shards))
    return wanted if rate is None else max(1, min(wanted, -int(-rate // PER_LANE)))


def is_current(campaign: Campaign | None, params: dict[str, Any]) -> bool:
    """Whether a lane is of the campaign's present round. In the trash it is accounted for as anywhere else."""
    return (
        campaign is not None
        and campaign.run == params["run"]
        and (campaign.frozen or {}).get("round") == params["round"]
    )


def _cut(campaign: Campaign) -> list[Step]:
    """The job that cuts the audience; one of an earlier try ends at its next step."""
    kept = {name: value for name, value in (campaign.frozen or {}).items() if name != "lost"}
    number = int(kept.get("cut", 0)) + 1
    campaign.frozen = {**kept, "cut": number}
    return _job(campaign, AUDIENCE, {"segment": campaign.segment_id, "cut": number}, f"{campaign.run}#cut#{number}")


def _round(campaign: Campaign, count: int) -> list[Step]:
    number = int((campaign.frozen or {}).get("round", 0)) + 1
    campaign.frozen = {**(campaign.frozen or {}), "round": number, "lanes": count}
    steps: list[Step] = []
    for lane in range(count):
        steps += _job(
            campaign, LANE, {"round": number, "lane": lane, "lanes": count}, f"{campaign.run}#{number}#{lane}"
        )
    return steps


def _job(campaign: Campaign, kind: str, params: dict[str, Any], seed: str) -> list[Step]:
    """A job named by what it is for, so that the same round never has the same lane twice."""
    actor = Actor(campaign.tenant, campaign.launched_by or _SYSTEM, _SYSTEM)
    at = clock.parse(str(campaign.launched_at)) + timedelta(milliseconds=1)
    _, steps = jobs.plan(
        actor,
        kind,
        {"campaign": campaign.id, "run": campaign.run, **params},
        permission="campaigns:read",
        job_id=ids.derived("job", at, seed),
    )
    return steps


def _there(kind: Any, noun: str, tenant: str, record_id: str | None) -> Any:
    found = find(kind, *keys.key(noun, tenant=tenant, id=record_id)) if record_id else None
    if found is None or found.deleted_at:
        raise errors.invalid(f"/{noun}_id", "unknown", f"There is no such {noun}.")
    return found
