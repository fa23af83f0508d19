"""What somebody agreed to or took back, when, how, and what he was shown: written once, never changed."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.table import Item


class Consent(Item, discriminator="consent"):
    """One entry of a contact's consent log, in the contact's own collection. Its id sorts by `at`.

    `what`: granted, withdrawn, requested, confirmed. `topic` None is all mail, `channel` by which way. `base` is where
    the links of a request lead.
    """

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    subject_id = UnicodeAttribute()
    what = UnicodeAttribute()
    how = UnicodeAttribute()
    at = UnicodeAttribute()
    channel = UnicodeAttribute(default="email")
    topic = UnicodeAttribute(null=True)
    address = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
    wording = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    base = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the contact's own collection."""
        self.place("consent", tenant=self.tenant, subject=self.subject_id, id=self.id)

    @property
    def text(self) -> str | None:
        """What makes it heavy, as with any entry of a contact's collection."""
        return self.wording

    @property
    def data(self) -> None:
        """Nothing else does."""
