"""SendGrid's event webhook: arrays of events, signed with a key of their own.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.
What one puts into a mail as custom arguments stands at the top of its events, among SendGrid's own fields.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from chalicelib.adapters.hooks import Forged, Parsed, Secrets, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
PAST: Final = timedelta(hours=36)  # events come again for 24 hours
FUTURE: Final = timedelta(minutes=10)

TYPES: Final[dict[str, As]] = {
    "processed": _events.SENT,
    "deferred": _events.DEFERRED,
    "delivered": _events.DELIVERED,
    "bounce bounce": _events.HARD,
    "bounce blocked": _events.SOFT,  # says nothing about the address
    "dropped": _events.REJECTED,
    "open": _events.OPENED,
    "click": _events.CLICKED,
    "spamreport": _events.COMPLAINED,
    "unsubscribe": _events.UNSUBSCRIBED,
    "group_unsubscribe": _events.UNSUBSCRIBED,
    "group_resubscribe": _events.SUBSCRIBED,
}
IGNORED: Final = ()


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:
    """Prove that one of the firm's keys signed time and body. Raises as `hooks.Adapter.verify`."""
    from Crypto.Hash import SHA256
    from Crypto.Signature import DSS

    proof.sized(body)
    keys = [key for key in map(_key, proof.configured(secrets.public_key)) if key is not None]
    headers = proof.lowered(headers)
    stamp, signature = headers.get(TIMESTAMP, ""), proof.unbase64(headers.get(SIGNATURE, ""))
    if not proof.SECONDS.fullmatch(stamp) or signature is None:
        raise Forged("no signature")
    digest = SHA256.new(stamp.encode() + body)
    if not any(_signed(DSS.new(key, "fips-186-3", encoding="der"), digest, signature) for key in keys):
        raise Forged("wrong signature")
    proof.timely(stamp, now, past=PAST, future=FUTURE)
    return Verified()


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each(_read.an_array(body), _said)


@lru_cache(maxsize=8)
def _key(text: bytes) -> Any:
    """The public key, from base64 as their page shows it or from PEM; None if it is none."""
    from Crypto.PublicKey import ECC

    try:
        key = ECC.import_key(text if text.startswith(b"-----") else proof.unbase64(text.decode().strip()) or b"")
    except (ValueError, IndexError, TypeError):
        return None
    return key if key.curve == "NIST P-256" else None


def _signed(verifier: Any, digest: Any, signature: bytes) -> bool:
    try:
        verifier.verify(digest, signature)
    except ValueError:
        return False
    return True


def _said(raw: dict[str, Any]) -> _events.Said:
    name = _read.word(raw, "event")
    if name == "bounce":  # a word that is new says nothing of the address either
        name = "bounce bounce" if raw.get("type") == "bounce" else "bounce blocked"
    kind = TYPES.get(name)
    if kind is None:
        return name
    return [
        _events.made(
            "sendgrid",
            kind,
            raw,
            at=_read.epoch(raw.get("timestamp")),
            event_id=_read.identifier(raw.get("sg_event_id")),
            recipient=_read.address(raw.get("email")),
            message_id=_message(raw),
            send=_read.send(raw.get("send")),
            reason=_read.text(raw.get("reason"), raw.get("response")),
            url=_read.url(raw.get("url")),
            machine=_read.flag(raw.get("sg_machine_open")),
            agent=_read.text(raw.get("useragent"), longest=300),
            ip=_read.ip(raw.get("ip")),
        )
    ]


def _message(raw: dict[str, Any]) -> str | None:
    """What sending answered: over SMTP our own Message-ID, which begins with the send id; else what stands before the
    first dot of their id.
    """
    own = _read.text(raw.get("smtp-id"), longest=_read.ID) or ""
    if _read.send(own.removeprefix("<").partition("@")[0]):
        return _read.identifier(own)
    whole = _read.identifier(raw.get("sg_message_id"))
    return whole.partition(".")[0] or None if whole else None
