"""MailerSend's webhooks: one event, its bytes signed, without a time.

https://developers.mailersend.com/api/v1/webhooks.html. Ten failures in a day bring a warning, twenty the end, so what
is not known is taken and left out.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.adapters.hooks import Forged, Parsed, Secrets, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As
from chalicelib.schemas.mail_event import Event

# An address is tried out with a secret that everybody knows. It is good for this one type, which tells nothing.
TEST_SECRET: Final = "test_Am3L1GuOIc4blLUuHqAPxxwkZaJyEk8G"  # noqa: S105 - published
TEST: Final = "webhook.test"

TYPES: Final[dict[str, As]] = {
    "activity.sent": _events.SENT,
    "activity.delivered": _events.DELIVERED,
    "activity.deferred": _events.DEFERRED,
    "activity.hard_bounced": _events.HARD,
    "activity.soft_bounced": _events.SOFT,
    "activity.spam_complaint": _events.COMPLAINED,
    "activity.opened": _events.OPENED,
    "activity.opened_unique": _events.OPENED,
    "activity.clicked": _events.CLICKED,
    "activity.clicked_unique": _events.CLICKED,
    "activity.unsubscribed": _events.UNSUBSCRIBED,
    "inbound.message": _events.INBOUND,
}
IGNORED: Final = (TEST, "activity.survey_opened", "sender_identity.verified", "maintenance.start")


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:  # noqa: ARG001 - as each provider
    """Prove that one of the firm's secrets signed the body. Raises as `hooks.Adapter.verify`."""
    proof.sized(body)
    keys = proof.configured((*secrets.signing_secret, *secrets.signing_key))
    given = [proof.lowered(headers).get("signature", "").lower().encode("utf-8", "replace")]
    if proof.any_same(given, [_hex(key, body) for key in keys]):
        return Verified()
    tried_out = proof.any_same(given, [_hex(TEST_SECRET.encode(), body)])
    if tried_out and _read.an_object(body).get("type") == TEST:
        return Verified()
    raise Forged("wrong signature")


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each([_read.an_object(body)], _said)


def _hex(key: bytes, body: bytes) -> bytes:
    return proof.mac(key, body).hex().encode()


def _said(raw: dict[str, Any]) -> _events.Said:
    name = _read.word(raw, "type")
    kind = TYPES.get(name)
    if kind is None:
        return name
    data = _read.part(raw, "data")
    return [_inbound(raw, data) if kind is _events.INBOUND else _event(kind, raw, data)]


def _event(kind: As, raw: dict[str, Any], data: dict[str, Any]) -> Event:
    mail, more = _read.part(data, "email"), _read.part(data, "morph")
    tags = mail.get("tags")
    return _events.made(
        "mailersend",
        kind,
        raw,
        at=_read.iso(data.get("created_at")),  # the outer one is that of the request
        event_id=_read.identifier(data.get("id")),
        recipient=_read.address(_read.part(mail, "recipient").get("email")),
        message_id=_read.identifier(_read.part(mail, "message").get("id")),
        send=next((found for tag in tags if (found := _read.send(tag))), None) if isinstance(tags, list) else None,
        reason=_read.text(more.get("reason"), more.get("readable_reason")),
        url=_read.url(more.get("url")),
        agent=_read.text(more.get("user_agent"), longest=300),
        ip=_read.ip(more.get("ip")),
    )


def _inbound(raw: dict[str, Any], data: dict[str, Any]) -> Event:
    listed = _read.part(data, "recipients").get("rcptTo")
    first = listed[0] if isinstance(listed, list) and listed else None
    headers = _read.part(data, "headers")
    return _events.made(
        "mailersend",
        _events.INBOUND,
        raw,
        at=_read.iso(data.get("created_at")),
        event_id=_read.identifier(data.get("id")),
        recipient=_read.address(first.get("email") if isinstance(first, dict) else first),
        message_id=_read.identifier(headers.get("Message-ID")),
    )
