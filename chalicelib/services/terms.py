"""The terms of a record: everything by which it is found in the index, as (space, value).

A space is what is asked for, a value what its entries are sorted by. Each entry is paid for when it is written, so a
field that is empty has none, and nothing has an entry that another one finds as well.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from chalicelib.services import text, words
from chalicelib.services.words import Words

NEVER: Final = "-"  # sorts before every moment
SHARDS: Final = 16  # over which the keys of duplicates are spread
_BYTES: Final = 200  # of a value: 25 entries are at most 8 KB
_TEXT, _DIGEST = 64, 32  # characters of a text of a custom field, and of what stands for the rest of a longer one
_SPREAD: Final = 18  # letters that one letter can be folded to at most
_DAY: Final = len("2026-03-01")
_CALLED: Final = 80  # characters of a name that is shown as it stands in the index
_NAME: Final = 40  # characters of the name that lists by a facet are sorted by
_NAMED: Final = {"company": "name", "deal": "title"}  # where the name of those stands who have one only
ADDRESS: Final = 64  # characters of a mail address by which it is found
SIBLINGS: Final = " /"  # before the other words of a company

# Fields of one value, by which lists are offered.
FACETS: Final = ("owner_id", "lifecycle", "relationship", "parent_id")
# How deals stand in lists by time: the open ones first, then the won, then the lost.
STANDING: Final = {"open": "1", "won": "2", "lost": "3"}
SOMETIME: Final = "~"  # sorts after every day
Terms = set[tuple[str, str]]


def terms_of(noun: str, plain: dict[str, Any]) -> Terms:
    """All terms of a record in its wire form; none for one that is in the trash or merged."""
    if plain.get("deleted_at") or plain.get("merged_into"):
        return set()
    return searched(noun, words.of_record(noun, plain)) | facets(noun, plain) | _likeness(noun, plain)


def searched(noun: str, record: Words) -> Terms:
    """Terms for search: each value is a word and, behind it, the other words of the record's name."""
    names = [word[: words.LONGEST] for word in record.names]
    behind = " ".join(names)
    found = {
        _word(noun, "name", " ".join(word[: words.LONGEST] for word in order)) for order in words.pairs(record.names)
    }
    for word in record.company:
        siblings = " ".join(other[: words.LONGEST] for other in record.company if other != word)
        found.add(_word(noun, "word", f"{word[: words.LONGEST]} {behind}{SIBLINGS}{siblings}"))
    spoken_for = set()
    for mail in record.mails:
        first = next((word for word in record.other if mail.startswith(word)), None)
        # An address that begins with a word of its own finds that word too; the others are looked up as addresses only.
        spoken_for.add(first)
        value = mail[:ADDRESS]
        found.add(_word(noun, "word", f"{value} {behind}") if first else _word(noun, "mail", value))
    found |= {_word(noun, "word", f"{one[: words.LONGEST]} {behind}") for one in record.other if one not in spoken_for}
    return found


def facets(noun: str, plain: dict[str, Any]) -> Terms:
    """Terms for lists: by one value, sorted by name; and by time."""
    return _of_deal(plain) if noun == "deal" else _of_party(noun, plain)


def standing(status: str, day: str | None) -> str:
    """What lists of deals are sorted by: open ones first, and each by the day they are to be closed."""
    return f"{STANDING[status]}{day or SOMETIME}"


def _of_deal(plain: dict[str, Any]) -> Terms:
    """None of these changes when a deal is moved to another open stage: its board is an index of its own."""
    name, when = sort_name("deal", plain), standing(plain["status"], plain.get("expected_close"))
    firm, people = plain.get("company_id"), plain.get("contact_ids") or ()
    found = {("deal.close", when), ("deal.created_at", plain["created_at"])}
    found |= {(f"deal.owner_id.{plain['owner_id']}", when)} if plain.get("owner_id") else set()
    found |= {(f"deal.company_id.{firm}", name)} if firm else set()
    found |= {(f"deal.contact_id.{one}", name) for one in people}
    return found | _labels("deal", plain, name)


def _of_party(noun: str, plain: dict[str, Any]) -> Terms:
    name = sort_name(noun, plain)
    same = {(field, plain[field]) for field in FACETS if plain.get(field)}
    firms = [one["company_id"] for one in plain.get("companies") or () if not one.get("to")]
    same |= {("company_id", firm) for firm in [plain.get("company_id"), *firms] if firm}
    found = {(f"{noun}.{field}.{value}", name) for field, value in same}
    found.add((f"{noun}.created_at", plain["created_at"]))
    found.add((f"{noun}.last_contacted_at", plain.get("last_contacted_at") or NEVER))
    if plain.get("next_activity_at"):
        found.add((f"{noun}.next_activity_at", plain["next_activity_at"]))
    if plain.get("birthday"):
        found.add((f"{noun}.birthday", f"{plain['birthday'][-5:]} {name}"))
    if noun == "contact" and plain.get("owner_id"):
        since = plain.get("last_contacted_at") or plain["created_at"]
        found.add((quiet(plain["owner_id"]), f"{since[:_DAY]} {_called(plain)}"))
    return found | _labels(noun, plain, name)


