"""Postmark: a password or a header and nothing else; events without ids, and inbound mail that does not say so."""

import base64
import json
from typing import Any

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, postmark
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import POSTMARK
from tests.adapters.hooks.signing import PASSWORD, Request, verify

GOOD = POSTMARK[0].raw
BODY = json.dumps(GOOD).encode()
TOKEN = "a-long-token"


def parsed(raw: Any) -> Parsed:
    return postmark.parse({}, json.dumps(raw).encode())


def let_in(headers: dict[str, str], **secrets: tuple[str, ...]) -> bool:
    try:
        verify("postmark", Request(headers, BODY), Secrets(**secrets))
    except Forged:
        return False
    return True


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_the_password_lets_in() -> None:
    for scheme in ("Basic", "basic", "BASIC"):
        assert let_in({"Authorization": f"{scheme} {b64(PASSWORD)}"}, basic_auth=(PASSWORD,))
    assert let_in({"authorization": f"Basic  {b64(PASSWORD)} "}, basic_auth=("old:one", PASSWORD))
    assert let_in(
        signing.basic("j\u00f6rg:gr\u00fc\u00df\U0001f600"), basic_auth=("j\u00f6rg:gr\u00fc\u00df\U0001f600",)
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Basic",
        "Basic ",
        f"Basic {PASSWORD}",
        f"Bearer {b64(PASSWORD)}",
        f"{b64(PASSWORD)}",
        f"Basic {b64(PASSWORD)}=",
        f"Basic {b64(PASSWORD)} x",
        f"Basic {b64(PASSWORD + 'x')}",
        f"Basic {b64(PASSWORD[:-1])}",
        f"Basic {b64(PASSWORD.upper())}",
        f"Basic {b64(':')}",
        f"Basic {b64('')}",
        "Basic \u00e4",
        "Basic \ud800",
        f"Basic {'A' * 100_000}",
    ],
)
def test_nothing_but_the_password_lets_in(value: str) -> None:
    assert not let_in({"Authorization": value}, basic_auth=(PASSWORD,))


def test_a_token_lets_in_by_its_own_scheme_only() -> None:
    assert let_in({"Authorization": f"Bearer {TOKEN}"}, bearer_token=("old", TOKEN))
    for wrong in (TOKEN, f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Basic {b64(TOKEN)}", "Bearer", "Bearer "):
        assert not let_in({"Authorization": wrong}, bearer_token=(TOKEN,))


def test_a_header_of_ones_own_lets_in() -> None:
    secret = (f"X-Our-Secret: {TOKEN}",)
    assert let_in({"x-our-secret": TOKEN}, bearer_token=secret)
    for wrong in (
        {"x-our-secret": ""},
        {"x-our-secret": TOKEN + "x"},
        {"x-other": TOKEN},
        {"Authorization": f"Bearer {TOKEN}"},
    ):
        assert not let_in(wrong, bearer_token=secret)
    assert not let_in({"Authorization": f"Bearer {secret[0]}"}, bearer_token=secret)


def test_either_is_enough_where_both_are_set() -> None:
    both: dict[str, tuple[str, ...]] = {"basic_auth": (PASSWORD,), "bearer_token": (TOKEN,)}
    assert let_in(signing.basic(), **both)
    assert let_in({"Authorization": f"Bearer {TOKEN}"}, **both)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00+00:00"),
        ("2026-03-01T09:00:00.1234567Z", "2026-03-01T09:00:00.123456+00:00"),
        ("2026-03-01T09:00:00.1-05:30", "2026-03-01T14:30:00.100000+00:00"),
        ("2026-03-01T09:00:00+0100", "2026-03-01T08:00:00+00:00"),
        ("2026-03-01 09:00:00+00", "2026-03-01T09:00:00+00:00"),
        ("2026-03-01T09:00:00", "2026-03-01T09:00:00+00:00"),
    ],
)
def test_times_have_any_number_of_decimals_and_any_offset(text: str, wanted: str) -> None:
    (event,) = parsed({**GOOD, "DeliveredAt": text}).events
    assert event.at.isoformat() == wanted


