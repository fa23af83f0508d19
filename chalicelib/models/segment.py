"""Who belongs together: a list somebody made, or a rule; and who is in it by now."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Segment(Record, discriminator="segment"):
    """`what` is static or dynamic; a dynamic one has a rule."""

    name = UnicodeAttribute()  # folded, which lists sort by
    label = UnicodeAttribute()
    what = UnicodeAttribute()
    rule = Json(null=True)
    building = UnicodeAttribute(null=True)  # the job that is filling it, while it is not complete

    def keys(self) -> None:
        """In the list while not in the trash."""
        indexes = () if self.deleted_at else ("gsi1",)
        self.place("segment", *indexes, tenant=self.tenant, id=self.id, name=self.name)


class Member(Item, discriminator="member"):
    """One contact in one segment: since when, and why."""

    contact_id = UnicodeAttribute()
    at = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)


class Belonging(Item, discriminator="belonging"):
    """Beside a contact: in which segments it is, and until when that holds without anything happening."""

    tenant = UnicodeAttribute()
    version = VersionAttribute()
    segments = Json(default=dict)  # {segment id: {at, reason}}
    until = UnicodeAttribute(null=True)
    of_version = NumberAttribute(default=0)
