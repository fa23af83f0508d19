"""Something that must happen later: one item that stands in the due index until it has happened; and what of the index
the workers were told to look at themselves.
"""

import zlib

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item


class Moment(Item, discriminator="moment"):
    """`at` is when it should happen; its place in the index is when the next attempt is due.

    A claim moves that to the end of its lease.
    """

    tenant = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    what = UnicodeAttribute()
    at = UnicodeAttribute()
    attempts = NumberAttribute(default=0)

    def keys(self) -> None:
        """Stand beside the subject, and in the due index at its time."""
        shard = zlib.crc32(self.subject_id.encode()) % keys.DUE_SHARDS
        self.place(
            "moment", "due", tenant=self.tenant, subject=self.subject_id, what=self.what, shard=str(shard), at=self.at
        )


class Handed(Item, discriminator="handed"):
    """The stretch of a shard of the due index that workers were told of: no tick tells of it again before `until`.

    One for each shard, written only when there is a crowd.
    """

    since = UnicodeAttribute()
    upto = UnicodeAttribute()
    until = UnicodeAttribute()
    mark = UnicodeAttribute()  # whose word it is: another one for each that was written
