"""What follows when a quote is sent, and when its customer has answered: told by the change feed.

The customer is never kept from accepting by what the firm asks of its deals: the deal is won afterwards, if its stage
lets it in, and if not its owner is told why. What was done about the deal is kept with the quote, so that it is done
once; a deal that somebody opens again later stays open.
"""

from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models.quote import Quote
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import Move
from chalicelib.services import activities, deals, inbox, lines, nouns, pipelines, quotes

_SYSTEM: Final = "system"
_TOLD: Final = {"sent": "deal.quote_sent", "accepted": "deal.quote_accepted", "declined": "deal.quote_declined"}


def answered(before: Quote | None, after: Quote | None) -> None:
    """A quote was sent, accepted or declined: its deal's timeline and owner are told, and an accepted one wins it."""
    if before is None or after is None or before.status == after.status or after.status not in _TOLD:
        return
    deal = _deal(after)
    if deal is not None:
        _tell(after)
    if after.status == "sent":
        return
    outcome = _won(after, deal) if after.status == "accepted" else ""
    owner = (deal.owner_id if deal is not None else None) or after.owner_id
    if owner:
        who = f" by {after.answered_by}" if after.answered_by else ""
        inbox.tell(
            after.tenant,
            owner,
            f"{after.id}/{after.status}",
            "quote",
            f"{after.title}: the quote was {after.status}{who}.{outcome}",
            subject_id=after.deal_id,
            data={"quote_id": after.id, "order_id": after.order_id},
            at=after.answered_at,
        )


def _tell(quote: Quote) -> None:
    """In the deal's timeline; the entry's id is made from what it tells of, so telling it twice tells it once."""
    at = quote.sent_at if quote.status == "sent" else quote.answered_at
    totals = lines.totals_of(quote.items, quote.currency)
    data: dict[str, Any] = {
        "quote_id": quote.id,
        "title": quote.title,
        "net": {"amount": totals.net, "currency": totals.currency},
        "valid_until": quote.valid_until,
    }
    if quote.status != "sent":
        data |= {"name": quote.answered_by, "order_id": quote.order_id}
    what = _TOLD[quote.status]
    entry_id = ids.derived("act", clock.parse(at), f"{quote.id}/{int(quote.serial)}/{what}")
    by = quote.updated_by or _SYSTEM
    transact(Step("save", activities.build(quote.tenant, quote.deal_id, what, at, by, entry_id, data=data)))


def _deal(quote: Quote) -> Any:
    """The deal as it is now; None if it is gone."""
    try:
        return nouns.load(nouns.NOUNS["deal"], quote.tenant, quote.deal_id, consistent=True)
    except (errors.NotFound, errors.Gone, errors.Merged):
        return None


def _won(quote: Quote, deal: Any) -> str:
    """Move the deal to where deals are won, once. What is to be told of it.

    Which of two calls at once is the first does not matter: a deal that is won is not moved again.
    """
    fresh = quotes.SHELF.load(quote.tenant, quote.id, consistent=True, deleted=True)
    if not fresh.settled:
        fresh.settled = _moved(quote, deal)
        transact(Step("save", fresh))
    return str(fresh.settled)


def _moved(quote: Quote, deal: Any) -> str:
    if deal is None:
        return " Its deal is gone."
    if deal.status != "open":
        return f" Its deal is {deal.status}."
    try:
        pipeline = pipelines.load(quote.tenant, deal.pipeline_id)
        won = next((stage for stage in pipeline.stages if pipelines.kind_of(stage) == "won"), None)
        if won is None:
            return " Its deal stays open: its pipeline has no stage for what is won."
        deals.move(Actor(quote.tenant, _SYSTEM, _SYSTEM), deal.id, Move(stage_id=won["id"]))
    except (errors.Invalid, errors.NotFound, errors.Gone, errors.Conflict) as error:
        return f" Its deal stays open: {error.detail}"
    return " Its deal is won."
