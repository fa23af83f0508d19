"""Persons made ready for comparison."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.services.matching._address import Address, address
from chalicelib.services.matching._likeness import Date
from chalicelib.services.matching._words import PARTICLES, TITLES, plain


@dataclass(frozen=True, slots=True)
class Person:
    """Plain words and digits, empty where nothing is known."""

    given: str
    surname: str
    mails: tuple[str, ...]
    phones: tuple[str, ...]
    address: Address
    birthday: Date | None
    company: str


def person(record: Mapping[str, Any]) -> Person:
    """The contact, given as on the wire, made ready."""
    first, last = _name(record.get("first_name")), _name(record.get("last_name"))
    if not last and len(first) > 1:
        first, last = first[:-1], first[-1:]  # the whole name was typed into the first field
    return Person(
        given=" ".join(first),
        surname=" ".join([word for word in last if word not in PARTICLES] or last),
        mails=tuple(mail["address"].strip().casefold() for mail in record.get("emails") or () if mail.get("address")),
        phones=tails(phone.get("number") for phone in record.get("phones") or ()),
        address=address(record.get("address")),
        birthday=_birthday(record.get("birthday")),
        company=plain(record.get("company_name") or ""),
    )


def tails(numbers: Iterable[str | None]) -> tuple[str, ...]:
    """Of each phone number the last nine digits: without country and trunk prefix, which are written or not."""
    digits = ("".join(filter(str.isdecimal, number or "")) for number in numbers)
    return tuple(found[-9:] for found in digits if len(found) > 5)


def _name(text: str | None) -> list[str]:
    words = plain(text or "").split()
    return [word for word in words if word not in TITLES] or words


def _birthday(text: str | None) -> Date | None:
    """Year, month and day; an empty year for `--MM-DD`, None for what is neither."""
    parts = (text or "").removeprefix("--").split("-")
    if not all(part.isdecimal() for part in parts):
        return None
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    return ("", parts[0], parts[1]) if len(parts) == 2 else None
