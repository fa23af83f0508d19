"""Made-up persons, part of them entered twice or more with the errors of people who type.

Frequencies fall as those of real names do, so there are namesakes, neighbours and members of one household, which are
no duplicates. Seeded: one seed, one set of people.
"""

import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from bench._names import FIRMS, LANDS, Land

T = TypeVar("T")
Fields = dict[str, Any]


class Entry(NamedTuple):
    """One record as on the wire, and the number of the person it is about."""

    person: int
    record: dict[str, Any]


# Which fields a base has. `household` is how many of its people share surname and address with the one before.
PROFILES: Final[dict[str, tuple[frozenset[str], float]]] = {
    "all fields": (frozenset({"address", "birthday", "reach", "company"}), 0.06),
    "name, address, birthday": (frozenset({"address", "birthday"}), 0.02),
    "name and address": (frozenset({"address"}), 0.0),
    "name, mail, phone, company": (frozenset({"reach", "company"}), 0.0),
}

_NEAR: Final = dict(
    zip("qwertzuiopasdfghjklyxcvbnm", "wertzuiopoqsdfghjkxcvbnbn".ljust(26, "l"), strict=True)
)  # the key beside
_LOOKS: Final = {"o": "0", "l": "1", "i": "l", "s": "5", "m": "rn", "n": "ri", "e": "c", "8": "B", "0": "O", "1": "7"}
_SOUNDS: Final = (
    ("ph", "f"),
    ("ck", "k"),
    ("y", "i"),
    ("ü", "ue"),
    ("ö", "oe"),
    ("ä", "ae"),
    ("mm", "m"),
    ("tt", "t"),
    ("ei", "ai"),
    ("th", "t"),
    ("z", "s"),
    ("c", "k"),
    ("w", "v"),
    ("d", "t"),
)


def people(size: int, profile: str, seed: int) -> list[Entry]:
    """`size` entries in random order; about three of ten are further entries of somebody, up to four of one."""
    rng = random.Random(seed)
    fields, household = PROFILES[profile]
    entries: list[Entry] = []
    before: Fields | None = None
    taken: set[str] = set()
    person = 0
    while len(entries) < size:
        made = _person(rng, fields, before if rng.random() < household else None)
        while made.get("mail") in taken:  # no two people have one mail address
            made["mail"] = f"{rng.randint(2, 999)}{made['mail']}"
        taken.update({made["mail"]} if "mail" in made else ())
        before, person = made, person + 1
        entries.append(Entry(person, _written(made)))
        further = rng.choices((0, 1, 2, 3), (72, 18, 7, 3))[0]
        entries += [Entry(person, _written(_again(rng, made))) for _ in range(further)]
    del entries[size:]
    rng.shuffle(entries)
    return entries


def _person(rng: random.Random, fields: frozenset[str], housemate: Fields | None) -> Fields:
    land = housemate["land"] if housemate else rng.choices(LANDS, (30, 25, 25, 12, 8))[0]
    first = _frequent(rng, land.women if rng.random() < 0.5 else land.men)
    while housemate and first == housemate["first_name"]:
        first = _frequent(rng, land.women)
    last = housemate["last_name"] if housemate else _surname(rng, land)
    made: Fields = {"land": land, "first_name": first, "last_name": last}
    if "address" in fields:
        made |= {name: housemate[name] for name in _PLACE} if housemate else _place(rng, land)
    if "birthday" in fields and rng.random() < 0.9:
        made["birthday"] = f"{rng.randint(1935, 2006)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    if "company" in fields and rng.random() < 0.7:
        made["company_name"] = _frequent(rng, FIRMS)
    if "reach" in fields:
        made["mail"] = _mail(rng, made)
        made["phone"] = "+" + str(rng.randint(431_000_000_0, 499_999_999_9)) + str(rng.randint(0, 99))
    return made


def _surname(rng: random.Random, land: Land) -> str:
    """One of the well known names, as two of five people have, or one of the many rare ones; some people have two."""
    name = _frequent(rng, land.surnames) if rng.random() < 0.4 else _rare(rng, land)
    if land.code == "ES" and rng.random() < 0.6:
        return f"{name} {_frequent(rng, land.surnames)}"
    return f"{name}-{_frequent(rng, land.surnames)}" if rng.random() < 0.04 else name


def _rare(rng: random.Random, land: Land) -> str:
    return rng.choice(land.tail[0]) + rng.choice(land.tail[1])


def _street(rng: random.Random, land: Land) -> str:
    if rng.random() < 0.5:
        return rng.choice(land.streets)
    return rng.choice(land.kinds).replace("#", _rare(rng, land))


_PLACE: Final = ("number", "street", "city", "region", "postal_code")


def _place(rng: random.Random, land: Land) -> Fields:
    city, region, code = _frequent(rng, land.cities)
    number = str(rng.randint(1, rng.choice((20, 60, 250)))) + (rng.choice("abc") if rng.random() < 0.06 else "")
    return {
        "number": number + (f"/{rng.randint(1, 40)}" if rng.random() < 0.25 and land.code == "AT" else ""),
        "street": _street(rng, land),
        "city": city,
        "region": region,
        "postal_code": "".join(rng.choice("0123456789") if mark == "#" else mark for mark in code),
    }


