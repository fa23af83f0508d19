"""Mailgun's webhooks: one event, beside a signature that does not cover it.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks. Signed are a time and a token, so
whoever has seen one triple could put it before any event: the caller has to bind the token to its body (`Verified`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As

PAST: Final = timedelta(hours=24)  # they come again for 8 hours, with the signature of the first time
FUTURE: Final = timedelta(minutes=10)
_LONGEST_TOKEN: Final = 200

TYPES: Final[dict[str, As]] = {
    "accepted": _events.SENT,
    "delivered": _events.DELIVERED,
    "failed temporary": _events.DEFERRED,
    "failed permanent": _events.HARD,
    "failed suppressed": _events.REJECTED,  # on a list of Mailgun's, so it was never tried
    "failed": _events.SOFT,  # of a severity that is new
    "rejected": _events.REJECTED,
    "opened": _events.OPENED,
    "clicked": _events.CLICKED,
    "unsubscribed": _events.UNSUBSCRIBED,
    "complained": _events.COMPLAINED,
    "stored": _events.INBOUND,
}
IGNORED: Final = ()
_SUPPRESSED: Final = (605, 606, 607)


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:  # noqa: ARG001 - as each provider
    """Prove that the signature is Mailgun's; `once` is its token. Raises as `hooks.Adapter.verify`."""
    proof.sized(body)
    keys = proof.configured((*secrets.signing_key, *secrets.signing_secret))
    said = _read.an_object(body).get("signature")
    if not isinstance(said, dict):
        raise Forged("no signature")
    stamp, token, signature = (_ascii(said.get(name)) for name in ("timestamp", "token", "signature"))
    # Nothing separates the two, so without a fixed length a digit of one could be one of the other.
    if not proof.SECONDS.fullmatch(stamp) or not 0 < len(token) <= _LONGEST_TOKEN:
        raise Forged("no signature")
    wanted = [proof.mac(key, f"{stamp}{token}".encode()).hex().encode() for key in keys]
    if not proof.any_same([signature.lower().encode()], wanted):
        raise Forged("wrong signature")
    proof.timely(stamp, now, past=PAST, future=FUTURE)
    return Verified(token, sha256(body).hexdigest())


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    envelope = _read.an_object(body)
    if "event-data" not in envelope:
        raise Malformed("no event")
    return _events.each([envelope["event-data"]], _said)


def _ascii(value: object) -> str:
    return value if isinstance(value, str) and value.isascii() else ""


def _said(raw: dict[str, Any]) -> _events.Said:
    name = _read.word(raw, "event")
    if name == "failed":
        name = _failed(raw)
    kind = TYPES.get(name)
    if kind is None:
        return name
    headers = _read.part(raw, "message", "headers")
    status = _read.part(raw, "delivery-status")
    client = _read.part(raw, "client-info")
    reject = _read.part(raw, "reject")
    said = (status.get("message"), status.get("description"), reject.get("reason"), reject.get("description"))
    return [
        _events.made(
            "mailgun",
            kind,
            raw,
            at=_read.epoch(raw.get("timestamp")),
            event_id=_read.identifier(raw.get("id")),
            recipient=_read.address(raw.get("recipient") or headers.get("to")),
            message_id=_read.identifier(headers.get("message-id")),
            send=_read.send(_read.part(raw, "user-variables").get("send")),
            reason=_read.text(*said, raw.get("reason")),
            url=_read.url(raw.get("url")),
            machine=True if _read.text(client.get("bot")) else None,
            agent=_read.text(client.get("user-agent"), longest=300),
            ip=_read.ip(raw.get("ip")),
        )
    ]


def _failed(raw: dict[str, Any]) -> str:
    """What failed, and whether for good: `severity` says so, unless it was Mailgun itself that would not try."""
    severity, reason = raw.get("severity"), raw.get("reason")
    if severity == "permanent":
        listed = isinstance(reason, str) and reason.startswith("suppress-")
        return (
            "failed suppressed"
            if listed or _read.part(raw, "delivery-status").get("code") in _SUPPRESSED
            else "failed permanent"
        )
    return "failed temporary" if severity == "temporary" else "failed"
