"""Ids: a prefix, a ULID that sorts by time, and nothing else that passes for one."""

import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock, ids

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC))


@given(moments, moments)
def test_ids_sort_by_their_moment(one: datetime, other: datetime) -> None:
    if int(one.timestamp() * 1000) < int(other.timestamp() * 1000):
        assert ids.at("con", one) < ids.at("con", other)


@given(moments)
def test_the_moment_can_be_read_from_an_id(moment: datetime) -> None:
    number = 0
    for sign in ids.at("con", moment).removeprefix("con_")[:10]:
        number = number * 32 + CROCKFORD.index(sign)
    assert number == int(moment.timestamp() * 1000)


def test_ids_of_one_moment_differ() -> None:
    assert len({ids.new("con") for _ in range(5000)}) == 5000


@given(moments, st.text())
def test_what_is_derived_from_the_same_is_the_same(moment: datetime, seed: str) -> None:
    one = ids.derived("act", moment, seed)
    assert one == ids.derived("act", moment, seed)
    assert one != ids.derived("act", moment, seed + "x")
    assert ids.is_id("act", one)


def test_a_time_before_1970_still_makes_an_id() -> None:
    assert ids.is_id("act", ids.at("act", datetime(1969, 1, 1, tzinfo=UTC)))


@given(st.from_regex(r"[a-z]{3}", fullmatch=True))
def test_a_new_id_has_the_shape_of_its_prefix_only(prefix: str) -> None:
    assert ids.is_id(prefix, ids.new(prefix))
    assert not ids.is_id("xyz" if prefix != "xyz" else "abc", ids.new(prefix))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "con",
        "con_",
        "con_01HX",
        "con_" + "0" * 25,
        "con_" + "0" * 27,
        "con_8" + "0" * 25,  # more than 48 bits of time
        "con_" + "0" * 25 + "I",
        "con_" + "0" * 25 + "L",
        "con_" + "0" * 25 + "O",
        "con_" + "0" * 25 + "U",
        "con_" + "0" * 25 + "a",
        "con_" + "0" * 26 + "\n",
        "con_" + "0" * 25 + "#",
        "con_" + "٠" * 26,
        " con_" + "0" * 26,
        "CON_" + "0" * 26,
        "com_" + "0" * 26,
    ],
)
def test_what_only_looks_like_an_id_is_none(text: str) -> None:
    assert not ids.is_id("con", text)


@given(st.text(alphabet=string.printable, max_size=40))
def test_whatever_text_is_answered(text: str) -> None:
    assert ids.is_id("con", text) in (True, False)


def test_a_new_id_is_of_the_house_clock() -> None:
    try:
        clock.set(datetime(2040, 1, 1, tzinfo=UTC))
        assert ids.new("con") > ids.at("con", datetime(2039, 12, 31, tzinfo=UTC))
    finally:
        clock.reset()
