"""From a draft into a record: what nouns have in common, checked beyond what a struct can see."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.parts import Number, PartyDraft
from chalicelib.services import fields, nouns, phones, users
from chalicelib.services.remembered import ask

# Bytes of a record in JSON. An item is 400 KB at most: a winner of merges keeps its own fields and those that people
# read, and each change what there was before and after.
MOST: Final = 100_000


def fill_party(actor: Actor, record: Any, draft: PartyDraft) -> None:
    """As `fill`, for somebody who can be reached. Raises `Invalid`."""
    check_dates(draft)
    fill(actor, record, draft)
    record.phones = _phones(draft) or None


def fill(actor: Actor, record: Any, draft: Any) -> None:
    """Put every field of the draft into the record; what is empty becomes None. Raises `Invalid`."""
    check_size(draft)
    if draft.owner_id and draft.owner_id != record.owner_id:
        owner = draft.owner_id
        ask(("user", actor.tenant, owner), lambda: users.exists(actor.tenant, owner, "/owner_id"))
    before = record.custom or {}
    attributes = nouns.NOUNS[record.NOUN].attributes
    for name, value in msgspec.to_builtins(draft).items():
        setattr(record, attributes.get(name, name), value or None)
    record.tags = list(dict.fromkeys(draft.tags))
    record.custom = _custom(actor, record.NOUN, before, draft.custom) or None


def check_size(draft: Any) -> None:
    """Raises `Invalid` for more than one record can hold, though each field is within its own limits."""
    if len(msgspec.json.encode(draft)) > MOST:
        raise errors.invalid("", "length", f"A record has at most {MOST // 1000} KB in all.")


def primary_first(several: list[dict[str, Any]], field: str, value: str) -> list[dict[str, Any]]:
    """The entries with exactly one primary, each value once. Raises `Invalid`."""
    seen: set[str] = set()
    for number, one in enumerate(several):
        if one[value] in seen:
            raise errors.invalid(f"/{field}/{number}/{value}", "repeated", "This is in the list twice.")
        seen.add(one[value])
    primaries = [number for number, one in enumerate(several) if one["primary"]]
    if len(primaries) > 1:
        raise errors.invalid(f"/{field}/{primaries[1]}/primary", "repeated", "Only one of them can be primary.")
    chosen = primaries[0] if primaries else 0
    return [lean({**one, "primary": number == chosen}) for number, one in enumerate(several)]


def lean(entry: dict[str, Any]) -> dict[str, Any]:
    """An address or number as it is kept: without what its struct says anyway, since every byte is paid for."""
    return {name: value for name, value in entry.items() if value not in (False, "work")}


def check_day(text: str | None, pointer: str) -> None:
    """Nothing, or `Invalid` at `pointer` if the calendar has no such day; without a year, any year's will do."""
    from datetime import date

    if text is None:
        return
    try:
        date.fromisoformat(text.replace("--", "2000-", 1) if text.startswith("--") else text)
    except ValueError:
        raise errors.invalid(pointer, "format", "There is no such day.") from None


def check_dates(draft: PartyDraft) -> None:
    """Raises `Invalid` for a day to remember that no calendar has."""
    for number, one in enumerate(draft.dates):
        check_day(one.date, f"/dates/{number}/date")


def _phones(draft: PartyDraft) -> list[dict[str, Any]]:
    region = draft.address.country if draft.address else None
    typed = [
        {**msgspec.to_builtins(one), "number": _dialled(one.number, region, f"/phones/{number}/number")}
        for number, one in enumerate(draft.phones)
    ]
    return primary_first(typed, "phones", "number")


def _dialled(typed: str, region: str | None, pointer: str) -> str:
    """The number as it is kept. Raises `Invalid` if too little is left of it: what is kept can always be read."""
    try:
        return decoding.convert(phones.normalized(typed, region), Number)
    except errors.Invalid:
        raise errors.invalid(pointer, "format", "There can be no such number.") from None


def _custom(actor: Actor, noun: str, before: Mapping[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The values of custom fields: those that change are checked, others stay though their field may be gone."""
    given = {name: value for name, value in given.items() if value is not None}
    # Compared as they are kept: to Python a 0 is no other value than false.
    kept = {name: msgspec.json.encode(value) for name, value in before.items()}
    changed = {name: value for name, value in given.items() if kept.get(name) != msgspec.json.encode(value)}
    return {**given, **fields.check(actor.tenant, noun, changed)} if changed else given
