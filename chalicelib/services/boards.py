"""The board of a pipeline: the first cards of each stage, and what all of them add up to.

Cards are read off the index that is kept in their order, sums off the sheets; so a board costs the same with fifty
deals as with fifty thousand.
"""

from fractions import Fraction
from typing import Any

import msgspec

from chalicelib import clock
from chalicelib.models.pipeline import Pipeline
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.board import BoardStage, BoardView, CardView
from chalicelib.schemas.filters import DealQuery
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import (
    companies,
    contacts,
    deal_sheets,
    exchange,
    listings,
    lists,
    nouns,
    pipelines,
    rates,
    rotting,
    settings,
)
from chalicelib.services.deal_sheets import Figures

Stage = dict[str, Any]
Ends = dict[str, dict[str, Any] | None]


def view(actor: Actor, pipeline_id: str, stage_id: str | None, wanted: Page) -> tuple[BoardView, Ends]:
    """The board, or one stage of it, and where each stage goes on, by its id.

    Units: pipeline, settings and sums 0.5 each; cards of a stage 0.5 for each 4 KB; a rate of another currency 0.5.
    Raises `NotFound`, and `Invalid` for a stage of another pipeline.
    """
    pipeline = pipelines.load(actor.tenant, pipeline_id)
    stages = [pipelines.stage_of(pipeline, stage_id)] if stage_id else list(pipeline.stages)
    sums = _Sums(actor.tenant, pipeline, stages)
    found = [(stage, *_cards(actor.tenant, stage, wanted)) for stage in stages]
    shown = BoardView(
        pipeline_id=pipeline.id,
        name=pipeline.name,
        currency=sums.currency,
        stages=[sums.stage(stage, cards) for stage, cards, _ in found],
        without_rate=sums.unknown,
    )
    return shown, {stage["id"]: last for stage, _, last in found}


def of_company(actor: Actor, company_id: str, wanted: Page) -> Listing[Any]:
    """The deals of a company, and of those that were merged into it, by title. Raises `NotFound`, `Merged`."""
    companies.load(actor.tenant, company_id)
    return listings.listing(actor, "deal", DealQuery(company_id=company_id), wanted)


def of_contact(actor: Actor, contact_id: str, wanted: Page) -> Listing[Any]:
    """The deals of a contact, and of those that were merged into it, by title. Raises `NotFound`, `Merged`."""
    contacts.load(actor.tenant, contact_id)
    return listings.listing(actor, "deal", DealQuery(contact_id=contact_id), wanted)


class _Sums:
    """What stands in the stages of a pipeline, in the firm's currency."""

    def __init__(self, tenant: str, pipeline: Pipeline, stages: list[Stage]) -> None:
        self.currency = settings.of(tenant).currency
        self.figures = deal_sheets.board(tenant, pipeline.id)
        self.codes = {int(stage["code"]) for stage in stages if pipelines.kind_of(stage) == "open"}
        currencies = {one for code in self.codes for one, amount in self._of(code).sums.items() if amount}
        self.rates = rates.known(tenant, self.currency, currencies)
        self.unknown = sorted(currencies - self.rates.keys())

    def stage(self, stage: Stage, cards: list[CardView]) -> BoardStage:
        """The stage as a client reads it."""
        figures, chance = self._of(int(stage["code"])), Fraction(str(stage["probability"]))
        total = self._total(int(stage["code"]))
        return BoardStage(
            stage_id=stage["id"],
            name=stage["name"],
            forecast=stage["forecast"],
            probability=stage["probability"],
            rotting_days=stage["rotting_days"],
            count=figures.count,
            total=self._money(total),
            weighted=self._money(total * chance),
            deals=cards,
        )

    def _of(self, code: int) -> Figures:
        return self.figures.get(code) or Figures()

    def _total(self, code: int) -> Fraction:
        """Not rounded; of what is closed as it was settled then."""
        figures = self._of(code)
        return (
            exchange.summed(figures.sums, self.currency, self.rates) if code in self.codes else Fraction(figures.base)
        )

    def _money(self, amount: Fraction) -> Money:
        return Money(amount=exchange.rounded(amount), currency=self.currency)


def _cards(tenant: str, stage: Stage, wanted: Page) -> tuple[list[CardView], dict[str, Any] | None]:
    now = clock.now()
    found, last = lists.page("deal", tenant, DealQuery(stage_id=stage["id"]), wanted)
    return [_card(deal, stage, now) for deal in found], last


def _card(deal: Any, stage: Stage, now: Any) -> CardView:
    shown = msgspec.structs.asdict(nouns.view(deal))
    age = rotting.age(stage, deal.stage_since, now)
    return CardView(**shown, age=age, days_in_stage=rotting.days(deal.stage_since, now))
