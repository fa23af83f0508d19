"""Quotas on the wire: what a user, a team or the firm is to win in a period."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Stamp, View, patch_of
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import ListQuery

Period = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$(?!\n)",
        description="A month `2026-11`, a quarter `2026-Q4` or a year `2026`, in UTC",
        examples=["2026-Q4"],
    ),
]


class Goal(Money):
    """An amount of money to reach, in the firm's currency."""

    amount: Annotated[int, Meta(ge=1, le=10**15, examples=[5_000_000])]


class QuotaDraft(Draft, kw_only=True):
    """What is to be won in a period: by a user, by a team, or with neither by the firm; in one pipeline, or with none
    in all of them together.
    """

    user_id: Id | None = None
    team_id: Id | None = None
    pipeline_id: Id | None = None
    period: Period
    amount: Goal


QuotaPatch = patch_of(QuotaDraft, amount=patch_of(Goal))


class QuotaView(View):
    """A quota as a client reads it. How much of it is reached tells the forecast."""

    id: str
    user_id: str | None
    team_id: str | None
    pipeline_id: str | None
    period: str
    amount: Money
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class QuotaQuery(ListQuery):
    """Which quotas: all, of one period exactly, of one user or of one team; by period."""

    period: Period | None = None
    user_id: Id | None = None
    team_id: Id | None = None
