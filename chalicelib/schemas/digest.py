"""The daily digest on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View

Morning = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)",
        description="When on working days, as the clock shows it in the user's time zone",
        examples=["08:00"],
    ),
]


class DigestDraft(Draft):
    """When the caller wants his digest."""

    time: Morning


class DigestView(View):
    """When the caller's digest comes, and when next; null where he wants none."""

    time: str | None
    next_at: Stamp | None
    version: int
