"""What a firm has set for one mail provider: what its webhooks are proved by, encrypted."""

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute, VersionAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Provider(Item, discriminator="provider"):
    """One per firm and provider. `since` is {field: stamp}: which fields are set and when that was; never what they
    are.
    """

    tenant = UnicodeAttribute()
    provider = UnicodeAttribute()
    sealed = BinaryAttribute(legacy_encoding=False)
    since = Json(default=dict)
    version = VersionAttribute()
    updated_at = UnicodeAttribute()
    updated_by = UnicodeAttribute()

    @classmethod
    def at(cls, tenant: str, provider: str) -> "Provider":
        """The place of a provider's settings, still empty."""
        return cls(*place(tenant, provider), tenant=tenant, provider=provider)


def place(tenant: str, provider: str) -> tuple[str, str]:
    """Where a provider's settings lie."""
    return keys.key("provider", tenant=tenant, provider=provider)
