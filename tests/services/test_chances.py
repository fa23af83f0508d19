"""The arithmetic of win probabilities: against the formula in exact fractions, at its limits, and in each direction."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.services import chances
from chalicelib.services.chances import Counts, Feature, Seen

MANY = st.integers(0, 500)
FEATURES: tuple[Feature, ...] = ("stage", "age", "owner", "source")


@st.composite
def learned(draw: st.DrawFn) -> tuple[Counts, list[Seen]]:
    """Counts as closed deals leave them: no feature was seen more often than there are deals."""
    base = Counts(draw(MANY), draw(st.integers(10, 500)))
    seen = [
        Seen(name, "x", Counts(draw(st.integers(0, base.won)), draw(st.integers(0, base.lost))))
        for name in draw(st.sets(st.sampled_from(FEATURES)))
    ]
    return base, seen


def exactly(base: Counts, seen: list[Seen]) -> Fraction:
    """The formula, told anew."""
    rate = Fraction(base.won + 1, base.won + base.lost + 2)
    odds = rate / (1 - rate)
    for one in seen:
        won, lost = one.counts
        mean = (won + 10 * rate) / (won + lost + 10)
        odds *= min(max(mean / (1 - mean) / (rate / (1 - rate)), Fraction(1, 10)), Fraction(10))
    return min(max(odds / (1 + odds), Fraction(1, 100)), Fraction(99, 100))


@given(learned())
def test_it_is_what_the_formula_says(given_: Any) -> None:
    found = chances.chance(*given_)
    assert found.probability == pytest.approx(float(exactly(*given_)), rel=1e-9)
    assert 0.01 <= found.probability <= 0.99
    strengths = [max(one.effect, 1 / one.effect) for one in found.reasons]
    assert strengths == sorted(strengths, reverse=True)


@given(learned(), st.randoms(use_true_random=False))
def test_the_order_in_which_features_are_told_does_not_matter(given_: Any, chance: Any) -> None:
    base, seen = given_
    other = chance.sample(seen, len(seen))
    assert chances.chance(base, other).probability == pytest.approx(chances.chance(base, seen).probability)


@given(st.builds(Counts, MANY, st.integers(1, 500)))
def test_without_features_it_is_the_base_rate(base: Counts) -> None:
    expected = min(max(chances.base_rate(base), 0.01), 0.99)
    assert chances.chance(base, []).probability == pytest.approx(expected)


def test_a_feature_as_frequent_in_won_as_in_lost_deals_says_nothing() -> None:
    assert chances.factor(Counts(39, 59), Counts(4, 6)) == pytest.approx(1)


def test_one_deal_says_little_and_many_say_much() -> None:
    base = Counts(40, 60)
    assert chances.factor(base, Counts(1, 0)) < 1.3
    assert (
        1
        < chances.factor(base, Counts(1, 0))
        < chances.factor(base, Counts(5, 0))
        < chances.factor(base, Counts(20, 0))
    )
    assert chances.factor(base, Counts(0, 20)) < chances.factor(base, Counts(0, 1)) < 1


def test_a_factor_is_limited_and_nothing_is_certain() -> None:
    base = Counts(500, 500)
    assert chances.factor(base, Counts(400, 0)) == 10
    assert chances.factor(base, Counts(0, 400)) == pytest.approx(0.1)
    sure = [Seen(name, "x", Counts(400, 0)) for name in FEATURES]
    assert chances.chance(base, sure).probability == 0.99


def test_what_no_closed_deal_had_says_nothing_and_is_no_reason() -> None:
    assert chances.chance(Counts(5, 5), [Seen("source", "fair", Counts(0, 0))]).reasons == []


@pytest.mark.parametrize(
    ("days", "bucket"), [(-3, 0), (0, 0), (6.99, 0), (7, 1), (13, 1), (30, 3), (364, 6), (365, 7), (9999, 7)]
)
def test_ages_fall_into_buckets(days: float, bucket: int) -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    assert chances.age_bucket(clock.stamp(made), clock.stamp(made + timedelta(days=days))) == bucket


@pytest.mark.parametrize(("probability", "ten"), [(0.01, 0), (0.1, 1), (0.65, 6), (0.99, 9), (1.0, 9)])
def test_probabilities_fall_into_tenths(probability: float, ten: int) -> None:
    assert chances.decile(probability) == ten


def test_the_furthest_stage_is_the_last_open_one_in_the_order_of_the_pipeline() -> None:
    stages = [
        {"code": code, "forecast": kind} for code, kind in ((4, "pipeline"), (2, "commit"), (1, "won"), (3, "lost"))
    ]
    assert chances.furthest(stages, {"4": 2, "1": 1, "3": 1}) == stages[0]
    assert chances.furthest(stages, {"4": 1, "2": 1, "9": 1}) == stages[1]
    assert chances.furthest(stages, {"1": 1}) is None
    assert chances.furthest(stages, None) is None
