"""Amazon SES, whose events come through SNS: a signed envelope, with the event as JSON in JSON.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. A valid signature says "from AWS", not
"meant for us": anybody can subscribe our address to a topic of theirs, so the topic has to be one of the firm's.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from chalicelib.adapters import outgoing
from chalicelib.adapters.hooks import Bad, Forged, Malformed, Parsed, Secrets, Undecided, Verified, _events, _read
from chalicelib.adapters.hooks import _proof as proof
from chalicelib.adapters.hooks import _sns as sns
from chalicelib.adapters.hooks._events import As
from chalicelib.schemas.mail_event import Event

Fetch = Callable[[str], bytes]

PAST: Final = timedelta(days=14)  # it is tried for an hour, and a dead-letter queue keeps for 14 days
FUTURE: Final = timedelta(hours=1)
KEPT: Final = 8  # certificates; a region has one at a time
_BITS: Final = range(2048, 8193)  # of a key; a longer one takes seconds to compute with

_keys: dict[str, Any] = {}  # by the certificate's address

TYPES: Final[dict[str, As]] = {
    "Send": _events.SENT,
    "Delivery": _events.DELIVERED,
    "DeliveryDelay": _events.DEFERRED,
    "Bounce Permanent": _events.HARD,
    "Bounce Transient": _events.SOFT,
    "Bounce Undetermined": _events.SOFT,
    "Complaint": _events.COMPLAINED,
    "Reject": _events.REJECTED,
    "Rendering Failure": _events.REJECTED,
    "Open": _events.OPENED,
    "Click": _events.CLICKED,
    "Subscription OptOut": _events.UNSUBSCRIBED,
    "Subscription OptIn": _events.SUBSCRIBED,
    "Received": _events.INBOUND,
}
IGNORED: Final = ("Complaint not-spam",)
# The object of each type, and in it the list of those it is about, and in those lists the address.
_OBJECTS: Final[dict[str, tuple[str, str, str]]] = {
    "Delivery": ("delivery", "recipients", ""),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients", "emailAddress"),
    "Bounce": ("bounce", "bouncedRecipients", "emailAddress"),
    "Complaint": ("complaint", "complainedRecipients", "emailAddress"),
    "Reject": ("reject", "", ""),
    "Rendering Failure": ("failure", "", ""),
    "Open": ("open", "", ""),
    "Click": ("click", "", ""),
    "Subscription": ("subscription", "", ""),
    "Send": ("send", "", ""),
    "Received": ("receipt", "recipients", ""),
}
_ONE_EACH: Final = ("Send", "Reject", "Rendering Failure")  # about every addressee of the mail


def verify(
    secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime, fetch: Fetch = outgoing.get
) -> Verified:
    """Prove that AWS signed the message for one of the firm's topics. Raises as `hooks.Adapter.verify`.

    Everything that costs nothing is asked first; `fetch` is called for a certificate of SNS itself only.
    """
    proof.sized(body)
    topics = proof.configured(secrets.topic_arns)
    headers = proof.lowered(headers)
    if "x-amz-sns-rawdelivery" in headers:
        raise Forged("raw delivery is not signed")
    envelope = _read.an_object(body)
    kind = sns.kind_of(envelope, headers)
    content = sns.signed_text(envelope, kind)
    if not proof.any_same([envelope["TopicArn"].encode()], topics):
        raise Forged("not a topic of ours")
    if not sns.UUID.fullmatch(envelope["MessageId"]):
        raise Forged("the id is not one")
    if kind != sns.NOTIFY and sns.subscription(envelope) is None:
        raise Forged("not an address of SNS")
    url = envelope.get("SigningCertURL")
    if not isinstance(url, str) or not sns.CERTIFICATE.fullmatch(url):
        raise Forged("not a certificate of SNS")
    try:
        proof.within(_read.iso(envelope["Timestamp"]), now, past=PAST, future=FUTURE)
    except _read.Unreadable:
        raise Forged("no time") from None
    _check(envelope, content, lambda: _key(url, fetch))
    return Verified()


def parse(headers: Mapping[str, str], body: bytes) -> Parsed:  # noqa: ARG001 - as each provider
    """Read what was verified. Raises Malformed."""
    envelope = _read.an_object(body)
    kind = envelope.get("Type")
    if kind == sns.CONFIRM:
        return Parsed(confirm=sns.subscription(envelope))
    if kind == sns.LEAVE:  # its address would subscribe us again
        return Parsed(ignored={sns.LEAVE: 1})
    message, message_id = envelope.get("Message"), envelope.get("MessageId")
    if not isinstance(message, str) or not isinstance(message_id, str):
        raise Malformed("no message")
    if message.startswith("Successfully validated SNS topic"):
        return Parsed(ignored={"Successfully validated": 1})
    try:
        raw = _read.decoded(message)
    except Malformed as error:
        return Parsed(bad=[Bad(_read.ascii_json(message), str(error))])
    return _events.each([raw], lambda one: _said(one, message_id))


def _check(envelope: dict[str, Any], content: bytes, key: Callable[[], Any]) -> None:
    from Crypto.Hash import SHA1, SHA256
    from Crypto.Signature import pkcs1_15

    algorithms: dict[str, Any] = {"1": SHA1, "2": SHA256}
    version, signature = envelope.get("SignatureVersion"), envelope.get("Signature")
    found = proof.unbase64(signature) if isinstance(signature, str) else None
    if not isinstance(version, str) or version not in algorithms or found is None:
        raise Forged("no signature")
    try:
        pkcs1_15.new(key()).verify(algorithms[version].new(content), found)
    except ValueError:
        raise Forged("wrong signature") from None


def _key(url: str, fetch: Fetch) -> Any:
    """The public key of the certificate. Raises Undecided if it is out of reach, Forged if there is none."""
    found = _keys.get(url)
    if found is not None:
        return found
    try:
        found = _imported(fetch(url))
    except outgoing.Failed as error:
        if error.status is not None and 400 <= error.status < 500:
            raise Forged("no such certificate") from error
        raise Undecided("the certificate is out of reach") from error
    _keys[url] = found
    while len(_keys) > KEPT:
        _keys.pop(next(iter(_keys)), None)  # the oldest; another thread may have done so
    return found


def _imported(certificate: bytes) -> Any:
    from Crypto.PublicKey import RSA

    if not certificate.lstrip().startswith(b"-----BEGIN CERTIFICATE-----"):
        raise Forged("not a certificate")
    try:
        key = RSA.import_key(certificate)
    except (ValueError, IndexError, TypeError):
        raise Forged("not a certificate") from None
    if key.size_in_bits() not in _BITS:
        raise Forged("not a fit key")
    return key


def _said(raw: dict[str, Any], message_id: str) -> _events.Said:
    kind = next((raw[name] for name in ("eventType", "notificationType") if raw.get(name) is not None), None)
    if not isinstance(kind, str):
        raise _read.Unreadable("no type")
    if kind not in _OBJECTS:
        return kind
    detail, mail = _read.part(raw, _OBJECTS[kind][0]), _read.part(raw, "mail")
    name = _named(kind, detail)
    if name not in TYPES:
        return name
    found = _recipients(kind, detail, mail)
    return [_event(TYPES[name], raw, kind, one, (message_id, len(found))) for one in found]


def _named(kind: str, detail: dict[str, Any]) -> str:
    """The type with what divides it, as TYPES has it."""
    if kind == "Bounce":
        said = detail.get("bounceType")  # a word that is new says nothing of the address
        return f"Bounce {said}" if said in ("Permanent", "Transient") else "Bounce Undetermined"
    if kind == "Complaint" and detail.get("complaintFeedbackType") == "not-spam":
        return "Complaint not-spam"
    if kind == "Subscription":
        return f"Subscription {_wish(detail)}"
    return kind


def _wish(detail: dict[str, Any]) -> str:
    """What somebody changed about his subscriptions: out of one of them, or of all, is out."""
    new, old = _read.part(detail, "newTopicPreferences"), _read.part(detail, "oldTopicPreferences")
    if new.get("unsubscribeAll") is True:
        return "OptOut"
    before, after = _topics(old), _topics(new)
    changed = {status for topic, status in after.items() if before.get(topic) != status} or set(after.values())
    return next((wish for wish in ("OptOut", "OptIn") if wish in changed), "unchanged")


def _topics(preferences: dict[str, Any]) -> dict[str, str]:
    found = preferences.get("topicSubscriptionStatus")
    listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    pairs = [(one.get("topicName"), one.get("subscriptionStatus")) for one in listed]
    return {topic: status for topic, status in pairs if isinstance(topic, str) and isinstance(status, str)}


def _recipients(kind: str, detail: dict[str, Any], mail: dict[str, Any]) -> list[str | None]:
    """Whom it is about. A bounce is about those that bounced, not about all that were addressed."""
    _, name, field = _OBJECTS[kind]
    if name and (name in detail or kind != "Received"):
        listed = detail.get(name)
        if field and isinstance(listed, list):
            listed = [one.get(field) if isinstance(one, dict) else None for one in listed]
        return [*_read.addresses(listed)]
    addressed = _read.addresses(mail.get("destination"))
    return [*addressed] if kind in _ONE_EACH or len(addressed) == 1 else [None]


def _event(kind: As, raw: dict[str, Any], name: str, recipient: str | None, ids: tuple[str, int]) -> Event:
    detail, mail = _read.part(raw, _OBJECTS[name][0]), _read.part(raw, "mail")
    message_id, count = ids
    return _events.made(
        "ses",
        kind,
        raw,
        at=_read.iso(detail["timestamp"] if detail.get("timestamp") is not None else mail.get("timestamp")),
        # A bounce may be told twice, as an event and as a feedback notification, with different ids of the message.
        event_id=_events.per_recipient(_read.identifier(detail.get("feedbackId") or message_id), recipient, count),
        recipient=recipient,
        message_id=_read.identifier(mail.get("messageId")),
        send=_read.send(_read.part(mail, "tags").get("send")),
        reason=_reason(detail, recipient),
        url=_read.url(detail.get("link")),
        agent=_read.text(detail.get("userAgent"), longest=300),
        ip=_read.ip(detail.get("ipAddress")),
    )


def _reason(detail: dict[str, Any], recipient: str | None) -> str | None:
    subtype = _read.text(*(detail.get(name) for name in ("bounceSubType", "complaintFeedbackType", "delayType")))
    listed = [
        one
        for name in ("bouncedRecipients", "delayedRecipients")
        if isinstance(detail.get(name), list)
        for one in detail[name]
        if isinstance(one, dict) and recipient and recipient in str(one.get("emailAddress"))
    ]
    said = [one.get("diagnosticCode") or one.get("status") for one in listed[:1]]
    own = _read.text(detail.get("reason"), detail.get("errorMessage"), *said)
    return _read.text(": ".join(filter(None, (subtype, own))))
