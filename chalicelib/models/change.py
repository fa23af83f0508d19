"""One change of a contact or a company: who, when, and the whole record as it was before.

With the state before each change, the record of any moment is one read: the first change after the moment holds it.
"""

import zlib
from typing import Any, Final

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Item

# What most records have in common, so that a change takes half the room: 300 instead of 600 bytes for a usual contact,
# which keeps it at one write unit. Whatever was packed with it needs exactly it to be read: it never changes.
_COMMON: Final = (
    b'{"id":"con_01com_01usr_01","phones":[{"number":"+","kind":"mobile","primary":false}],"address":{"street":"",'
    b'"city":"","region":"","postal_code":"","country":"},"social":{"linkedin":"https://www.linkedin.com/in/"},'
    b'"dates":[],"tags":["newsletter"],"owner_id":"usr_01","relationship":"customer","custom":{},"external_ids":'
    b'{"hubspot":"},"last_contacted_at":"2026-"next_activity_at":"2026-","created_at":"2026-01-01T00:00:00.000Z",'
    b'"updated_at":"2026-","deleted_at":null,"version":first_name":","last_name":","emails":[{"address":"@.com",'
    b'"kind":"work","primary":true}],"company_id":"com_01","company_name":","companies":[],"title":","birthday":null,'
    b'"time_zone":"Europe/","language":"en-","lifecycle":"lead","lifecycle_since":"2026-","preferences":{"channels":'
    b'{"email":true},"topics":{}}}'
)
_BEST: Final = 9  # of zlib's levels and of its memory levels


class Change(Item, discriminator="change"):
    """Named by the time and the version that it led to, so that telling it twice is telling it once."""

    of_version = NumberAttribute()
    at = UnicodeAttribute()
    by = UnicodeAttribute()
    packed = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def build(
        cls, tenant: str, record: str, version: int, at: str, by: str, *, before: dict[str, Any], after: dict[str, Any]
    ) -> "Change":
        """The change of `record` (an id) to `version` at `at` (a stamp): the state before it and the fields that are
        new after it, not yet in the table.
        """
        change = cls(of_version=version, at=at, by=by, packed=_packed([before, after]))
        change.place("change", tenant=tenant, record=record, at=at, version=f"{version:012}")
        return change

    def states(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The state before the change, and the fields that are new after it with their values."""
        before, after = msgspec.json.decode(zlib.decompressobj(zdict=_COMMON).decompress(self.packed))
        return before, after


def _packed(plain: Any) -> bytes:
    packer = zlib.compressobj(_BEST, zlib.DEFLATED, zlib.MAX_WBITS, _BEST, zlib.Z_DEFAULT_STRATEGY, _COMMON)
    return packer.compress(msgspec.json.encode(plain)) + packer.flush()
