"""Ids of our own form in a file: what we exported comes back to the record it was written from.

An id that names a live record of this firm is that record, before any other key; one of a record that became a part of
another is that other one.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from chalicelib import ids
from chalicelib.models import keys
from chalicelib.models.table import several
from chalicelib.services import nouns

_HOPS: Final = 5  # mergers of mergers that are followed


class Known(NamedTuple):
    """`live` is the record that each id stands for; `ours` are all ids that are or were of this firm."""

    live: dict[str, str]
    ours: frozenset[str]


def is_own(noun: str, text: str) -> bool:
    """Whether the text has the form of an id of this noun."""
    return ids.is_id(nouns.NOUNS[noun].prefix, text)


def known(tenant: str, noun: str, given: Iterable[str]) -> Known:
    """What this firm knows of these ids; whatever has another form is passed over. A read unit each."""
    asked = list(dict.fromkeys(one for one in given if is_own(noun, one)))
    live: dict[str, str] = {}
    ours: set[str] = set()
    left = {one: one for one in asked}
    for _ in range(_HOPS):
        places = [keys.key(noun, tenant=tenant, id=place) for place in left.values()]
        following = {}
        for (one, place), item in zip(left.items(), several(places, consistent=True), strict=True):
            if item is not None:
                ours.add(one)
            if getattr(item, "merged_into", None):
                following[one] = item.merged_into
            elif isinstance(item, nouns.NOUNS[noun].model) and item.live:
                live[one] = place
        left = following
    return Known(live, frozenset(ours))
