"""Values of custom fields: what each type takes, the one form of each, and what a filter's text means."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.schemas.field import FieldView
from chalicelib.schemas.money import CURRENCIES, MOST
from chalicelib.services import custom_values

POINTER = "/custom/x"
COM = "com_01HX5ZZKBKACTAV9WEVGEMMVRZ"


def field(kind: str, **more: Any) -> FieldView:
    chooses = {"enum": ["low", "high", "mid"], "multi": ["low", "high", "mid"]}
    values: dict[str, Any] = {
        "id": "fld_1", "noun": "contact", "name": "x", "label": "X", "type": kind, "options": chooses.get(kind, []),
        "retired": [],
        "refers_to": "company" if kind == "reference" else None, "description": None, "created_at": "",
        "updated_at": "", "deleted_at": None, "version": 1, **more,
    }  # fmt: skip
    return FieldView(**values)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("text", " As typed ", " As typed "),
        ("text", "x" * 2000, "x" * 2000),
        ("number", 5.0, 5),
        ("number", 0.1, 0.1),
        ("number", MOST, MOST),
        ("number", -1e300, -1e300),
        ("money", {"currency": "EUR", "amount": -1}, {"amount": -1, "currency": "EUR"}),
        ("date", "2024-02-29", "2024-02-29"),
        ("enum", "high", "high"),
        ("multi", ["high", "low", "high"], ["low", "high"]),
        ("multi", [], []),
        ("bool", False, False),
        ("reference", COM, COM),
        ("url", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"),
    ],
)
def test_what_fits_is_kept_in_one_form(kind: str, value: Any, kept: Any) -> None:
    found = custom_values.checked(field(kind), value, POINTER)
    assert found == kept
    assert type(found) is type(kept)
    assert custom_values.checked(field(kind), found, POINTER) == found


@pytest.mark.parametrize(
    ("kind", "value", "pointer", "code"),
    [
        ("text", "", POINTER, "type"),
        ("text", " ", POINTER, "type"),
        ("text", 5, POINTER, "type"),
        ("text", "x" * 2001, POINTER, "length"),
        ("number", "5", POINTER, "type"),
        ("number", True, POINTER, "type"),
        ("number", float("inf"), POINTER, "type"),
        ("number", float("nan"), POINTER, "type"),
        ("number", MOST + 1, POINTER, "range"),
        ("number", 10**400, POINTER, "range"),
        ("money", 5, POINTER, "type"),
        ("money", {"amount": 5}, f"{POINTER}/currency", "required"),
        ("money", {"amount": 0.5, "currency": "EUR"}, f"{POINTER}/amount", "type"),
        ("money", {"amount": 5, "currency": "EUX"}, f"{POINTER}/currency", "unknown"),
        ("money", {"amount": 5, "currency": "EUR", "x": 1}, f"{POINTER}/x", "unknown_field"),
        ("date", "2023-02-29", POINTER, "range"),
        ("date", "20230228", POINTER, "type"),
        ("date", "2023-W01-1", POINTER, "type"),
        ("date", "2023-02-28T00:00:00Z", POINTER, "type"),
        ("enum", "other", POINTER, "not_allowed"),
        ("enum", ["low"], POINTER, "type"),
        ("multi", "low", POINTER, "type"),
        ("multi", ["low", "other"], f"{POINTER}/1", "not_allowed"),
        ("multi", ["low", 1], POINTER, "type"),
        ("bool", "true", POINTER, "type"),
        ("bool", 1, POINTER, "type"),
        ("reference", "con_01HX5ZZKBKACTAV9WEVGEMMVRZ", POINTER, "type"),
        ("reference", None, POINTER, "type"),
        ("url", "ftp://example.com", POINTER, "format"),
        ("url", "javascript:alert(1)", POINTER, "format"),
        ("url", "https://", POINTER, "format"),
        ("url", "https://exa mple.com", POINTER, "format"),
        ("url", "https://[::1", POINTER, "format"),
        ("url", 5, POINTER, "type"),
    ],
)
def test_what_does_not_fit_says_where(kind: str, value: Any, pointer: str, code: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        custom_values.checked(field(kind), value, POINTER)
    assert (refused.value.flaws[0].pointer, refused.value.flaws[0].code) == (pointer, code)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(kind=st.sampled_from(sorted(custom_values._TYPES)), value=ANYTHING)
def test_anything_is_kept_for_good_or_refused_at_its_place(kind: str, value: Any) -> None:
    refused: list[errors.Flaw] = []
    try:
        kept = custom_values.checked(field(kind), value, POINTER)
    except errors.Invalid as error:
        refused += error.flaws
    else:
        assert custom_values.checked(field(kind), kept, POINTER) == kept
    assert all(flaw.pointer.startswith(POINTER) for flaw in refused)


VALUES = st.one_of(
    st.tuples(st.just("text"), st.text(min_size=1, max_size=50).filter(str.strip)),
    st.tuples(st.just("number"), st.integers(-MOST, MOST) | st.integers(-(10**6), 10**6).map(lambda n: n / 100)),
    st.tuples(
        st.just("money"),
        st.fixed_dictionaries({"amount": st.integers(-MOST, MOST), "currency": st.sampled_from(sorted(CURRENCIES))}),
    ),
    st.tuples(st.just("date"), st.dates(date(1000, 1, 1)).map(str)),
    st.tuples(st.just("enum"), st.sampled_from(["low", "high"])),
    st.tuples(st.just("bool"), st.booleans()),
)


@given(VALUES)
def test_the_text_under_which_a_value_is_found_means_that_value(typed: tuple[str, Any]) -> None:
    kind, value = typed
    kept = custom_values.checked(field(kind), value, POINTER)
    (term,) = custom_values.terms(kept)
    assert custom_values.parsed(field(kind), term, POINTER) == kept


def test_a_multi_is_found_by_each_of_its_options() -> None:
    assert custom_values.terms(["low", "high"]) == ["low", "high"]
    assert custom_values.parsed(field("multi"), "high", POINTER) == "high"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("number", "five"), ("number", "1e5"), ("money", "5"), ("money", "5 EUX"), ("bool", "yes"), ("date", "today"),
     ("enum", "other"), ("multi", "other"), ("reference", "x"), ("url", "x"), ("text", "")],
)  # fmt: skip
def test_a_filter_that_means_no_value_is_refused(kind: str, text: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        custom_values.parsed(field(kind), text, POINTER)
    assert refused.value.flaws[0].pointer.startswith(POINTER)
