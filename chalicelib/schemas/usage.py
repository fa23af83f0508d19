"""The bill on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import View

Day = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].{5,30})?$(?!\n)",
        examples=["2026-03-01"],
        description="A day (UTC), or any moment of it",
    ),
]


class UsageQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which days (UTC, both included; default: the last 31), and added up by what."""

    since: Day | None = msgspec.field(default=None, name="from")
    until: Day | None = msgspec.field(default=None, name="to")
    group_by: Literal["day", "purpose", "campaign"] = "day"


class UsageRow(View):
    """What one day, one purpose or one campaign (by its id) consumed. `units`: read and written. `usd` is at list
    prices, without free tiers.
    """

    group: str
    calls: int
    units: float
    read_units: float
    write_units: float
    ms: float
    mails: int
    usd: Annotated[float, Meta(description="US dollars")]


class UsageView(View, kw_only=True):
    """The rows asked for and their sum in US dollars; `priced_on` dates the price list."""

    data: list[UsageRow]
    next_cursor: None = None
    usd: float
    priced_on: str
