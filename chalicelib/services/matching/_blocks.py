"""A block of records with a key in common: which of them are one.

Two that look little alike may each be found to be one with a third: what one of them lacks, or has typed wrong, the
third has. Such a pair is taken too, unless it speaks against itself. That is all of transitivity: no chains are
followed, since at the end of a long one stand people who have nothing to do with each other.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Generic, NamedTuple, TypeVar

from chalicelib.services.matching._score import Match
from chalicelib.services.matching._sorts import Prepared, between
from chalicelib.services.matching._weights import AGAINST, THRESHOLD

K = TypeVar("K", int, str)

THIRD = "both found to be the same as a third"


class Pairing(NamedTuple, Generic[K]):
    """Two records, the lesser key first, that are likely one: how likely and why, and by which third, if by one."""

    ids: tuple[K, K]
    match: Match
    through: K | None


def within(records: Mapping[K, Prepared], ids: Sequence[K], window: int) -> list[Pairing[K]]:
    """The pairs of one block, each record compared with the `window` ones that follow it in order."""
    ordered = sorted(ids)
    direct: dict[tuple[K, K], Match] = {}
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + window]:
            match = between(records[one], records[other])
            if match.score >= THRESHOLD:
                direct[one, other] = match
    found = [Pairing(pair, match, None) for pair, match in direct.items()]
    near: defaultdict[K, list[K]] = defaultdict(list)
    for one, other in direct:
        near[one].append(other)
        near[other].append(one)
    added: set[tuple[K, K]] = set()
    for third, around in sorted(near.items()):
        for one, other in combinations(sorted(around), 2):
            if (one, other) in direct or (one, other) in added:
                continue
            through = by_third(records[one], records[other], records[third])
            if through is not None:
                added.add((one, other))
                found.append(Pairing((one, other), through, third))
    return found


def by_third(one: Prepared, other: Prepared, third: Prepared) -> Match | None:
    """How likely two records are one because each is one with a third; None unless they are."""
    links = [between(one, third), between(third, other)]
    own = between(one, other)
    if min(link.score for link in links) < THRESHOLD or own.score < AGAINST:
        return None
    return Match(min(link.score for link in links), [THIRD, *own.reasons])
