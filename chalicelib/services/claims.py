"""Who may send a mail of a campaign, and what became of it: each a conditional write of the one `Mailing` there is.

Its key names the contact and the run, so whoever writes it first has it, and nobody sends without having it. A claim
has a name of its own for each try. What is written later goes by that name or by the outcome that was read, so
whoever comes late changes nothing:

    (absent) -> claimed | suppressed          take
    claimed -> sent | failed | unknown | deferred | suppressed      record, by the claim
    claimed -> unknown                        lost, when its lease is over: and never sent again
    deferred | failed -> claimed | suppressed     retake, by the outcome as it was read
"""

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, ids, observability
from chalicelib.models import mailing as mailings
from chalicelib.models.campaign import Campaign
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import several
from chalicelib.models.writes import Step, insert_each, set_each, transact
from chalicelib.services import seen

LEASE: Final = 120  # seconds: longer than any call to a provider may take
_LATER: Final = "until"  # of a deferred outcome: when to try again


class Wish(NamedTuple):
    """What is to be written for one recipient: a claim, or at once the reason why he gets none."""

    contact_id: str
    address: str | None
    reason: str | None = None


def blank(campaign: Campaign, shard: int, wish: Wish, claim: str) -> Mailing:
    """The mailing of one recipient as it is first written."""
    one = Mailing.at(campaign.tenant, wish.contact_id, str(campaign.run))
    now = clock.stamp()
    one.campaign_id, one.shard, one.claim, one.claimed_at = campaign.id, shard, claim, now
    if wish.reason is None:
        one.address, one.lease_until = wish.address, clock.stamp(clock.after(LEASE))
    else:
        one.outcome = mailings.outcome("suppressed", now, reason=wish.reason)
    return one


def take(campaign: Campaign, shard: int, wishes: Sequence[Wish]) -> tuple[list[Mailing], list[Mailing | None]]:
    """Claim them, 25 to a request: what was to be written, and for each who had one already that mailing as it is.

    One write unit each. A claim whose answer was lost is found again by its name, and is ours.
    """
    claim = ids.new("clm")
    wanted = [blank(campaign, shard, wish, claim) for wish in wishes]
    written = insert_each(wanted)
    refused = [one for one, done in zip(wanted, written, strict=True) if not done]
    there = dict(zip([one.contact_id for one in refused], held(refused), strict=True))
    others: list[Mailing | None] = []
    for one in wanted:
        found = there.get(one.contact_id)
        others.append(None if found is None or found.claim == claim else found)
    return wanted, others


def held(several_of: Sequence[Mailing]) -> list[Mailing | None]:
    """The mailings as they are now. A read unit each."""
    return several([(one.pk, one.sk) for one in several_of], consistent=True)


def retake(one: Mailing, address: str | None) -> bool:
    """Claim one anew that was certainly not sent, by the outcome that was read. One write unit."""
    claim, lease, now = ids.new("clm"), clock.stamp(clock.after(LEASE)), clock.stamp()
    before = str(one.outcome)
    actions = [
        Mailing.claim.set(claim),
        Mailing.claimed_at.set(now),
        Mailing.lease_until.set(lease),
        Mailing.outcome.remove(),
    ]
    if address is not None:
        actions.append(Mailing.address.set(address))
    if _update(one, actions, Mailing.outcome == before):
        return True
    (found,) = held([one])  # the answer to the first try of the write may have been lost
    return found is not None and found.claim == claim and found.outcome is None


def settle(one: Mailing, text: str) -> bool:
    """Write another outcome in place of the one that was read, or of none. One write unit."""
    if one.outcome is None:
        same = Mailing.outcome.does_not_exist() & (Mailing.claim == one.claim)
    else:
        same = Mailing.outcome == str(one.outcome)
    # With a name of its own, so that whoever held the claim cannot write over it.
    return _update(one, [Mailing.outcome.set(text), Mailing.claim.set(ids.new("clm"))], same)


def lost(one: Mailing) -> str | None:
    """A claim whose lease is over: its status from now on, None if somebody was faster. Nobody sends it again.

    What the provider has told of it meanwhile says that it was sent.
    """
    if seen.proves_sent(one.seen):
        text = mailings.outcome("sent", clock.stamp())
    else:
        text = mailings.outcome("unknown", clock.stamp(), reason="lost")
    return str(json.loads(text)["status"]) if settle(one, text) else None


def is_lost(one: Mailing) -> bool:
    """Whether the lease of a claim without an outcome is over."""
    return one.outcome is None and (one.lease_until or "") <= clock.stamp()


def record(claimed: Sequence[Mailing]) -> list[bool]:
    """Write the outcomes that these have by now, each if the claim is still the same; 25 to a request, a unit each."""
    done = set_each(claimed, "outcome", "claim")
    if not all(done):
        observability.note("outcomes came after their claims", mails=done.count(False))
    return done


def deferred(reason: str, attempts: int, until: str) -> str:
    """The outcome of a mail that was certainly not sent and is tried again."""
    said: dict[str, Any] = {"status": "deferred", "at": clock.stamp(), "reason": reason}
    return json.dumps({**said, "attempts": attempts, _LATER: until}, separators=(",", ":"))


def attempts(one: Mailing | None) -> int:
    """How often it was tried in vain since it was last claimed afresh."""
    result = one.result if one is not None else {}
    return int(result.get("attempts", 0)) if result.get("status") == "deferred" else 0


def until(one: Mailing) -> str:
    """When an open one is to be looked at again: a deferred one's next try, or the end of a claim's lease (a stamp)."""
    return str(one.result.get(_LATER) or one.lease_until or clock.stamp())


def _update(one: Mailing, actions: list[Any], same: Any) -> bool:
    place = Mailing(one.pk, one.sk)
    try:
        transact(Step("update", place, same, actions))
    except errors.Stale:
        return False
    for name in ("claim", "claimed_at", "lease_until", "outcome", "address"):
        setattr(one, name, getattr(place, name))
    return True
