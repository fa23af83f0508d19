"""What happened with a record, one entry of its timeline."""

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Item


class Activity(Item, discriminator="activity"):
    """Its id sorts by `at`, which may lie before the time of writing.

    Written once and never changed, but for notes: those count their `version`, which is 1 where none is kept.
    """

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    what = UnicodeAttribute()  # the entry's kind on the wire; `kind` here tells entities apart
    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    text = UnicodeAttribute(null=True)
    data = JSONAttribute(null=True)  # the client's own: keys, depth and numbers of which a map takes only some
    external_id = UnicodeAttribute(null=True)
    mentions = JSONAttribute(null=True)  # {id of a user: id of who mentioned him}
    pinned = BooleanAttribute(null=True)
    version = NumberAttribute(null=True)
    updated_at = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the subject's own collection, in its list of this kind, and among its pinned notes if it is one."""
        indexes = ("gsi1", "gsi2") if self.pinned else ("gsi1",)
        self.place("activity", *indexes, tenant=self.tenant, subject=self.subject_id, id=self.id, what=self.what)


class Event(Item, discriminator="event"):
    """That another system told of something, by its own id: told again, it is the same entry."""

    entry_id = UnicodeAttribute()
    at = UnicodeAttribute()
