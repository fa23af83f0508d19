"""Activities and the timeline on the wire."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Moment, Stamp, Text, View, patch_of
from chalicelib.schemas.page import ListQuery

# A name of ours, or a word of another system behind the system's name and a dot.
Kind = Annotated[
    str,
    Meta(
        pattern=r"^(note|call|email|meeting|message|[a-z][a-z0-9_-]{0,29}\.[a-z0-9_-]{1,40})$(?!\n)",
        description="`note`, `call`, `email`, `meeting`, `message`, or an event of another system as `system.event`",
        examples=["call", "shop.order_placed"],
    ),
]
Extra = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=50)], Any], Meta(max_length=20)]
Mentions = Annotated[
    list[Id], Meta(max_length=20, description="Users who are told of the note by mail, each of them once")
]


class ActivityDraft(Draft):
    """Something that happened with a record: what, when (default: now), and what was said.

    With `external_id`, another system's id of it, telling it again is answered with the entry that is there. Only notes
    are pinned and mention users.
    """

    kind: Kind
    at: Moment | None = None
    text: Text | None = None
    data: Extra = {}
    external_id: Annotated[str, Meta(min_length=1, max_length=200, examples=["order-1815"])] | None = None
    mentions: Mentions = []
    pinned: bool = False


class NoteDraft(Draft):
    """What may be changed of a note."""

    text: Text | None = None
    mentions: Mentions = []
    pinned: bool = False


NotePatch = patch_of(NoteDraft)


class TimelineEntry(View):
    """One line of a record's history. `actor` is a user's or token's id, or `system`."""

    id: str
    kind: str
    at: Stamp
    actor: str
    subject_id: str
    text: str | None
    data: dict[str, Any]
    external_id: str | None
    mentions: list[str]
    pinned: bool
    updated_at: Stamp
    version: int


class TimelineQuery(ListQuery):
    """Which entries: all, those of one kind, or the pinned notes; the newest first."""

    kind: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,29}(\.[a-z0-9_-]{1,40})?$(?!\n)")] | None = None
    pinned: Literal["true"] | None = None
