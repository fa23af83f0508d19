"""What everything that people work with has in common: an owner, tags, a timeline, the firm's own fields."""

import json
from typing import Any, ClassVar

from pynamodb.attributes import JSONAttribute, ListAttribute, UnicodeAttribute

from chalicelib.models.table import Item, Record

NAMELESS = "-"  # where a name has nothing to sort by, such as a lone accent: a key is never empty


class Json(JSONAttribute):
    """JSON without blanks, and with letters as they are: an item of up to 1 KB is written at half the price."""

    def serialize(self, value: Any) -> str | None:
        """The text that is kept."""
        return None if value is None else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Subject(Record):
    """In the lists while it is neither in the trash nor merged; `name` is the folded form that lists sort by.

    What has structure is kept as JSON: keys may be the client's own, and an item is read and written as a whole.
    """

    NOUN: ClassVar[str] = ""

    name = UnicodeAttribute()
    tags: ListAttribute[str] = ListAttribute(default=list)
    owner_id = UnicodeAttribute(null=True)
    custom = Json(null=True)
    external_ids = Json(null=True)  # {source: id}
    last_contacted_at = UnicodeAttribute(null=True)
    next_activity_at = UnicodeAttribute(null=True)
    merged_into = UnicodeAttribute(null=True)  # the id of the record of which this has become a part
    layers = Json(null=True)  # of a record into which others were merged: what is its own, and who they are

    @property
    def live(self) -> bool:
        """Whether it is to be found: neither in the trash nor part of another record."""
        return not self.deleted_at and not self.merged_into

    def keys(self) -> None:
        """Stand in the table; in the lists while live, in the trash's list while there."""
        parts: dict[str, Any] = {"tenant": self.tenant, "id": self.id}
        if self.live:
            self.enlist(parts)
        elif self.deleted_at:
            self.place("trash", "gsi1", **parts, noun=self.NOUN, deleted_at=self.deleted_at)
        else:
            self.place(self.NOUN, **parts)

    def enlist(self, parts: dict[str, Any]) -> None:
        """Stand in the lists of the noun."""
        self.place(self.NOUN, "gsi1", "gsi2", **parts, name=self.name or NAMELESS, updated_at=self.updated_at)


class Tombstone(Item, discriminator="tombstone"):
    """What stays where a record was removed for good: that there was one, and nothing of it."""
