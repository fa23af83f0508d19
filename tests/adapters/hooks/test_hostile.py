"""Anything at all may arrive: whatever it is, it is refused in our own words or set aside, and breaks nothing."""

import base64
import json
import re
from datetime import UTC
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.adapters import hooks
from chalicelib.adapters.hooks import Parsed, Refused
from chalicelib.adapters.hooks._proof import unbase64
from chalicelib.adapters.hooks._read import ascii_json
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import SAMPLES
from tests.adapters.hooks.signing import SECRETS, SIGN, Request, verify

few = settings(max_examples=40)
UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # halves of characters too
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 7, 10**30, -(10**30), 2**63, 1e308, float("nan"), float("inf"), -0.0),
        *("", " ", "\x00", "\ud800", "a@b", "x" * 5_000, "NaN", "1e999", "0" * 40, "<a@b.test>", "\u2028"),
        *([], {}, [[]], [{}], {"": {}}, [None]),
    ]
)
VALUES = st.recursive(
    ODD | TEXT | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.one_of(st.binary(max_size=200), VALUES.map(lambda value: json.dumps(value).encode()))
NESTED = [b"[" * 60_000, b"[" * 60_000 + b"]" * 60_000, b'{"a":' * 60_000, b'[{"a":' * 30_000]
BROKEN = [
    b"",
    b" ",
    b"\xff\xfe",
    b"\x00",
    b"{",
    b"nul",
    b"NaN",
    b"1" * 5_000,
    b"1e999",
    b'"\\ud800"',
    b"\xef\xbb\xbf{}",
    "{}".encode("utf-16"),
    *NESTED,
]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is something in a sample."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, one in inner for path in paths(one, (*here, key)))]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The sample with `new` at that place."""
    if not path:
        return new
    copied = value.copy()
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


def kept(parsed: Parsed) -> None:
    """What came out can be stored as it is, and is of our vocabulary."""
    for event in parsed.events:
        msgspec.json.encode(event)
        msgspec.convert(msgspec.to_builtins(event), type(event))
        assert event.at.tzinfo is UTC
        assert event.event_id
        assert (event.bounce is not None) == (event.type == "bounced")
        for text in (event.recipient, event.message_id, event.reason, event.url, event.agent, event.ip, event.event_id):
            assert text is None or (text and len(text) <= 2_000 and not UNFIT.search(text))
    for bad in parsed.bad:
        assert bad.raw.isascii()
        assert 0 < len(bad.raw) <= 8_000
        assert bad.why
    assert all(len(name) <= 60 and count > 0 for name, count in parsed.ignored.items())
    msgspec.json.encode(parsed)


def offered(provider: str, request: Request) -> None:
    """To both doors; refusals are what they are for."""
    for door in (
        lambda: verify(provider, request),
        lambda: hooks.adapter(provider).parse(request.headers, request.body),
    ):
        try:
            found = door()
        except Refused:
            continue
        if isinstance(found, Parsed):
            kept(found)


@pytest.mark.parametrize("provider", hooks.HOOKS)
@few
@given(body=BODIES)
def test_any_body(provider: str, body: bytes) -> None:
    offered(provider, Request(SIGN[provider](SAMPLES[provider][0].raw).headers, body))


@pytest.mark.parametrize("provider", hooks.HOOKS)
@few
@given(headers=st.dictionaries(TEXT, TEXT | st.sampled_from(["Basic =", "v1,", "1" * 10]), max_size=4), data=st.data())
def test_any_headers(provider: str, headers: dict[str, str], data: st.DataObject) -> None:
    sent = SIGN[provider](SAMPLES[provider][0].raw)
    name = data.draw(st.sampled_from(sorted({*sent.headers, "svix-id", "authorization"})))
    offered(provider, Request(headers | {name: data.draw(TEXT)}, sent.body))
    offered(provider, Request(sent.headers | {name: data.draw(TEXT)}, sent.body))


@pytest.mark.parametrize("provider", hooks.HOOKS)
@few
@given(data=st.data())
def test_anything_in_the_place_of_anything(provider: str, data: st.DataObject) -> None:
    """Truly signed: what the provider itself, or who sends by it, may come to say."""
    raw = data.draw(st.sampled_from([sample.raw for sample in SAMPLES[provider]]))
    for _ in range(data.draw(st.integers(1, 3))):
        raw = put(raw, data.draw(st.sampled_from(paths(raw))), data.draw(VALUES))
    request = SIGN[provider](raw if provider != "ses" else json.dumps(raw))
    verify(provider, request)
    try:
        parsed = hooks.adapter(provider).parse(request.headers, request.body)
    except hooks.Malformed:
        assert not isinstance(raw, dict)
    else:
        kept(parsed)


@pytest.mark.parametrize("provider", sorted(set(hooks.HOOKS) - {"mandrill"}))  # which sends a form
@few
@given(data=st.data())
def test_anything_in_the_place_of_anything_of_the_request(provider: str, data: st.DataObject) -> None:
    """Signed and then changed, the signature's own fields among them."""
    sent = SIGN[provider](SAMPLES[provider][0].raw)
    body = json.loads(sent.body)
    body = put(body, data.draw(st.sampled_from(paths(body))), data.draw(VALUES))
    offered(provider, Request(sent.headers, json.dumps(body).encode()))


@pytest.mark.parametrize("provider", hooks.HOOKS)
@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_breaks_parsers(provider: str, body: bytes) -> None:
    offered(provider, Request(SIGN[provider](SAMPLES[provider][0].raw).headers, body))
    if provider not in ("ses", "mailgun", "mandrill"):  # whose events lie within something else; truly signed
        request = SIGN[provider](body)
        verify(provider, request)
        with pytest.raises(hooks.Malformed):
            hooks.adapter(provider).parse(request.headers, request.body)


@pytest.mark.parametrize("body", BROKEN[1:], ids=range(1, len(BROKEN)))
def test_what_breaks_parsers_within_what_is_signed(body: bytes) -> None:
    """SES has JSON in JSON, so the inner one is read on its own."""
    request = signing.ses(body.decode("latin-1"))
    verify("ses", request)
    parsed = hooks.adapter("ses").parse(request.headers, request.body)
    kept(parsed)
    assert (len(parsed.bad), parsed.events) == (1, [])


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_what_is_nested_within_an_event_is_refused_or_set_aside(provider: str) -> None:
    marker = "put the nest here"
    raw = {**SAMPLES[provider][0].raw, "extra": marker}
    for deep in (b"[" * 60_000 + b"]" * 60_000, b'{"a":' * 60_000 + b"1" + b"}" * 60_000):
        sent = SIGN[provider](raw)
        offered(provider, Request(sent.headers, sent.body.replace(json.dumps(marker).encode(), deep)))


@given(
    st.text("AQgw+/=-_ \n\u00e4", max_size=9) | st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode())
)
def test_base64_is_taken_as_it_is_written_or_not_at_all(text: str) -> None:
    found = unbase64(text)
    assert found is None or len(base64.b64encode(found)) == len(text)
    assert (found is None) == (
        not re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text) or not text
    )


def test_what_cannot_be_written_down_is_quoted_as_nothing() -> None:
    nest: list[Any] = []
    for _ in range(20_000):
        nest = [nest]
    assert ascii_json(nest) == "null"


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_secrets_of_any_kind_break_nothing(provider: str) -> None:
    sent = SIGN[provider](SAMPLES[provider][0].raw)
    junk = [
        "\ud800",
        "\x00",
        "x" * 100_000,
        "whsec_\u00e4",
        "-----BEGIN",
        base64.b64encode(b"\x30" * 90).decode(),
        "a:b:c",
        ": ",
        "X: ",
    ]
    for secret in junk:
        with pytest.raises(hooks.Forged):
            verify(provider, sent, hooks.Secrets(**dict.fromkeys(hooks.Secrets.__struct_fields__, (secret,))))
    assert SECRETS[provider] != hooks.Secrets()
