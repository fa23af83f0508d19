"""Mailjet's webhooks: an array of a second's events, or one event alone; a password in the address is all the proof.

https://dev.mailjet.com/email/guides/webhooks/. Its word `sent` is our `delivered`: the receiver has taken the mail.
"""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.adapters.hooks import Parsed, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As
from chalicelib.schemas.mail_event import Event

TYPES: Final[dict[str, As]] = {
    "sent": _events.DELIVERED,
    "bounce hard": _events.HARD,
    "bounce soft": _events.SOFT,
    "bounce greylisted": _events.DEFERRED,
    "blocked": _events.REJECTED,
    "spam": _events.COMPLAINED,
    "open": _events.OPENED,
    "click": _events.CLICKED,
    "unsub": _events.UNSUBSCRIBED,
    "inbound": _events.INBOUND,
}
IGNORED: Final = ()

verify = proof.credentials


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each(_read.several(body), _said)


def _said(raw: dict[str, Any]) -> _events.Said:
    if raw.get("event") is None and "Recipient" in raw and "Headers" in raw:
        return [_inbound(raw)]
    name = _named(raw)
    kind = TYPES.get(name)
    if kind is None:
        return name
    return [
        _events.made(
            "mailjet",
            kind,
            raw,
            at=_read.epoch(raw.get("time")),
            recipient=_read.address(raw.get("email")),
            message_id=_read.identifier(raw.get("MessageID")),
            send=_read.send(raw.get("CustomID")) or _read.send(raw.get("Payload")),
            reason=_read.text(raw.get("comment"), raw.get("error"), raw.get("source")),
            url=_read.url(raw.get("url")),
            agent=_read.text(raw.get("agent"), longest=300),
            ip=_read.ip(raw.get("ip")),
        )
    ]


def _named(raw: dict[str, Any]) -> str:
    """The type with what divides it, as TYPES has it."""
    name = _read.word(raw, "event")
    if name == "bounce":
        if raw.get("hard_bounce") is True:
            return "bounce hard"
        return "bounce greylisted" if raw.get("error") == "greylisted" else "bounce soft"
    return name if name != "inbound" and not name.startswith("bounce ") else f"event {name}"


def _inbound(raw: dict[str, Any]) -> Event:
    headers = _read.part(raw, "Headers")
    return _events.made(
        "mailjet",
        _events.INBOUND,
        raw,
        at=_read.mail_date(headers.get("Date")),
        recipient=_read.address(raw.get("Recipient")),
        message_id=_read.identifier(headers.get("Message-ID")),
    )
