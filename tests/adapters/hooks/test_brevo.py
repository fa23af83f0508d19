"""Brevo: no signature, times of several clocks, our id wherever it may come back, batches and inbound mail."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.hooks import Malformed, Parsed, Secrets, brevo
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import AT, BREVO, SEND, WHOLE
from tests.adapters.hooks.signing import Request, verify

GOOD = BREVO[2].raw
INBOUND = next(sample.raw for sample in BREVO if sample.name == "inbound")


def parsed(body: Any) -> Parsed:
    return brevo.parse({}, json.dumps(body).encode())


def test_a_token_or_a_header_of_ones_own_lets_in_too() -> None:
    body = json.dumps(GOOD).encode()
    verify("brevo", Request({"Authorization": "Bearer secret"}, body), Secrets(bearer_token=("secret",)))
    verify("brevo", Request({"X-Key": "secret"}, body), Secrets(bearer_token=("X-Key: secret",)))


def test_one_event_or_a_batch_of_them() -> None:
    assert len(parsed(GOOD).events) == 1
    found = parsed(
        [GOOD, {**GOOD, "event": "click", "link": "https://x.test"}, 7, {**GOOD, "ts_epoch": "soon"}, {"event": "new"}]
    )
    assert [event.type for event in found.events] == ["delivered", "clicked"]
    assert (len(found.bad), found.ignored) == (2, {"new": 1})


def test_the_id_in_it_is_not_that_of_the_event() -> None:
    """It is the same for all events of an account."""
    first, second = parsed([GOOD, {**GOOD, "event": "opened"}]).events
    assert first.event_id != second.event_id
    (again,) = parsed({**GOOD, "id": 999}).events
    assert again.event_id == first.event_id


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, AT),
        ({"ts_epoch": 1772323198}, WHOLE),
        ({"ts_epoch": None}, datetime(2026, 3, 1, 0, 59, 58, tzinfo=UTC)),
        ({"ts_epoch": None, "ts_event": None}, datetime(2026, 3, 1, 0, 59, 58, tzinfo=UTC)),
    ],
)
def test_of_its_times_the_one_in_utc_counts(changes: dict[str, Any], wanted: datetime) -> None:
    assert parsed({**GOOD, **changes}).events[0].at == wanted


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Mailin-custom": json.dumps({"send": SEND})},
        {"X-Mailin-custom": "other", "tags": ["news", SEND]},
        {"X-Mailin-custom": None, "tags": None, "tag": SEND},
        {"X-Mailin-custom": None, "tags": SEND},
    ],
)
def test_our_id_comes_back_in_several_ways(changes: dict[str, Any]) -> None:
    assert parsed({**GOOD, **changes}).events[0].send == SEND


@pytest.mark.parametrize("custom", ["{", "[]", '{"send": 7}', '{"send": "x"}', 7, {}, "[" * 60_000, '{"a":' * 3_000])
def test_what_is_not_our_id_is_left(custom: Any) -> None:
    assert parsed({**GOOD, "X-Mailin-custom": custom}).events[0].send is None


def test_mails_that_came_in() -> None:
    other = {**INBOUND, "Uuid": ["second"], "Recipients": ["desk@firm.test"], "SentAtDate": "2026-02-28T23:59:58Z"}
    found = parsed(
        {
            "items": [
                INBOUND,
                other,
                {**INBOUND, "SentAtDate": "?"},
                {**INBOUND, "To": []},
                {**INBOUND, "Uuid": {"a": 1}},
                7,
            ]
        }
    )
    assert [event.recipient for event in found.events] == ["hello@firm.test", "desk@firm.test"]
    assert [event.event_id for event in found.events] == ["ba3db5a6-c78d-46d7-a7d3-06ad0e7ba6ba", "second"]
    assert len(found.bad) == 4


def test_an_event_cannot_call_itself_a_mail_that_came_in() -> None:
    assert parsed({**GOOD, "event": "inbound"}).ignored == {"event inbound": 1}


@pytest.mark.parametrize(
    "changes",
    [{"email": None}, {"email": [signing.PASSWORD]}, {"ts_epoch": 10**30}, {"message-id": {}}, {"event": None}],
)
def test_an_event_of_wrong_types_is_set_aside(changes: dict[str, Any]) -> None:
    assert (parsed({**GOOD, **changes}).events, len(parsed({**GOOD, **changes}).bad)) == ([], 1)


@pytest.mark.parametrize("body", [b"", b"7", b"null", b"[" * 60_000, b"\xff"])
def test_what_is_neither_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        brevo.parse({}, body)
