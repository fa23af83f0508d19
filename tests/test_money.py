"""The price table: each thing once, and nothing priced that it does not know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import money
from chalicelib.observability import Meter

amounts = st.dictionaries(st.sampled_from(sorted(money.PRICES)), st.floats(min_value=0, max_value=1e9))


def test_a_million_of_each_at_the_published_price() -> None:
    assert money.usd(rru=1e6) == pytest.approx(0.125)
    assert money.usd(wru=1e6) == pytest.approx(0.625)
    assert money.usd(calls=1e6) == pytest.approx(0.20)
    assert money.usd(http=1e6) == pytest.approx(3.50)
    assert money.usd(mails=1000) == pytest.approx(0.10)


@given(amounts, amounts)
def test_two_bills_are_the_bill_of_both(one: dict[str, float], other: dict[str, float]) -> None:
    both = {thing: one.get(thing, 0) + other.get(thing, 0) for thing in {*one, *other}}
    assert money.usd(**both) == pytest.approx(money.usd(**one) + money.usd(**other))


def test_nothing_costs_nothing() -> None:
    assert money.usd() == 0


def test_a_thing_without_a_price_is_an_error() -> None:
    with pytest.raises(KeyError):
        money.usd(coffee=1)


def test_whatever_a_meter_counts_has_a_price() -> None:
    assert set(Meter().amounts()) == set(money.PRICES)
