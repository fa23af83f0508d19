"""What is done with a record of each noun: made ready, given keys, compared."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from chalicelib.services.matching._firms import firm
from chalicelib.services.matching._keys import firm_keys, person_keys
from chalicelib.services.matching._people import person
from chalicelib.services.matching._score import Match, firms, persons

Plain = Mapping[str, Any]


class _Sort(NamedTuple):
    ready: Callable[[Plain], Any]
    keys: Callable[[Any], list[str]]
    judge: Callable[[Any, Any], Match]


_SORTS: Final[dict[str, _Sort]] = {
    "contact": _Sort(person, person_keys, persons),
    "company": _Sort(firm, firm_keys, firms),
}


class Prepared(NamedTuple):
    """A record made ready to be compared many times."""

    noun: str
    ready: Any


def prepare(noun: str, plain: Plain) -> Prepared:
    """A record of this noun (`contact`, `company`), as on the wire, made ready; what is missing is no evidence."""
    return Prepared(noun, _SORTS[noun].ready(plain))


def between(one: Prepared, other: Prepared) -> Match:
    """How likely two prepared records of one noun are one."""
    return _SORTS[one.noun].judge(one.ready, other.ready)


def compare(noun: str, one: Plain, other: Plain) -> Match:
    """How likely two records, as on the wire, are one."""
    return between(prepare(noun, one), prepare(noun, other))


def blocking_keys(noun: str, plain: Plain | Prepared) -> list[str]:
    """The keys of which duplicates share at least one, each at most 40 characters. For records as on the wire."""
    made = plain if isinstance(plain, Prepared) else prepare(noun, plain)
    return _SORTS[noun].keys(made.ready)
