"""MailerSend: the bytes are signed and nothing else, and a secret that everybody knows opens no door."""

import json
from typing import Any

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, mailersend
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import AT, MAILERSEND
from tests.adapters.hooks.signing import MAILERSEND_KEY, Request, verify

GOOD = MAILERSEND[0].raw
TEST = {"type": "webhook.test", "data": None}


def parsed(raw: Any) -> Parsed:
    return mailersend.parse({}, json.dumps(raw).encode())


def changed(**data: Any) -> Parsed:
    return parsed({**GOOD, "data": {**GOOD["data"], **data}})


def test_the_secrets_of_webhook_and_inbound_route_are_both_good() -> None:
    both = Secrets(signing_secret=(MAILERSEND_KEY,), signing_key=("of the route",))
    for key in (MAILERSEND_KEY, "of the route"):
        verify("mailersend", signing.mailersend(GOOD, key=key), both)


def test_capital_digits_are_the_same_number() -> None:
    sent = signing.mailersend(GOOD)
    verify("mailersend", Request({"signature": sent.headers["Signature"].upper()}, sent.body))


def test_the_public_secret_is_good_for_trying_out_and_nothing_else() -> None:
    verify("mailersend", signing.mailersend(TEST, key=mailersend.TEST_SECRET))
    assert parsed(TEST) == Parsed(ignored={"webhook.test": 1})
    for raw in (GOOD, {**GOOD, "type": "webhook.test "}, {"type": ["webhook.test"]}, {}):
        with pytest.raises(Forged):
            verify("mailersend", signing.mailersend(raw, key=mailersend.TEST_SECRET))
    for body in (b"[]", b'"webhook.test"', b""):
        with pytest.raises(Malformed):
            verify("mailersend", signing.mailersend(body, key=mailersend.TEST_SECRET))
    with pytest.raises(Forged, match="no secret"):
        verify("mailersend", signing.mailersend(TEST, key=mailersend.TEST_SECRET), Secrets())


def test_a_name_told_twice_is_read_by_both_doors_alike() -> None:
    """What is proved as trying out must not be read as an event."""
    body = b'{"type": "activity.sent", "data": {}, "type": "webhook.test"}'
    verify("mailersend", signing.mailersend(body, key=mailersend.TEST_SECRET))
    assert mailersend.parse({}, body).ignored == {"webhook.test": 1}
    with pytest.raises(Forged):
        verify(
            "mailersend",
            signing.mailersend(b'{"type": "webhook.test", "type": "activity.sent"}', key=mailersend.TEST_SECRET),
        )


def test_the_time_is_that_of_the_event() -> None:
    """And not of the request."""
    assert parsed({**GOOD, "created_at": "2027-01-01T00:00:00Z"}).events[0].at == AT


@pytest.mark.parametrize("morph", [None, [], {}, {"url": 7, "ip": [], "reason": {}}])
def test_details_may_be_missing(morph: Any) -> None:
    (event,) = changed(morph=morph).events
    assert (event.url, event.ip, event.reason) == (None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        {"created_at": None},
        {"created_at": 1772323198},
        {"id": {}},
        {"email": None},
        {"email": "x"},
        {"email": {"recipient": {"email": None}}},
        {"email": {**GOOD["data"]["email"], "message": {"id": 1.5}}},
        {"morph": "x"},
    ],
)
def test_an_event_of_wrong_types_is_set_aside(data: dict[str, Any]) -> None:
    found = changed(**data)
    assert (found.events, len(found.bad)) == ([], 1)


@pytest.mark.parametrize(
    "recipients", [None, {}, {"rcptTo": []}, {"rcptTo": [7]}, {"rcptTo": "x"}, {"rcptTo": [{"email": 7}]}]
)
def test_a_mail_that_came_in_for_nobody_is_set_aside(recipients: Any) -> None:
    raw = next(sample.raw for sample in MAILERSEND if sample.name == "inbound.message")
    found = parsed({**raw, "data": {**raw["data"], "recipients": recipients}})
    assert (found.events, len(found.bad)) == ([], 1)


@pytest.mark.parametrize("tags", [None, [], "x", 7, [7, None, {}], ["other"]])
def test_tags_of_any_shape_are_read_or_left(tags: Any) -> None:
    (event,) = changed(email={**GOOD["data"]["email"], "tags": tags}).events
    assert event.send is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"[" * 60_000, b"\xff", b"7"])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        mailersend.parse({}, body)
