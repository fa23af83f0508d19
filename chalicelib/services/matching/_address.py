"""Postal addresses made ready for comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.services.matching._words import STREET_ENDS, STREET_KINDS, plain

_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Address:
    """Plain words, empty where nothing is known; street words in the order in which they were written."""

    street: tuple[str, ...]
    numbers: tuple[str, ...]
    postal_code: str
    city: str
    region: str
    country: str


def address(given: Mapping[str, Any] | None) -> Address:
    """The address as on the wire, made ready."""
    given = given or _NOTHING
    words = plain(given.get("street") or "").split()
    return Address(
        street=_telling([word for word in words if not word[0].isdigit()]),
        numbers=tuple(word for word in words if word[0].isdigit()),
        postal_code=plain(given.get("postal_code") or "").replace(" ", ""),
        city=plain(given.get("city") or ""),
        region=plain(given.get("region") or ""),
        country=plain(given.get("country") or ""),
    )


def _telling(named: list[str]) -> tuple[str, ...]:
    """The words that tell one street from another; all of them if none does."""
    telling = tuple(STREET_ENDS.sub("", word) for word in named if word not in STREET_KINDS)
    return telling or tuple(named)