@pytest.mark.parametrize(
    "changes",
    [
        {"RecordType": None},
        {"RecordType": 7},
        {"RecordType": ""},
        {"DeliveredAt": None},
        {"DeliveredAt": 1772323198},
        {"DeliveredAt": "2026-03-01"},
        {"DeliveredAt": "2026-13-01T09:00:00Z"},
        {"DeliveredAt": "2026-03-01T09:00:00+99:99"},
        {"DeliveredAt": "0001-01-01T00:00:00+14:00"},
        {"DeliveredAt": "9999-12-31T23:59:59-14:00"},
        {"DeliveredAt": "1" * 100_000},
        {"Recipient": None},
        {"Recipient": ["ann@home.test"]},
        {"Recipient": "ann"},
        {"MessageID": 1.5},
        {"MessageID": "x" * 301},
        {"Metadata": "x"},
        {"Geo": "x"},
        {"RecordType": "Bounce"},
        {"RecordType": "Bounce", "Type": 7},
        {"RecordType": "SubscriptionChange", "SuppressSending": "true"},
        {"RecordType": "SubscriptionChange", "SuppressSending": None},
    ],
)
def test_an_event_of_wrong_types_is_set_aside(changes: dict[str, Any]) -> None:
    found = parsed({**GOOD, **changes})
    assert (found.events, found.ignored, len(found.bad)) == ([], {}, 1)


def test_a_bounce_of_a_new_kind_says_nothing_for_good() -> None:
    raw = {**GOOD, "RecordType": "Bounce", "Type": "Vanished", "ID": 1, "Email": "ann@home.test"}
    (event,) = parsed(raw).events
    assert (event.type, event.bounce) == ("bounced", "soft")


def test_a_suppression_for_a_new_reason_is_a_wish() -> None:
    raw = {**GOOD, "RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "New"}
    assert parsed(raw).events[0].type == "unsubscribed"


@pytest.mark.parametrize(("origin", "wanted"), [("Recipient", 1), (None, 1), (7, 1), ("Customer", 0), ("Admin", 0)])
def test_only_the_recipient_takes_back_what_he_said(origin: Any, wanted: int) -> None:
    raw = {**GOOD, "RecordType": "SubscriptionChange", "SuppressSending": False, "Origin": origin}
    found = parsed(raw)
    assert [event.type for event in found.events] == ["subscribed"] * wanted
    assert found.ignored == ({} if wanted else {"SubscriptionChange by the firm": 1})
    assert parsed({**raw, "SuppressSending": True}).events[0].type == "unsubscribed"


def test_no_message_is_no_id_of_one() -> None:
    assert parsed({**GOOD, "MessageID": "00000000-0000-0000-0000-000000000000"}).events[0].message_id is None


def test_only_bounces_have_an_id_of_their_own() -> None:
    """Other objects may carry one that names something else."""
    first, second = parsed({**GOOD, "ID": 42}).events[0], parsed({**GOOD, "ID": 43}).events[0]
    assert first.event_id == second.event_id != "42"


def test_an_id_of_64_bits_is_kept_to_the_last_digit() -> None:
    raw = {**GOOD, "RecordType": "Bounce", "Type": "HardBounce", "ID": 9223372036854775807, "Email": "ann@home.test"}
    assert parsed(raw).events[0].event_id == "9223372036854775807"


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sun, 99 Mar 2026 00:00:00 +0000", None, 7, "Sun, 1 Mar 99999 0:0:0 +0"]
)
def test_an_inbound_mail_without_a_time_is_set_aside(date: Any) -> None:
    raw = {**POSTMARK[-1].raw, "Date": date}
    assert len(parsed(raw).bad) == 1


def test_an_inbound_mail_is_for_whom_it_was_sent_to() -> None:
    raw = {key: value for key, value in POSTMARK[-1].raw.items() if key != "OriginalRecipient"}
    assert parsed(raw).events[0].recipient == "hello@firm.test"
    assert parsed({**raw, "ToFull": [], "To": "Hello <desk@firm.test>"}).events[0].recipient == "desk@firm.test"


def test_a_type_that_calls_itself_inbound_is_none() -> None:
    assert parsed({"RecordType": "Inbound"}).ignored == {"RecordType Inbound": 1}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"[" * 60_000, b"\xff", b"7"])
def test_what_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        postmark.parse({}, body)
