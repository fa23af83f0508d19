"""From agreements to a score: the weights of what was found are added up and turned into a probability."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from chalicelib.services.matching import _likeness as likeness
from chalicelib.services.matching import _weights as weights
from chalicelib.services.matching._address import Address
from chalicelib.services.matching._firms import Firm
from chalicelib.services.matching._likeness import Level
from chalicelib.services.matching._names import COMMON
from chalicelib.services.matching._people import Person

_SAID: Final[dict[Level, str]] = {
    "exact": "same {}",
    "near": "nearly the same {}",
    "some": "similar {}",
    "far": "other {}",
    "differ": "other {}",
}
_WORTH_A_WORD: Final = 1.5  # bits
_SURE: Final[frozenset[Level | None]] = frozenset({"exact", "near"})


class Finding(NamedTuple):
    """What was found of one field: how much it counts, in bits, and how it is said."""

    bits: float
    said: str


Findings = Mapping[str, Mapping[Level, Finding]]


def _findings(table: Mapping[str, Mapping[Level, float]]) -> Findings:
    """All that can be found of the fields of a table, made once: a scan compares millions of pairs."""
    return {
        field: {level: Finding(bits, _SAID[level].format(field)) for level, bits in levels.items()}
        for field, levels in table.items()
    }


_PERSON: Final = _findings(weights.PERSON)
_ADDRESS: Final = _findings(weights.ADDRESS)
_FIRM: Final = _findings(weights.FIRM)


class Found(NamedTuple):
    """What was found of several fields, and their sum in bits."""

    bits: float
    parts: list[Finding]


class Match(NamedTuple):
    """How likely two records are one, 0 to 1, and what speaks for and against it, the strongest first."""

    score: float
    reasons: list[str]


def persons(one: Person, other: Person) -> Match:
    """How likely two persons are one."""
    names, first = _names(one, other)
    own = {
        "birthday": likeness.level(likeness.date, one.birthday, other.birthday),
        "mail address": likeness.pairs(likeness.mail, one.mails, other.mails),
    }
    phone = {"phone number": likeness.pairs(likeness.digits, one.phones, other.phones)}
    called = _counted(_PERSON, phone)
    relatives = 0.0
    if first == "differ":
        called = called._replace(bits=min(called.bits, weights.SHARED))
    if first in {"differ", None}:
        relatives = weights.RELATIVES * _strange(one, other, {**own, **phone})
    rest = _counted(_PERSON, {**own, "company": likeness.level(likeness.words, one.company, other.company)})
    return _match(relatives, names, _address(one.address, other.address), rest, called)


def _strange(one: Person, other: Person, own: Mapping[str, Level | None]) -> int:
    """How many of birthday, mail and phone say that it is somebody else; one if they are known but not of both."""
    if not one.given or not other.given:
        return sum(level == "differ" for level in own.values())
    known = any((one.birthday, other.birthday, one.mails, other.mails, one.phones, other.phones))
    agreed = any(level in _SURE for level in own.values())
    return max(sum(level == "differ" for level in own.values()), int(known and not agreed))


def firms(one: Firm, other: Firm) -> Match:
    """How likely two firms are one."""
    own = _counted(
        _FIRM,
        {
            "name": likeness.level(likeness.words, one.name, other.name),
            "domain": likeness.pairs(likeness.word, one.domains, other.domains),
            "phone number": likeness.pairs(likeness.digits, one.phones, other.phones),
        },
    )
    return _match(0.0, own, _address(one.address, other.address))


def _names(one: Person, other: Person) -> tuple[Found, Level | None]:
    """Two names, straight or one written in the other's place; and the level of the given names."""
    first = likeness.level(likeness.given, one.given, other.given)
    last = likeness.level(likeness.words, one.surname, other.surname)
    straight = _counted(_PERSON, {"first name": first, "last name": last})
    if last in _SURE and not COMMON & {one.surname, other.surname}:
        straight = straight._replace(bits=straight.bits + weights.RARE)
    if first in _SURE and last in _SURE:
        return straight, first
    across = [
        level
        for a, b in ((one.given, other.surname), (one.surname, other.given))
        if (level := likeness.level(likeness.words, a, b))
    ]
    first_bits, last_bits = weights.PERSON["first name"], weights.PERSON["last name"]
    crossed = weights.SWAPPED + sum((first_bits[level] + last_bits[level]) / 2 for level in across)
    if across and crossed > straight.bits:
        return Found(crossed, [Finding(crossed, "first and last name swapped")]), likeness.worst(across)
    return straight, first


def _address(one: Address, other: Address) -> Found:
    """Two addresses, whose parts come together and so count within bounds."""
    street = likeness.level(likeness.street, one.street, other.street)
    same_street = street in {"exact", "near", "some"}
    found = _counted(
        _ADDRESS,
        {
            "street": street,
            "house number": likeness.pairs(likeness.digits, one.numbers, other.numbers) if same_street else None,
            "postal code": likeness.level(likeness.digits, one.postal_code, other.postal_code),
            "city": likeness.level(likeness.words, one.city, other.city),
            "region": likeness.level(likeness.word, one.region, other.region),
            "country": likeness.level(likeness.word, one.country, other.country),
        },
    )
    return Found(min(weights.ADDRESS_AT_MOST, max(weights.ADDRESS_AT_LEAST, found.bits)), found.parts)


def _counted(table: Findings, levels: Mapping[str, Level | None]) -> Found:
    parts = [table[field][level] for field, level in levels.items() if level is not None]
    return Found(sum(part.bits for part in parts), parts)


def _match(further: float, *found: Found) -> Match:
    bits = weights.PRIOR + further + sum(one.bits for one in found)
    told = [part for one in found for part in one.parts if abs(part.bits) >= _WORTH_A_WORD]
    # Beyond 2^60 a float says no more.
    score = 1 / (1 + 2.0 ** -max(-60.0, min(60.0, bits)))
    return Match(round(score, 3), [part.said for part in sorted(told, key=lambda part: (-abs(part.bits), part.said))])
