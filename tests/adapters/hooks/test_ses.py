"""SNS: what is signed, by whose certificate, for whose topic; and what an event of SES says of each recipient."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.adapters import outgoing
from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, Stale, Undecided, _sns, ses
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import SES
from tests.adapters.hooks.signing import CERTIFICATE, MESSAGE, NOW, SUBSCRIBE, TOPIC, Request, envelope, sns, verify

Fetch = Callable[[str], bytes]
EVENT = next(sample.raw for sample in SES if sample.name == "Bounce Permanent")


@pytest.fixture(autouse=True)
def no_keys() -> Iterator[None]:
    """No certificate is known yet."""
    ses._keys.clear()
    yield
    ses._keys.clear()


def never(url: str) -> bytes:
    raise AssertionError(f"fetched {url}")


def checked(request: Request, fetch: Fetch, secrets: Secrets | None = None) -> None:
    ses.verify(secrets or signing.SECRETS["ses"], request.headers, request.body, NOW, fetch)


def parsed(message: Any, **fields: Any) -> Parsed:
    request = signing.ses(message, **fields)
    verify("ses", request)
    return ses.parse(request.headers, request.body)


def resigned(found: dict[str, Any], **changes: Any) -> Request:
    """Signed, and then changed."""
    request = sns(found)
    body = {name: value for name, value in (json.loads(request.body) | changes).items() if value is not ...}
    return Request(request.headers, json.dumps(body).encode())


# The signature


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_both_versions_of_the_signature_prove_all_types(version: str, kind: str) -> None:
    verify("ses", sns(envelope("Hello \u00e4 \U0001f600\n\x00", kind, SignatureVersion=version)))


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_subject_is_signed_where_there_is_one(version: str) -> None:
    for subject in ("Amazon SES Email Event Notification", ""):
        verify("ses", sns(envelope("x", Subject=subject, SignatureVersion=version)))
    with pytest.raises(Forged):
        verify("ses", resigned(envelope("x", Subject="S"), Subject=...))
    with pytest.raises(Forged):
        verify("ses", resigned(envelope("x"), Subject="S"))


def test_a_subject_of_null_is_none() -> None:
    verify("ses", resigned(envelope("x"), Subject=None))


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_each_signed_field_is_needed_as_it_was(kind: str) -> None:
    found = envelope("text", kind, Subject="S") if kind == "Notification" else envelope("text", kind)
    for name in _sns.SIGNED[kind]:
        for wrong in (..., None, 7, ["text"], found[name] + "x", "\ud800"):
            if name == "Subject" and wrong is not None and not isinstance(wrong, str):
                continue
            with pytest.raises(Forged):
                checked(resigned(found, **{name: wrong}), signing.fetch)


@pytest.mark.parametrize("version", ["3", "0", "", " 1", "1.0", "SHA256", 1, 2, None, ["1"], ...])
def test_other_versions_are_refused(version: Any) -> None:
    """Whichever of the two algorithms was used."""
    for made in ("1", "2"):
        with pytest.raises(Forged):
            verify("ses", resigned(envelope("x", SignatureVersion=made), SignatureVersion=version))


def test_the_version_belongs_to_the_signature() -> None:
    for made, said in (("1", "2"), ("2", "1")):
        with pytest.raises(Forged):
            verify("ses", resigned(envelope("x", SignatureVersion=made), SignatureVersion=said))


@pytest.mark.parametrize(
    "signature", ["", "AAAA", "!", "\ud800", None, 7, [], "A" * 4096, base64.b64encode(b"\0" * 256).decode(), ...]
)
def test_a_signature_that_is_none_is_refused(signature: Any) -> None:
    with pytest.raises(Forged):
        verify("ses", resigned(envelope("x"), Signature=signature))


def test_another_key_does_not_do() -> None:
    with pytest.raises(Forged):
        verify("ses", sns(envelope("x"), signing.rsa_key(1)))


def test_what_is_not_signed_may_differ() -> None:
    verify("ses", resigned(envelope("x"), UnsubscribeURL="https://evil.test", New=[1, {}]))


# The certificate

LOOK_ALIKES = [
    "http://sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.s3.amazonaws.com/a.pem",
    "https://sns.s3.amazonaws.com/a.pem",
    "https://sns.s3-us-west-2.amazonaws.com/a.pem",
    "https://sns.s3.us-west-2.amazonaws.com/a.pem",
    "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.amazonaws.com/a.pem",
    "https://sns.ab.amazonaws.com/a.pem",
    "https://sns.bucket.amazonaws.com/a.pem",
    "https://sns.us-east.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com.evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com.de/a.pem",
    "https://sns.eu-central-1.amazonaws.org/a.pem",
    "https://sns.eu-central-1.evilamazonaws.com/a.pem",
    "https://evil.sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns-eu-central-1.amazonaws.com/a.pem",
    "https://snsx.eu-central-1.amazonaws.com/a.pem",
    "https://sqs.eu-central-1.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com:443/a.pem",
    "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
    "https://sns.eu-central-1.amazonaws.com./a.pem",
    "https://evil.test\\@sns.eu-central-1.amazonaws.com/a.pem",
    "https://evil.test/@sns.eu-central-1.amazonaws.com/a.pem",
    "https://user@sns.eu-central-1.amazonaws.com/a.pem",
    "https://user:pass@sns.eu-central-1.amazonaws.com/a.pem",
    "https://sns.eu-central-1.amazonaws.com@evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com#@evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com?.evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com\\.evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com/a.pem?x",
    "https://sns.eu-central-1.amazonaws.com/a.pem#x",
    "https://sns.eu-central-1.amazonaws.com/a/b.pem",
    "https://sns.eu-central-1.amazonaws.com/../a.pem",
    "https://sns.eu-central-1.amazonaws.com/%2e%2e.pem",
    "https://sns.eu-central-1.amazonaws.com//evil.test/a.pem",
    "https://sns.eu-central-1.amazonaws.com/a.pem\n",
    "https://sns.eu-central-1.amazonaws.com\n/a.pem",
    "https://sns.eu-central-1.amazonaws.com/a.pem.exe",
    "https://sns.eu-central-1.amazonaws.com/a.cer",
    "https://sns.eu-central-1.amazonaws.com/",
    "https://sns.eu-central-1.\u0430mazonaws.com/a.pem",
    "https://sns.eu-central-\u0661.amazonaws.com/a.pem",
    " https://sns.eu-central-1.amazonaws.com/a.pem",
    "//sns.eu-central-1.amazonaws.com/a.pem",
    "file:///etc/a.pem",
    "ftp://sns.eu-central-1.amazonaws.com/a.pem",
    "https://127.0.0.1/a.pem",
    "https://[::1]/a.pem",
    "\ud800",
    "",
    None,
    7,
    ["https://sns.eu-central-1.amazonaws.com/a.pem"],
]


@pytest.mark.parametrize("url", LOOK_ALIKES)
def test_a_certificate_elsewhere_is_not_even_fetched(url: Any) -> None:
    """Though the signature fits: whoever could choose the certificate could sign anything."""
    with pytest.raises(Forged):
        checked(resigned(envelope("x"), SigningCertURL=url), never)


@pytest.mark.parametrize(
    "host",
    [
        "sns.us-east-1.amazonaws.com",
        "sns.ap-southeast-2.amazonaws.com",
        "sns.us-gov-west-1.amazonaws.com",
        "sns.cn-north-1.amazonaws.com.cn",
        "sns.mx-central-1.amazonaws.com",
    ],
)
def test_certificates_of_all_regions_are_fetched(host: str) -> None:
    fetched = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return signing.certificate(signing.rsa_key(0))

    url = f"https://{host}/SimpleNotificationService-0a.pem"
    checked(resigned(envelope("x"), SigningCertURL=url), fetch)
    assert fetched == [url]


def test_a_certificate_is_fetched_once_and_few_are_kept() -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        return signing.certificate(signing.rsa_key(0))

    urls = [f"https://sns.eu-central-1.amazonaws.com/a{number}.pem" for number in range(50)]
    requests = [resigned(envelope("x"), SigningCertURL=url) for url in urls]
    for request in requests:
        checked(request, fetch)
        checked(request, fetch)
    assert fetched == urls
    assert len(ses._keys) == ses.KEPT


def test_what_costs_nothing_is_asked_first() -> None:
    """Nobody can have us fetch anything without knowing a topic of ours."""
    for wrong in (envelope("x", MessageId="x"), envelope("x", TopicArn=TOPIC + "x")):
        with pytest.raises(Forged):
            checked(sns(wrong), never)
    for name, bad in (("Signature", "no Base64"), ("SignatureVersion", "3"), ("Timestamp", "soon")):
        with pytest.raises(Forged):
            checked(resigned(envelope("x"), **{name: bad}), never)
    with pytest.raises(Stale):
        checked(sns(envelope("x", at=NOW - timedelta(days=15))), never)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (outgoing.Failed("no answer"), Undecided),
        (outgoing.Failed("answered 503", 503), Undecided),
        (outgoing.Failed("answered 302", 302), Undecided),
        (outgoing.Failed("answered 404", 404), Forged),
        (outgoing.Failed("answered 403", 403), Forged),
    ],
)
def test_a_certificate_out_of_reach_is_tried_again(error: outgoing.Failed, raised: type[Exception]) -> None:
    def fetch(url: str) -> bytes:
        raise error

    with pytest.raises(raised):
        checked(sns(envelope("x")), fetch)
    checked(sns(envelope("x")), signing.fetch)


def test_what_lies_there_has_to_be_a_certificate_of_a_fit_key() -> None:
    key = signing.rsa_key(0)
    pem, spki = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    bare = key.public_key().public_bytes(pem, spki)
    real = signing.certificate(key)
    junk = b"-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
    small = (
        signing.certificate(signing.small_key()),
        signing.certificate(signing.ec_key(0)),
    )
    for wrong in (
        b"",
        b"<html>",
        b"\xff" * 100,
        private,
        bare,
        real[:400],
        junk % b"AAAA",
        junk % b"",
        junk % b"MIIB!",
        *small,
    ):
        with pytest.raises(Forged):
            checked(sns(envelope("x")), {CERTIFICATE: wrong}.__getitem__)
    assert ses._keys == {}


# The topic, the type, the id


def test_a_topic_of_somebody_else_is_refused() -> None:
    """AWS signs for everybody."""
    for topic in ("arn:aws:sns:eu-central-1:999999999999:mail", TOPIC.upper(), TOPIC[:-1], "", TOPIC + "\n"):
        with pytest.raises(Forged):
            checked(sns(envelope("x", TopicArn=topic)), never)
    verify("ses", sns(envelope("x")), Secrets(topic_arns=("arn:other", TOPIC)))


def test_headers_and_message_agree() -> None:
    request = sns(envelope("x"))
    for changed in (
        request.changed(x_amz_sns_message_type="SubscriptionConfirmation"),
        request.changed(x_amz_sns_message_type=None),
        request.changed(x_amz_sns_message_type="notification"),
        request.changed(x_amz_sns_message_id="11111111-2222-3333-4444-555555555556"),
        request.changed(x_amz_sns_topic_arn=TOPIC + "x"),
    ):
        with pytest.raises(Forged):
            checked(changed, never)


def test_raw_delivery_is_refused() -> None:
    with pytest.raises(Forged, match="raw"):
        checked(sns(envelope("x")).changed(x_amz_sns_rawdelivery="true"), never)


@pytest.mark.parametrize("kind", ["Notification ", "", "Other", None, 7, ["Notification"]])
def test_other_types_are_refused(kind: Any) -> None:
    request = resigned(envelope("x"), Type=kind)
    with pytest.raises(Forged):
        checked(request.changed(x_amz_sns_message_type=str(kind)), never)


def test_one_signature_cannot_have_two_ids() -> None:
    """The text to sign is the same: a line end in the id takes the place of the subject."""
    first = envelope("x", Subject="S")
    second = {**first, "MessageId": f"{MESSAGE}\nSubject\nS"}
    del second["Subject"]
    assert signing.canonical(first) == signing.canonical(second)
    signature = json.loads(sns(first).body)["Signature"]
    request = sns(second)
    with pytest.raises(Forged, match="the id is not one"):
        checked(resigned(second, Signature=signature).changed(x_amz_sns_message_id=second["MessageId"]), never)
    with pytest.raises(Forged):
        checked(request, never)


@pytest.mark.parametrize("stamp", ["", "soon", "2026-03-01", "1772323198", "2026-03-01T09:00:60.000Z"])
def test_a_time_that_is_none_is_refused_though_it_was_signed(stamp: str) -> None:
    with pytest.raises(Forged, match="no time"):
        verify("ses", sns(envelope("x", Timestamp=stamp)))


# Subscriptions


def test_a_subscription_to_our_topic_is_to_be_confirmed() -> None:
    for url in (SUBSCRIBE, SUBSCRIBE.replace(":", "%3A").replace("https%3A", "https:")):
        found = parsed("You have chosen to subscribe", kind="SubscriptionConfirmation", SubscribeURL=url)
        assert found == Parsed(confirm=url)


def test_leaving_is_never_fetched() -> None:
    """Its address would subscribe us again."""
    found = parsed("You have chosen to unsubscribe", kind="UnsubscribeConfirmation")
    assert found == Parsed(ignored={"UnsubscribeConfirmation": 1})


@pytest.mark.parametrize(
    "url",
    [
        SUBSCRIBE.replace("https", "http"),
        SUBSCRIBE.replace("sns.eu-central-1", "sns.us-east-1.s3"),
        SUBSCRIBE.replace("amazonaws.com", "amazonaws.com.evil.test"),
        SUBSCRIBE.replace("amazonaws.com", "amazonaws.com:8443"),
        SUBSCRIBE.replace("https://", "https://evil.test\\@"),
        SUBSCRIBE.replace("https://", "https://u@"),
        SUBSCRIBE.replace("ConfirmSubscription", "Unsubscribe"),
        SUBSCRIBE.replace("ConfirmSubscription", "Publish"),
        SUBSCRIBE.replace("Action=ConfirmSubscription&", ""),
        SUBSCRIBE + "&Action=Publish",
        SUBSCRIBE.replace("123456789012", "999999999999"),
        SUBSCRIBE.replace("/?", "/x?"),
        SUBSCRIBE + "#x",
        SUBSCRIBE + "\r\nHost: evil.test",
        "https://169.254.169.254/latest/meta-data",
        "",
    ],
)
def test_what_would_be_fetched_has_to_be_of_sns(url: str) -> None:
    for kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        with pytest.raises(Forged):
            checked(sns(envelope("x", kind, SubscribeURL=url)), never)
    assert (
        ses.parse({}, json.dumps(envelope("x", "SubscriptionConfirmation", SubscribeURL=url)).encode()).confirm is None
    )


# The events


def test_each_one_that_bounced_is_an_event_and_nobody_else() -> None:
    detail = {**EVENT["bounce"], "bouncedRecipients": [{"emailAddress": f"{name}@home.test"} for name in "abca"]}
    mail = {**EVENT["mail"], "destination": [f"{name}@home.test" for name in "abcdef"]}
    found = parsed({**EVENT, "bounce": detail, "mail": mail})
    assert [event.recipient for event in found.events] == ["a@home.test", "b@home.test", "c@home.test"]
    assert [event.event_id for event in found.events] == [f"fb-1/{name}@home.test" for name in "abc"]
    assert {event.bounce for event in found.events} == {"hard"}


def test_one_address_that_is_none_spoils_no_other() -> None:
    listed: list[Any] = [{"emailAddress": "no"}, {"emailAddress": "Ann <ann@home.test>"}, {}, 7, None]
    (event,) = parsed({**EVENT, "bounce": {**EVENT["bounce"], "bouncedRecipients": listed}}).events
    assert event.recipient == "ann@home.test"


def test_a_complaint_is_about_all_that_it_names() -> None:
    detail = {
        "complainedRecipients": [{"emailAddress": "a@home.test"}, {"emailAddress": "b@home.test"}],
        "timestamp": "2026-02-28T23:59:58Z",
        "feedbackId": "fb",
    }
    found = parsed({"notificationType": "Complaint", "mail": EVENT["mail"], "complaint": detail})
    assert [(event.type, event.recipient) for event in found.events] == [
        ("complained", "a@home.test"),
        ("complained", "b@home.test"),
    ]
    assert len({event.event_id for event in found.events}) == 2


def test_told_by_both_ways_it_is_one_event() -> None:
    """As event and as feedback notification, in different messages; the latter without tags."""
    mail = {name: value for name, value in EVENT["mail"].items() if name != "tags"}
    notification = {"notificationType": "Bounce", "mail": mail, "bounce": EVENT["bounce"]}
    other = "11111111-2222-3333-4444-999999999999"
    (first,), (second,) = parsed(EVENT).events, parsed(notification, MessageId=other).events
    assert first.event_id == second.event_id == "fb-1"
    assert (first.send is not None, second.send) == (True, None)


def test_without_a_feedback_id_the_messages_id_is_the_events() -> None:
    delivery = next(sample.raw for sample in SES if sample.name == "Delivery")
    (event,) = parsed(delivery).events
    assert event.event_id == MESSAGE


def test_an_opening_of_one_of_several_names_nobody() -> None:
    opening = next(sample.raw for sample in SES if sample.name == "Open")
    mail = {**opening["mail"], "destination": ["a@home.test", "b@home.test"]}
    (event,) = parsed({**opening, "mail": mail}).events
    assert (event.type, event.recipient) == ("opened", None)


def test_a_sent_mail_is_an_event_of_each_addressee() -> None:
    sending = SES[0].raw
    mail = {**sending["mail"], "destination": ["a@home.test", "b@home.test"]}
    found = parsed({**sending, "mail": mail}).events
    assert [event.recipient for event in found] == ["a@home.test", "b@home.test"]
    assert found[0].at == datetime(2026, 2, 28, 23, 59, 58, 123000, tzinfo=UTC)


def test_the_text_that_greets_a_new_topic_is_ignored() -> None:
    found = parsed("Successfully validated SNS topic for Amazon SES event publishing.")
    assert found == Parsed(ignored={"Successfully validated": 1})


@pytest.mark.parametrize("message", ["", "Hello", "{", "[" * 60_000, '{"eventType":"Open","x":NaN', "\x00"])
def test_a_message_that_is_no_json_is_set_aside(message: str) -> None:
    found = parsed(message)
    assert (found.events, len(found.bad)) == ([], 1)
    assert found.bad[0].raw.isascii()


def test_an_unknown_type_is_counted() -> None:
    assert parsed({"eventType": "Teleported", "mail": 7}).ignored == {"Teleported": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"eventType": None},
        {"eventType": 7},
        {"bounce": None},
        {"bounce": []},
        {"bounce": "x"},
        {"mail": "x"},
        {"mail": {"messageId": {}}},
        {"mail": {"messageId": "\x00"}},
        {"mail": {"tags": "x"}},
        {"bounce": {**EVENT["bounce"], "timestamp": 10**30}},
        {"bounce": {**EVENT["bounce"], "timestamp": "2026-02-30T00:00:00Z"}},
        {"bounce": {**EVENT["bounce"], "bouncedRecipients": [{"emailAddress": "x@y\x00z"}]}},
        {"bounce": {**EVENT["bounce"], "bouncedRecipients": {}}},
        {"bounce": {**EVENT["bounce"], "feedbackId": True}},
    ],
)
def test_an_event_that_is_not_one_is_set_aside_with_the_reason(changes: dict[str, Any]) -> None:
    found = parsed({**EVENT, **changes})
    assert (found.events, found.ignored) == ([], {})
    (bad,) = found.bad
    assert bad.why
    assert json.loads(bad.raw)["eventType"] == changes.get("eventType", "Bounce")


@pytest.mark.parametrize("message_id", ["\u2028", "", "x" * 301, "\ud800"])
def test_an_id_that_was_not_proved_to_be_one_is_none(message_id: str) -> None:
    """Reading does not lean on what proving has asked."""
    body = json.dumps(envelope(SES[0].raw, MessageId=message_id)).encode()
    found = ses.parse({}, body)
    assert [event.event_id for event in found.events if event.event_id == message_id] == []


def test_a_request_without_a_message_is_malformed() -> None:
    for body in (b"", b"{}", b"[]", b'{"Type": "Notification"}', b'{"Message": 7, "MessageId": "x"}'):
        with pytest.raises(Malformed):
            ses.parse({}, body)


@given(st.text(max_size=40))
def test_only_addresses_of_sns_match(text: str) -> None:
    """Whatever is put before, within or after a good address, it is no good one any more, or of SNS still."""
    host = "https://sns.eu-central-1.amazonaws.com/"
    for url in (text, text + CERTIFICATE, CERTIFICATE + text, host + text, host.replace("/", text, 1) + "a.pem"):
        if _sns.CERTIFICATE.fullmatch(url):
            assert url.startswith(host)
            assert url.count("/") == 3
