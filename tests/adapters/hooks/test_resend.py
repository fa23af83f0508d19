"""Resend: one of several signatures over id, time and body, and events that do not say whom they are about."""

import base64
import json
from typing import Any

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, resend
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import RESEND, SEND
from tests.adapters.hooks.signing import RESEND_KEY, Request, verify

GOOD = RESEND[0].raw
OTHER = "v1," + base64.b64encode(b"x" * 32).decode()


def parsed(raw: Any, event_id: str = "msg_1") -> Parsed:
    return resend.parse({"svix-id": event_id}, json.dumps(raw).encode())


def with_signature(signature: str) -> Request:
    sent = signing.resend(GOOD)
    return Request(sent.headers | {"svix-signature": signature}, sent.body)


def test_any_of_several_signatures_will_do_and_unknown_ones_are_skipped() -> None:
    good = signing.resend(GOOD).headers["svix-signature"]
    for several in (f"{OTHER} {good}", f"{good} {OTHER}", f"v1a,abc v2 ,, v1 v1, nonsense {good}", f"  {good}  "):
        verify("resend", with_signature(several))


@pytest.mark.parametrize(
    "signature", ["", "v1", "v1,", ",", OTHER, "v1,\u00e4", "\u00e4", "v1,!!!!", "v1,\ud800", " ", f"{OTHER} {OTHER}"]
)
def test_what_is_no_signature_of_ours_is_refused(signature: str) -> None:
    with pytest.raises(Forged):
        verify("resend", with_signature(signature))


def test_the_version_counts() -> None:
    good = signing.resend(GOOD).headers["svix-signature"].removeprefix("v1,")
    for version in ("v2,", "V1,", "v1a,", "", "v1=", "v1,v1,"):
        with pytest.raises(Forged):
            verify("resend", with_signature(version + good))


def test_a_crowd_of_signatures_is_not_looked_through() -> None:
    good = signing.resend(GOOD).headers["svix-signature"]
    with pytest.raises(Forged):
        verify("resend", with_signature("v1,AAAA " * 40 + good))


def test_a_header_too_long_to_be_meant_is_not_looked_at() -> None:
    good = signing.resend(GOOD).headers["svix-signature"]
    with pytest.raises(Forged):
        verify("resend", with_signature(good + " v2," + "A" * 5_000))


def test_the_names_of_standard_webhooks_are_taken_too() -> None:
    sent = signing.resend(GOOD)
    renamed = {name.replace("svix", "Webhook"): value for name, value in sent.headers.items()}
    verify("resend", Request(renamed, sent.body))
    assert resend.parse(renamed, sent.body).events[0].event_id == "msg_1"


@pytest.mark.parametrize("event_id", ["", "a.b", "a b", "a\n", "\u00e4", "x" * 201, "\ud800"])
def test_an_id_that_could_be_read_otherwise_is_refused(event_id: str) -> None:
    """Dots divide what is signed."""
    sent = signing.resend(GOOD)
    with pytest.raises(Forged):
        verify("resend", Request(sent.headers | {"svix-id": event_id}, sent.body))
    if event_id == "a.b":
        with pytest.raises(Forged):
            verify("resend", signing.resend(GOOD, event_id=event_id))


def test_another_id_is_not_signed() -> None:
    sent = signing.resend(GOOD)
    with pytest.raises(Forged):
        verify("resend", Request(sent.headers | {"svix-id": "msg_2"}, sent.body))


def test_a_secret_is_taken_with_and_without_its_prefix() -> None:
    for secret in (RESEND_KEY, RESEND_KEY.removeprefix("whsec_"), f" {RESEND_KEY}\n"):
        verify("resend", signing.resend(GOOD), Secrets(signing_secret=(secret,)))
    verify("resend", signing.resend(GOOD), Secrets(signing_key=("junk", RESEND_KEY)))


def test_an_empty_key_proves_nothing() -> None:
    empty = signing.resend(GOOD, key="whsec_")
    for secret in ("whsec_", "whsec_====", "whsec_ "):
        with pytest.raises(Forged):
            verify("resend", empty, Secrets(signing_secret=(secret,)))


def test_an_event_about_one_of_several_names_nobody() -> None:
    raw = {**GOOD, "data": {**GOOD["data"], "to": ["a@home.test", "b@home.test"]}}
    (event,) = parsed(raw).events
    assert (event.recipient, event.send) == (None, SEND)


@pytest.mark.parametrize(
    "tags", [None, [], {}, "x", 7, [7], [{"name": "send"}], {"send": 7}, {"send": "other"}, [{"name": []}]]
)
def test_tags_of_any_shape_are_read_or_left(tags: Any) -> None:
    (event,) = parsed({**GOOD, "data": {**GOOD["data"], "tags": tags}}).events
    assert event.send is None


def test_a_contact_that_is_not_unsubscribed_takes_nothing_back() -> None:
    """Its name may have been changed; somebody who left by our own link stays away."""
    for value in (False, None, "false", 0, 1):
        found = parsed({**RESEND[-6].raw, "data": {"email": "ann@home.test", "unsubscribed": value}})
        assert RESEND[-6].raw["type"] == "contact.updated"
        assert (found.events, found.ignored) == ([], {"contact.updated": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"type": None},
        {"type": 7},
        {"created_at": None},
        {"created_at": 7},
        {"created_at": "soon"},
        {"data": None},
        {"data": []},
        {"data": "x"},
        {"data": {"to": []}},
        {"data": {"to": [None]}},
        {"data": {"to": ["ann@home.test"], "email_id": 1.5}},
        {"type": "email.opened", "data": {"to": ["ann@home.test"], "open": "x"}},
    ],
)
def test_an_event_of_wrong_types_is_set_aside(changes: dict[str, Any]) -> None:
    found = parsed({**GOOD, **changes})
    assert (found.events, found.ignored, len(found.bad)) == ([], {}, 1)


def test_unknown_types_are_counted_under_their_own_names() -> None:
    for name in ("email.teleported", "email.bounced Permanent", "contact.updated unsubscribed"):
        found = parsed({"type": name, "data": GOOD["data"], "created_at": GOOD["created_at"]})
        assert (found.events, found.bad, sum(found.ignored.values())) == ([], [], 1)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"[" * 60_000, b"\xff", b"7"])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        resend.parse({}, body)
