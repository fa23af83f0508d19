"""How often one contact is mailed, over all campaigns: so many mails at most within so many days.

It is asked after a mail is claimed and before it is sent, and counts the mails that lie beside the contact: those sent
within the days, those of which nobody knows, and those that another campaign has claimed. As each of two campaigns
claims before it counts, one of them sees the other, and together they never send more than the firm allows. Of those
under way the one with more `priority` goes first, the earlier launch if that is the same: it does not wait for the
other, which waits until it sees what became of it.

Who is only in the audience of another campaign, not claimed yet, is not asked: that would take reading each audience.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from chalicelib import clock
from chalicelib.adapters import hands
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import Item, find, page
from chalicelib.services import claims
from chalicelib.services.remembered import ask

REASON: Final = "frequency_cap"
# Mailings of a contact that are looked at, the newest runs first: more than any cap allows, with those that were
# suppressed in between.
_NEWEST: Final = 60
_MAILED: Final = ("sent", "unknown")
_DAY: Final = 86_400

T = TypeVar("T")
Verdict = str | None  # `REASON`, `wait` for what another campaign is about to do, or None: it may be sent


def verdicts(campaign: Campaign, cap: dict[str, int] | None, contact_ids: Sequence[str]) -> dict[str, Verdict]:
    """For each contact of whom this campaign holds a claim. One read unit each for 4 KB of mailings, none without a
    cap.
    """
    if not cap:
        return dict.fromkeys(contact_ids)
    found = _each(lambda one: _verdict(campaign, cap, one), contact_ids)
    return dict(zip(contact_ids, found, strict=True))


def over(tenant: str, cap: dict[str, int] | None, contact_ids: Sequence[str]) -> set[str]:
    """Those who have had as many mails as they may by now. Half a unit each, for 4 KB of mailings."""
    if not cap:
        return set()
    since = _since(cap)
    found = _each(lambda one: sum(_was_mailed(mail, since) for mail in _newest(tenant, one)), contact_ids)
    return {one for one, count in zip(contact_ids, found, strict=True) if count >= cap["count"]}


def _verdict(campaign: Campaign, cap: dict[str, int], contact_id: str) -> Verdict:
    since, count, before, behind = _since(cap), 0, 0, 0
    for mail in _newest(campaign.tenant, contact_id, consistent=True):
        if mail.run == campaign.run:
            continue
        if _was_mailed(mail, since) or claims.is_lost(mail):
            count += 1
        elif mail.status in ("claimed", "deferred"):
            first = _weight(campaign.tenant, mail.campaign_id, mail.run) > _rank(campaign)
            before += first
            behind += not first and mail.status == "claimed"
    if count + before >= cap["count"]:
        return REASON
    return "wait" if count + before + behind >= cap["count"] else None


def _newest(tenant: str, contact_id: str, *, consistent: bool = False) -> list[Mailing]:
    partition = keys.partition("mailing", tenant=tenant, contact=contact_id)
    where = Item.sk.startswith(keys.prefix("mailing"))
    found = page(partition, where=where, limit=_NEWEST, newest_first=True, consistent=consistent)
    return list(found.items)


def _was_mailed(mail: Mailing, since: str) -> bool:
    return mail.status in _MAILED and str(mail.result["at"]) > since


def _since(cap: dict[str, int]) -> str:
    return clock.stamp(clock.after(-cap["days"] * _DAY))


def _weight(tenant: str, campaign_id: str, run: str) -> tuple[int, str]:
    """What goes first among those under way: more priority, then the earlier launch."""
    known = ask(
        ("campaign", tenant, campaign_id),
        lambda: find(Campaign, *keys.key("campaign", tenant=tenant, id=campaign_id)),
    )
    return _rank(known) if known is not None and known.run == run else (-1, "")


def _rank(campaign: Campaign) -> tuple[int, str]:
    return int(campaign.priority or 0), "".join(chr(0x7F - ord(letter)) for letter in str(campaign.run))


def _each(question: Callable[[str], T], contact_ids: Sequence[str]) -> list[T]:
    """Ask it of each, several at once: a query is one request for one contact. Raises what one of them raises."""
    found: list[T] = []
    for answer in hands.each(question, contact_ids):
        if isinstance(answer, Exception):
            raise answer
        found.append(answer)
    return found
