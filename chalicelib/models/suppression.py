"""Who is not to be mailed any more, by address, and why."""

from pynamodb.attributes import UnicodeAttribute, VersionAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Suppression(Item, discriminator="suppression"):
    """One per address, under a keyed hash of it; without the address itself once its person was erased.

    `reasons` is {scope: {reason, source, at}}: scope `*` stands for all mail, any other for a topic.
    """

    tenant = UnicodeAttribute()
    digest = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    reasons = Json(default=dict)
    version = VersionAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    updated_by = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """In the list by address; those without one stand at its end by their hash."""
        self.place(
            "suppression", "gsi1", tenant=self.tenant, digest=self.digest, address=self.address or f"~{self.digest}"
        )