def _mail(rng: random.Random, made: Fields) -> str:
    first, last = _ascii(made["first_name"]), _ascii(made["last_name"])
    name = rng.choice((f"{first}.{last}", f"{first[0]}.{last}", f"{first}{rng.randint(1, 99)}", f"{last}{first[0]}"))
    return f"{name}@{rng.choice(made['land'].hosts)}" if "company_name" not in made else _work_mail(name, made)


def _work_mail(name: str, made: Fields) -> str:
    return f"{name}@{_ascii(made['company_name'])}.example"


def _ascii(text: str) -> str:
    return "".join(mark for mark in unicodedata.normalize("NFKD", text.lower()) if mark.isascii() and mark.isalnum())


def _frequent(rng: random.Random, held: Sequence[T]) -> T:
    """One of a list, the first ones oftener, roughly as in Zipf's law."""
    return rng.choices(held, [1 / (place + 4) for place in range(len(held))])[0]


def _again(rng: random.Random, made: Fields) -> Fields:
    """The same person, entered by somebody else: one to four things are different."""
    copy = dict(made)
    for _ in range(rng.choices((1, 2, 3, 4), (38, 32, 20, 10))[0]):
        rng.choices(_ERRORS, _WEIGHTS)[0](rng, copy)
    return copy


def _slip(rng: random.Random, copy: Fields) -> None:
    name = rng.choice([name for name in _TYPED if copy.get(name)])
    copy[name] = rng.choices(_SLIPS, (20, 20, 25, 25))[0](rng, copy[name])


def _misheard(rng: random.Random, copy: Fields) -> None:
    name = rng.choice([name for name in ("first_name", "last_name", "street", "city") if copy.get(name)])
    heard = [(old, new) for old, new in _SOUNDS if old in copy[name]]
    if heard:
        copy[name] = copy[name].replace(*rng.choice(heard), 1)


def _misread(rng: random.Random, copy: Fields) -> None:
    name = rng.choice([name for name in _TYPED if copy.get(name)])
    seen = [old for old in _LOOKS if old in copy[name]]
    if seen:
        old = rng.choice(seen)
        copy[name] = copy[name].replace(old, _LOOKS[old], 1)


def _missing(rng: random.Random, copy: Fields) -> None:
    there = [name for name in ("first_name", *_PLACE, "birthday", "mail", "phone", "company_name") if copy.get(name)]
    if len(there) > 1:
        copy.pop(rng.choice(there))


def _swapped(_: random.Random, copy: Fields) -> None:
    copy["first_name"], copy["last_name"] = copy.get("last_name"), copy.get("first_name")


def _shortened(rng: random.Random, copy: Fields) -> None:
    if first := copy.get("first_name"):
        copy["first_name"] = rng.choice((first[0] + ".", f"{first} {rng.choice('ABCDEFGHJKLMRST')}.", first[:3]))


def _moved(rng: random.Random, copy: Fields) -> None:
    """Another mail address, phone or home; what else is there still tells who it is."""
    known = [name for name in ("mail", "phone", "birthday") if copy.get(name)]
    if len(known) > 1:
        chosen = rng.choice(("mail", "phone", "home"))
        if chosen == "home" and "street" in copy:
            copy |= _place(rng, copy["land"])
        elif chosen == "mail" and copy.get("first_name") and copy.get("last_name"):
            copy["mail"] = _mail(rng, {**copy, "company_name": _frequent(rng, FIRMS)})
        elif copy.get("phone"):
            copy["phone"] = "+43" + str(rng.randint(10**8, 10**9 - 1))


def _date_swapped(_: random.Random, copy: Fields) -> None:
    if birthday := copy.get("birthday"):
        year, month, day = birthday.split("-")
        copy["birthday"] = f"{year}-{day}-{month}" if int(day) < 13 else f"{year}-{month}-{int(day[::-1]) % 28 + 1:02}"


_TYPED: Final = ("first_name", "last_name", "street", "city", "postal_code", "number", "mail", "phone")
_ERRORS: Final[tuple[Callable[[random.Random, Fields], None], ...]] = (
    _slip,
    _misheard,
    _misread,
    _missing,
    _swapped,
    _shortened,
    _moved,
    _date_swapped,
)
_WEIGHTS: Final = (42, 12, 8, 14, 5, 6, 8, 5)


def _inserted(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz " if not text.isdigit() else "0123456789") + text[at:]


def _deleted(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _substituted(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text))
    key = text[at].lower()
    return text[:at] + (rng.choice("0123456789") if key.isdigit() else _NEAR.get(key, "e")) + text[at + 1 :]


def _transposed(rng: random.Random, text: str) -> str:
    at = rng.randrange(max(1, len(text) - 1))
    return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


_SLIPS: Final = (_inserted, _deleted, _substituted, _transposed)


def _written(made: Fields) -> dict[str, Any]:
    """The person as a contact on the wire."""
    street, number, land = made.get("street") or "", made.get("number") or "", made["land"]
    line = " ".join(filter(None, (number, street) if land.number_first else (street, number)))
    place = {
        "street": line,
        "city": made.get("city"),
        "region": made.get("region"),
        "postal_code": made.get("postal_code"),
    }
    return {
        "first_name": made.get("first_name"),
        "last_name": made.get("last_name"),
        "emails": [{"address": made["mail"]}] if made.get("mail") else [],
        "phones": [{"number": made["phone"]}] if made.get("phone") else [],
        "address": {**place, "country": land.code} if any(place.values()) else None,
        "birthday": made.get("birthday"),
        "company_name": made.get("company_name"),
    }
