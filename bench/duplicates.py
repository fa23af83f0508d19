"""How well duplicates are found among made-up persons, how few pairs are compared for it, and how fast."""

import time
from collections import defaultdict
from itertools import combinations
from typing import Any, Final

from bench._bases import row
from bench.people import PROFILES, Entry, people
from chalicelib.services import matching

SIZE: Final = 5_000
SEED: Final = 2026
PRECISION, RECALL, COMPARED = 0.98, 0.93, 1.0
Row = dict[str, Any]


def rows() -> list[Row]:
    """For each kind of base: what of the found is right, what of the right is found, and at what price."""
    return [one for profile in PROFILES for one in _measured(profile, people(SIZE, profile, SEED))]


def pairs_of(entries: list[Entry]) -> tuple[set[tuple[int, int]], set[tuple[int, int]], set[tuple[int, int]]]:
    """The pairs, by place, that are one person; those that share a key; and those found to be one person."""
    ready = [matching.prepare("contact", entry.record) for entry in entries]
    blocks: defaultdict[str, list[int]] = defaultdict(list)
    for place, record in enumerate(ready):
        for key in matching.blocking_keys("contact", record):
            blocks[key].append(place)
    compared = {pair for block in blocks.values() for pair in combinations(block, 2)}
    records = dict(enumerate(ready))
    found = {pairing.ids for block in blocks.values() for pairing in matching.within(records, block, len(block))}
    same: defaultdict[int, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        same[entry.person].append(place)
    return {pair for block in same.values() for pair in combinations(block, 2)}, compared, found


def _measured(profile: str, entries: list[Entry]) -> list[Row]:
    started = time.perf_counter()
    true, compared, found = pairs_of(entries)
    seconds = time.perf_counter() - started
    keys = sum(len(matching.blocking_keys("contact", entry.record)) for entry in entries)
    right = len(found & true)
    return [
        _least(f"duplicates, {profile}: precision", right / len(found), PRECISION),
        _least(f"duplicates, {profile}: recall", right / len(true), RECALL),
        row(f"duplicates, {profile}: compared", 200 * len(compared) / len(entries) ** 2, "% of pairs", COMPARED),
        row(f"duplicates, {profile}: keys", keys / len(entries), "a person"),
        row(f"duplicates, {profile}: time", seconds / len(compared) * 1e6, "us a pair"),
    ]


def _least(name: str, value: float, limit: float) -> Row:
    return {**row(name, value, "", limit), "holds": value >= limit, "least": True}
