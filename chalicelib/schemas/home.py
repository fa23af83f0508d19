"""Home on the wire: what somebody wants to see first in the morning."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import View
from chalicelib.schemas.money import Money
from chalicelib.schemas.notification import NotificationView
from chalicelib.schemas.parts import Day
from chalicelib.schemas.task import TaskView


class HomeTasks(View):
    """The first of some tasks, the earliest due first; `more` if there are others."""

    tasks: list[TaskView]
    more: bool


class HomePipeline(View):
    """The caller's open deals in a pipeline: how many, their worth, and that times the chance of each stage."""

    pipeline_id: str
    name: str
    count: int
    sum: Money
    weighted: Money


class HomeSums(View):
    """The caller's open deals in all the pipelines that are shown."""

    count: int
    sum: Money
    weighted: Money


class HomePipelines(View):
    """The caller's pipelines by name, at most five; `more` if there are others, which are in no sum here.

    Open deals are converted at today's rate, and each figure is rounded once.
    """

    currency: str
    open: HomeSums
    pipelines: list[HomePipeline]
    more: bool
    left_out: Annotated[list[str], Meta(description="Currencies that are in no sum, as there is no rate at hand")]


class HomeWon(View):
    """What the caller has won in this month (UTC), and what he is to: `attainment` is the share of it, 1 for all."""

    month: Annotated[str, Meta(examples=["2026-03"])]
    count: int
    sum: Money
    quota: Money | None
    attainment: float | None


class QuietContact(View):
    """A contact of the caller with whom nobody was in touch since this day."""

    id: str
    name: str
    since: Day
    days: int


class HomeView(View):
    """A user's start of the day. `today` ends with his own day."""

    time_zone: str
    overdue: HomeTasks
    today: HomeTasks
    pipeline: HomePipelines
    won_this_month: HomeWon
    going_cold: list[QuietContact]
    changes: list[NotificationView]
