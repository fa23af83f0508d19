"""Mailjet: arrays or one event, ids longer than a float can hold, and its `sent`, which is our `delivered`."""

import json
from typing import Any

import pytest

from chalicelib.adapters.hooks import Malformed, Parsed, mailjet
from tests.adapters.hooks.samples import MAILJET, SEND

GOOD = MAILJET[0].raw
INBOUND = MAILJET[-1].raw


def parsed(body: Any) -> Parsed:
    return mailjet.parse({}, json.dumps(body).encode())


def test_one_event_or_an_array() -> None:
    assert parsed(GOOD).events == parsed([GOOD]).events
    spoilt: list[Any] = [
        7,
        {},
        {**GOOD, "time": None},
        {**GOOD, "email": ""},
        {**GOOD, "MessageID": 1.5},
        {**GOOD, "MessageID": True},
    ]
    found = parsed([*spoilt, GOOD, {**GOOD, "event": "new"}])
    assert (len(found.events), len(found.bad), found.ignored) == (1, len(spoilt), {"new": 1})


@pytest.mark.parametrize("message_id", [9007199254740993, 576460754655154659, 18446744073709551615])
def test_ids_are_kept_to_the_last_digit(message_id: int) -> None:
    assert parsed({**GOOD, "MessageID": message_id}).events[0].message_id == str(message_id)
    assert parsed({**GOOD, "MessageID": str(message_id)}).events[0].message_id == str(message_id)


@pytest.mark.parametrize("message_id", [10**40, 10**4000])
def test_a_number_that_no_id_has_is_set_aside(message_id: int) -> None:
    assert len(parsed({**GOOD, "MessageID": message_id}).bad) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"CustomID": "", "Payload": SEND},
        {"CustomID": "x", "Payload": json.dumps({"send": SEND})},
        {"CustomID": SEND, "Payload": None},
    ],
)
def test_our_id_comes_back_in_several_ways(changes: dict[str, Any]) -> None:
    assert parsed({**GOOD, **changes}).events[0].send == SEND


@pytest.mark.parametrize("payload", ["", "x", "{", "[]", '{"send": []}', 7, {}, '{"a":' * 2_000])
def test_what_is_not_our_id_is_left(payload: Any) -> None:
    assert parsed({**GOOD, "CustomID": None, "Payload": payload}).events[0].send is None


def test_types_cannot_be_told_under_our_own_names() -> None:
    for name in ("bounce hard", "inbound"):
        assert parsed({**GOOD, "event": name}).ignored == {f"event {name}": 1}


@pytest.mark.parametrize(
    "changes", [{"Headers": []}, {"Headers": "x"}, {"Headers": {"Date": "x"}}, {"Recipient": None}, {"Recipient": 7}]
)
def test_a_mail_that_came_in_without_address_or_time_is_set_aside(changes: dict[str, Any]) -> None:
    assert len(parsed({**INBOUND, **changes}).bad) == 1


@pytest.mark.parametrize("body", [b"", b"7", b"null", b"[" * 60_000, b"\xff"])
def test_what_is_neither_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        mailjet.parse({}, body)
