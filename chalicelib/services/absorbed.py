"""Records that were merged into another one: whose collections are read as one, and for whom what was told counts.

All that is needed stands in the winner's `layers`, also of those whom a loser had absorbed before, so nothing is read
to find it. `times` there holds for each of them when it was last in touch and what is to come next; the winner shows
the latest and the earliest of these, and an undo gives each its own back.
"""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any, Final

from chalicelib import errors
from chalicelib.models.subject import Subject
from chalicelib.models.table import LastKey, PageOf
from chalicelib.schemas.page import Page
from chalicelib.services import nouns

Times = dict[str, list[str | None]]  # by id: last_contacted_at, next_activity_at
Ask = Callable[[str, Page], PageOf]
_TRIES: Final = 10
_HEAVY: Final = 2_000_000  # characters of one page
_KEYS: Final[dict[str | None, tuple[str, ...]]] = {
    None: ("pk", "sk"),
    "gsi1": ("pk", "sk", "gsi1pk", "gsi1sk"),
    "gsi2": ("pk", "sk", "gsi2pk", "gsi2sk"),
}


def ids_of(record: Any) -> list[str]:
    """The ids whose collections belong to the record: its own first, then those of all it has absorbed."""
    merges = (record.layers or {}).get("merges", ())
    return [record.id, *(one for merge in merges for one in (merge["loser_id"], *merge["ids"]))]


def root(tenant: str, record_id: str) -> Subject | None:
    """The record that this one is a part of by now, or itself; also from the trash. One read unit a level.

    None if there is none. Raises `Stale` if it kept being merged and unmerged.
    """
    noun = nouns.of_id(record_id)
    if noun is None:
        return None
    for _ in range(_TRIES):
        record: Any = None
        wanted: str | None = record_id
        try:
            while wanted:
                record = nouns.peek(noun, tenant, wanted, consistent=True)
                wanted = record.merged_into if record is not None else None
        except errors.Gone:
            return None
        if record is None or record_id in ids_of(record):
            found: Subject | None = record
            return found
    raise errors.Stale("The record kept being merged.")


def times(record: Any) -> Times:
    """For each record in this one when it was last in touch, and what comes next."""
    known: Times = (record.layers or {}).get("times") or {}
    return known or {record.id: [record.last_contacted_at, record.next_activity_at]}


def contacted_at(record: Any, of_id: str) -> str | None:
    """When the record, or the one of this id in it, was last in touch."""
    return times(record).get(of_id, [None, None])[0]


def planned_at(record: Any, of_id: str) -> str | None:
    """When something is to happen next with the record, or with the one of this id in it."""
    return times(record).get(of_id, [None, None])[1]


def tell(record: Any, told: Mapping[str, list[str | None]]) -> None:
    """Let the record, not yet saved, show what is told of those in it (ids with both times)."""
    if record.layers:
        record.layers = {**record.layers, "times": {**times(record), **told}}
        told = times(record)
    record.last_contacted_at, record.next_activity_at = _both(told)


def union_page(ids: list[str], ask: Ask, wanted: Page, index: str | None = None) -> PageOf:
    """One page of what several records have in their collections, newest first, as if it were one collection.

    `ask` gives a page of one of them out of `index`, sorted by the entry's id. Each is asked from the same place, so a
    cursor holds whatever is merged or unmerged between two pages. Half a unit a record, and what its entries weigh.
    """
    if len(ids) == 1:
        return ask(ids[0], wanted)
    pages = [ask(one, Page(wanted.limit, _moved(wanted.start, ids[0], one))) for one in ids]
    entries = sorted((entry for page in pages for entry in page.items), key=lambda entry: str(entry.id), reverse=True)
    # A page may end before its limit, as DynamoDB reads one megabyte at most; beyond its end nobody knows yet.
    known = max((str(page.items[-1].id) for page in pages if page.last and page.items), default="")
    shown = _light([entry for entry in entries if str(entry.id) >= known][: wanted.limit])
    if not shown or (len(entries) == len(shown) and not any(page.last for page in pages)):
        return PageOf(shown, None)
    last = {name: {"S": getattr(shown[-1], name)} for name in _KEYS[index]}
    return PageOf(shown, _moved(last, shown[-1].subject_id, ids[0]))


def _light(entries: list[Any]) -> list[Any]:
    """As many of them as an answer can hold: Lambda's is 6 MB at most."""
    weights = accumulate(len(str(entry.text)) + len(str(entry.data)) for entry in entries)
    fitting = sum(1 for weight in weights if weight < _HEAVY)
    return entries[: max(1, fitting)]


def _moved(place: LastKey | None, subject_id: str, to: str) -> LastKey | None:
    """The same place in the collection of another record."""
    if place is None:
        return None
    return {name: {"S": value["S"].replace(subject_id, to)} for name, value in place.items()}


def _both(told: Mapping[str, list[str | None]]) -> tuple[str | None, str | None]:
    """The latest contact and the earliest plan of all."""
    last = max((one[0] for one in told.values() if one[0]), default=None)
    return last, min((one[1] for one in told.values() if one[1]), default=None)
