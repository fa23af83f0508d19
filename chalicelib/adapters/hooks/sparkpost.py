"""SparkPost's webhooks: arrays of events in two wrappers each, not signed.

https://developers.sparkpost.com/api/webhooks/. What a bounce means stands in its class
(https://support.sparkpost.com/docs/deliverability/bounce-classification-codes).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from chalicelib.adapters.hooks import Parsed, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As
from chalicelib.schemas.mail_event import Event

TOKEN: Final = "x-messagesystems-webhook-token"  # noqa: S105 - the name of a header

TYPES: Final[dict[str, As]] = {
    "injection": _events.SENT,
    "delivery": _events.DELIVERED,
    "delay": _events.DEFERRED,
    "bounce hard": _events.HARD,
    "bounce soft": _events.SOFT,
    "bounce blocked": _events.REJECTED,  # a policy or a list: says nothing about the address
    "bounce subscribe": _events.SUBSCRIBED,
    "bounce unsubscribe": _events.UNSUBSCRIBED,
    "policy_rejection": _events.REJECTED,
    "generation_rejection": _events.REJECTED,
    "generation_failure": _events.REJECTED,
    "spam_complaint": _events.COMPLAINED,
    "open": _events.OPENED,
    "initial_open": _events.OPENED,
    "amp_open": _events.OPENED,
    "amp_initial_open": _events.OPENED,
    "click": _events.CLICKED,
    "amp_click": _events.CLICKED,
    "list_unsubscribe": _events.UNSUBSCRIBED,
    "link_unsubscribe": _events.UNSUBSCRIBED,
    "relay_message": _events.INBOUND,
}
IGNORED: Final = ("bounce auto-reply", "ping")
# Of a class that is not here nothing is known.
CLASSES: Final[dict[int, str]] = {
    **dict.fromkeys((10, 30), "bounce hard"),
    **dict.fromkeys((25, 26, 50, 51, 52, 53, 54), "bounce blocked"),
    **dict.fromkeys((60, 100), "bounce auto-reply"),
    80: "bounce subscribe",
    90: "bounce unsubscribe",
}
_BOUNCES: Final = ("bounce", "out_of_band")

verify = partial(proof.credentials, token_header=TOKEN)


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each(_read.an_array(body), _said)


def _said(raw: dict[str, Any]) -> _events.Said:
    wrapped = raw.get("msys")
    if wrapped == {}:
        return "ping"  # how it tries an address before it takes it
    if not isinstance(wrapped, dict) or len(wrapped) != 1:
        raise _read.Unreadable("not one event")
    ((wrapper, event),) = wrapped.items()
    if not isinstance(event, dict):
        raise _read.Unreadable("not an event")
    name = "relay_message" if wrapper == "relay_message" else _named(event)
    kind = TYPES.get(name)
    if kind is None:
        return name
    return [_relayed(event, raw) if kind is _events.INBOUND else _event(kind, event, raw)]


def _named(event: dict[str, Any]) -> str:
    """The type with what divides it, as TYPES has it."""
    name = _read.word(event, "type")
    if name in _BOUNCES:
        said = str(event.get("bounce_class"))
        return (
            CLASSES.get(int(said), "bounce soft")
            if said.isascii() and said.isdecimal() and len(said) < 4
            else "bounce soft"
        )
    return name if name != "relay_message" and not name.startswith("bounce ") else f"type {name}"


def _event(kind: As, event: dict[str, Any], raw: dict[str, Any]) -> Event:
    parsed = event.get("user_agent_parsed")
    return _events.made(
        "sparkpost",
        kind,
        raw,
        at=_at(event.get("timestamp")),
        event_id=_read.identifier(event.get("event_id")),
        recipient=_read.address(event.get("raw_rcpt_to") or event.get("rcpt_to")),
        message_id=_read.identifier(event.get("transmission_id") or event.get("message_id")),
        send=_read.send(_read.part(event, "rcpt_meta").get("send")),
        reason=_read.text(event.get("raw_reason"), event.get("reason"), event.get("fbtype")),
        url=_read.url(event.get("target_link_url")),
        machine=_read.flag(parsed.get("is_prefetched")) if isinstance(parsed, dict) else None,
        agent=_read.text(event.get("user_agent"), longest=300),
        ip=_read.ip(event.get("ip_address")),
    )


def _at(value: object) -> datetime:
    """Their times are text, of seconds or of a date."""
    return _read.iso(value) if isinstance(value, str) and "-" in value[1:] else _read.epoch(value)


def _relayed(event: dict[str, Any], raw: dict[str, Any]) -> Event:
    """A mail that came in. It has no time of its own but the one that its sender wrote."""
    listed = _read.part(event, "content").get("headers")
    headers = (
        {name.lower(): value for one in listed if isinstance(one, dict) for name, value in one.items()}
        if isinstance(listed, list)
        else {}
    )
    return _events.made(
        "sparkpost",
        _events.INBOUND,
        raw,
        at=_read.mail_date(headers.get("date")),
        recipient=_read.address(event.get("rcpt_to")),
        message_id=_read.identifier(headers.get("message-id")),
    )
