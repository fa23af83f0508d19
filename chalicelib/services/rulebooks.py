"""A firm's dynamic segments with their rules, ready to be asked.

Rules are parsed once in a process. Which of them hold is one small item, read each time: it is written together with
the segments, so nobody judges by a rule that was replaced before he looked.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from chalicelib import errors, observability
from chalicelib.models import keys
from chalicelib.models.segment import Rulebook, Segment
from chalicelib.models.table import fetch, several
from chalicelib.models.writes import Step
from chalicelib.services import rules
from chalicelib.services.rules import Rule

MOST: Final = 100  # dynamic segments of a firm: the book stays below 4 KB, which is what one unit reads
_KEPT: Final = 1000  # parsed rules of a process
_parsed: OrderedDict[tuple[str, str, int], Rule] = OrderedDict()


class Book(NamedTuple):
    """The rules of a firm by segment. `broken` are segments whose rule no longer means anything: those stay as is."""

    rules: Mapping[str, Rule]
    broken: frozenset[str] = frozenset()


def load(tenant: str) -> Book:
    """The rules of now. One read unit, and a unit for each rule that this process has not seen."""
    item = fetch(Rulebook, *keys.key("rulebook", tenant=tenant), consistent=True)
    wordings = {one: int(revision) for one, revision in (item.rules if item else {}).items()}
    unknown = [one for one, revision in wordings.items() if (tenant, one, revision) not in _parsed]
    broken = frozenset(_learn(tenant, unknown, wordings)) if unknown else frozenset[str]()
    found = {}
    for segment_id, revision in wordings.items():
        key = (tenant, segment_id, revision)
        if key in _parsed:
            _parsed.move_to_end(key)
            found[segment_id] = _parsed[key]
    while len(_parsed) > _KEPT:
        _parsed.popitem(last=False)
    return Book(found, broken)


def entered(tenant: str, segment_id: str, revision: int) -> Step:
    """The step that lets the firm's book have this wording. One read unit; two write units. Raises `Conflict`."""
    book = _item(tenant)
    if segment_id not in book.rules and len(book.rules) >= MOST:
        raise errors.Conflict(f"A firm has at most {MOST} dynamic segments.")
    book.rules = {**book.rules, segment_id: revision}
    return Step("save", book)


def struck(tenant: str, segment_id: str) -> Step:
    """The step that takes the segment out of the firm's book. As `entered`."""
    book = _item(tenant)
    book.rules = {one: revision for one, revision in book.rules.items() if one != segment_id}
    return Step("save", book)


def _item(tenant: str) -> Rulebook:
    empty = Rulebook.of(tenant)
    return fetch(Rulebook, empty.pk, empty.sk, consistent=True) or empty


def _learn(tenant: str, segment_ids: list[str], wordings: dict[str, int]) -> set[str]:
    """Parse the rules of these segments; those of which nothing can be made. Notes wordings that are newer by now."""
    broken = set()
    places = [keys.key("segment", tenant=tenant, id=one) for one in segment_ids]
    for segment_id, segment in zip(segment_ids, several(places, consistent=True), strict=True):
        if not isinstance(segment, Segment) or segment.deleted_at or segment.rule is None:
            del wordings[segment_id]  # it went to the trash since the book was read
            continue
        wordings[segment_id] = int(segment.revision)
        rule = _parse(tenant, segment_id, segment.rule)
        if rule is None:
            broken.add(segment_id)
        else:
            _parsed[(tenant, segment_id, int(segment.revision))] = rule
    return broken


def _parse(tenant: str, segment_id: str, plain: dict[str, Any]) -> Rule | None:
    try:
        return rules.parse(tenant, plain, kept=True)
    except errors.Invalid as error:
        # It was acceptable once. To fail here would hold up every change of the firm.
        observability.alert("rule not understood", segment=segment_id, codes=[flaw.code for flaw in error.flaws])
        return None
