"""A campaign's limit of cost: what the next few mails may cost is spoken for before anybody claims them.

So it is never exceeded by more than what those few cost beyond the estimate, however many workers send. The copies for
its seeds, ten at most, are not held to it: they are a tenth of a cent.
"""

from typing import Final

from chalicelib import errors, money
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.ledger import Sheet
from chalicelib.models.pace import Spending
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, absent, transact

# What a mail takes beside the provider's fee until it is measured: units and Lambda time, in billionths of a dollar.
OWN: Final = 3_000
_NANO: Final = 1_000_000_000
_PER_MICRO: Final = 1000


def estimate(mails: int) -> int:
    """What so many mails are going to cost, in billionths of a dollar."""
    return mails * (OWN + round(money.PRICES["mails"] * _NANO))


def begun(campaign: Campaign) -> list[Step]:
    """For a limit that was set while it was paused: what it took without one counts too. Two read units."""
    if campaign.max_cost is None:
        return []
    place = Spending.at(campaign.tenant, campaign.id)
    there = fetch(Spending, place.pk, place.sk, consistent=True)
    sheet = fetch(Sheet, *keys.key("sheet", tenant=campaign.tenant, book=campaign.id, name="cost"), consistent=True)
    place.nano = sheet.cells.get("nano_usd", 0) if sheet is not None else 0
    if there is None:
        return [Step("save", place, absent())]
    return [Step("save", place, Spending.nano == int(there.nano))] if place.nano > there.nano else []


def reserve(campaign: Campaign, nano: int) -> bool:
    """Whether this much is still within the limit; then it is spoken for. One write unit, none without a limit.

    A negative amount gives back what was not spent.
    """
    if campaign.max_cost is None:
        return True
    left = int(campaign.max_cost) * _PER_MICRO - nano
    within = Spending.nano <= left
    if left >= 0:
        within = within | Spending.nano.does_not_exist()
    actions = [Spending.nano.add(nano), Spending.kind.set(Spending)]
    try:
        transact(Step("update", Spending.at(campaign.tenant, campaign.id), within if nano > 0 else None, actions))
    except errors.Stale:
        return False
    return True
