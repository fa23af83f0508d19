"""From a provider's events to ours: one by one, so that a bad one spoils none of its neighbours."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple

from chalicelib.adapters.hooks import Bad, Parsed
from chalicelib.adapters.hooks._read import WORD, Unreadable, ascii_json, clean, sound
from chalicelib.schemas.mail_event import Bounce, Event, Type


class As(NamedTuple):
    """What one of their types is to us."""

    type: Type
    bounce: Bounce | None = None


SENT: Final = As("sent")
DELIVERED: Final = As("delivered")
DEFERRED: Final = As("deferred")
HARD: Final = As("bounced", "hard")
SOFT: Final = As("bounced", "soft")
REJECTED: Final = As("rejected")
COMPLAINED: Final = As("complained")
OPENED: Final = As("opened")
CLICKED: Final = As("clicked")
UNSUBSCRIBED: Final = As("unsubscribed")
SUBSCRIBED: Final = As("subscribed")
INBOUND: Final = As("inbound")

_WITHOUT_REASON: Final = frozenset({"sent", "delivered", "opened", "clicked", "inbound"})  # a "250 OK" is none

Said = Sequence[Event] | str  # its events, or the name under which it is counted as ignored


def each(raws: Iterable[object], read: Callable[[dict[str, Any]], Said]) -> Parsed:
    """Read all of them. Raises nothing that one of them could cause."""
    events: list[Event] = []
    bad: list[Bad] = []
    ignored: Counter[str] = Counter()
    for raw in raws:
        try:
            said = read(sound(raw))
        except Unreadable as error:
            bad.append(Bad(ascii_json(raw), str(error)))
            continue
        if isinstance(said, str):
            ignored[clean(said, WORD)] += 1
        else:
            events += said
    return Parsed(events=events, bad=bad, ignored=dict(ignored))


def made(
    provider: str, kind: As, raw: dict[str, Any], *, at: datetime, event_id: str | None = None, **fields: Any
) -> Event:
    """An event. Without an id of the provider's it gets one from what it says, so the same said again is the same."""
    found = event_id or composite(
        provider, kind.type, fields.get("message_id"), fields.get("recipient"), at.isoformat(), fields.get("url")
    )
    if kind.type in _WITHOUT_REASON:
        fields.pop("reason", None)
    return Event(type=kind.type, bounce=kind.bounce, provider=provider, event_id=found, at=at, raw=raw, **fields)


def composite(provider: str, kind: str, message_id: str | None, recipient: str | None, *rest: str | None) -> str:
    """An id made of what an event says."""
    said = [provider, kind, message_id, (recipient or "").lower(), *rest]
    return sha256(json.dumps(said).encode()).hexdigest()


def per_recipient(event_id: str | None, recipient: str | None, count: int) -> str | None:
    """The id of one recipient's part of an event that is about several."""
    return f"{event_id}/{(recipient or '').lower()}" if event_id and count > 1 else event_id
