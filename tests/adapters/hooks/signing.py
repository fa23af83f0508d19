"""Requests as providers send them, signed by another library than the one that checks them.

Each function makes headers and body of an event, and SECRETS what a firm would have set.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from chalicelib.adapters import hooks, outgoing
from chalicelib.adapters.hooks import Secrets

NOW = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:mail"
CERTIFICATE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
MESSAGE = "11111111-2222-3333-4444-555555555555"
SUBSCRIBE = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f"
MAILGUN_KEY = "key-mailgun"
RESEND_KEY = "whsec_" + base64.b64encode(b"a key of 24 bytes, about").decode()
MANDRILL_KEY = "key-mandrill"
MANDRILL_URL = "https://user:pass@firm.test/v1/hooks/mandrill/abc?x=y"
MAILERSEND_KEY = "key-mailersend"
PASSWORD = "hook:correct horse"
TOKEN = "a" * 50


class Request(NamedTuple):
    """What arrives."""

    headers: dict[str, str]
    body: bytes

    def changed(self, **headers: str | None) -> "Request":
        """With other headers (`_` for `-`); None takes one away."""
        new = {name.replace("_", "-"): value for name, value in headers.items()}
        old = {name.lower(): value for name, value in self.headers.items()}
        return Request({name: value for name, value in (old | new).items() if value is not None}, self.body)


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def small_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to see it refused


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(NOW - dt.timedelta(days=9)).not_valid_after(NOW + dt.timedelta(days=99))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def fetch(url: str) -> bytes:
    """What lies at SNS's address."""
    if url != CERTIFICATE:
        raise outgoing.Failed("answered 404", 404)
    return certificate(rsa_key(0))


def public_key(key: ec.EllipticCurvePrivateKey, pem: bool = False) -> str:
    encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    found = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    return found.decode() if pem else base64.b64encode(found).decode()


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _array(event: Any) -> bytes:
    return _json(event if isinstance(event, list | bytes) else [event])


def _stamp(at: datetime) -> str:
    return str(int(at.timestamp()))


def envelope(message: Any, kind: str = "Notification", at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    """An envelope of SNS, not yet signed. `fields` replace its own; None takes one away."""
    found: dict[str, Any] = {
        "Type": kind,
        "MessageId": MESSAGE,
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": "1",
        "SigningCertURL": CERTIFICATE,
    }
    if kind != "Notification":
        found |= {"Token": "2336412f", "SubscribeURL": SUBSCRIBE}
    return {name: value for name, value in (found | fields).items() if value is not None}


def canonical(found: dict[str, Any]) -> bytes:
    """What SNS signs, written down from its manual: confirmations have other fields than notifications."""
    if found["Type"] == "Notification":
        names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    return "".join(f"{name}\n{found[name]}\n" for name in names if name in found).encode()


def sns(found: dict[str, Any], key: rsa.RSAPrivateKey | None = None) -> Request:
    """The envelope, signed by its own version, as it is posted."""
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}[found["SignatureVersion"]]  # noqa: S303 - SNS's own default
    signature = (key or rsa_key(0)).sign(canonical(found), padding.PKCS1v15(), algorithm)
    headers = {
        "x-amz-sns-message-type": found["Type"],
        "x-amz-sns-message-id": found["MessageId"],
        "x-amz-sns-topic-arn": found["TopicArn"],
        "Content-Type": "text/plain; charset=UTF-8",
    }
    return Request(headers, json.dumps(found | {"Signature": base64.b64encode(signature).decode()}).encode())


def ses(event: Any, at: datetime = NOW, **fields: Any) -> Request:
    return sns(envelope(event, at=at, **fields))


def sendgrid(event: Any, at: datetime = NOW, key: ec.EllipticCurvePrivateKey | None = None) -> Request:
    body = _array(event)
    signature = (key or ec_key(0)).sign(_stamp(at).encode() + body, ec.ECDSA(hashes.SHA256()))
    return Request(
        {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": _stamp(at),
        },
        body,
    )


def mailgun(event: Any, at: datetime = NOW, key: str = MAILGUN_KEY, token: str = TOKEN) -> Request:
    stamp = _stamp(at)
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": event}
    return Request({"Content-Type": "application/json"}, _json(signed))


def basic(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}


def postmark(event: Any, at: datetime = NOW, password: str = PASSWORD) -> Request:
    return Request(basic(password), _json(event))


def resend(event: Any, at: datetime = NOW, key: str = RESEND_KEY, event_id: str = "msg_1") -> Request:
    body = _json(event)
    content = f"{event_id}.{_stamp(at)}.".encode() + body
    made = hmac.new(base64.b64decode(key.removeprefix("whsec_")), content, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(made).decode()
    return Request({"svix-id": event_id, "svix-timestamp": _stamp(at), "svix-signature": signature}, body)


def mandrill(event: Any, at: datetime = NOW, key: str = MANDRILL_KEY, url: str = MANDRILL_URL) -> Request:
    return mandrill_form({"mandrill_events": _array(event)}, key, url)


def mandrill_form(form: dict[str, bytes], key: str = MANDRILL_KEY, url: str = MANDRILL_URL) -> Request:
    content = url.encode() + b"".join(name.encode() + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(key.encode(), content, hashlib.sha1).digest()).decode()
    return Request({"X-Mandrill-Signature": signature}, urlencode(form).encode())


def brevo(event: Any, at: datetime = NOW) -> Request:
    return Request(basic(), _json(event))


def sparkpost(event: Any, at: datetime = NOW) -> Request:
    return Request(basic(), _array(event))


def mailersend(event: Any, at: datetime = NOW, key: str = MAILERSEND_KEY) -> Request:
    body = _json(event)
    return Request({"Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}, body)


def mailjet(event: Any, at: datetime = NOW) -> Request:
    return Request(basic(), _array(event))


SIGN: dict[str, Callable[..., Request]] = {
    "ses": ses,
    "sendgrid": sendgrid,
    "mailgun": mailgun,
    "postmark": postmark,
    "resend": resend,
    "mandrill": mandrill,
    "brevo": brevo,
    "sparkpost": sparkpost,
    "mailersend": mailersend,
    "mailjet": mailjet,
}
SECRETS: dict[str, Secrets] = {
    "ses": Secrets(topic_arns=(TOPIC,)),
    "sendgrid": Secrets(public_key=(public_key(ec_key(0)),)),
    "mailgun": Secrets(signing_key=(MAILGUN_KEY,)),
    "postmark": Secrets(basic_auth=(PASSWORD,)),
    "resend": Secrets(signing_secret=(RESEND_KEY,)),
    "mandrill": Secrets(webhook_key=(MANDRILL_KEY,), webhook_url=(MANDRILL_URL,)),
    "brevo": Secrets(basic_auth=(PASSWORD,)),
    "sparkpost": Secrets(basic_auth=(PASSWORD,)),
    "mailersend": Secrets(signing_secret=(MAILERSEND_KEY,)),
    "mailjet": Secrets(basic_auth=(PASSWORD,)),
}


def verify(provider: str, request: Request, secrets: Secrets | None = None, now: datetime = NOW) -> hooks.Verified:
    """As the route does it; SNS's certificate is the one made here."""
    given = SECRETS[provider] if secrets is None else secrets
    more = {"fetch": fetch} if provider == "ses" else {}
    return hooks.adapter(provider).verify(given, request.headers, request.body, now, **more)
