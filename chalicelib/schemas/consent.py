"""The consent log on the wire, and what the public pages send."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Moment, Stamp, View
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.topic import TopicName

What = Annotated[
    Literal["granted", "withdrawn", "requested", "confirmed", "suppressed", "lifted"], Meta(examples=["granted"])
]
Wording = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        description="What the person was shown when he said it, word by word or by its version",
        examples=["Yes, send me your product news by e-mail. (v3)"],
    ),
]
_IP = Annotated[str, Meta(max_length=45, examples=["203.0.113.7"], description="From where")]
_TOPIC = Annotated[str | None, Meta(description="The topic; null for all mail", examples=["news"])]
_CHANNEL = Annotated[str, Meta(description="By which way", examples=["email"])]


class ConsentDraft(Draft):
    """A consent that was given, or taken back, elsewhere: on a form, on paper, by phone. `at` is when; now if not said.

    It counts for the contact's primary address.
    """

    what: Literal["granted", "withdrawn"] = "granted"
    topic: TopicName | None = None
    how: Annotated[
        Literal["form", "paper", "phone", "in_person", "api", "import"], Meta(description="In which way it was said")
    ] = "api"
    at: Moment | None = None
    wording: Wording | None = None
    ip: _IP | None = None


class ConsentRequest(Draft):
    """What the contact is asked to confirm by mail: one topic, or mail as such."""

    topic: TopicName | None = None


class ConsentView(View):
    """One entry of the consent log. `by` is the id of the user who wrote it down, or `contact` himself."""

    id: str
    contact_id: Annotated[str, Meta(examples=["con_01HX5ZZKBKACTAV9WEVGEMMVRZ"])]
    what: What
    how: Annotated[
        str,
        Meta(
            description="form, paper, phone, in_person, api, import, record (a change of the contact), merge, "
            "double_opt_in, unsubscribe_link, preference_page, provider, suppression_list",
            examples=["unsubscribe_link"],
        ),
    ]
    channel: _CHANNEL
    topic: _TOPIC
    address: Annotated[str | None, Meta(examples=["ada@example.com"])]
    ip: Annotated[str | None, Meta(examples=["203.0.113.7"])]
    wording: Annotated[str | None, Meta(examples=["Unsubscribe from all mail of Lovelace & Daughters"])]
    by: Annotated[str, Meta(examples=["contact"])]
    at: Stamp


class ConsentQuery(ListQuery):
    """The newest first."""


class OptOut(Draft):
    """What a mail program (RFC 8058) or the page sends to unsubscribe."""

    one_click: Annotated[str, Meta(max_length=20, examples=["One-Click"])] | None = msgspec.field(
        default=None, name="List-Unsubscribe"
    )
    scope: (
        Annotated[
            Literal["topic", "all"], Meta(description="Of the topic of the mail, or of everything", examples=["all"])
        ]
        | None
    ) = None


_TOPICS = Annotated[list[TopicName], Meta(max_length=50, examples=[["news"]])]
_WAYS = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=50, examples=[["phone"]])]


class Choices(Draft):
    """What the preference page sends: what was shown, and what of it is chosen."""

    email: Annotated[Literal["on"], Meta(description="Mail as such is wanted", examples=["on"])] | None = None
    shown_topic: _TOPICS = []
    topic: _TOPICS = []
    shown_channel: _WAYS = []
    channel: _WAYS = []


class Confirmation(Draft):
    """What the button of the page sends."""

    confirm: Annotated[Literal["yes"], Meta(examples=["yes"])] = "yes"
