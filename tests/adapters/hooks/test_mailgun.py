"""Mailgun: a signature that covers a time and a token only, and what follows from that."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, Verified, mailgun
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import MAILGUN
from tests.adapters.hooks.signing import MAILGUN_KEY, NOW, TOKEN, Request, verify

GOOD = MAILGUN[1].raw
STAMP = str(int(NOW.timestamp()))


def parsed(raw: Any) -> Parsed:
    return mailgun.parse({}, json.dumps({"signature": {}, "event-data": raw}).encode())


def with_signature(**changes: Any) -> Request:
    body = json.loads(signing.mailgun(GOOD).body)
    body["signature"] |= changes
    return Request({}, json.dumps(body).encode())


def test_the_token_comes_back_with_what_it_came_with() -> None:
    """So that the caller can tell a repetition from the same token before another event."""
    sent = signing.mailgun(GOOD)
    first = verify("mailgun", sent)
    assert first == verify("mailgun", sent, now=NOW + timedelta(hours=8))
    assert first == Verified(TOKEN, hashlib.sha256(sent.body).hexdigest())
    body = json.loads(sent.body) | {"event-data": {**GOOD, "recipient": "victim@home.test"}}
    forged = verify("mailgun", Request({}, json.dumps(body).encode()))
    assert forged.once == first.once
    assert forged.digest != first.digest


def test_either_name_of_the_key_will_do() -> None:
    verify("mailgun", signing.mailgun(GOOD), Secrets(signing_secret=(MAILGUN_KEY,)))


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": STAMP[:-1], "token": STAMP[-1] + TOKEN},
        {"timestamp": STAMP + TOKEN[0], "token": TOKEN[1:]},
        {"timestamp": int(STAMP)},
        {"timestamp": " " + STAMP},
        {"timestamp": "٣" * 10},
        {"timestamp": None},
        {"timestamp": [STAMP]},
        {"timestamp": "\ud800"},
        {"token": ""},
        {"token": None},
        {"token": 7},
        {"token": "\ud800"},
        {"token": TOKEN + "a"},
        {"token": "a" * 10_000},
        {"signature": ""},
        {"signature": None},
        {"signature": "0" * 64},
        {"signature": "ä" * 64},
        {"signature": {}},
    ],
)
def test_every_part_of_the_signature_counts(changes: dict[str, Any]) -> None:
    with pytest.raises(Forged):
        verify("mailgun", with_signature(**changes))


@pytest.mark.parametrize("signature", [None, [], "x", 7, {}])
def test_without_a_signature_it_is_refused(signature: Any) -> None:
    with pytest.raises(Forged):
        verify("mailgun", Request({}, json.dumps({"signature": signature, "event-data": GOOD}).encode()))


def test_capital_digits_are_the_same_number() -> None:
    good = json.loads(signing.mailgun(GOOD).body)["signature"]["signature"]
    verify("mailgun", with_signature(signature=good.upper()))


@pytest.mark.parametrize("body", [b"{}", b"[]", b"null", b"[" * 60_000, b"\xff"])
def test_what_has_no_event_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        mailgun.parse({}, body)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": None},
        {"event": ["failed"]},
        {"timestamp": None},
        {"timestamp": 10**30},
        {"timestamp": "1e9999"},
        {"timestamp": "x"},
        {"recipient": 7},
        {"recipient": "nobody"},
        {"recipient": "a@b\n.test"},
        {"recipient": "a" * 400 + "@home.test"},
        {"message": []},
        {"message": "x"},
        {"message": {"headers": "x"}},
        {"message": {"headers": {"message-id": 1.5}}},
        {"delivery-status": "x"},
        {"client-info": 7},
        {"id": [1]},
        {"user-variables": "x"},
    ],
)
def test_an_event_of_wrong_types_is_set_aside_or_read_without(changes: dict[str, Any]) -> None:
    found = parsed({**GOOD, **changes})
    if changes == {"message": []}:  # as PHP writes an empty object
        assert found.events[0].message_id is None
    else:
        assert (found.events, len(found.bad)) == ([], 1)


def test_an_empty_list_stands_for_no_variables() -> None:
    (event,) = parsed({**GOOD, "user-variables": []}).events
    assert event.send is None


def test_the_brackets_of_an_id_are_no_part_of_it() -> None:
    raw = {**GOOD, "message": {"headers": {"message-id": "<2013.abc@firm.test>"}}}
    assert parsed(raw).events[0].message_id == "2013.abc@firm.test"


def test_whom_a_rejected_mail_was_for_stands_in_its_headers() -> None:
    raw = {key: value for key, value in GOOD.items() if key != "recipient"} | {"event": "rejected"}
    assert parsed(raw).events[0].recipient == "ann@home.test"
    several = {**raw, "message": {"headers": {"to": "Ann <ann@home.test>, bob@home.test"}}}
    assert parsed(several).events == []
    assert len(parsed(several).bad) == 1


def test_a_new_type_is_counted() -> None:
    assert parsed({"event": "list_member_uploaded", "id": 7}).ignored == {"list_member_uploaded": 1}


@pytest.mark.parametrize("code", [605, 606, 607])
def test_what_mailgun_itself_would_not_try_is_no_bounce(code: int) -> None:
    raw = {**GOOD, "event": "failed", "severity": "permanent", "reason": "old", "delivery-status": {"code": code}}
    assert parsed(raw).events[0].type == "rejected"
