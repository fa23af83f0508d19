"""A feed of somebody's tasks for calendar programs."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.table import Record


class Calendar(Record, discriminator="calendar"):
    """In its user's list unless revoked. Of its secret - 256 random bits, which need no salt - only the SHA-256."""

    name = UnicodeAttribute(null=True)
    user = UnicodeAttribute()
    secret = UnicodeAttribute()

    def keys(self) -> None:
        """Stand in the table, and in the user's list unless revoked."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("calendar", *listed, tenant=self.tenant, id=self.id, user=self.user)
