"""A person the firm knows."""

from typing import Any

from pynamodb.attributes import JSONAttribute, ListAttribute, MapAttribute, UnicodeAttribute

from chalicelib.models.table import Record


class Contact(Record, discriminator="contact"):
    """In the lists while not deleted; `name` is the folded form that lists sort by."""

    name = UnicodeAttribute()
    first_name = UnicodeAttribute(null=True)
    last_name = UnicodeAttribute(null=True)
    emails: ListAttribute[Any] = ListAttribute(default=list)
    phones: ListAttribute[Any] = ListAttribute(default=list)
    title = UnicodeAttribute(null=True)
    address: MapAttribute[str, Any] = MapAttribute(null=True)
    social = JSONAttribute(null=True)  # keys are the client's own, and some mean something to a MapAttribute
    time_zone = UnicodeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    tags: ListAttribute[str] = ListAttribute(default=list)
    owner_id = UnicodeAttribute(null=True)
    last_contacted_at = UnicodeAttribute(null=True)
    next_activity_at = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        self.place("contact", *listed, tenant=self.tenant, id=self.id, name=self.name, updated_at=self.updated_at)