def quiet(owner: str) -> str:
    """Where the contacts of an owner stand by the day since which nobody was in touch with them, each with its name.

    By the day, so that a contact moves once a day at most; with the name, so that whoever reads it need not read them.
    """
    return f"contact.quiet.{owner}"


def _called(contact: dict[str, Any]) -> str:
    """A contact's name as people write it."""
    named = [part for part in (contact.get("first_name"), contact.get("last_name")) if part]
    reached = [one["address"] for one in contact.get("emails") or ()]
    reached += [one["number"] for one in contact.get("phones") or ()]
    return " ".join(" ".join(named or reached[:1]).split())[:_CALLED]


def _labels(noun: str, plain: dict[str, Any], name: str) -> Terms:
    """What the firm itself has put on the record: tags, and values of its own fields."""
    found = {(f"{noun}.tag.{folded}", name) for tag in plain.get("tags") or () if (folded := text.folded(tag))}
    for field, value in (plain.get("custom") or {}).items():
        found |= {(space, ordered or name) for space, ordered in custom(noun, field, value)}
    return found


def custom(noun: str, field: str, value: Any) -> Iterator[tuple[str, str | None]]:
    """Where a value of a custom field stands: the space, and what it is sorted by there (None: the record's name).

    Texts are folded, and of a long one the end is a digest; numbers and amounts of money are in a form that sorts as
    they do, dates as they are.
    """
    space = f"{noun}.custom.{field}"
    if isinstance(value, list):
        for one in value:
            yield from custom(noun, field, one)
    elif isinstance(value, bool):
        yield f"{space}={'true' if value else 'false'}", None
    elif isinstance(value, (int, float)):
        yield space, sortable(value)
    elif isinstance(value, dict):
        yield f"{space}.{value.get('currency')}", sortable(value.get("amount") or 0)
    elif isinstance(value, str):
        yield (space, value) if _is_day(value) else (f"{space}={_same(value)}", None)


def sortable(number: float) -> str:
    """A number as text that sorts as numbers do: the bits of an IEEE 754 double, in order once signs are turned."""
    try:
        bits: int = struct.unpack(">Q", struct.pack(">d", number + 0.0))[0]
    except OverflowError:
        bits = struct.unpack(">Q", struct.pack(">d", float("inf") if number > 0 else float("-inf")))[0]
    return f"{bits ^ (0xFFFFFFFFFFFFFFFF if bits >> 63 else 1 << 63):016x}"


def likeness(noun: str, key: str) -> str:
    """The space in which a key of possible duplicates stands."""
    return f"{noun}.dup.{zlib.crc32(key.encode()) % SHARDS}"


def sort_name(noun: str, plain: dict[str, Any]) -> str:
    """The name that lists are sorted by."""
    if noun in _NAMED:
        return text.folded(plain[_NAMED[noun]], _NAME)
    named = " ".join(part for part in (plain.get("first_name"), plain.get("last_name")) if part)
    reached = [one["address"] for one in plain.get("emails") or ()] + [
        one["number"] for one in plain.get("phones") or ()
    ]
    return text.folded(named or next(iter(reached), ""), _NAME)


def cut(value: str) -> str:
    """The value as far as it is kept."""
    return value.encode()[:_BYTES].decode(errors="ignore")


def is_cut(value: str) -> bool:
    """Whether something may be missing at its end."""
    return len(value.encode()) > _BYTES - 4


def word_space(noun: str, family: str, begin: str) -> str:
    """Where words stand that begin so: in the partition of their first character."""
    return f"{noun}.{family}.{begin[0]}"


def _word(noun: str, family: str, value: str) -> tuple[str, str]:
    return word_space(noun, family, value), cut(value.rstrip())


def _likeness(noun: str, plain: dict[str, Any]) -> Terms:
    if noun == "deal":  # two deals of one name are two deals
        return set()
    from chalicelib.services import matching  # only what writes the index needs it, not what reads

    return {(likeness(noun, key), cut(key)) for key in matching.blocking_keys(noun, plain)}


def _same(value: str) -> str:
    """A text as it is asked for, equal texts alike and no others: addresses of pages often begin alike."""
    plain = text.folded(value, len(value.encode()) * _SPREAD)
    return plain if len(plain) <= _TEXT else plain[:_TEXT] + hashlib.sha256(plain.encode()).hexdigest()[:_DIGEST]


def _is_day(value: str) -> bool:
    return len(value) == 10 and value[4] == value[7] == "-" and (value[:4] + value[5:7] + value[8:]).isdigit()
