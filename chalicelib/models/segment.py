"""Who belongs together: a list somebody made, or a rule; and who is in it by now."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, VersionAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Segment(Record, discriminator="segment"):
    """`what` is static or dynamic; a dynamic one has a rule, of which `revision` counts the wordings."""

    name = UnicodeAttribute()  # folded, which lists sort by
    label = UnicodeAttribute()
    what = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    rule = Json(null=True)
    revision = NumberAttribute(default=0)
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

    @classmethod
    def of(cls, tenant: str, segment_id: str, contact_id: str) -> "Member":
        """The contact's place in the segment, still empty."""
        return cls(*keys.key("member", tenant=tenant, segment=segment_id, contact=contact_id), contact_id=contact_id)


class Belonging(Item, discriminator="belonging"):
    """Beside a contact: in which segments it is, and until when that holds without anything happening.

    `segments` says in which it stands as a member by now: `{segment id: since}`. `lists` are the static ones into which
    somebody put it, `{segment id: [since, reason]}`: it keeps those while it is in the trash or part of another one.
    """

    tenant = UnicodeAttribute()
    version = VersionAttribute()
    segments = Json(default=dict)
    lists = Json(default=dict)
    until = UnicodeAttribute(null=True)  # where the contact's moment stands, if there is one

    @classmethod
    def of(cls, tenant: str, contact_id: str) -> "Belonging":
        """The contact's card, still empty."""
        return cls(*keys.key("belonging", tenant=tenant, contact=contact_id), tenant=tenant)


class Rulebook(Item, discriminator="rulebook"):
    """Which dynamic segments a firm has, and in which wording each: `{segment id: revision}`.

    Written in the same transaction as the segment, so that one consistent read tells whether a known rule is that of
    now; the list of segments is an index, which may lag behind.
    """

    version = VersionAttribute()
    rules = Json(default=dict)

    @classmethod
    def of(cls, tenant: str) -> "Rulebook":
        """The firm's book, still empty."""
        return cls(*keys.key("rulebook", tenant=tenant))
