"""Before a campaign is sent: what is wrong with it, who would get it and who would not, how long it would take, and
what it would cost. Nothing is sent, and nothing of the campaign changes.

The audience is gone through as sending does, by the same rules in the same order. A small one at once, a larger one
by a job, which leaves the same answer as a file.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from chalicelib import clock
from chalicelib.adapters import storage
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.settings import Settings
from chalicelib.models.table import several
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import Excluded, Preflight, Remark
from chalicelib.schemas.job import JobView
from chalicelib.services import (
    addresses,
    approvals,
    budget,
    campaign_lint,
    campaign_parts,
    campaign_price,
    campaign_timing,
    campaigns,
    caps,
    consent,
    jobs,
    ledger,
    membership,
    settings,
    topics,
)
from chalicelib.services.campaign_parts import Parts
from chalicelib.services.remembered import remembering

KIND: Final = "preflight"
AT_ONCE: Final = 1000  # members of an audience that is gone through while the caller waits
_STEP: Final = 500  # members of one step of a job
_TRACE: Final = 8  # bytes that stand for an address: two of ten million are alike once in 400,000 times
_JSON: Final = "application/json"
State = dict[str, Any]


def run(actor: Actor, campaign_id: str) -> Preflight | JobView:
    """The answer, or the job that makes it. Raises `NotFound`.

    For each member two read units or so, one more with a frequency cap.
    """
    campaign = campaigns.load(actor.tenant, campaign_id)
    found = campaign_parts.of(campaign)
    size = campaign_parts.size(found)
    if size > AT_ONCE:
        params = {"campaign_id": campaign.id}
        return jobs.start(actor, KIND, params, total=size, permission="campaigns:read")
    state, traces = _begun(), list[bytes]()
    with remembering():
        while found.segment is not None and not state["over"]:
            traces += _walk(campaign, settings.of(actor.tenant), state)
        return _answer(campaign, found, state, _doubles([traces]))


def step(job: Job) -> bool:
    """Some more of the audience; after the last of them the answer, then it is tidied up. As `steps.STEPS` says."""
    campaign = campaigns.load(job.tenant, job.params["campaign_id"])
    state = job.state = dict(job.state) or _begun()
    if state.get("answered"):
        close(job)
        return True
    found = campaign_parts.of(campaign)
    with remembering():
        if found.segment is not None and not state["over"]:
            data = b"".join(_walk(campaign, settings.of(job.tenant), state))
            storage.put(_place(job, state["parts"]), data)  # the same again if the step is done again
            state["parts"] += 1
            job.done = state["audience"]
            return False
        answer = _answer(campaign, found, state, _doubles(_kept(job, state["parts"])))
    key = f"{job.tenant}/jobs/{job.id}/preflight.json"
    storage.put(key, msgspec.json.encode(answer), _JSON)
    job.result_key, job.total = key, job.done
    state["answered"] = True  # only then is it tidied up: a step that is done again finds what it needs
    return False


def close(job: Job) -> None:
    """Nothing is left of the work in between."""
    storage.delete_all(f"{job.tenant}/jobs/{job.id}/work/")


def _begun() -> State:
    return {"key": None, "over": False, "audience": 0, "excluded": {}, "zones": {}, "parts": 0}


def _walk(campaign: Campaign, firm: Settings, state: State) -> list[bytes]:
    """Go on through the members; traces of the addresses of those whom nothing speaks against."""
    members, state["key"] = membership.walk(campaign.tenant, str(campaign.segment_id), state["key"], _STEP)
    state["over"] = state["key"] is None
    found = several([keys.key("contact", tenant=campaign.tenant, id=one) for one in members])
    there = {one.id: one for one in found if isinstance(one, Contact)}
    refused = consent.refusals(campaign.tenant, list(there.values()), campaign.topic)
    wanted = [one for one in there if refused[one] is None]
    over = caps.over(campaign.tenant, firm.frequency_cap, wanted)
    excluded: Counter[str] = Counter(state["excluded"])
    excluded.update(reason for reason in refused.values() if reason is not None)
    excluded.update({"erased": len(members) - len(there), caps.REASON: len(over)})
    ready = [there[one] for one in wanted if one not in over]
    zones: Counter[str] = Counter(state["zones"])
    zones.update(one.time_zone or "" for one in ready)
    state |= {"audience": state["audience"] + len(members), "excluded": +excluded, "zones": zones}
    return [_trace(campaign.tenant, one) for one in ready]


def _trace(tenant: str, contact: Contact) -> bytes:
    return hashlib.sha256(addresses.digest(tenant, str(addresses.primary(contact))).encode()).digest()[:_TRACE]


def _doubles(pieces: Iterable[Iterable[bytes]]) -> int:
    """How many have an address that somebody before them has."""
    count, seen = 0, set[bytes]()
    for piece in pieces:
        for one in piece:
            count += one in seen
            seen.add(one)
    return count


def _place(job: Job, part: int) -> str:
    return f"{job.tenant}/jobs/{job.id}/work/traces-{part}"


def _kept(job: Job, parts: int) -> Iterator[list[bytes]]:
    for part in range(parts):
        data = storage.get(_place(job, part))
        yield [data[start : start + _TRACE] for start in range(0, len(data), _TRACE)]


def _answer(campaign: Campaign, found: Parts, state: State, doubles: int) -> Preflight:
    firm = settings.of(campaign.tenant)
    excluded = +Counter({**state["excluded"], "duplicate_address": doubles})
    audience = int(state["audience"])
    mails = max(0, audience - sum(excluded.values()))
    start = max(clock.now(), clock.parse(campaign.scheduled_at)) if campaign.scheduled_at else clock.now()
    return Preflight(
        audience=audience,
        excluded=[Excluded(rule=rule, count=count) for rule, count in excluded.most_common()],
        lint=campaign_lint.ordered(
            [
                *campaign_lint.findings(campaign, found, audience),
                *campaign_lint.whereabouts(campaign, found, firm),
                *_approved(campaign, found),
                *_topic(campaign),
                *_share(firm, audience, campaign.tenant),
                *_nobody(audience, mails),
                *_limit(campaign, mails),
                *_fee(mails),
            ]
        ),
        duration_seconds=round(campaign_timing.seconds(campaign, state["zones"], firm, start)),
        cost=campaign_price.price(campaign, firm, audience, mails),
    )


def _approved(campaign: Campaign, found: Parts) -> Iterator[Remark]:
    lacking = approvals.lacking(campaign, found) if campaign.run is None else None
    if lacking is not None:
        yield campaign_lint.error("/approval", lacking)


def _topic(campaign: Campaign) -> Iterator[Remark]:
    if campaign.topic:
        known = topics.known(campaign.tenant, campaign.topic)
        if known is None or known.deleted_at:
            message = "The firm has no such topic, so nobody can choose it on the preference page."
            yield Remark(severity="warning", message=message, pointer="/topic")


def _share(firm: Settings, audience: int, tenant: str) -> Iterator[Remark]:
    everybody = ledger.totals(tenant).get("contacts", 0)
    limit = int(firm.campaign_share or settings.SHARE)
    if everybody and audience * 100 > limit * everybody:
        message = f"It goes to {audience} of {everybody} contacts, which is more than {limit} %."
        yield Remark(severity="warning", message=message, pointer="/segment_id")


def _nobody(audience: int, mails: int) -> Iterator[Remark]:
    if audience and not mails:
        yield Remark(severity="warning", message="Nobody of the audience may be mailed.", pointer="/segment_id")


def _limit(campaign: Campaign, mails: int) -> Iterator[Remark]:
    enough = None if campaign.max_cost is None else int(campaign.max_cost) * 1000 // budget.estimate(1)
    if enough is not None and enough < mails:
        message = f"Its limit of cost is reached after {enough} of {mails} mails; it is paused then."
        yield Remark(severity="warning", message=message, pointer="/max_cost")


def _fee(mails: int) -> Iterator[Remark]:
    if mails:
        message = f"Of the cost {campaign_price.fee(mails):.6f} dollars are the provider's fee for {mails} mails."
        yield Remark(severity="info", message=message, pointer="/cost")
