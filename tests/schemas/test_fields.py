"""Shared fields: JSON merge patch by the letter of its RFC, and which mail addresses there can be."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.schemas.contact import ContactDraft, ContactPatch
from chalicelib.schemas.fields import Address, Language, Moment, merged

APPENDIX_A = [  # RFC 7396, appendix A: those of its cases in which both sides are objects, as every record is
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX_A)
def test_the_cases_of_the_rfc(target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert merged(target, patch) == result


def test_the_example_of_the_rfc() -> None:
    target = {
        "title": "Goodbye!",
        "author": {"givenName": "John", "familyName": "Doe"},
        "tags": ["example", "sample"],
        "content": "This will be unchanged",
    }
    patch = {
        "title": "Hello!",
        "phoneNumber": "+01-123-456-7890",
        "author": {"familyName": None},
        "tags": ["example"],
    }
    assert merged(target, patch) == {
        "title": "Hello!",
        "author": {"givenName": "John"},
        "tags": ["example"],
        "content": "This will be unchanged",
        "phoneNumber": "+01-123-456-7890",
    }


objects = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers() | st.lists(st.integers(), max_size=2)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner | st.none() | st.integers()),
    max_leaves=6,
)


@given(objects, objects)
def test_patching_twice_is_patching_once_and_spares_its_arguments(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = (repr(target), repr(patch))
    once = merged(target, patch)
    assert merged(once, patch) == once
    assert (repr(target), repr(patch)) == before


@given(objects, objects)
def test_what_a_patch_does_not_name_stays(target: dict[str, Any], patch: dict[str, Any]) -> None:
    result = merged(target, patch)
    assert {name: result[name] for name in target if name not in patch} == {
        name: value for name, value in target.items() if name not in patch
    }
    assert all(name not in result for name, value in patch.items() if value is None)


def test_a_patch_type_takes_null_and_absence_for_every_field_and_no_other_field() -> None:
    for name in ContactDraft.__struct_fields__:
        assert getattr(msgspec.convert({name: None}, ContactPatch), name) is None
    assert msgspec.convert({}, ContactPatch) == ContactPatch()
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"nose": None}, ContactPatch)


def test_a_patch_type_keeps_the_limits_of_its_draft() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"first_name": ""}, ContactPatch)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"emails": [{"address": "nobody"}]}, ContactPatch)


def _takes(kind: Any, text: str) -> bool:
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True


GOOD = [
    "ada@example.com",
    "Ada.Lovelace+news@Sub.Example.CO",
    "o'brien@example.ie",
    "a@b.cd",
    "!#$%&'*+-/=?^_`{|}~@example.com",
    "用户@例子.广告",
    "jürgen@müller.de",
    "x" * 64 + "@example.com",
    "a@" + "x" * 63 + ".com",
    "123@456.com",
    "a@xn--bcher-kva.example",
]
BAD = [
    "",
    "ada",
    "@example.com",
    "ada@",
    "ada@example",
    "ada@example.",
    "ada@.com",
    "ada@example..com",
    "ada@@example.com",
    "ada@b@example.com",
    "ada@example.com ",
    " ada@example.com",
    "ada@example.com\n",
    "ada@example.com\r\nBcc: eve@example.com",
    "ada love@example.com",
    "ada@exam ple.com",
    "Ada <ada@example.com>",
    "ada@example.com,bob@example.com",
    "ada@example.com;bob@example.com",
    '"ada"@example.com',
    "ada(comment)@example.com",
    "ada\\@example.com",
    "ada:x@example.com",
    "[ada]@example.com",
    "ada@[127.0.0.1]",
    "ada@127.0.0.1",
    "ada@example.c",
    "ada@exa_mple.com",
    "ada@example.com/path",
    "ada@example.com?x",
    "ada@example.com#x",
    "ada\x00@example.com",
    "ada\t@example.com",
    "ada\u00a0@example.com",
    "ada\u2028@example.com",
    "ada@exa\u3000mple.com",
    "x" * 65 + "@example.com",
    "a@" + "x" * 64 + ".com",
    "a@" + "x." * 130 + "com",
    "mailto:ada@example.com",
]


@pytest.mark.parametrize("text", GOOD)
def test_an_address_that_there_can_be(text: str) -> None:
    assert _takes(Address, text)


@pytest.mark.parametrize("text", BAD)
def test_an_address_that_there_cannot_be(text: str) -> None:
    assert not _takes(Address, text)


@given(st.emails())
def test_what_the_rfc_calls_an_address_is_taken_if_it_is_of_this_century(text: str) -> None:
    local, _, host = text.rpartition("@")
    top = host.rpartition(".")[2]
    if len(local) <= 64 and "_" not in host and len(top) >= 2 and not top[0].isdigit():
        assert _takes(Address, text)


@pytest.mark.parametrize("text", ["de", "de-AT", "zh-Hant-TW", "gsw-CH"])
def test_a_language(text: str) -> None:
    assert _takes(Language, text)


@pytest.mark.parametrize("text", ["", "d", "DE", "de_AT", "de-", "german", "de-AT\n", "de\n"])
def test_no_language(text: str) -> None:
    assert not _takes(Language, text)


@pytest.mark.parametrize(
    "text", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+05:30", "2024-02-29T23:59:59-08:00"]
)
def test_a_moment(text: str) -> None:
    assert _takes(Moment, text)


@pytest.mark.parametrize(
    "text", ["2026-01-01", "2026-01-01T00:00:00", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "now", ""]
)
def test_no_moment(text: str) -> None:
    assert not _takes(Moment, text)
