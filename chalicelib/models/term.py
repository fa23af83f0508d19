"""The inverted index: an entry for each term of a record, and beside the record the card that says what stands there.

One index serves search, filters and duplicates. Its entries are items of the table, not of a secondary index, because
a record has many of them and each changes by itself.
"""

import zlib
from collections.abc import Iterable

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, JSONAttribute, NumberAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item

Terms = frozenset[tuple[str, str]]  # (space, value)
ID_LENGTH = 30  # characters of the id at the end of an entry's sort key


class Term(Item, discriminator="term"):
    """Nothing but its keys: the space it is looked for in, the value it is sorted by, and the record's id."""

    @classmethod
    def of(cls, tenant: str, space: str, value: str, record_id: str) -> "Term":
        """The entry of one term of a record."""
        term = cls()
        term.place("term", tenant=tenant, space=space, value=value, id=record_id)
        return term


def place_of(sort_key: str) -> tuple[str, str]:
    """The (value, id) of an entry by its sort key."""
    return sort_key[: -ID_LENGTH - 1], sort_key[-ID_LENGTH:]


class Card(Item, discriminator="card"):
    """What stands in the index for one record, as of one of its versions.

    `dirty` may stand there and must not; while not `done` somebody is writing, namely the event `holder` in turn
    `turn`. `behind` are events that were overtaken while they wrote: if one of them comes again, it may have written
    since, and what it then wrote is in `echo`. Packed, so that a card is 1 KB: it is written twice for each change.
    """

    of_version = NumberAttribute()
    packed = BinaryAttribute(legacy_encoding=False, null=True)
    dirty = BinaryAttribute(legacy_encoding=False, null=True)
    done = BooleanAttribute(default=False)
    turn = NumberAttribute(default=0)
    holder = NumberAttribute(default=0)
    behind = JSONAttribute(null=True)
    echo = BinaryAttribute(legacy_encoding=False, null=True)

    @classmethod
    def at(cls, tenant: str, record_id: str) -> "Card":
        """A card beside the record, still empty."""
        return cls(*keys.key("card", tenant=tenant, id=record_id))

    @property
    def terms(self) -> Terms:
        """What the record's own version wants in the index."""
        return unpacked(self.packed)

    @property
    def echoes(self) -> Terms:
        """What those who were overtaken may have written."""
        return unpacked(self.echo)

    @property
    def leftovers(self) -> Terms:
        """What may stand in the index besides."""
        return unpacked(self.dirty)


# What the packed lists of most records have in common. It is part of the format: never change it, only add a new one.
_COMMON = (
    b"contact.owner_id.usr_01\ncontact.company_id.com_01\ncontact.lifecycle.customer\ncontact.lifecycle.lead\n"
    b"contact.relationship.prospect\ncontact.relationship.customer\ncontact.created_at\t20"
    b"contact.last_contacted_at\t-\ncontact.next_activity_at\t2026-\ncontact.birthday\t\ncontact.mail.\n"
    b"contact.tag.\tcontact.custom.\ncontact.dup.1\ncontact.word.c\tcom \ncontact.word.4\ncontact.name."
)


def packed(terms: Iterable[tuple[str, str]]) -> bytes | None:
    """Terms in few bytes; None for none. Neither spaces nor values contain line breaks or tabs."""
    text = "\n".join(f"{space}\t{value}" for space, value in sorted(terms))
    if not text:
        return None
    writer = zlib.compressobj(9, zdict=_COMMON)
    return writer.compress(text.encode()) + writer.flush()


def unpacked(data: bytes | None) -> Terms:
    """The inverse of `packed`."""
    if not data:
        return frozenset()
    reader = zlib.decompressobj(zdict=_COMMON)
    text = (reader.decompress(data) + reader.flush()).decode()
    return frozenset((space, value) for space, _, value in (line.partition("\t") for line in text.split("\n")))
