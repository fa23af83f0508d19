"""How likely a deal is won, learned from what became of the firm's own deals. Pure arithmetic over counts.

Naive Bayes (McCallum & Nigam 1998, "A comparison of event models for naive Bayes text classification"): the odds of a
win are those of the firm, times one factor for each thing known of the deal,

    odds = B / (1 - B)  x  product of  P(feature | won) / P(feature | lost),    B = (W + 1) / (W + L + 2)

with W won and L lost deals: B is Laplace's rule of succession. By Bayes a factor is the odds of deals with the feature
over those of all deals. Of a feature that w won and l lost deals have, these are taken from an m-estimate (Cestnik
1990, "Estimating probabilities: a crucial task in machine learning"), which is shrunk towards the firm's own rate:

    P(won | feature) = (w + M B) / (w + l + M),    factor = (w + M B) / (l + M (1 - B))  /  (B / (1 - B))

So a feature of few deals says little, and one that is as frequent in won as in lost deals says nothing. A factor counts
at most tenfold, and nothing is ever certain: features lean on each other, which makes the plain product too sure of
itself.

An open deal is not over, so what it is compared with is what closed deals had been when they were where it is: the
stage is the furthest open one that it was ever in, against closed deals that ever were in that stage; the age is the
days since it was made, against closed deals that lasted at least as long.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from chalicelib import clock

FEWEST: Final = 10  # closed deals from which anything is learned
AGES: Final = (0, 7, 14, 30, 60, 90, 180, 365)  # days at which a new bucket begins
DECILES: Final = 10
MILLION: Final = 1_000_000
_SHRINK: Final = 10.0  # M: so many deals of a feature weigh as much as the firm's own rate
_MOST: Final = 10.0  # a factor counts at most so much, or one through so much
_SURE: Final = 0.99
Cells = Mapping[str, int]
Feature = Literal["stage", "age", "owner", "source"]


class Counts(NamedTuple):
    """How many deals were won and lost."""

    won: int
    lost: int

    @property
    def closed(self) -> int:
        """Both."""
        return self.won + self.lost


class Seen(NamedTuple):
    """Something known of a deal, and how many closed ones had it."""

    feature: Feature
    value: str
    counts: Counts


class Reason(NamedTuple):
    """What a feature does to the odds: above 1 it speaks for a win."""

    seen: Seen
    effect: float


class Chance(NamedTuple):
    """The probability of a win (0 to 1), and what it rests on, the strongest first."""

    probability: float
    reasons: list[Reason]


def chance(base: Counts, seen: Iterable[Seen]) -> Chance:
    """What the counts say of a deal with these features; one that no closed deal had says nothing."""
    reasons = [Reason(one, factor(base, one.counts)) for one in seen if one.counts.closed]
    odds = base_rate(base) / (1 - base_rate(base))
    for reason in reasons:
        odds *= reason.effect
    strongest = sorted(reasons, key=lambda one: max(one.effect, 1 / one.effect), reverse=True)
    return Chance(min(max(odds / (1 + odds), 1 - _SURE), _SURE), strongest)


def factor(base: Counts, counts: Counts) -> float:
    """P(feature | won) / P(feature | lost), smoothed and limited."""
    rate = base_rate(base)
    odds = (counts.won + _SHRINK * rate) / (counts.lost + _SHRINK * (1 - rate))
    return min(max(odds * (1 - rate) / rate, 1 / _MOST), _MOST)


def base_rate(base: Counts) -> float:
    """How likely any deal is won: Laplace's rule of succession."""
    return (base.won + 1) / (base.closed + 2)


def age_bucket(created_at: str, at: str) -> int:
    """Which of `AGES` a deal that was made at the stamp `created_at` has reached at the stamp `at`."""
    days = (clock.parse(at) - clock.parse(created_at)).total_seconds() / 86400
    return max(0, bisect_right(AGES, days) - 1)


def furthest(stages: Iterable[Mapping[str, Any]], entered: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The last open stage of a pipeline, in its order, that a deal with these entries was ever in."""
    there = [one for one in stages if one["forecast"] not in ("won", "lost") and str(one["code"]) in (entered or {})]
    return there[-1] if there else None


def decile(probability: float) -> int:
    """0 for probabilities below 0.1, up to 9."""
    return min(int(probability * DECILES), DECILES - 1)
