"""Postmark's webhooks: one event, not signed; a password or a secret header is all there is.

https://postmarkapp.com/developer/webhooks/webhooks-overview.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chalicelib.adapters.hooks import Parsed, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As

# https://postmarkapp.com/developer/api/bounce-api#bounce-types. What a robot answered is no bounce.
TYPES: Final[dict[str, As]] = {
    "Delivery": _events.DELIVERED,
    "Bounce HardBounce": _events.HARD,
    "Bounce SoftBounce": _events.SOFT,
    "Bounce Undeliverable": _events.SOFT,
    "Bounce Unknown": _events.SOFT,
    "Bounce VirusNotification": _events.SOFT,
    "Bounce Transient": _events.DEFERRED,
    "Bounce DnsError": _events.DEFERRED,
    "Bounce BadEmailAddress": _events.REJECTED,
    "Bounce ManuallyDeactivated": _events.REJECTED,
    "Bounce Blocked": _events.REJECTED,
    "Bounce DMARCPolicy": _events.REJECTED,
    "Bounce Unconfirmed": _events.REJECTED,
    "Bounce SMTPApiError": _events.REJECTED,
    "Bounce TemplateRenderingFailed": _events.REJECTED,
    "Bounce SpamNotification": _events.COMPLAINED,
    "Bounce SpamComplaint": _events.COMPLAINED,
    "Bounce Unsubscribe": _events.UNSUBSCRIBED,
    "Bounce Subscribe": _events.SUBSCRIBED,
    "SpamComplaint": _events.COMPLAINED,
    "Open": _events.OPENED,
    "Click": _events.CLICKED,
    "SubscriptionChange": _events.SUBSCRIBED,
    "SubscriptionChange ManualSuppression": _events.UNSUBSCRIBED,
    "SubscriptionChange HardBounce": _events.HARD,
    "SubscriptionChange SpamComplaint": _events.COMPLAINED,
    "Inbound": _events.INBOUND,
}
IGNORED: Final = (
    "Bounce AutoResponder",
    "Bounce AddressChange",
    "Bounce ChallengeVerification",
    "Bounce OpenRelayTest",
    "Bounce InboundError",
    "SubscriptionChange by the firm",  # what somebody of the firm lets in again takes back no one's word
)
_TIMES: Final = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")
_REASONS: Final = ("Details", "Description", "SuppressionReason")
_OF_THE_FIRM: Final = ("Customer", "Admin")
_NO_MESSAGE: Final = "00000000-0000-0000-0000-000000000000"

verify = proof.credentials


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    return _events.each([_read.an_object(body)], _said)


def _said(raw: dict[str, Any]) -> _events.Said:
    name = _named(raw)
    kind = TYPES.get(name)
    if kind is None:
        return name
    # Deliveries and bounces have no id of the event, except that a bounce does; what is missing is made.
    event_id = _read.identifier(raw.get("ID")) if name.startswith(("Bounce", "SpamComplaint")) else None
    message_id = _read.identifier(raw.get("MessageID"))
    to = raw.get("Recipient") or raw.get("Email") if kind is not _events.INBOUND else _addressed(raw)
    return [
        _events.made(
            "postmark",
            kind,
            raw,
            at=_at(raw, kind),
            event_id=event_id,
            recipient=_read.address(to),
            message_id=message_id if message_id != _NO_MESSAGE else None,
            send=_read.send(_read.part(raw, "Metadata").get("send")),
            reason=_read.text(*(raw.get(name) for name in _REASONS)),
            url=_read.url(raw.get("OriginalLink")),
            agent=_read.text(raw.get("UserAgent"), longest=300),
            ip=_read.ip(_read.part(raw, "Geo").get("IP")),
        )
    ]


def _named(raw: dict[str, Any]) -> str:
    """The type with what divides it, as TYPES has it."""
    if raw.get("RecordType") is None and ("FromFull" in raw or "OriginalRecipient" in raw):
        return "Inbound"  # the one kind of request that does not say what it is
    name = _read.word(raw, "RecordType")
    if name == "Bounce":
        name = f"Bounce {_read.word(raw, 'Type')}"
        return name if name in TYPES or name in IGNORED else "Bounce Unknown"
    if name == "SubscriptionChange":
        return _change(raw)
    return name if name != "Inbound" else "RecordType Inbound"


def _change(raw: dict[str, Any]) -> str:
    suppressed = raw.get("SuppressSending")
    if not isinstance(suppressed, bool):
        raise _read.Unreadable("SuppressSending is not said")
    if not suppressed:
        return f"SubscriptionChange{' by the firm' if raw.get('Origin') in _OF_THE_FIRM else ''}"
    name = f"SubscriptionChange {raw.get('SuppressionReason')}"
    return name if name in TYPES else "SubscriptionChange ManualSuppression"


def _addressed(raw: dict[str, Any]) -> object:
    full = raw.get("ToFull")
    first = full[0].get("Email") if isinstance(full, list) and full and isinstance(full[0], dict) else None
    return raw.get("OriginalRecipient") or first or raw.get("To")


def _at(raw: dict[str, Any], kind: As) -> datetime:
    if kind is not _events.INBOUND:
        return _read.iso(next((raw[name] for name in _TIMES if raw.get(name) is not None), None))
    return _read.mail_date(raw.get("Date"))
