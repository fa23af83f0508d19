"""A lane of a campaign: a job that takes every so-manieth shard of the audience and sends to those in it.

It looks at the state of its campaign before each few mails, so a campaign that is paused stops within seconds, with
nothing lost. What nobody may have yet - it is night there, the provider asked to wait, another worker has it - is
passed over; when it has been through, it sleeps until the first of these may go, and begins anew with what is left.
"""

from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, observability
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.job import Job
from chalicelib.models.settings import Settings
from chalicelib.models.table import fetch
from chalicelib.services import audience, campaign_states, dispatch, settings, settling, shards, windows
from chalicelib.services.slices import CANCELLED, Fate, Sending, Spent

KIND: Final = dispatch.LANE
BUDGET: Final = 8.0  # seconds of one step; a shard that takes longer is gone on with in the next one
REST: Final = 5.0  # seconds that a lane sleeps at least
ROUNDS: Final = 24  # lanes that fail do so for half an hour: an outage was never so long as so many of them
SPENT: Final = "max_cost"  # why it is paused when its limit of cost is reached
_WORKING: Final = ("running", CANCELLED)


class Visit(NamedTuple):
    """How a shard was left: whether all in it is settled, whether its turn is over for now, when to come back."""

    settled: bool
    over: bool
    until: str | None


def step(job: Job) -> bool | float:
    """One shard, or some seconds of it. As `steps.STEPS` says."""
    with settling.charged(job):
        campaign = _campaign(job)
        return True if campaign is None else _step(job, campaign)


def close(job: Job) -> None:
    """A lane that failed, or was cancelled as a job, leaves a campaign that nobody sends. As `steps.CLOSING` says.

    The rest of a cancelled campaign has to be accounted for all the same: by lanes of another round, as often as
    `ROUNDS` lets them.
    """
    campaign = _campaign(job)
    if campaign is None:
        return
    if campaign.status == "running":
        audience.stop(campaign, "lane_failed")
    elif int(job.params["round"]) < ROUNDS:
        campaign_states.anew(campaign, dispatch.cancel)
    else:
        observability.alert("the rest of a cancelled campaign is not accounted for", campaign=campaign.id)


def _step(job: Job, campaign: Campaign) -> bool | float:
    first = int(job.params["lane"])
    state: dict[str, Any] = {"at": first, "round": 0, "left": False, "until": None, **job.state}
    if int(state["at"]) >= int(campaign.shards or 0):
        if not state["left"]:
            settling.finish(campaign)
            return True
        job.state = {"at": first, "round": int(state["round"]) + 1, "left": False, "until": None}
        return _seconds(state["until"])
    firm = settings.of(campaign.tenant)
    closed = _closed(campaign, firm, None) if not windows.by_contact(campaign.window) else None
    if closed is not None:
        return _seconds(closed)
    visit = _visit(job, campaign, firm, int(state["at"]), again=int(state["round"]) > 0)
    if visit.over:
        state["at"] = int(state["at"]) + int(job.params["lanes"])
    if visit.over and not visit.settled:
        state["left"] = True
        state["until"] = min(filter(None, (state["until"], visit.until)), default=None)
    job.state = state
    return False


def _visit(job: Job, campaign: Campaign, firm: Settings, number: int, *, again: bool) -> Visit:
    shard = settling.load(campaign.tenant, campaign.id, number)
    if shard is None:
        raise errors.Unready("A shard is not there.")
    letters = shards.results(shard)
    todo = [one for one in shards.recipients(shard) if _is_due(campaign, letters[one.position])]
    if not todo:
        settling.count(shard)
        return Visit(True, True, None)
    later = _not_before(campaign, firm, shard) if again else _closed(campaign, firm, shard)
    if later is not None:
        return Visit(False, True, later)
    fates, over = _worked(job, Sending(campaign, shard, firm), todo, letters)
    return _kept(shard, letters, fates, over)


def _worked(job: Job, sending: Sending, todo: list[Any], letters: list[str]) -> tuple[dict[int, Fate], bool]:
    """What became of those who are due, slice after slice; whether all of them had their turn."""
    fates: dict[int, Fate] = {}
    began = clock.ticks()
    try:
        for start in range(0, len(todo), sending.most):
            if start and (clock.ticks() - began > BUDGET or _campaign(job) is None):
                return fates, False
            fates.update(sending.slice(todo[start : start + sending.most], letters))
    except Spent:
        audience.stop(sending.campaign, SPENT)
        return fates, False
    finally:
        sending.close()
    return fates, True


def _kept(shard: Shard, letters: list[str], fates: dict[int, Fate], over: bool) -> Visit:
    """Write down what became of them."""
    reasons: dict[str, str] = dict(shard.reasons or {})
    before = (list(letters), dict(reasons))
    for position, fate in fates.items():
        letters[position] = fate.letter
        reasons.pop(str(position), None)
        if fate.reason is not None and fate.letter != "s":
            reasons[str(position)] = fate.reason
    settled = not any(map(shards.is_open, letters))
    until = min((fate.until for fate in fates.values() if fate.until), default=None)
    if settled or (letters, reasons) != before or (over and until != shard.not_before):
        try:
            settling.keep(shard, letters, reasons, until if over else None)
        except errors.Stale:  # another lane is at it: look again at what it left
            return Visit(False, False, None)
    if settled and shards.LETTERS["unknown"] in letters:
        settling.recount(shard.tenant, shard.campaign_id, int(shard.number))  # of whom something is known by now
    return Visit(settled, over, until)


def _is_due(campaign: Campaign, letter: str) -> bool:
    again = (campaign.frozen or {}).get("retried_at") and campaign.status == "running"
    return shards.is_open(letter) or bool(again and letter == shards.LETTERS["failed"])


def _not_before(campaign: Campaign, firm: Settings, shard: Shard) -> str | None:
    """Until when there is nothing to do in this shard, as it was left by an earlier visit of the same lane."""
    if shard.not_before and shard.not_before > clock.stamp() and campaign.status != CANCELLED:
        return str(shard.not_before)
    return _closed(campaign, firm, shard)


def _closed(campaign: Campaign, firm: Settings, shard: Shard | None) -> str | None:
    """Until when the window is closed for all of a shard, if it is."""
    if campaign.status == CANCELLED or not campaign.window or (shard is not None and not shard.zone):
        return None
    now = clock.now()
    opens = windows.opens(campaign.window, shard.zone if shard is not None else None, firm, now)
    return clock.stamp(opens) if opens > now else None


def _seconds(until: str | None) -> float:
    """From now to this stamp, and some at least."""
    left = (clock.parse(until) - clock.now()).total_seconds() if until else 0.0
    return max(REST, left)


def _campaign(job: Job) -> Campaign | None:
    """The campaign, if there is still something to do for this lane. Half a unit; one more before it gives up."""
    place = keys.key("campaign", tenant=job.tenant, id=job.params["campaign"])
    for consistent in (False, True):
        found = fetch(Campaign, *place, consistent=consistent)
        if found is not None and dispatch.is_current(found, job.params) and found.status in _WORKING:
            return found
    return None
