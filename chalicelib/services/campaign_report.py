"""What became of a campaign and what it took: the sums that sending and the events of its mails keep in its sheets.

One query of some cells, however many people it was for.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib.models.campaign import Campaign
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import CampaignReport, Cost
from chalicelib.services import campaigns, ledger

SETTLED: Final = ("sent", "failed", "suppressed", "unknown")
SEEN: Final = (
    *("delivered", "opened", "opened_human", "clicked", "clicked_human"),
    *("unsubscribed", "bounced", "complained"),
)
# What each rate is a share of. Opens, clicks and answers can only come of mails that arrived; where the provider does
# not tell of arrivals, of those that were sent.
_OF_SENT: Final = ("delivered", "bounced")
_DIGITS: Final = 4


def get(actor: Actor, campaign_id: str) -> CampaignReport:
    """The report of a campaign in whatever state. Raises `NotFound`. Half a unit each for it and its sheets."""
    campaign = campaigns.load(actor.tenant, campaign_id)
    sheets = ledger.sheets(actor.tenant, campaign_id)
    return report(campaign, sheets)


def report(campaign: Campaign, sheets: Mapping[str, Mapping[str, int]]) -> CampaignReport:
    """The report of what the sheets `sent`, `seen` and `cost` say."""
    sent, seen = sheets.get("sent", {}), sheets.get("seen", {})
    settled = {name: sent.get(name, 0) for name in SETTLED}
    known = {name: seen.get(name, 0) for name in SEEN}
    audience = int(campaign.audience or 0)
    return CampaignReport(
        campaign_id=campaign.id,
        status=campaign.status,  # type: ignore[arg-type]  # one of them
        audience=audience,
        **settled,
        **known,
        pending=max(0, audience - sum(settled.values())),
        rates=_rates(settled["sent"], known),
        cost=cost(sheets.get("cost", {})),
    )


def cost(cells: Mapping[str, int]) -> Cost:
    """The sheet `cost`, which is kept in thousandths and in billionths of a dollar."""
    return Cost(
        usd=cells.get("nano_usd", 0) / 1e9,
        read_units=cells.get("rru", 0) / 1000,
        write_units=cells.get("wru", 0) / 1000,
        ms=cells.get("ms", 0) / 1000,
        mails=cells.get("mails", 0),
    )


def _rates(sent: int, seen: Mapping[str, int]) -> dict[str, float]:
    arrived = seen["delivered"] or sent
    return {name: _share(seen[name], sent if name in _OF_SENT else arrived) for name in SEEN}


def _share(part: int, whole: int) -> float:
    return round(part / whole, _DIGITS) if whole else 0.0
