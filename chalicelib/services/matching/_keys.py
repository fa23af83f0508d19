"""Blocking keys: what two records must have in common to be compared at all.

A key joins two facts, so that no block is large; as the pairs of facts differ, two records share a key although any
one fact, and mostly any two, were typed wrong. Names go in by their sound and in no order, digits of postal codes and
birthdays in no order either, since neighbours are swapped most. The first letter says which facts are meant. The
most telling come first, for those who look up only some.
"""

from collections.abc import Iterator
from typing import Final

from chalicelib.services.matching._address import Address
from chalicelib.services.matching._firms import Firm
from chalicelib.services.matching._likeness import tells
from chalicelib.services.matching._people import Person
from chalicelib.services.matching._words import sound

_MOST: Final = 2  # mail addresses, phones and domains of one record; further ones are compared, but find nobody
_LENGTH: Final = 40


def person_keys(one: Person) -> list[str]:
    """The keys of a person: with name, mail and phone five, with an address and a birthday up to ten."""
    return _short(_of_person(one))


def firm_keys(one: Firm) -> list[str]:
    """The keys of a firm: with name, domain, phone and address eight."""
    return _short(_of_firm(one))


def _of_person(one: Person) -> Iterator[str]:
    names = [sound(name.replace(" ", "")) for name in (one.given.partition(" ")[0], one.surname) if name]
    if len(names) == 2:
        yield "n" + ".".join(sorted(names))
    for mail in one.mails[:_MOST]:
        # A telling name finds its like at other hosts too.
        yield "m" + (mail.partition("@")[0] if tells(mail.partition("@")[0]) else mail)
    for phone in one.phones[:_MOST]:
        yield "t" + phone[-8:]
    if one.birthday and one.birthday[0]:
        yield "b" + one.birthday[0] + "".join(sorted(one.birthday[1:]))
    for fact in _with_names(one):
        for name in names:
            yield f"p{fact}.{name}"
    yield from _of_address(one.address, further=one.birthday is None)


def _with_names(one: Person) -> Iterator[str]:
    """What is joined with either name: where somebody is, and without a postal code also the year of birth."""
    if where := _place(one.address) or (one.company and "w" + sound(one.company.partition(" ")[0])):
        yield where
    if not one.address.postal_code and one.birthday:
        yield one.birthday[0] or "".join(one.birthday[1:])


def _of_firm(one: Firm) -> Iterator[str]:
    words = [sound(word) for word in one.name.split()]
    if words:
        yield "n" + ".".join(sorted(words[:3]))
        if where := _place(one.address):
            for word in dict.fromkeys((words[0], words[-1])):
                yield f"p{where}.{word}"
    for domain in one.domains[:_MOST]:
        yield "d" + domain
    for phone in one.phones[:_MOST]:
        yield "t" + phone[-8:]
    yield from _of_address(one.address, further=False)


def _of_address(where: Address, *, further: bool) -> Iterator[str]:
    street = sound(where.street[0]) if where.street else ""
    number = where.numbers[0] if where.numbers else ""
    code = "".join(sorted(where.postal_code))
    if street and code:
        yield f"z{code}.{street}"
    if street and number:
        yield f"h{number}.{street}"
    if number and code:
        yield f"y{code}.{number}"
    if further and street and where.city:
        yield f"k{sound(where.city.replace(' ', ''))}.{street}"


def _place(where: Address) -> str:
    return "".join(sorted(where.postal_code)) or (where.city and "c" + sound(where.city.replace(" ", "")))


def _short(keys: Iterator[str]) -> list[str]:
    return list(dict.fromkeys("".join(key.split())[:_LENGTH] for key in keys))
