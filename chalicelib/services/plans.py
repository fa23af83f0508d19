"""What a list is: parameters that are asked together, and the stretch of an index that they lead to.

Here is what all nouns have in common; which lists there are stands in `lists.py`, for deals in `deal_lists.py`.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.services import absorbed, fields, nouns, scans, terms, text, words
from chalicelib.services.scans import END, Look, Scan

Given = Mapping[str, Any]
FIRST: Final = "!"  # before every value
BY_NAME: Final = "by name"
ROWS: Final = "0.5 a row, 0.5 for each 25 entries"


class Index(NamedTuple):
    """A list kept by a secondary index, records and all."""

    name: str
    partition: str
    where: Any = None
    newest_first: bool = False


class One(NamedTuple):
    """The one record that holds a value."""

    field: str
    value: str


class Boards(NamedTuple):
    """Deals as they stand on the boards of these stages, one after the other; of each page those that `takes` takes."""

    stages: tuple[str, ...]
    takes: Callable[[Any], bool]


Plan = Index | One | Look | Boards


class Listed(NamedTuple):
    """A list: which parameters it needs, which it takes besides, how it is read, its units, and its order."""

    needs: tuple[str, ...]
    plan: Callable[[str, str, Given], Plan]
    units: str
    order: str
    also: tuple[str, ...] = ()


def trash(noun: str, tenant: str, given: Given) -> Plan:
    """What is in the trash, the last deleted first."""
    return Index("gsi1", keys.partition("trash", "gsi1", tenant=tenant, noun=noun), newest_first=True)


def external(noun: str, tenant: str, given: Given) -> Plan:
    """The one that another system knows by this id."""
    return One("external_id", given["external_id"])


def search(noun: str, tenant: str, given: Given) -> Plan:
    """By words. Raises `Invalid` for none."""
    query = words.tokens(given["q"])
    if not query:
        raise errors.invalid("/q", "format", "There is neither a letter nor a digit to look for.")
    return scans.search(noun, query)


def tag(noun: str, tenant: str, given: Given) -> Plan:
    """Those with a tag."""
    return by_facet(noun, scans.beginning(f"{noun}.tag.{text.folded(given['tag'])}", ""))


def made(noun: str, tenant: str, given: Given) -> Plan:
    """Those made since a moment, the oldest first."""
    return by_facet(noun, Scan(f"{noun}.created_at", clock.stamp(given["created_since"]), END))


def custom(noun: str, tenant: str, given: Given) -> Plan:
    """By a value of a custom field, or by a range of numbers, amounts of money or dates, both ends included.

    Raises `Invalid`.
    """
    asked = {name.partition(".")[0] for name in given["custom"]}
    name = asked.pop()
    if asked:
        raise errors.invalid("/custom", "unsupported", "A list is by one custom field at a time.")
    known = fields.definitions(tenant, noun)
    if name not in known:
        raise fields.unknown(f"/custom.{name}", name, known)
    bounds = {ending: value for key, value in given["custom"].items() for ending in [key[len(name) :]]}
    if unknown := set(bounds) - {"", ".from", ".to"} or (set(bounds) if "" in bounds and len(bounds) > 1 else set()):
        message = f"Of a custom field one can ask for `custom.{name}`, or `.from` and `.to` of it."
        raise errors.invalid(f"/custom.{name}{min(unknown)}", "unsupported", message)
    return by_facet(noun, *_bounded(noun, known[name], bounds))


def _bounded(noun: str, field: Any, bounds: Mapping[str, str]) -> list[Scan]:
    if "" not in bounds and field.type not in ("number", "money", "date"):
        message = f"`{field.name}` is a {field.type}: one can ask for a value of it, not for a range."
        raise errors.invalid(f"/custom.{field.name}{min(bounds)}", "unsupported", message)
    ends = {
        ending: next(terms.custom(noun, field.name, fields.filter_value(field, value)))
        for ending, value in bounds.items()
    }
    if len({space for space, _ in ends.values()}) > 1:
        raise errors.invalid(f"/custom.{field.name}.to", "unsupported", "Both ends need the same currency.")
    space = next(iter(ends.values()))[0]
    exactly = ends.get("")
    if exactly is not None and exactly[1] is None:
        return [scans.beginning(space, "")]
    low, high = (exactly or ends.get(".from", (space, FIRST)))[1], (exactly or ends.get(".to", (space, "")))[1]
    found = Scan(space, str(low), f"{high}#{END}" if high else END)
    return [found] if found.low <= found.high else []


def ids_in(noun: str, tenant: str, record_id: str) -> list[str]:
    """The id, and those of the records that were merged into this one. Half a unit."""
    record = None
    with suppress(errors.Gone):
        record = nouns.peek(nouns.NOUNS[noun], tenant, record_id)
    return absorbed.ids_of(record) if record is not None else [record_id]


def by_facet(noun: str, *several: Scan) -> Look:
    """Those of these stretches that still have what stands there."""
    return Look(noun, several, lambda plain: terms.facets(noun, plain))
