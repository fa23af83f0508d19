"""Working time on the wire: hours of the week, and days off."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.parts import Day

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Time = Annotated[
    str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)", description="A wall time", examples=["09:00"])
]
Span = Annotated[list[Time], Meta(min_length=2, max_length=2, examples=[["09:00", "17:00"]])]
Spans = Annotated[list[Span], Meta(max_length=10)]
_ABOUT = Meta(
    description="For each working day its spans of time, from and to, in their order",
    examples=[{"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "tue": [["09:00", "17:00"]]}],
)
Hours = Annotated[dict[Weekday, Spans], _ABOUT]
HoursPatch = Annotated[dict[Weekday, Spans | None], _ABOUT]
Holidays = Annotated[
    list[Day], Meta(max_length=400, description="Days on which nobody works", examples=[["2026-12-25"]])
]
