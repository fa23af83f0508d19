"""The board of a pipeline on the wire: its stages side by side, with what stands in each and what it adds up to."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.deal import DealView
from chalicelib.schemas.fields import Id, View
from chalicelib.schemas.money import Money
from chalicelib.schemas.pipeline import Forecast

Age = Annotated[
    Literal["green", "amber", "red"],
    Meta(description="`red` once the stage's `rotting_days` are over, `amber` from half of them on"),
]


class BoardQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How many cards of each stage; or the further ones of a single stage."""

    limit: Annotated[int, Meta(ge=1, le=50, description="At most so many cards of a stage")] = 12
    stage_id: Annotated[Id, Meta(description="Only this stage")] | None = None
    cursor: Annotated[str, Meta(max_length=2000, description="`next_cursor` of this stage")] | None = None


class CardView(DealView, kw_only=True):
    """A deal as it stands on a board."""

    age: Age
    days_in_stage: int


class BoardStage(View):
    """A stage: its deals in the order that people gave them, and the sums of all that stand there, shown or not.

    Open deals are converted at today's rate, closed ones at that of the day on which they were closed; each sum is
    rounded once. `next_cursor` leads to further cards: with `stage_id` here, or with `pipeline_id` and `stage_id` in
    the list of deals.
    """

    stage_id: str
    name: str
    forecast: Forecast
    probability: float
    rotting_days: int | None
    count: int
    total: Money
    weighted: Money
    deals: list[CardView]
    next_cursor: str | None = None


class BoardView(View):
    """A board. Its sums follow a move within a moment; what is in `without_rate` is in none of them."""

    pipeline_id: str
    name: str
    currency: str
    stages: list[BoardStage]
    without_rate: Annotated[list[str], Meta(description="Currencies that have no rate")]
