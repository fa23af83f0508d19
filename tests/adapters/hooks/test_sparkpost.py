"""SparkPost: events in wrappers, a ping that has to be answered, bounces by class, mails that came in."""

import json
from typing import Any

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, sparkpost
from tests.adapters.hooks.samples import SPARKPOST, WHOLE
from tests.adapters.hooks.signing import Request, verify

GOOD = SPARKPOST[0].raw
EVENT = GOOD["msys"]["message_event"]
RELAY = next(sample.raw for sample in SPARKPOST if sample.name == "relay_message")


def parsed(*raws: Any) -> Parsed:
    return sparkpost.parse({}, json.dumps(raws).encode())


def wrapped(**changes: Any) -> dict[str, Any]:
    return {"msys": {"message_event": {**EVENT, **changes}}}


def test_the_token_may_come_in_either_header() -> None:
    secrets = Secrets(bearer_token=("old", "secret"))
    for name, value in (("Authorization", "Bearer secret"), ("X-MessageSystems-Webhook-Token", "secret")):
        verify("sparkpost", Request({name: value}, b"[]"), secrets)
        with pytest.raises(Forged):
            verify("sparkpost", Request({name: value + "x"}, b"[]"), secrets)
    with pytest.raises(Forged):
        verify("sparkpost", Request({"X-MessageSystems-Webhook-Token": ""}, b"[]"), Secrets(basic_auth=("a:b",)))


def test_the_ping_is_taken() -> None:
    """Or it would not take the address."""
    assert parsed({"msys": {}}) == Parsed(ignored={"ping": 1})
    assert parsed() == Parsed()


def test_a_bad_event_spoils_none_of_its_neighbours() -> None:
    spoilt: list[Any] = [
        7,
        {},
        {"msys": None},
        {"msys": []},
        {"msys": {"a": {}, "b": {}}},
        {"msys": {"message_event": 7}},
    ]
    spoilt += [
        wrapped(timestamp=None),
        wrapped(timestamp="soon"),
        wrapped(timestamp="-1"),
        wrapped(type=None),
        wrapped(event_id={}),
    ]
    spoilt += [
        wrapped(raw_rcpt_to=None, rcpt_to=None),
        wrapped(rcpt_meta="x"),
        wrapped(x=float("nan"), timestamp=float("nan")),
    ]
    found = parsed(*spoilt, GOOD, wrapped(type="sms_status"))
    assert (len(found.events), len(found.bad), found.ignored) == (1, len(spoilt), {"sms_status": 1})


def test_a_delay_is_no_bounce_though_it_has_a_class() -> None:
    assert parsed(wrapped(type="delay", bounce_class="10")).events[0].type == "deferred"


def test_the_address_keeps_its_case_where_it_is_told() -> None:
    assert parsed(wrapped(raw_rcpt_to="Ann@Home.test")).events[0].recipient == "Ann@Home.test"
    assert parsed(wrapped(raw_rcpt_to=None)).events[0].recipient == "ann@home.test"


@pytest.mark.parametrize("at", ["1772323198", 1772323198, "2026-02-28T23:59:58Z", "2026-02-28T23:59:58.000+00:00"])
def test_times_are_seconds_or_dates(at: Any) -> None:
    assert parsed(wrapped(timestamp=at)).events[0].at == WHOLE


def test_the_id_of_the_send_is_that_of_the_transmission() -> None:
    assert parsed(wrapped(transmission_id=None)).events[0].message_id == "000443ee14578172be22"


def test_types_cannot_be_told_under_our_own_names() -> None:
    for name in ("bounce hard", "relay_message"):
        assert parsed(wrapped(type=name)).ignored == {f"type {name}": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"rcpt_to": None},
        {"content": "x"},
        {"content": {"headers": "x"}},
        {"content": {"headers": [7, {"Date": 7}]}},
        {"content": {}},
    ],
)
def test_a_mail_that_came_in_without_address_or_time_is_set_aside(changes: dict[str, Any]) -> None:
    found = parsed({"msys": {"relay_message": {**RELAY["msys"]["relay_message"], **changes}}})
    assert (found.events, len(found.bad)) == ([], 1)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"msys": {}}', b"null", b"[" * 60_000, b"\xff"])
def test_what_is_no_array_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        sparkpost.parse({}, body)
