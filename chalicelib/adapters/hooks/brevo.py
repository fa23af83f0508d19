"""Brevo's webhooks: one event, or an array where batches are asked for; not signed.

https://developers.brevo.com/docs/transactional-webhooks. A 4xx loses the event for good, so all but a wrong password is
answered otherwise.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.adapters.hooks import Parsed, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As
from chalicelib.schemas.mail_event import Event

TYPES: Final[dict[str, As]] = {
    "request": _events.SENT,
    "sent": _events.SENT,
    "delivered": _events.DELIVERED,
    "deferred": _events.DEFERRED,
    "hard_bounce": _events.HARD,
    "invalid_email": _events.HARD,
    "soft_bounce": _events.SOFT,
    "blocked": _events.REJECTED,
    "error": _events.REJECTED,
    "spam": _events.COMPLAINED,
    "complaint": _events.COMPLAINED,
    "opened": _events.OPENED,
    "unique_opened": _events.OPENED,
    "proxy_open": _events.OPENED,
    "unique_proxy_open": _events.OPENED,
    "click": _events.CLICKED,
    "unsubscribed": _events.UNSUBSCRIBED,
    "unsubscribe": _events.UNSUBSCRIBED,
    "inbound": _events.INBOUND,
}
IGNORED: Final = ("list_addition",)  # somebody of the firm put them there
_OF_MACHINES: Final = ("proxy_open", "unique_proxy_open")

verify = proof.credentials


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each([raw for one in _read.several(body) for raw in _unpacked(one)], _said)


def _unpacked(one: object) -> list[object]:
    """Mails that came in stand together in one list, events alone."""
    mails = one.get("items") if isinstance(one, dict) and "event" not in one else None
    return mails if isinstance(mails, list) else [one]


def _said(raw: dict[str, Any]) -> _events.Said:
    if raw.get("event") is None and "Uuid" in raw:
        return [_inbound(raw)]
    name = _read.word(raw, "event")
    kind = TYPES.get(name)
    if kind is None or kind is _events.INBOUND:
        return name if kind is None else f"event {name}"
    return [
        _events.made(
            "brevo",
            kind,
            raw,
            at=_at(raw),
            recipient=_read.address(raw.get("email")),
            message_id=_read.identifier(raw.get("message-id")),
            send=_send(raw),
            reason=_read.text(raw.get("reason")),
            url=_read.url(raw.get("link")),
            machine=True if name in _OF_MACHINES else None,
            agent=_read.text(raw.get("user_agent"), longest=300),
            ip=_read.ip(raw.get("ip")),
        )
    ]


def _inbound(raw: dict[str, Any]) -> Event:
    to = next(
        (listed[0] for name in ("Recipients", "To") if isinstance(listed := raw.get(name), list) and listed), None
    )
    ids = raw.get("Uuid")
    return _events.made(
        "brevo",
        _events.INBOUND,
        raw,
        at=_read.mail_date(raw.get("SentAtDate")),
        event_id=_read.identifier(ids[0] if isinstance(ids, list) and ids else ids or None),
        recipient=_read.address(to.get("Address") if isinstance(to, dict) else to),
        message_id=_read.identifier(raw.get("MessageId")),
    )


def _at(raw: dict[str, Any]) -> datetime:
    """The other times follow the clock of the account, so they stand in only where this one is missing."""
    return _read.epoch(next((raw[name] for name in ("ts_epoch", "ts_event", "ts") if raw.get(name) is not None), None))


def _send(raw: dict[str, Any]) -> str | None:
    """Our send id, as their custom header has it or as one of the tags."""
    tags = raw.get("tags")
    told = [raw.get("X-Mailin-custom"), raw.get("tag"), *(tags if isinstance(tags, list) else [tags])]
    return next((found for one in told if (found := _read.send(one))), None)
