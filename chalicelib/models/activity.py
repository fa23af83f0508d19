"""What happened with a record, one entry of its timeline."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.models.table import Item


class Activity(Item, discriminator="activity"):
    """Written once, never changed. Its id sorts by `at`, which may lie before the time of writing."""

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    what = UnicodeAttribute()  # the entry's kind on the wire; `kind` here tells entities apart
    at = UnicodeAttribute()
    actor = UnicodeAttribute()
    text = UnicodeAttribute(null=True)
    data = JSONAttribute(null=True)  # the client's own: keys, depth and numbers of which a map takes only some

    def keys(self) -> None:
        """Stand in the subject's own collection, and in its list of this kind."""
        self.place("activity", "gsi1", tenant=self.tenant, subject=self.subject_id, id=self.id, what=self.what)
