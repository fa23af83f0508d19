"""The job that looks through all records for duplicates: block by block, as they stand in the index.

First the pairs of earlier scans that are none any more are removed. Then each step reads one page of keys, and the
records that share one. A pair that shares several keys is kept in the block that comes first; so nothing but the place
in the index is carried from step to step, and a step that is done again finds the same pairs.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import combinations, groupby
from typing import Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.pair import OPEN, Pair
from chalicelib.models.table import LastKey, page
from chalicelib.models.term import place_of
from chalicelib.models.writes import Step, absent, transact
from chalicelib.services import duplicates, matching, nouns, terms

_PAIRS: Final = 100  # earlier ones looked at in one step
_PAGE: Final = 200  # keys of one step; a larger block is looked through in parts of this size
_ENOUGH: Final = 1000  # comparisons in one block: in a large one each record is compared with some that follow it
_AT_LEAST: Final = 5  # so many

Block = tuple[str, list[str]]  # key, ids


class _Ready(NamedTuple):
    record: matching.Prepared
    keys: frozenset[str]


def step(job: Job) -> bool:
    """One page of earlier pairs, or of one shard's keys.

    Half a unit for 4 KB of either and for each record looked at; two for a pair found or removed.
    """
    if "shard" not in job.state:
        last = _sweep(job.tenant, job.params["noun"], job.state.get("last"))
        job.state = {"last": last} if last else {"shard": 0}
        return False
    noun, shard = job.params["noun"], job.state["shard"]
    blocks, after = _blocks(job.tenant, f"{noun}.dup.{shard}", job.state.get("after"))
    for ids, match, through in _pairings(job, noun, blocks):
        _keep(Pair.of(job.tenant, noun, ids, match.score, match.reasons, through))
        job.tally("found")
    job.state = {"shard": shard, "after": after} if after else {"shard": shard + 1}
    job.done = job.state["shard"]
    return bool(job.done >= terms.SHARDS)


def _sweep(tenant: str, noun: str, start: LastKey | None) -> LastKey | None:
    """Remove what is no pair any more; where to go on, if there may be more."""
    pairs, last = duplicates.earlier(tenant, noun, start, _PAIRS)
    for pair, still in pairs:
        if not still:
            with suppress(errors.Stale):  # dismissed meanwhile
                transact(Step("delete", pair, Pair.status == OPEN))
    return last


def _blocks(tenant: str, space: str, after: str | None) -> tuple[list[Block], str | None]:
    """The blocks of one page of the index, and the sort key to go on after. The last one may go on: it waits."""
    partition = keys.partition("term", tenant=tenant, space=space)
    start = {"pk": {"S": partition}, "sk": {"S": after}} if after else None
    found = page(partition, limit=_PAGE, start=start)
    places = [place_of(entry.sk) for entry in found.items]
    blocks = [(key, [one for _, one in group]) for key, group in groupby(places, key=lambda place: place[0])]
    if found.last is None:
        return blocks, None
    if len(blocks) > 1:
        blocks.pop()
    key, ids = blocks[-1]
    return blocks, f"{key}#{ids[-1]}"


def _pairings(job: Job, noun: str, blocks: list[Block]) -> Iterator[matching.Pairing[str]]:
    shared = [block for block in blocks if len(block[1]) > 1]
    there = duplicates.live(job.tenant, noun, [one for _, ids in shared for one in ids])
    ready = {one: _ready(noun, record) for one, record in there.items()}
    records = {one: made.record for one, made in ready.items()}
    for key, ids in shared:
        here = [one for one in ids if one in ready and key in ready[one].keys]
        job.tally("compared", sum(1 for met in combinations(here, 2) if _meet(noun, ready, met) == key))
        for pairing in matching.within(records, here, max(_AT_LEAST, _ENOUGH // max(1, len(here)))):
            met = (*pairing.ids, pairing.through) if pairing.through else pairing.ids
            if _meet(noun, ready, met) == key:
                yield pairing


def _ready(noun: str, record: Any) -> _Ready:
    prepared = matching.prepare(noun, nouns.plain(record))
    return _Ready(prepared, frozenset(matching.blocking_keys(noun, prepared)))


def _meet(noun: str, ready: dict[str, _Ready], met: tuple[str, ...]) -> str | None:
    """The key under which records meet first on the way through the shards."""
    shared = frozenset.intersection(*(ready[one].keys for one in met))
    return min(shared, key=lambda key: (int(terms.likeness(noun, key).rpartition(".")[2]), key.encode()), default=None)


def _keep(pair: Pair) -> None:
    """Store it, unless somebody has said that it is none."""
    with suppress(errors.Stale):
        transact(Step("save", pair, absent() | (Pair.status == OPEN)))
