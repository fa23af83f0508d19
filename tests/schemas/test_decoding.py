"""Refusals: the pointer leads to what is wrong, and the code is one a client can rely on."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from chalicelib import errors
from chalicelib.handlers._request import Request
from chalicelib.schemas import decoding
from chalicelib.schemas.contact import ContactDraft, ContactPatch
from chalicelib.schemas.fields import Draft, Moment
from chalicelib.schemas.filters import ContactQuery
from chalicelib.schemas.task import TaskDraft


class _Leaf(Draft):
    number: Annotated[int, Meta(ge=1, le=9)] = 1
    share: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    kind: Literal["a", "b"] = "a"
    at: Moment | None = None


class _Node(Draft):
    leaves: Annotated[list[_Leaf], Meta(max_length=3)] = msgspec.field(default_factory=list)
    named: dict[str, _Leaf] = msgspec.field(default_factory=dict)
    next: "_Node | None" = None


def _flaw(plain: Any, kind: type[Any]) -> errors.Flaw:
    with pytest.raises(errors.Invalid) as caught:
        decoding.convert(plain, kind)
    (flaw,) = caught.value.flaws
    return flaw


@pytest.mark.parametrize(
    ("plain", "pointer", "code"),
    [
        ([], "", "type"),
        (None, "", "type"),
        (5, "", "type"),
        ("text", "", "type"),
        ({"nose": 1}, "/nose", "unknown_field"),
        ({"a/b": 1}, "/a~1b", "unknown_field"),
        ({"a~b": 1}, "/a~0b", "unknown_field"),
        ({"~1": 1}, "/~01", "unknown_field"),
        ({"a`b": 1}, "/a`b", "unknown_field"),
        ({"": 1}, "/", "unknown_field"),
        ({"Invalid enum": 1}, "/Invalid enum", "unknown_field"),
        ({"a\nb": 1}, "/a\nb", "unknown_field"),
        ({"first_name": 5}, "/first_name", "type"),
        ({"first_name": ""}, "/first_name", "length"),
        ({"first_name": "x" * 101}, "/first_name", "length"),
        ({"emails": {}}, "/emails", "type"),
        ({"emails": ["ada@example.com"]}, "/emails/0", "type"),
        ({"emails": [{"address": "a@b.cd"}, {}]}, "/emails/1/address", "required"),
        ({"emails": [{"address": "a@b.cd"}, {"address": "nobody"}]}, "/emails/1/address", "format"),
        ({"emails": [{"address": "a@b.cd", "x/y": 1}]}, "/emails/0/x~1y", "unknown_field"),
        ({"emails": [{"address": "a@b.cd", "kind": "of length"}]}, "/emails/0/kind", "not_allowed"),
        ({"emails": [{"address": "a@b.cd", "kind": "contains unknown"}]}, "/emails/0/kind", "not_allowed"),
        ({"emails": [{"address": "a@b.cd", "primary": "yes"}]}, "/emails/0/primary", "type"),
        ({"emails": [{"address": f"a{n}@b.cd"} for n in range(11)]}, "/emails", "length"),
        ({"tags": ["x", ""]}, "/tags/1", "length"),
        ({"address": {"country": "Austria"}}, "/address/country", "format"),
        ({"address": {"country": "AT\n"}}, "/address/country", "format"),
        ({"language": "de\n"}, "/language", "format"),
        ({"phones": [{"number": "+43 1 58\n"}]}, "/phones/0/number", "format"),
        ({"social": {"x": 5}}, "/social", "type"),
        ({"social": {"": "x"}}, "/social", "length"),
        ({"social": {"x" * 31: "x"}}, "/social", "length"),
        ({"social": {"x": "y" * 201}}, "/social", "length"),
    ],
)
def test_what_is_wrong_with_a_contact_is_pointed_at(plain: Any, pointer: str, code: str) -> None:
    flaw = _flaw(plain, ContactDraft)
    assert (flaw.pointer, flaw.code) == (pointer, code)


@pytest.mark.parametrize(
    ("plain", "pointer", "code"),
    [
        ({"leaves": [{}, {}, {"number": 0}]}, "/leaves/2/number", "range"),
        ({"leaves": [{"number": 10}]}, "/leaves/0/number", "range"),
        ({"leaves": [{"share": 0}]}, "/leaves/0/share", "range"),
        ({"leaves": [{"share": 1}]}, "/leaves/0/share", "range"),
        ({"leaves": [{"number": 1.5}]}, "/leaves/0/number", "type"),
        ({"leaves": [{"kind": "c"}]}, "/leaves/0/kind", "not_allowed"),
        ({"leaves": [{"at": "2026-01-01T00:00:00"}]}, "/leaves/0/at", "format"),
        ({"leaves": [{"at": "tomorrow"}]}, "/leaves/0/at", "format"),
        ({"leaves": [{"at": 5}]}, "/leaves/0/at", "type"),
        ({"next": {"next": {"leaves": [{"number": 0}]}}}, "/next/next/leaves/0/number", "range"),
        ({"next": {"next": {"x": 0}}}, "/next/next/x", "unknown_field"),
        ({"named": {"a.b": {"number": 0}}}, "/named", "range"),
    ],
)
def test_nested_errors_are_pointed_at(plain: Any, pointer: str, code: str) -> None:
    flaw = _flaw(plain, _Node)
    assert (flaw.pointer, flaw.code) == (pointer, code)


@given(st.text(max_size=30).filter(lambda name: name not in ContactDraft.__struct_fields__))
def test_the_pointer_of_an_unknown_field_leads_to_it_whatever_its_name(name: str) -> None:
    if "` - at " in name:
        return
    flaw = _flaw({name: 1}, ContactDraft)
    assert flaw.code == "unknown_field"
    assert flaw.pointer.removeprefix("/").replace("~1", "/").replace("~0", "~") == name


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ContactDraft.__struct_fields__, "address", "kind", "x"]) | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(plain_json)
def test_whatever_json_comes_is_taken_or_refused_with_a_pointer_into_it(plain: Any) -> None:
    try:
        decoding.convert(plain, ContactDraft)
    except errors.Invalid as refusal:
        (flaw,) = refusal.flaws
        here = plain
        steps = flaw.pointer.split("/")[1:]
        for step in steps[:-1] if flaw.code in ("required", "unknown_field") else steps:
            name = step.replace("~1", "/").replace("~0", "~")
            here = here[int(name)] if isinstance(here, list) else here[name]


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"limit": "0"}, "/limit", "range"),
        ({"limit": "201"}, "/limit", "range"),
        ({"limit": "-1"}, "/limit", "range"),
        ({"limit": "9" * 40}, "/limit", "type"),
        ({"limit": "ten"}, "/limit", "type"),
        ({"limit": ""}, "/limit", "type"),
        ({"limit": "1 "}, "/limit", "type"),
        ({"limit": "١"}, "/limit", "type"),
        ({"limit": "true"}, "/limit", "type"),
        ({"limit": "2.5"}, "/limit", "type"),
        ({"sort": "-name"}, "/sort", "not_allowed"),
        ({"colour": "red"}, "/colour", "unknown_field"),
        ({"updated_since": "2026-01-01"}, "/updated_since", "format"),
        ({"updated_since": "2026-01-01T00:00:00"}, "/updated_since", "format"),
        ({"email": "nobody"}, "/email", "format"),
        ({"cursor": "x" * 2001}, "/cursor", "length"),
    ],
)
def test_what_is_wrong_with_a_query_is_pointed_at(query: dict[str, str], pointer: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        Request({"multiValueQueryStringParameters": {name: [value] for name, value in query.items()}}).query(
            ContactQuery
        )
    (flaw,) = caught.value.flaws
    assert (flaw.pointer, flaw.code) == (pointer, code)


@pytest.mark.parametrize("kind", [ContactDraft, ContactPatch, TaskDraft])
@pytest.mark.parametrize("name", ["x" * 100_000, "` - at `$.emails[0]", "'", "\x00"])
def test_a_sentence_stays_a_sentence_whatever_it_quotes(kind: type[Any], name: str) -> None:
    assert len(_flaw({name: 1}, kind).message) <= 300


def test_a_sentence_is_for_people_and_shows_no_pattern() -> None:
    assert "\\" not in _flaw({"emails": [{"address": "nobody"}]}, ContactDraft).message


@pytest.mark.parametrize("read", [json.loads, msgspec.json.decode])
def test_numbers_stay_numbers(read: Callable[[str], Any]) -> None:
    assert decoding.convert(read('{"leaves": [{"number": 9}]}'), _Node).leaves[0].number == 9
