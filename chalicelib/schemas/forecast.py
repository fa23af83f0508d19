"""The forecast on the wire: what is to come in, what has come in, and what was to."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Id, View
from chalicelib.schemas.money import Money

Group = Literal["owner", "month", "team", "pipeline"]
Month = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$(?!\n)",
        examples=["2026-11"],
    ),
]


class ForecastQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which months (by default this one and the next two), of one pipeline or of all, and added up by what."""

    pipeline_id: Id | None = None
    since: Month | None = msgspec.field(default=None, name="from")
    until: Month | None = msgspec.field(default=None, name="to")
    group_by: Group = "owner"
    undated: Literal["true"] | None = None


class CategorySums(View):
    """Deals of one forecast category; open ones at today's rates, closed ones as of the day on which they were closed.
    `weighted` is by the probability of each deal's stage.
    """

    count: int
    sum: Money
    weighted: Money


class Categories(View):
    """By the forecast category of the stages, open deals by the month of `expected_close`, closed ones by that of
    `closed_at`.
    """

    commit: CategorySums
    best_case: CategorySums
    pipeline: CategorySums
    omitted: CategorySums
    won: CategorySums
    lost: CategorySums


class ForecastSums(View):
    """`count`, `sum` and `weighted` are of what is open and not omitted. `attainment` is `won` divided by `quota`; in
    months without a quota of its own a team or the firm has what those of its users add up to.
    """

    categories: Categories
    count: int
    sum: Money
    weighted: Money
    won: Money
    quota: Money | None
    attainment: Annotated[float, Meta(examples=[0.82])] | None


class ForecastRow(ForecastSums):
    """One owner, team or pipeline by its id, or one month; `none` for what has none."""

    group: str
    name: str | None


class ForecastView(View):
    """The forecast: its rows, and what they add up to. `without_rate` is money of open deals in currencies that have no
    rate today, and in none of the sums.
    """

    currency: str
    since: Annotated[str, Meta(examples=["2026-11"])] = msgspec.field(name="from")
    until: Annotated[str, Meta(examples=["2027-01"])] = msgspec.field(name="to")
    group_by: Group
    data: list[ForecastRow]
    total: ForecastSums
    without_rate: list[Money]
