"""Activities and the timeline on the wire."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Moment, Stamp, Text, View
from chalicelib.schemas.page import ListQuery

Kind = Literal["note", "call", "email", "meeting", "message"]
Extra = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=50)], Any], Meta(max_length=20)]


class ActivityDraft(Draft):
    """Something that happened with a record: what, when (default: now), and what was said."""

    kind: Kind
    at: Moment | None = None
    text: Text | None = None
    data: Extra = {}


class TimelineEntry(View):
    """One line of a record's history. `actor` is a user's or token's id, or `system`."""

    id: str
    kind: str
    at: Stamp
    actor: str
    subject_id: str
    text: str | None
    data: dict[str, Any]


class TimelineQuery(ListQuery):
    """Which entries: all, or of one kind; the newest first."""

    kind: Annotated[str, Meta(pattern=r"^[a-z_]{1,30}(\.[a-z_]{1,30})?$(?!\n)")] | None = None
