"""Cells: no spreadsheet calculates in one, and what was written is read again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.exporting import cells

TEXTS = st.text(st.sampled_from("'=+-@\t\r\n a;,[]{}\"") | st.characters(), max_size=12)
LISTS = st.lists(TEXTS, min_size=1, max_size=4)
OBJECTS = st.dictionaries(TEXTS, TEXTS | st.integers() | st.booleans() | st.none(), min_size=1, max_size=3)


@given(TEXTS)
def test_nothing_is_calculated_and_the_text_comes_back(text: str) -> None:
    cell = cells.harmless(text)
    assert cell[:1] not in {*cells.FORMULA}
    assert cells.plain(cell) == text


@pytest.mark.parametrize("text", ["=1+1", "+43 1", "-5", "@x", "\tx", "\rx", "'=x", "''-x"])
def test_what_looks_like_a_formula_gets_one_apostrophe(text: str) -> None:
    assert cells.harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "O'Brien", "'quoted'", "1-2", "a=b"])
def test_what_does_not_stays_as_it_is(text: str) -> None:
    assert cells.harmless(text) == cells.plain(text) == text


@given(LISTS | OBJECTS)
def test_lists_and_objects_come_back(value: Any) -> None:
    text = cells.written(value)
    read = cells.structured(text)
    assert (text.split("; ") if read is None else read) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ([], ""),
        ({}, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1.5, "-1.5"),
        (1e-7, "0.0000001"),
        (2e16, "20000000000000000"),
        (["a", "b"], "a; b"),
        (["a;b"], '["a;b"]'),
        ([""], '[""]'),
        ({"a": 1}, '{"a":1}'),
    ],
)
def test_values_as_people_write_them(value: Any, text: str) -> None:
    assert cells.written(value) == text


@pytest.mark.parametrize("text", ["", "Ada", "[1", "{", "[" * 100_000, "]"])
def test_what_is_no_json_is_none(text: str) -> None:
    assert cells.structured(text) is None
