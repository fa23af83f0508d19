"""Topics of mail on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View
from chalicelib.schemas.page import ListQuery

TopicName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)",
        description="A topic's name, as contacts choose it in `preferences.topics`",
        examples=["news"],
    ),
]
OptIn = Annotated[
    Literal["none", "single", "double"],
    Meta(
        description="Who is mailed about it: all who did not say no; only those who said yes; only those who also "
        "confirmed it from their mailbox",
        examples=["none"],
    ),
]
_LABEL = Annotated[str, Meta(min_length=1, max_length=100, description="What people read", examples=["Product news"])]
_DESCRIPTION = Annotated[str, Meta(min_length=1, max_length=500, examples=["Once a month: what is new."])]
_PUBLIC = Annotated[bool, Meta(description="Whether people see it on their preference page", examples=[True])]


class TopicDraft(Draft):
    """A topic of mail, as people choose it and campaigns have it."""

    label: _LABEL
    description: _DESCRIPTION | None = None
    opt_in: OptIn = "none"
    public: _PUBLIC = True


class TopicView(View):
    """A topic as a client reads it."""

    name: TopicName
    label: str
    description: str | None
    opt_in: OptIn
    public: bool
    created_at: Stamp
    updated_at: Stamp
    version: int


class TopicQuery(ListQuery):
    """All of them, by name."""


class TopicPath(Draft):
    """What a path names."""

    topic: TopicName
