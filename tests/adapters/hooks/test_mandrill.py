"""Mandrill: a form signed together with the firm's own address, an address tried out before there is a key."""

import json
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from chalicelib.adapters.hooks import Forged, Malformed, Parsed, Secrets, Verified, mandrill, provable
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import MANDRILL
from tests.adapters.hooks.signing import MANDRILL_KEY, MANDRILL_URL, Request, verify

GOOD = MANDRILL[0].raw
EMPTY = b"mandrill_events=%5B%5D"


def parsed(*raws: Any) -> Parsed:
    return mandrill.parse({}, urlencode({"mandrill_events": json.dumps(raws)}).encode())


def test_all_fields_are_signed_in_the_order_of_their_names() -> None:
    fields = {
        "zeta": b"last",
        "mandrill_events": json.dumps([GOOD]).encode(),
        "alpha": b"",
        "\u00e4": "\u20ac".encode(),
    }
    request = signing.mandrill_form(fields)
    verify("mandrill", request)
    for name, value in fields.items():
        touched = signing.mandrill_form({**fields, name: value + b" "})
        with pytest.raises(Forged):
            verify("mandrill", Request(request.headers, touched.body))
    with pytest.raises(Forged):
        verify("mandrill", Request(request.headers, request.body + b"&more=1"))


def test_the_address_is_that_of_the_settings() -> None:
    """Whatever the request says of the host it came to."""
    sent = signing.mandrill(GOOD, url="https://evil.test/hook")
    for headers in ({"Host": "evil.test"}, {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"}):
        with pytest.raises(Forged):
            verify("mandrill", Request(sent.headers | headers, sent.body))


@pytest.mark.parametrize(
    "url",
    [
        MANDRILL_URL + "/",
        MANDRILL_URL.replace("?x=y", ""),
        MANDRILL_URL.replace("user:pass@", ""),
        MANDRILL_URL.upper(),
    ],
)
def test_the_address_counts_to_the_last_letter(url: str) -> None:
    with pytest.raises(Forged):
        verify("mandrill", signing.mandrill(GOOD, url=url))
    verify(
        "mandrill",
        signing.mandrill(GOOD, url=url),
        Secrets(webhook_key=("old", MANDRILL_KEY), webhook_url=(MANDRILL_URL, url)),
    )


def test_key_and_address_are_both_needed() -> None:
    for secrets in (Secrets(webhook_key=(MANDRILL_KEY,)), Secrets(webhook_url=(MANDRILL_URL,))):
        assert not provable("mandrill", secrets)
        with pytest.raises(Forged, match="no secret"):
            verify("mandrill", signing.mandrill(GOOD), secrets)


def test_an_empty_list_is_taken_before_there_is_a_key() -> None:
    """It is how an address is tried out; whoever signs it, it tells nothing."""
    for request in (
        Request({}, EMPTY),
        Request({"X-Mandrill-Signature": "x"}, EMPTY),
        signing.mandrill([], key="test-webhook"),
    ):
        assert verify("mandrill", request, Secrets()) == Verified()
        assert mandrill.parse({}, request.body) == Parsed()


@pytest.mark.parametrize(
    "body",
    [
        EMPTY + b"&mandrill_events=" + quote_plus(json.dumps([GOOD])).encode(),
        b"mandrill_events=" + quote_plus(json.dumps([GOOD])).encode() + b"&" + EMPTY,
    ],
)
def test_an_empty_list_opens_no_door_to_another(body: bytes) -> None:
    with pytest.raises(Malformed):
        verify("mandrill", Request({}, body), Secrets())
    with pytest.raises(Malformed):
        mandrill.parse({}, body)


def test_the_key_of_trying_out_is_good_for_nothing_else() -> None:
    for key in ("test-webhook", ""):
        with pytest.raises(Forged):
            verify("mandrill", signing.mandrill(GOOD, key=key))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"mandrill_events",
        b"=",
        b"a=b",
        b"mandrill_events=%FF",
        b"mandrill_events=\xff",
        b"mandrill_events=%5B",
        b"&".join([b"a=b"] * 30),
        b"{}",
        b"mandrill_events=" + b"%5B" * 60_000,
    ],
)
def test_what_is_no_form_with_events_is_malformed(body: bytes) -> None:
    for door in (lambda: verify("mandrill", Request({}, body)), lambda: mandrill.parse({}, body)):
        with pytest.raises(Malformed):
            door()


@pytest.mark.parametrize("events", ["{}", "null", "7", '"x"', "0", "false", '""', "[[]]", "[{}]"])
def test_nothing_but_an_empty_list_is_taken_unproved(events: str) -> None:
    body = urlencode({"mandrill_events": events}).encode()
    with pytest.raises(Forged):
        verify("mandrill", Request({}, body))
    if not events.startswith("["):
        with pytest.raises(Malformed):
            mandrill.parse({}, body)


def test_a_bad_event_spoils_none_of_its_neighbours() -> None:
    spoilt: list[Any] = [
        7,
        {},
        {**GOOD, "ts": None},
        {**GOOD, "msg": []},
        {**GOOD, "msg": {"email": 7}},
        {**GOOD, "event": 7},
    ]
    spoilt += [{**GOOD, "msg": {**GOOD["msg"], "metadata": "x"}}, {**GOOD, "x": "\ud800"}]
    found = parsed(*spoilt, GOOD, {"event": "new"})
    assert (len(found.events), len(found.bad), found.ignored) == (1, len(spoilt), {"new": 1})


def test_an_empty_list_stands_for_no_metadata() -> None:
    (event,) = parsed({**GOOD, "msg": {**GOOD["msg"], "metadata": []}}).events
    assert event.send is None
