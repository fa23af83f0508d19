"""What became of a mail, the same for every provider that tells us."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Moment, Stamp, View
from chalicelib.schemas.page import ListQuery

Type = Literal[
    "sent",
    "delivered",
    "deferred",
    "bounced",
    "rejected",
    "complained",
    "opened",
    "clicked",
    "unsubscribed",
    "subscribed",
    "inbound",
]
Bounce = Literal["hard", "soft"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to one mail, as its provider reported it.

    `event_id` is what the provider's own repetitions share: its id of the event, else a digest. `message_id` is what
    sending answered, without brackets; `send` is our own send id if the mail carried it. `recipient` is a bare
    address, None if the provider does not say which of several it was. `bounce` is set for `bounced` only. `machine`
    says whether the provider took an opening or a click for a program's. `url` is what was clicked; it comes from
    outside, as `reason`, `agent` and `ip` do: never trusted, cut to what can be kept. `raw` is the provider's object.
    """

    type: Type
    provider: str
    event_id: str
    at: datetime
    recipient: str | None = None
    message_id: str | None = None
    send: str | None = None
    bounce: Bounce | None = None
    reason: str | None = None
    url: str | None = None
    machine: bool | None = None
    agent: str | None = None
    ip: str | None = None
    raw: dict[str, Any] = {}


class MailEventView(View):
    """An event as a client reads it. What comes from outside is text, never to be run or followed unseen.

    `machine` says that the provider took an opening or a click for a program's; our own rules may see more.
    """

    id: str
    type: str
    bounce: str | None
    recipient: str | None
    message_id: str | None
    at: Stamp
    provider: str
    event_id: str | None
    reason: str | None
    url: str | None
    machine: bool | None
    contact_id: str | None
    campaign_id: str | None


class TakenView(View):
    """How many events a provider's call brought that could be read."""

    taken: int


class MailEventQuery(ListQuery):
    """Which events: all of the firm, of one message, of one mailbox; since when it happened. Newest first.

    `unreadable` lists what came proved from a provider and could not be read, instead.
    """

    message_id: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    recipient: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    since: Moment | None = None
    unreadable: Literal["true"] | None = None


class ReplayDraft(Draft):
    """Which events to read anew: those kept since then, of one provider or of all."""

    since: Moment
    provider: Annotated[str, Meta(max_length=20)] | None = None
