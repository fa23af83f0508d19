"""What all events of a mail say together, whichever order they came in, and however often.

What is known of a mail is a summary that two parts of its events can be summed up to separately and then joined: the
earliest time of each kind of event, the worst bounce, and of openings and clicks what the rules about people look at.
Joining is commutative, associative and idempotent, so no event has to be read again when another comes.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib import clock
from chalicelib.schemas.mail_event import Event
from chalicelib.services import humans
from chalicelib.services.humans import OPEN, Touch

Seen = dict[str, Any]

# The key of each type of event; `bounced` holds `hard` or `soft`, and `bounced_at` its time.
STAMPS: Final[dict[str, str]] = {
    "sent": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounced": "bounced_at",
    "rejected": "rejected",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "opened": "opened",
    "clicked": "clicked",
    "inbound": "replied",
}
TOUCHES: Final = "touches"  # [[milliseconds since 1970, target], ...]

# The cells of a campaign's sheet.
CELLS: Final = (
    *("delivered", "opened", "opened_human", "clicked", "clicked_human"),
    *("unsubscribed", "bounced", "complained"),
)
# What a person does with a mail he has.
_AT_HAND: Final = ("delivered", "opened_human", "clicked_human", "complained", "unsubscribed", "replied")
_PROOF: Final = ("sent", "delivered", "deferred", "bounced_at", "complained", "unsubscribed", "opened", "clicked")

# Of openings and clicks only the first few are kept; enough for the rules to see a burst, and those around it.
_SPAN: Final = 10_000  # milliseconds
_SPANS: Final = 6
_TARGETS: Final = 3  # of a span, the earliest


def state_of(events: Iterable[Event]) -> Seen:
    """What these events say of their mail. Pure: neither order nor repetition matters.

    `state_of(a + b) == joined(state_of(a), state_of(b))`, which is what lets events be taken as they come.
    """
    seen: Seen = {}
    touches: set[Touch] = set()
    for event in events:
        name, at = STAMPS.get(event.type), clock.stamp(event.at)
        if name is None:
            continue
        seen[name] = min(seen.get(name, at), at)
        if event.type == "bounced":
            seen["bounced"] = "hard" if "hard" in (event.bounce, seen.get("bounced")) else "soft"
        if event.type in ("opened", "clicked") and humans.suspect(event) is None:
            touches.add(Touch(_milliseconds(at) / 1000, _target(event)))
    return _judged(seen, touches)


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> Seen:
    """What two parts of the events say together."""
    seen: Seen = {}
    for name in STAMPS.values():
        stamps = [part[name] for part in (one, other) if name in part]
        if stamps:
            seen[name] = min(stamps)
    bounces = [part["bounced"] for part in (one, other) if "bounced" in part]
    if bounces:
        seen["bounced"] = "hard" if "hard" in bounces else "soft"
    return _judged(seen, {*_touches(one), *_touches(other)})


def cells(seen: Mapping[str, Any]) -> dict[str, int]:
    """What the mail counts in the sheet of its campaign: each cell at most once.

    What was opened by a person was delivered, whether or not the provider tells of deliveries; what bounced for good
    was not, and what bounced softly was if anything says so.
    """
    hard = seen.get("bounced") == "hard"
    delivered = not hard and any(name in seen for name in _AT_HAND)
    counted = {name for name in CELLS if name in seen} - {"delivered", "bounced"}
    counted |= {"delivered"} if delivered else set()
    counted |= {"bounced"} if hard or ("bounced" in seen and not delivered) else set()
    return {name: 1 for name in CELLS if name in counted}


def proves_sent(seen: Mapping[str, Any] | None) -> bool:
    """Whether the mail must have been handed over for this to be known of it."""
    return any(name in (seen or {}) for name in _PROOF)


def _judged(seen: Seen, touches: set[Touch]) -> Seen:
    """The summary with what of it is a person's."""
    kept = _kept(touches)
    delivered = _milliseconds(seen["delivered"]) / 1000 if "delivered" in seen else None
    for touch in reversed(humans.people(kept, delivered)):
        seen["opened_human" if touch.target == OPEN else "clicked_human"] = _stamp(touch)
    if kept:
        seen[TOUCHES] = [[round(one.at * 1000), one.target] for one in kept]
    return dict(sorted(seen.items()))


def _kept(touches: set[Touch]) -> list[Touch]:
    """The earliest of each target in each span, of each span the first few, and the first few spans.

    The smallest few of a union are among the smallest few of its parts, so this joins as the whole would.
    """
    spans: dict[int, dict[str, Touch]] = {}
    for touch in sorted(touches, reverse=True):
        spans.setdefault(round(touch.at * 1000) // _SPAN, {})[touch.target] = touch
    return [touch for span in sorted(spans)[:_SPANS] for touch in sorted(spans[span].values())[:_TARGETS]]


def _touches(part: Mapping[str, Any]) -> list[Touch]:
    return [Touch(milliseconds / 1000, target) for milliseconds, target in part.get(TOUCHES, ())]


def _target(event: Event) -> str:
    """The pixel, or which link: six characters tell the links of one mail apart."""
    if event.type == "opened":
        return OPEN
    return hashlib.sha256((event.url or "").encode("utf-8", "replace")).hexdigest()[:6]


def _milliseconds(stamp: str) -> int:
    moment = clock.parse(stamp)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def _stamp(touch: Touch) -> str:
    milliseconds = round(touch.at * 1000)
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return clock.stamp(whole.replace(microsecond=milliseconds % 1000 * 1000))
