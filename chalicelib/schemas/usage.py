"""The bill on the wire."""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import View


class UsageQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Which days (UTC, both included; default: the last 31), and added up by what."""

    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = msgspec.field(default=None, name="to")
    group_by: Literal["day", "purpose"] = "day"


class UsageRow(View):
    """What one day or one purpose consumed. `usd` is at list prices, without free tiers."""

    group: str
    calls: int
    read_units: float
    write_units: float
    ms: float
    mails: int
    usd: Annotated[float, Meta(description="US dollars")]


class UsageView(View):
    """The rows asked for and their sum in US dollars; `priced_on` dates the price list."""

    data: list[UsageRow]
    usd: float
    priced_on: str
