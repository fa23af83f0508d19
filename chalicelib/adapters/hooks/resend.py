"""Resend's webhooks, which Svix delivers: one event, signed with id and time.

https://docs.svix.com/receiving/verifying-payloads/how-manual; the same as https://www.standardwebhooks.com but for the
names of the headers, so those are taken too.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.adapters.hooks import Forged, Parsed, Secrets, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks._events import As

WINDOW: Final = timedelta(minutes=5)
_ID: Final = re.compile(r"[!-\-/-~]{1,200}", re.ASCII)  # no dot: dots divide what is signed
_MOST: Final = 20  # signatures that are looked at

TYPES: Final[dict[str, As]] = {
    "email.sent": _events.SENT,
    "email.delivered": _events.DELIVERED,
    "email.delivery_delayed": _events.DEFERRED,
    "email.bounced Permanent": _events.HARD,
    "email.bounced": _events.SOFT,  # also of older messages, which do not say which
    "email.complained": _events.COMPLAINED,
    "email.opened": _events.OPENED,
    "email.clicked": _events.CLICKED,
    "email.failed": _events.REJECTED,
    "email.suppressed": _events.REJECTED,
    "email.received": _events.INBOUND,
    "contact.updated unsubscribed": _events.UNSUBSCRIBED,
}
# A contact that is not unsubscribed there may have had its name changed: that takes back no one's word.
IGNORED: Final = ("email.scheduled", "contact.updated", "contact.created", "contact.deleted", "domain.updated")
# Where an event says more of itself.
_DETAILS: Final = {
    "email.bounced": "bounce",
    "email.failed": "failed",
    "email.suppressed": "suppressed",
    "email.opened": "open",
    "email.clicked": "click",
}


def verify(secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:
    """Prove that one of the firm's secrets signed id, time and body. Raises as `hooks.Adapter.verify`."""
    proof.sized(body)
    keys = [_key(secret) for secret in proof.configured((*secrets.signing_secret, *secrets.signing_key))]
    headers = proof.lowered(headers)
    event_id, stamp, signatures = (_header(headers, name) for name in ("id", "timestamp", "signature"))
    if not _ID.fullmatch(event_id):
        raise Forged("no id")
    # The time first, and before anything is computed: it is what a recording fails by.
    proof.timely(stamp, now, past=WINDOW, future=WINDOW)
    content = f"{event_id}.{stamp}.".encode() + body
    given = [rest for version, _, rest in (one.partition(",") for one in signatures.split()[:_MOST]) if version == "v1"]
    found = [signature for signature in map(proof.unbase64, given) if signature]
    if not proof.any_same(found, [proof.mac(key, content) for key in keys if key]):
        raise Forged("wrong signature")
    return Verified()


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:
    """Read what was verified. Raises Malformed."""
    event_id = _header(proof.lowered(headers), "id")
    return _events.each([_read.an_object(body)], lambda raw: _said(raw, event_id))


def _header(headers: Mapping[str, str], name: str) -> str:
    return headers.get(f"svix-{name}") or headers.get(f"webhook-{name}") or ""


def _key(secret: bytes) -> bytes | None:
    return proof.unbase64(secret.decode("utf-8", "replace").strip().removeprefix("whsec_"))


def _said(raw: dict[str, Any], event_id: str) -> _events.Said:
    word = _read.word(raw, "type")
    data = _read.part(raw, "data")
    detail = _read.part(data, _DETAILS[word]) if word in _DETAILS else {}
    name = _named(word, data, detail)
    kind = TYPES.get(name)
    if kind is None:
        return name
    return [
        _events.made(
            "resend",
            kind,
            raw,
            at=_read.iso(raw.get("created_at")),
            event_id=_read.identifier(event_id),
            recipient=_recipient(data),
            message_id=_read.identifier(data.get("email_id")),
            send=_read.send(_tag(data.get("tags"))),
            reason=_read.text(detail.get("message"), detail.get("reason")),
            url=_read.url(detail.get("link")),
            agent=_read.text(detail.get("userAgent"), longest=300),
            ip=_read.ip(detail.get("ipAddress")),
        )
    ]


def _named(word: str, data: dict[str, Any], detail: dict[str, Any]) -> str:
    """The type with what divides it, as TYPES has it."""
    if word == "email.bounced" and detail.get("type") == "Permanent":
        return "email.bounced Permanent"
    if word == "contact.updated" and data.get("unsubscribed") is True:
        return "contact.updated unsubscribed"
    return word if word in IGNORED or " " not in word else f"{word}?"


def _recipient(data: dict[str, Any]) -> str | None:
    """Whom it is about; None if the mail went to several, of which it does not say which."""
    to = data.get("to", data.get("email"))
    found = _read.addresses(to if isinstance(to, list) else [to])
    return found[0] if len(found) == 1 else None


def _tag(tags: object) -> object:
    """Our tag, from an object of them or from a list of names and values."""
    if isinstance(tags, dict):
        return tags.get("send")
    named = (
        [one for one in tags if isinstance(one, dict) and one.get("name") == "send"] if isinstance(tags, list) else []
    )
    return named[0].get("value") if named else None
