"""The probability that a deal is won, with its reasons; and how good such probabilities were."""

from typing import Any, Final

from chalicelib import clock
from chalicelib.models.deal import Deal
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.report import (
    Basis,
    Calibration,
    Decile,
    ProbabilityReason,
    ProbabilityView,
    WinProbabilityQuery,
    WinProbabilityView,
)
from chalicelib.services import chances, deals, ledger, outcomes, pipelines
from chalicelib.services.chances import Cells, Reason

# How a feature reads in a sentence.
_SAID: Final = {
    "stage": "were in {name}",
    "age": "were at least {name} days old",
    "owner": "had the same owner",
    "source": "came from {name}",
}


def of_deal(actor: Actor, deal_id: str) -> ProbabilityView:
    """How likely the deal is won, from the firm's own closed deals: `chances` has the formula.

    With fewer than ten of them it is what its stage says. Half a unit each for the deal, its pipeline, and the counts
    of that, of the owner and of the source. Raises `NotFound`, `Gone`.
    """
    deal: Deal = deals.load(actor.tenant, deal_id)
    stages = outcomes.stages_of(deal)
    base, known = outcomes.seen(actor.tenant, deal, stages, clock.stamp())
    closed = outcomes.counted(base)
    said = next((float(one["probability"]) for one in stages if one["id"] == deal.stage_id), 0.0)
    view = ProbabilityView(
        probability=said,
        method="stage",
        stage_probability=said,
        basis=Basis(won=closed.won, lost=closed.lost),
        reasons=[],
        calibration=None,
    )
    if deal.status != "open":
        view.method, view.probability = "closed", float(deal.status == "won")
    elif closed.closed >= chances.FEWEST:
        found = chances.chance(closed, known)
        view.method, view.probability = "learned", round(found.probability, 4)
        view.reasons = [_shown(one, stages) for one in found.reasons]
        view.calibration = _calibration(base, found.probability)
    return view


def report(actor: Actor, query: WinProbabilityQuery) -> WinProbabilityView:
    """How good the predictions of a pipeline were, by tenths of what was foretold.

    The score is Brier's (1950): the mean squared difference between the probability and what came, 1 or 0. Half a unit
    for the pipeline, half a unit for its counts. Raises `Invalid` for a pipeline that is not there.
    """
    pipeline = pipelines.of(actor.tenant, query.pipeline_id)
    cells = ledger.sheet(actor.tenant, pipeline.id, outcomes.LEARNED)
    closed = outcomes.counted(cells)
    tens = [_decile(cells, number) for number in range(chances.DECILES)]
    made, won = sum(ten.predictions for ten in tens), sum(ten.won for ten in tens)
    return WinProbabilityView(
        pipeline_id=pipeline.id,
        basis=Basis(won=closed.won, lost=closed.lost),
        base_rate=round(chances.base_rate(closed), 4),
        predictions=made,
        brier=round(cells.get("br", 0) / made / chances.MILLION, 4) if made else None,
        brier_of_base_rate=round(won / made * (1 - won / made), 4) if made else None,
        deciles=tens,
    )


def _decile(cells: Cells, number: int) -> Decile:
    made, won = cells.get(f"p{number}n", 0), cells.get(f"p{number}w", 0)
    return Decile(
        low=number / chances.DECILES,
        high=(number + 1) / chances.DECILES,
        predictions=made,
        mean=round(cells.get(f"p{number}s", 0) / made / chances.MILLION, 4) if made else None,
        won=won,
        won_share=round(won / made, 4) if made else None,
    )


def _calibration(cells: Cells, probability: float) -> Calibration:
    ten = chances.decile(probability)
    return Calibration(predictions=cells.get(f"p{ten}n", 0), won=cells.get(f"p{ten}w", 0))


def _shown(reason: Reason, stages: list[Any]) -> ProbabilityReason:
    feature, value, counts = reason.seen
    name = next((one["name"] for one in stages if one["id"] == value), value) if feature == "stage" else value
    return ProbabilityReason(
        feature=feature,
        value=value,
        says=f"{counts.won} of {counts.closed} closed deals that {_SAID[feature].format(name=name)} were won.",
        effect=round(reason.effect, 3),
        won=counts.won,
        lost=counts.lost,
    )
