"""Mandrill (Mailchimp Transactional): a form with a JSON array, signed with the address that it was sent to.

https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/. The address is that of the firm's
settings: what a request says of its own host is not to be believed.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha1
from hmac import new
from typing import Any, Final
from urllib.parse import parse_qsl

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As

SIGNATURE: Final = "x-mandrill-signature"
FIELD: Final = "mandrill_events"
_MOST_FIELDS: Final = 20

TYPES: Final[dict[str, As]] = {
    "send": _events.SENT,
    "delivered": _events.DELIVERED,
    "deferral": _events.DEFERRED,
    "hard_bounce": _events.HARD,
    "soft_bounce": _events.SOFT,
    "reject": _events.REJECTED,
    "spam": _events.COMPLAINED,
    "open": _events.OPENED,
    "click": _events.CLICKED,
    "unsub": _events.UNSUBSCRIBED,
    "inbound": _events.INBOUND,
}
IGNORED: Final = ("blacklist add", "whitelist remove")  # what changed in its lists has no event


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:  # noqa: ARG001 - as each provider
    """Prove that one of the firm's keys signed address and form. Raises as `hooks.Adapter.verify`.

    An empty list needs no proof: it is how an address is tried out before there is a key, and it tells nothing.
    """
    proof.sized(body)
    form = _form(body)
    if _read.decoded(_events_text(form)) == []:
        return Verified()
    keys, urls = proof.configured(secrets.webhook_key), proof.configured(secrets.webhook_url)
    fields = "".join(f"{name}{value}" for name, value in sorted(form)).encode()
    found = proof.unbase64(proof.lowered(headers).get(SIGNATURE, ""))
    if found is None or not proof.any_same([found], [_mac(key, url + fields) for key in keys for url in urls]):
        raise Forged("wrong signature")
    return Verified()


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each(_read.an_array(_events_text(_form(body))), _said)


def _mac(key: bytes, content: bytes) -> bytes:
    return new(key, content, sha1).digest()  # HMAC is good with SHA-1 too, and it is what they use


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Malformed("not a form") from None


def _events_text(form: list[tuple[str, str]]) -> str:
    found = [value for name, value in form if name == FIELD]
    if len(found) != 1:  # of two, one could be proved and the other read
        raise Malformed("no events")
    return found[0]


def _said(raw: dict[str, Any]) -> _events.Said:
    if raw.get("event") is None and isinstance(raw.get("action"), str):
        return f"{_read.word(raw, 'type')} {raw['action']}"
    name = _read.word(raw, "event")
    kind = TYPES.get(name)
    if kind is None:
        return name
    message = _read.part(raw, "msg")
    headers = _read.part(message, "headers") if kind is _events.INBOUND else {}
    said = (message.get("diag"), message.get("bounce_description"), _read.part(message, "reject").get("reason"))
    return [
        _events.made(
            "mandrill",
            kind,
            raw,
            at=_read.epoch(raw.get("ts")),
            recipient=_read.address(message.get("email")),
            message_id=_read.identifier(raw.get("_id") or message.get("_id") or headers.get("Message-Id")),
            send=_read.send(_read.part(message, "metadata").get("send")),
            reason=_read.text(*said),
            url=_read.url(raw.get("url")),
            agent=_read.text(raw.get("user_agent"), longest=300),
            ip=_read.ip(raw.get("ip")),
        )
    ]
