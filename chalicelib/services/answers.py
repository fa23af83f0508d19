"""What a customer's answer to a quote sets going: it is told, and the deal of an accepted one is won.

All of it is named by the quote and its answer, and `settled` says that it is done, so told twice it is done once; a
deal that somebody has opened again since stays open.
"""

from contextlib import suppress
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models.quote import Quote
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.services import activities, deals, inbox, nouns, pipelines, quotes

_WORDS: Final = {"accepted": "accepted", "declined": "declined"}
_SYSTEM: Final = "system"


def answered(_before: Quote | None, after: Quote | None) -> None:
    """A quote was accepted or declined: tell the deal's timeline and its owner, and win the deal, once."""
    if after is None or after.status not in _WORDS or after.settled == after.status:
        return
    try:
        quote = quotes.SHELF.load(after.tenant, after.id, consistent=True, deleted=True)
        deal = nouns.load(nouns.NOUNS["deal"], quote.tenant, quote.deal_id, consistent=True)
    except (errors.NotFound, errors.Gone, errors.Merged):
        return
    if quote.status != after.status or quote.settled == quote.status:
        return
    _tell(quote, deal)
    if quote.status == "accepted" and deal.status == "open":
        _win(deal)
    quote.settled = quote.status
    with suppress(errors.Stale):  # told again by what changed it
        transact(Step("save", quote))


def _tell(quote: Quote, deal: Any) -> None:
    what = f"quote.{_WORDS[quote.status]}"
    entry_id = ids.derived("act", clock.parse(quote.answered_at), f"{quote.id}/{what}")
    data = {"quote_id": quote.id, "title": quote.title, "order_id": quote.order_id, "by": quote.answered_by}
    told = {name: value for name, value in data.items() if value is not None}
    by = quote.updated_by or _SYSTEM
    transact(Step("save", activities.build(quote.tenant, deal.id, what, quote.answered_at, by, entry_id, data=told)))
    owner = deal.owner_id or quote.owner_id
    if owner:
        title = f"{quote.answered_by or 'The customer'} {quote.status} {quote.title}"
        key = f"{quote.id}/{quote.status}"
        inbox.tell(quote.tenant, owner, key, "quote", title, subject_id=quote.id, at=quote.answered_at)


def _win(deal: Any) -> None:
    """Into the first stage of its pipeline that counts as won, if there is one and its gate lets the deal in."""
    pipeline = pipelines.of(deal.tenant, deal.pipeline_id)
    stage = next((one["id"] for one in pipeline.stages if one["forecast"] == "won"), None)
    if stage is not None:
        with suppress(errors.Invalid):
            deals.update(Actor(deal.tenant, _SYSTEM, _SYSTEM), deal.id, {"stage_id": stage})
