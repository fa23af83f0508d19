"""SendGrid: any of the firm's keys over time and body; arrays of which a bad event spoils nothing."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, sendgrid
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import SEND, SENDGRID
from tests.adapters.hooks.signing import NOW, verify

GOOD = SENDGRID[2].raw
SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256 (SEC 2)


def parsed(*raws: Any) -> Parsed:
    return sendgrid.parse({}, json.dumps(raws).encode())


def test_a_key_is_taken_in_either_spelling() -> None:
    key = signing.ec_key(0)
    for text in (signing.public_key(key), f" {signing.public_key(key)}\n", signing.public_key(key, pem=True)):
        verify("sendgrid", signing.sendgrid(GOOD), Secrets(public_key=(text,)))


def test_a_key_of_another_curve_is_no_key() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(Forged):
        verify("sendgrid", signing.sendgrid(GOOD, key=other), Secrets(public_key=(signing.public_key(other),)))


def test_old_and_new_key_are_good_while_they_change() -> None:
    old, new = signing.ec_key(0), signing.ec_key(1)
    both = Secrets(public_key=(signing.public_key(old), signing.public_key(new)))
    for key in (old, new):
        verify("sendgrid", signing.sendgrid(GOOD, key=key), both)
    with pytest.raises(Forged):
        verify("sendgrid", signing.sendgrid(GOOD, key=signing.ec_key(2)), both)


def test_the_time_is_signed_too() -> None:
    sent = signing.sendgrid(GOOD)
    later = str(int((NOW + timedelta(seconds=1)).timestamp()))
    for wrong in (later, later + "0", "-" + later, later[:-1], "", "NaN", "1e9"):
        with pytest.raises(Forged):
            verify("sendgrid", signing.Request(sent.headers | {TIMESTAMP: wrong}, sent.body))


def test_a_digit_cannot_move_from_the_time_into_the_body() -> None:
    """Nothing separates the two, but the time has ten digits."""
    sent = signing.sendgrid(b"1[]")
    stamp = sent.headers[TIMESTAMP]
    with pytest.raises(Forged):
        verify("sendgrid", signing.Request(sent.headers | {TIMESTAMP: stamp + "1"}, b"[]"))


def test_signatures_that_are_none_are_refused() -> None:
    sent = signing.sendgrid(GOOD)
    good = base64.b64decode(sent.headers[SIGNATURE])
    numbers = decode_dss_signature(good)
    fixed = b"".join(number.to_bytes(32) for number in numbers)
    for wrong in (
        good[:-1],
        good + b"\0",
        fixed,
        b"0",
        b"",
        encode_dss_signature(0, 0),
        encode_dss_signature(ORDER, 1),
        good[::-1],
    ):
        with pytest.raises(Forged):
            verify("sendgrid", signing.Request(sent.headers | {SIGNATURE: base64.b64encode(wrong).decode()}, sent.body))


def test_the_mirrored_signature_is_as_good_so_events_are_known_by_their_ids() -> None:
    """(r, n-s) verifies as (r, s) does: who remembered signatures would take it for news."""
    sent = signing.sendgrid(GOOD)
    r, s = decode_dss_signature(base64.b64decode(sent.headers[SIGNATURE]))
    mirrored = base64.b64encode(encode_dss_signature(r, ORDER - s)).decode()
    verify("sendgrid", signing.Request(sent.headers | {SIGNATURE: mirrored}, sent.body))
    assert sendgrid.parse({}, sent.body).events[0].event_id == GOOD["sg_event_id"]


def test_a_bad_event_spoils_none_of_its_neighbours() -> None:
    spoilt: list[Any] = [
        7,
        None,
        "x",
        [],
        [GOOD],
        {},
        {**GOOD, "event": 7},
        {**GOOD, "email": None},
        {**GOOD, "timestamp": "soon"},
    ]
    spoilt += [{**GOOD, "x": "\ud800"}, {**GOOD, "timestamp": float("nan")}, {**GOOD, "email": "\x00@x"}]
    spoilt += [{**GOOD, "timestamp": 10**30}, {**GOOD, "timestamp": True}, {**GOOD, "sg_message_id": ["x"]}]
    spoilt += [
        {**GOOD, "\udfff": 1},
        {**GOOD, "timestamp": -1},
        {**GOOD, "timestamp": float("inf")},
        {**GOOD, "sg_event_id": {}},
    ]
    good = [{**GOOD, "sg_event_id": f"good-{number}"} for number in range(len(spoilt) + 1)]
    mixed = [one for pair in zip(good, spoilt, strict=False) for one in pair] + [good[-1]]
    found = parsed(*mixed)
    assert [event.event_id for event in found.events] == [event["sg_event_id"] for event in good]
    assert len(found.bad) == len(spoilt)
    assert all(bad.raw.isascii() and bad.why for bad in found.bad)
    assert found.ignored == {}


def test_unknown_types_are_counted_and_their_names_are_cut() -> None:
    odd = "\n\x1b[31m" + "x" * 500
    found = parsed({**GOOD, "event": "new"}, {"event": "new"}, {"event": odd}, GOOD)
    assert found.ignored == {"new": 2, "[31m" + "x" * 56: 1}
    assert (len(found.events), found.bad) == (1, [])


def test_arguments_of_ones_own_may_have_any_type_and_shadow_nothing_else() -> None:
    own = {"send": {"a": 1}, "reason": 7, "url": ["x"], "ip": {}, "useragent": None, "category": 1, "machine": "yes"}
    (event,) = parsed({**SENDGRID[0].raw, **own, "event": "deferred", "sg_machine_open": "yes"}).events
    assert (event.send, event.reason, event.url, event.ip, event.agent, event.machine) == (None,) * 6
    assert event.type == "deferred"


def test_what_comes_from_outside_is_made_fit_to_keep() -> None:
    (event,) = parsed(
        {
            **GOOD,
            "event": "deferred",
            "reason": "a\x00b\nc" + "x" * 9_000,
            "url": "javascript:alert(1)",
            "ip": "<script>",
            "useragent": "u" * 9_000,
        }
    ).events
    assert event.reason == ("a b c" + "x" * 9_000)[:500]
    assert (event.url, event.ip, len(event.agent or "")) == (None, None, 300)


@pytest.mark.parametrize(
    ("message_id", "wanted"),
    [("abc.filter0001.1", "abc"), ("abc", "abc"), ("<abc.def>", "abc"), (".abc", None), ("", None), (None, None)],
)
def test_the_id_of_the_send_ends_at_the_first_dot(message_id: str | None, wanted: str | None) -> None:
    (event,) = parsed({**GOOD, "sg_message_id": message_id}).events
    assert event.message_id == wanted


def test_over_smtp_the_id_of_the_send_is_our_own_message_id() -> None:
    """SendGrid tells a Message-ID that it was given as `smtp-id`, and one of its own where it was given none."""
    ours = f"{SEND}@mail.firm.test"
    for told in (f"<{ours}>", ours):
        (event,) = parsed({**GOOD, "smtp-id": told, "send": None}).events
        assert event.message_id == ours
    theirs = GOOD["sg_message_id"].partition(".")[0]
    others: list[Any] = ["<14c5d75ce93.dfd.64b469@ismtpd-555>", f"<x{ours}>", "<>", "", 7, None, [ours], {}, "\x00"]
    for told in [*others, "x" * 999]:
        (event,) = parsed({**GOOD, "smtp-id": told}).events
        assert event.message_id == theirs


@pytest.mark.parametrize("at", [1772323198, "1772323198", 1772323198.0, 1772323198000])
def test_times_are_numbers_in_any_spelling(at: Any) -> None:
    (event,) = parsed({**GOOD, "timestamp": at}).events
    assert event.at == datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)


def test_without_an_id_the_event_gets_one_from_what_it_says() -> None:
    raw = {key: value for key, value in GOOD.items() if key != "sg_event_id"}
    (first,), (again,) = parsed(raw).events, parsed({**raw, "attempt": 2, "email": "ANN@home.test"}).events
    (other,) = parsed({**raw, "event": "click", "url": "https://x.test"}).events
    (third,) = parsed({**raw, "event": "click", "url": "https://y.test"}).events
    assert first.event_id == again.event_id
    assert len({first.event_id, other.event_id, third.event_id}) == 3


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"7", b'"x"', b"[", b"\xff", b"\xef\xbb\xbf[]", b"[" * 60_000, b"[1" + b"0" * 5_000]
)
def test_what_is_no_array_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        sendgrid.parse({}, body)
