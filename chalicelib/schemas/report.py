"""Reports about deals on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Id, Stamp, View
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import ListQuery

MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$(?!\n)"
DAY = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)"
MONTH_OF = r"^[0-9]{4}-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?$(?!\n)"
_Month = Annotated[str, Meta(pattern=MONTH_OF, examples=["2026-03"])]
_Day = Annotated[str, Meta(pattern=DAY, examples=["2026-03-02"])]
FirstMonth = Annotated[_Month | None, Meta(description="The first month, or any day of it, in UTC")]
LastMonth = Annotated[_Month | None, Meta(description="The last month, or any day of it, in UTC")]
ForecastMonth = Annotated[
    Annotated[str, Meta(pattern=MONTH, examples=["2026-03"])] | None, Meta(description="The month that was forecast")
]
FirstWeek = Annotated[_Day | None, Meta(description="Any day of the first week")]
LastWeek = Annotated[_Day | None, Meta(description="Any day of the last week")]
Share = Annotated[float, Meta(ge=0, examples=[0.4], description="A share, 0.4 for 40 %")]


class ReportQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of which pipeline (default: the firm's first), which months (default: the last twelve, and all to come), and
    whose deals.
    """

    pipeline_id: Id | None = None
    since: FirstMonth = msgspec.field(default=None, name="from")
    until: LastMonth = msgspec.field(default=None, name="to")
    owner_id: Id | None = None


class FunnelStage(View):
    """A stage: deals that were ever in it; of those how many were won; for each of them how many were ever in the next
    stage that deals reached (above 1 if some came there another way). `left` deals have gone on from it, after
    `seconds` in it on average.
    """

    stage_id: str
    name: str
    reached: int
    to_next: Share | None
    won: int
    to_won: Share | None
    left: int
    seconds: float | None


class FunnelView(View):
    """How far deals came. A deal counts in the month in which it was closed or, while open, is expected to close; an
    open one without such a day counts where no last month is given.
    """

    pipeline_id: str
    since: str = msgspec.field(name="from")
    until: str | None = msgspec.field(name="to")
    deals: int
    open: int
    won: int
    lost: int
    stages: list[FunnelStage]


class VelocityView(View):
    """What the pipeline brings a day: deals that are open now x share of closed deals that were won x what a won one
    was worth on average / days from made to won on average. Null where nothing was won.
    """

    pipeline_id: str
    since: str = msgspec.field(name="from")
    until: str | None = msgspec.field(name="to")
    open: int
    won: int
    lost: int
    win_rate: Share | None
    mean_value: Money | None
    days_to_close: float | None
    per_day: Money | None


class LostReason(View):
    """Why deals were lost: how many, what they were worth when they were closed, and their share of all lost ones."""

    reason: str
    count: int
    sum: Money
    share: Share


class LostReasonsView(View):
    """Deals lost in these months by reason, the most frequent first. Spelt with other capitals or accents it is the
    same reason, shown as it was written most often.
    """

    pipeline_id: str
    since: str = msgspec.field(name="from")
    until: str | None = msgspec.field(name="to")
    lost: int
    sum: Money
    data: list[LostReason]
    next_cursor: None = None


class Basis(View):
    """The closed deals that were learned from."""

    won: int
    lost: int


class ProbabilityReason(View):
    """What is known of the deal, and how many of the closed deals of which that was true were won. The odds are
    multiplied by `effect`: above 1 speaks for a win.
    """

    feature: Literal["stage", "age", "owner", "source"]
    value: Annotated[str, Meta(description="A stage or a user, by id; an age in days; a source")]
    says: Annotated[str, Meta(examples=["12 of 14 closed deals that were in Negotiation were won."])]
    effect: float
    won: int
    lost: int


class Calibration(View):
    """How deals came out of which a probability like this one (in the same tenth) was foretold."""

    predictions: int
    won: int


class ProbabilityView(View):
    """How likely the deal is won. `method` is `learned` from closed deals, or that of its `stage` while there are too
    few of them, or `closed` if it is over.
    """

    probability: Annotated[float, Meta(ge=0, le=1, examples=[0.62])]
    method: Literal["learned", "stage", "closed"]
    stage_probability: Annotated[float, Meta(ge=0, le=1, examples=[0.4])]
    basis: Basis
    reasons: list[ProbabilityReason]
    calibration: Calibration | None


class WinProbabilityQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Of which pipeline (default: the firm's first)."""

    pipeline_id: Id | None = None


class Decile(View):
    """Predictions from `low` to `high`: how many, what they said on average, and how many of them were won."""

    low: float
    high: float
    predictions: int
    mean: float | None
    won: int
    won_share: Share | None


class WinProbabilityView(View):
    """How good the predictions were. Each was made before its deal counted. `brier` is the mean squared error (0 is
    best), to compare with `brier_of_base_rate`: that of saying the same of every deal.
    """

    pipeline_id: str
    basis: Basis
    base_rate: float
    predictions: int
    brier: float | None
    brier_of_base_rate: float | None
    deciles: list[Decile]


class SnapshotQuery(ListQuery):
    """The latest week first."""


class SnapshotView(View):
    """What the forecast was at the beginning of a week: deals that were open and not omitted, and what they were worth,
    plain and weighted by the probabilities of their stages; `months` are those that it speaks of.
    """

    id: str
    week: Annotated[str, Meta(description="Its Monday", examples=["2026-03-02"])]
    at: Stamp
    count: int
    sum: Money
    weighted: Money
    months: list[str]


class DriftQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The forecast of which month (default: this one), in which weeks (default: since it was first spoken of), for
    which pipeline and owner (default: all).
    """

    month: ForecastMonth = None
    from_week: FirstWeek = None
    to_week: LastWeek = None
    pipeline_id: Id | None = None
    owner_id: Id | None = None


class DriftChange(View):
    """How figures differ from those of the week before."""

    sum: Money
    weighted: Money
    won: Money
    expected: Money


class DriftRow(View):
    """What a week's snapshot said of the month: deals open and not omitted, what they were worth, plain, weighted, and
    plain by category; and what was won by then. `expected` is weighted and won together.
    """

    week: str
    count: int
    sum: Money
    weighted: Money
    commit: Money
    best_case: Money
    pipeline: Money
    omitted: Money
    won: Money
    expected: Money
    change: DriftChange | None


class DriftView(View):
    """How the forecast of a month changed from week to week, the earliest first."""

    month: str
    data: list[DriftRow]
    next_cursor: None = None
