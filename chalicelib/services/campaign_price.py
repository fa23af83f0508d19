"""What a campaign will cost: the units of each part of the work, as they were measured, at list prices.

It is the price of sending. What comes back - deliveries, openings, clicks - is followed up on the bill of the change
feed, and depends on what people do.
"""

from typing import Any, Final, NamedTuple

from chalicelib import money
from chalicelib.models.campaign import Campaign
from chalicelib.models.settings import Settings
from chalicelib.schemas.campaign import Price
from chalicelib.services import dispatch, pace, shards
from chalicelib.services.campaign_timing import rate


class Part(NamedTuple):
    """One part of the work: how many of what it is done for, and read and write units for each."""

    per: str
    read: float
    write: float


# Contacts of 1 KB. `call` is a request for 25 recipients at most, or for as many as may go in a second.
PARTS: Final[dict[str, Part]] = {
    "launch: campaign, template, the job of the audience": Part("run", 16.5, 41),
    "audience: member and contact": Part("recipient", 0.55, 0),
    "audience: shard": Part("shard", 2, 3),
    "lane: its job": Part("lane", 3.5, 19),
    "lane: shard, the job's step, the sums": Part("shard", 3.5, 11),
    "turn: pace and state": Part("call", 1.5, 1),
    "turn: topic": Part("topic", 0.5, 0),
    "turn: limit of cost": Part("limited", 0, 1),
    "contact": Part("recipient", 0.5, 0),
    "consent": Part("recipient", 0.5, 0),
    "claim": Part("recipient", 0, 1),
    "frequency cap": Part("capped", 1, 0),
    "outcome": Part("mail", 0, 1),
}
_PER: Final = ("run", "recipient", "mail", "lane", "shard", "call", "topic", "limited", "capped")
MS: Final = 4.0  # of a worker for each recipient, apart from waiting for the rate
_CALL: Final = 25
_TURN: Final = 15_000  # milliseconds of one call of a worker
_MEMORY: Final = 0.5  # GB of a worker, as `.chalice/config.json` has it


def price(campaign: Campaign, firm: Settings, audience: int, mails: int) -> Price:
    """Of an audience of whom so many get a mail. `usd` has the provider's fee at the price of `money.PRICES`."""
    times = _times(campaign, firm, audience, mails) if audience else dict.fromkeys(_PER, 0)
    read = sum(times[part.per] * part.read for part in PARTS.values())
    write = sum(times[part.per] * part.write for part in PARTS.values())
    ms = _milliseconds(campaign, audience, mails)
    calls = times["run"] + ms / _TURN
    usd = money.usd(rru=read, wru=write, gb_s=ms / 1000 * _MEMORY, calls=calls, messages=3 * calls, mails=mails)
    return Price(usd=round(usd, 9), read_units=round(read, 1), write_units=round(write, 1), ms=round(ms, 1))


def fee(mails: int) -> float:
    """The provider's own part of it, in US dollars."""
    return money.usd(mails=mails)


def _times(campaign: Campaign, firm: Settings, audience: int, mails: int) -> dict[str, Any]:
    calls = -(-audience // _at_once(campaign))
    return {
        "run": 1,
        "recipient": audience,
        "mail": mails,
        "lane": _lanes(campaign, audience),
        "shard": -(-audience // shards.SIZE),
        "call": calls,
        "topic": calls if campaign.topic else 0,
        "limited": calls if campaign.max_cost is not None else 0,
        "capped": audience if firm.frequency_cap else 0,
    }


def _milliseconds(campaign: Campaign, audience: int, mails: int) -> float:
    """Work, or waiting for the rate in as many lanes as there are, whatever is more: both are billed."""
    return max(audience * MS, _lanes(campaign, audience) * mails / pace.limit(campaign.rate) * 1000)


def _lanes(campaign: Campaign, audience: int) -> int:
    """As `dispatch` begins them."""
    return dispatch.lanes(campaign, -(-audience // shards.SIZE), pace.limit(campaign.rate))


def _at_once(campaign: Campaign) -> int:
    return max(1, min(_CALL, int(rate(campaign))))
