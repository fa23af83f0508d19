"""That somebody wants a mail each working morning, and when."""

from pynamodb.attributes import UnicodeAttribute, VersionAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item


class Digest(Item, discriminator="digest"):
    """One per user who wants it, in his own collection."""

    tenant = UnicodeAttribute()
    user_id = UnicodeAttribute()
    version = VersionAttribute()
    updated_at = UnicodeAttribute()
    time = UnicodeAttribute()  # HH:MM, as the clock shows it where the user is

    @classmethod
    def of(cls, tenant: str, user_id: str) -> "Digest":
        """The digest of a user, not yet in the table."""
        return cls(*keys.key("digest", tenant=tenant, user=user_id), tenant=tenant, user_id=user_id)
