"""Records that may be one: found when one is made, listed after a scan of all, dismissed by people.

Nothing is compared with everything: records meet in the blocks of the index that `matching.blocking_keys` names.
"""

from collections import Counter
from typing import Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.pair import Pair
from chalicelib.models.table import Item, LastKey, page, several
from chalicelib.models.term import place_of
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.duplicate import DuplicateView
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import jobs, matching, nouns, terms

SCAN: Final = "duplicates"  # the kind of job
_BLOCK: Final = 50  # entries read of one block
_COMPARED: Final = 25  # records read and compared for one that is looked up
_WARNED_KEYS, _WARNED_RECORDS = 6, 5  # the same for one that has just been made: somebody waits


class Candidate(NamedTuple):
    """A record that may be the one looked up, how likely (0 to 1), and why."""

    id: str
    score: float
    reasons: list[str]


def candidates(
    tenant: str,
    noun: str,
    plain: dict[str, Any],
    *,
    exclude: str | None = None,
    most_keys: int | None = None,
    most: int = _COMPARED,
) -> list[Candidate]:
    """Live records that may be the one given as on the wire, the likeliest first; without the id `exclude`.

    Half a read unit per key, of which a record has ten or fewer, and per record compared: those that share the most
    keys with it. The index follows a moment later, so what was just made may not be found yet.
    """
    sought = matching.prepare(noun, plain)
    shared: Counter[str] = Counter()
    for key in matching.blocking_keys(noun, sought)[:most_keys]:
        shared.update(_block(tenant, noun, key))
    shared.pop(exclude or "", None)
    chosen = sorted(shared, key=lambda one: (-shared[one], one))[:most]
    found = []
    for record in live(tenant, noun, chosen).values():
        match = matching.between(sought, matching.prepare(noun, nouns.plain(record)))
        if match.score >= matching.THRESHOLD:
            found.append(Candidate(record.id, match.score, match.reasons))
    return sorted(found, key=lambda one: (-one.score, one.id))


def warn(actor: Actor, noun: str, record: Any) -> list[DuplicateView]:
    """What a record (contact or company) that has just been made may be a duplicate of.

    At most 5.5 read units: six keys and five records, half a unit each.
    """
    found = candidates(
        actor.tenant,
        noun,
        nouns.plain(record),
        exclude=record.id,
        most_keys=_WARNED_KEYS,
        most=_WARNED_RECORDS,
    )
    return [DuplicateView(ids=[record.id, one.id], score=one.score, reasons=one.reasons) for one in found]


def listing(actor: Actor, noun: str, wanted: Page) -> Listing[DuplicateView]:
    """Pairs found by scans, the likeliest first.

    Left out are those of which one is gone, merged or in the trash, or has been changed so that it is none any more; a
    page may so be shorter than asked for. One query, and half a unit for each record.
    """
    pairs, last = earlier(actor.tenant, noun, wanted.start, wanted.limit)
    return Listing([_view(pair) for pair, still in pairs if still], last)


def earlier(
    tenant: str, noun: str, start: LastKey | None, limit: int
) -> tuple[list[tuple[Pair, bool]], LastKey | None]:
    """A page of the open pairs by falling score, each with whether it is one still; and where to go on."""
    found = page(
        keys.partition("pair", "gsi1", tenant=tenant, noun=noun),
        index="gsi1",
        limit=limit,
        start=start,
        newest_first=True,
    )
    named = [one for pair in found.items for one in (pair.one, pair.other, pair.through) if one]
    records = _records(tenant, noun, named)
    return [(pair, _still(pair, records)) for pair in found.items], found.last


def scan(actor: Actor, noun: str) -> JobView:
    """Look through all records of a noun for duplicates, as a job: `scanning.py`."""
    permission = f"{nouns.NOUNS[noun].plural}:read"
    return jobs.start(actor, SCAN, {"noun": noun}, total=terms.SHARDS, permission=permission)


def dismiss(actor: Actor, noun: str, ids: list[str]) -> None:
    """These two are not one: the pair is not listed any more, nor found again. Raises `Invalid`, `NotFound`, `Gone`."""
    one, other = ids
    if one == other:
        raise errors.invalid("/ids", "repeated", "A pair is two records.")
    for record_id in ids:
        if nouns.peek(nouns.NOUNS[noun], actor.tenant, record_id) is None:
            raise errors.NotFound(f"There is no such {noun}.")
    transact(Step("save", Pair.no_pair(actor.tenant, noun, (one, other), actor.user)))


def live(tenant: str, noun: str, record_ids: list[str]) -> dict[str, Any]:
    """Those of the records that are neither gone, merged nor in the trash, by id. Half a unit each."""
    return {one: record for one, record in _records(tenant, noun, record_ids).items() if record.live}


def _records(tenant: str, noun: str, record_ids: list[str]) -> dict[str, Any]:
    model = nouns.NOUNS[noun].model
    found = several([keys.key(noun, tenant=tenant, id=one) for one in dict.fromkeys(record_ids)])
    return {record.id: record for record in found if isinstance(record, model)}


def _block(tenant: str, noun: str, key: str) -> list[str]:
    """The ids that stand in the index under a key."""
    where = Item.sk.startswith(f"{key}#")
    entries = page(
        keys.partition("term", tenant=tenant, space=terms.likeness(noun, key)), where=where, limit=_BLOCK
    ).items
    places = [place_of(entry.sk) for entry in entries]
    return [record_id for value, record_id in places if value == key]


def _still(pair: Pair, records: dict[str, Any]) -> bool:
    """Whether the two are there, and alike, or both like their third - which may have become part of one of them."""
    one, other, third = (records.get(name) for name in (pair.one, pair.other, pair.through))
    if one is None or other is None or not (one.live and other.live):
        return False
    first, second = _ready(pair.noun, one), _ready(pair.noun, other)
    if matching.between(first, second).score >= matching.THRESHOLD:
        return True
    if third is None:
        return False
    if third.live:
        return matching.by_third(first, second, _ready(pair.noun, third)) is not None
    return third.merged_into in {pair.one, pair.other}


def _ready(noun: str, record: Any) -> matching.Prepared:
    return matching.prepare(noun, nouns.plain(record))


def _view(pair: Pair) -> DuplicateView:
    return DuplicateView(ids=[pair.one, pair.other], score=float(pair.score), reasons=list(pair.reasons))
