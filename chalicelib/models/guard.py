"""A value that only one record of a tenant may have."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.table import Item


class Guard(Item, discriminator="guard"):
    """Made and removed in the transaction that makes or removes its holder's claim."""

    holder = UnicodeAttribute()

    @classmethod
    def of(cls, tenant: str, noun: str, field: str, value: str, holder: str) -> "Guard":
        """The guard of one value, for `holder` (an id)."""
        guard = cls(holder=holder)
        guard.place("guard", tenant=tenant, noun=noun, field=field, value=value)
        return guard
