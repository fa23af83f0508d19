"""Who is not to be mailed any more, by address, and why."""

from pynamodb.attributes import UnicodeAttribute, VersionAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Suppression(Item, discriminator="suppression"):
    """One per address, under a keyed hash of it; without the address itself once its person was erased.

    `reasons` is {scope: {reason: {at, source, campaign}}}: scope `*` stands for all mail, any other for a topic. What
    was taken back stays known in `lifted`, {scope: {reason: stamp}}, so that an older event that comes late does not
    bring it up again. `confirmed` is {topic: stamp} of what the mailbox itself said yes to, `denied` {scope: stamp} of
    when it last said no.
    """

    tenant = UnicodeAttribute()
    digest = UnicodeAttribute()
    address = UnicodeAttribute(null=True)
    reasons = Json(default=dict)
    lifted = Json(default=dict)
    confirmed = Json(default=dict)
    denied = Json(default=dict)
    version = VersionAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    updated_by = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, tenant: str, digest: str) -> "Suppression":
        """The place of an address, still empty."""
        return cls(*place(tenant, digest), tenant=tenant, digest=digest)

    def keys(self) -> None:
        """In the list by address while anything holds; those without one stand at its end by their hash."""
        indexes = ("gsi1",) if self.reasons else ()
        address = self.address or f"~{self.digest}"
        self.enter("suppression", *indexes, tenant=self.tenant, digest=self.digest, address=address)


def place(tenant: str, digest: str) -> tuple[str, str]:
    """Where the item of an address lies."""
    return keys.key("suppression", tenant=tenant, digest=digest)
