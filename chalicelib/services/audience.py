"""Who gets a campaign is settled once: at its launch a job cuts the audience of the segment into shards.

First it walks the segment and writes down who is in it, with a trace of each address. Then it looks for addresses that
two of them have. Then the seeds get their copies, and the lanes begin. Whatever the segment does from then on changes
nothing. A step that is done again writes the same shards under the same numbers.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any, Final

from chalicelib import errors, observability
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.table import Item, every, fetch, several
from chalicelib.models.writes import Step, change, put_all
from chalicelib.schemas.mail import Mail
from chalicelib.services import (
    approvals,
    campaign_states,
    composing,
    consent,
    dispatch,
    inbox,
    jobs,
    pace,
    sending,
    settling,
    shards,
    windows,
)

KIND: Final = dispatch.AUDIENCE
_WALKED: Final = 1000  # contacts of one step
_COMPARED: Final = 1_000_000  # traces compared in one step: 40 MB
_SEED: Final = "seed"  # the purpose of a copy
# Why one is paused by itself, as its launcher reads it.
_SAID: Final = {
    "audience_failed": "its audience could not be put together.",
    "lane_failed": "sending has failed, again and again.",
    "max_cost": "its limit of cost is reached.",
}

State = dict[str, Any]


def step(job: Job) -> bool:
    """As `steps.STEPS` says."""
    with settling.charged(job):
        campaign = _campaign(job)
        return campaign is None or campaign.shards is not None or _step(job, campaign)


def _step(job: Job, campaign: Campaign) -> bool:
    state: State = {"phase": "walk", "key": None, "number": 0, "size": 0, **job.state}
    job.state = _PHASES[state["phase"]](job, campaign, state)
    job.done = int(job.state["size"])
    return bool(job.state["phase"] == "over")


def close(job: Job) -> None:
    """The audience could not be cut: somebody has to look, and whoever resumes it has it cut anew. As `steps.CLOSING`
    says.
    """

    def apply(current: Campaign) -> list[Step]:
        if not _is_of(job, current) or current.shards is not None or (current.frozen or {}).get("lost"):
            return []
        current.frozen = {**(current.frozen or {}), "lost": True}
        current.touch("system")
        current.keys()
        return [Step("save", current)]

    campaign = _campaign(job)
    if campaign is None or campaign.shards is not None:
        return
    # Also of one that is paused: who resumes it must not wait for a job that has ended.
    change(lambda _consistent: _there(job), apply, None)
    if campaign.status == "running":
        stop(campaign, "audience_failed")


def stop(campaign: Campaign, reason: str) -> None:
    """Pause it, after whoever launched it was told why; unless it is not running any more. Called twice, the second
    time changes nothing.
    """
    if campaign.launched_by:
        key = f"campaign/{campaign.id}/{(campaign.frozen or {}).get('round')}/{reason}"
        title = f"{campaign.label} is paused: {_SAID[reason]}"
        inbox.tell(campaign.tenant, campaign.launched_by, key, approvals.WHAT, title, subject_id=campaign.id)
    try:
        campaign_states.move(
            campaign.tenant, campaign.id, "pause", "system", lambda one: setattr(one, "paused_reason", reason)
        )
    except (errors.Conflict, errors.NotFound):
        observability.note("campaign was not running any more", campaign=campaign.id, reason=reason)


def _walk(job: Job, campaign: Campaign, state: State) -> State:
    """Read some more of the segment, and write them down by their zones."""
    from chalicelib.services import membership

    found, following = membership.walk(campaign.tenant, job.params["segment"], state["key"], _WALKED)
    names = list(dict.fromkeys(found))
    contacts = several([keys.key("contact", tenant=campaign.tenant, id=one) for one in names])
    by_zone: dict[str, list[tuple[str, bytes]]] = defaultdict(list)
    for name, contact in zip(names, contacts, strict=True):
        known = contact if isinstance(contact, Contact) and contact.live else None
        address = composing.address_of(known) if known is not None else None
        zone = known.time_zone if known is not None and windows.by_contact(campaign.window) else None
        by_zone[zone or ""].append((name, shards.trace(campaign.tenant, str(campaign.run), address)))
    made = list(_cut(campaign, by_zone, int(state["number"])))
    jobs.keep_hold(job)
    put_all(made)
    number = int(state["number"]) + len(made)
    if number > shards.MOST:
        raise errors.invalid("/segment_id", "too_large", f"A campaign takes at most {shards.MOST} shards.")
    phase = "walk" if following is not None else "compare"
    return {**state, "phase": phase, "key": following, "number": number, "size": state["size"] + len(names), "part": 0}


def _cut(campaign: Campaign, by_zone: dict[str, list[tuple[str, bytes]]], number: int) -> Iterator[Shard]:
    for zone in sorted(by_zone):
        for start in range(0, len(by_zone[zone]), shards.SIZE):
            some = by_zone[zone][start : start + shards.SIZE]
            shard = Shard.at(campaign.tenant, campaign.id, number)
            shard.zone, shard.size, shard.packed = zone or None, len(some), shards.pack(some)
            yield shard
            number += 1


def _compare(job: Job, campaign: Campaign, state: State) -> State:
    """Mark whoever has an address that somebody before him has; a share of all addresses at a time."""
    parts = 1 + int(state["size"]) // _COMPARED
    part = int(state["part"])
    traces = sorted(_traces(campaign, int(state["number"]), part, parts))
    doubled = {one for one, other in pairwise(traces) if one == other}
    seeds = {shards.trace(campaign.tenant, str(campaign.run), one) for one in campaign.seeds or ()}
    met = sorted({*state.get("met", ()), *(one.hex() for one in traces if one in seeds)})
    if doubled:
        jobs.keep_hold(job)
        put_all(list(_marked(campaign, int(state["number"]), doubled)))
    return {**state, "phase": "compare" if part + 1 < parts else "seeds", "part": part + 1, "met": met}


def _traces(campaign: Campaign, number: int, part: int, parts: int) -> Iterator[bytes]:
    for shard in _all(campaign, number):
        for one in shards.recipients(shard):
            if one.trace not in {shards.NOWHERE, shards.TWICE} and one.trace[0] * parts >> 8 == part:
                yield one.trace


def _marked(campaign: Campaign, number: int, doubled: set[bytes]) -> Iterator[Shard]:
    seen: set[bytes] = set()
    for shard in _all(campaign, number):
        kept: list[tuple[str, bytes]] = []
        for one in shards.recipients(shard):
            kept.append((one.contact_id, shards.TWICE if one.trace in seen else one.trace))
            if one.trace in doubled:
                seen.add(one.trace)
        packed = shards.pack(kept)
        if packed != bytes(shard.packed or b""):
            shard.packed = packed
            yield shard


def _all(campaign: Campaign, number: int) -> Iterator[Shard]:
    """The shards up to this number; whatever stands behind them was left by a step that was done again."""
    where = Item.sk.startswith(keys.prefix("shard"))
    for shard in every(keys.partition("shard", tenant=campaign.tenant, campaign=campaign.id), where=where):
        if int(shard.number) < number:
            yield shard


def _seeds(job: Job, campaign: Campaign, state: State) -> State:
    """A copy to the next seed, once in a run and when it is its turn; none to one who gets the mail himself, or has
    said no. One that cannot be sent now does not keep the others waiting.
    """
    number, seeds = int(state.get("seed", 0)), campaign.seeds or ()
    if number < len(seeds) and not _is_settled(campaign, number, set(state.get("met", ()))):
        observability.note("seed not sent", campaign=campaign.id)
    return {**state, "phase": "seeds" if number + 1 < len(seeds) else "start", "seed": number + 1}


def _is_settled(campaign: Campaign, number: int, met: set[str]) -> bool:
    """Send the copy to this seed; whether nothing is left to do about it."""
    turn = pace.reserve(campaign.tenant, 1, pace.limit(None))
    if turn > pace.PATIENCE:
        return False
    pace.wait(turn)
    copy = partial(_copy, campaign, campaign.seeds[number], met)
    return sending.once(campaign.tenant, campaign.id, _SEED, f"{campaign.run}#{number}", copy) is None


def _copy(campaign: Campaign, address: str, met: set[str]) -> Mail | str:
    """The copy for a seed, or why there is none."""
    if shards.trace(campaign.tenant, str(campaign.run), address).hex() in met:
        return "It is in the audience."
    return consent.against(campaign.tenant, address, campaign.topic) or composing.seed(campaign, address)


def _start(job: Job, campaign: Campaign, state: State) -> State:
    """Say how many they are, and let the lanes begin; unless it was paused or cancelled meanwhile."""

    def apply(current: Campaign) -> list[Step]:
        if not _is_of(job, current) or current.shards is not None:
            return []
        current.audience, current.shards = int(state["size"]), int(state["number"])
        steps = dispatch.start(current) if current.status == "running" else []
        current.touch("system")
        current.keys()
        return [Step("save", current), *steps]

    change(lambda _consistent: _there(job), apply, None)
    return {**state, "phase": "over"}


_PHASES: Final = {"walk": _walk, "compare": _compare, "seeds": _seeds, "start": _start}


def _campaign(job: Job) -> Campaign | None:
    """The campaign, if it still wants the audience that this job cuts, and is not cancelled."""
    found = _read(job)
    return found if found is not None and _is_of(job, found) and found.status != "cancelled" else None


def _is_of(job: Job, campaign: Campaign) -> bool:
    """Whether this job is of its run, and the last one that was to cut its audience."""
    return bool(campaign.run == job.params["run"] and (campaign.frozen or {}).get("cut") == job.params["cut"])


def _there(job: Job) -> Campaign:
    found = _read(job)
    if found is None:
        raise errors.Gone("The campaign is not there any more.")
    return found


def _read(job: Job) -> Campaign | None:
    return fetch(Campaign, *keys.key("campaign", tenant=job.tenant, id=job.params["campaign"]), consistent=True)
