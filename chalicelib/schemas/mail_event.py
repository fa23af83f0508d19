"""What became of a mail, the same for every provider that tells us."""

from datetime import datetime
from typing import Any, Literal

import msgspec

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
