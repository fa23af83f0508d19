"""What a firm mails about, so that people can choose."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute, VersionAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item


class Topic(Item, discriminator="topic"):
    """All of a firm's lie together, by the name under which contacts choose them and campaigns have them.

    `opt_in`: none, single, double. One that was removed stays, as mails about it may still be on their way.
    """

    tenant = UnicodeAttribute()
    name = UnicodeAttribute()
    label = UnicodeAttribute()
    description = UnicodeAttribute(null=True)
    opt_in = UnicodeAttribute(default="none")
    public = BooleanAttribute(default=True)
    version = VersionAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    updated_by = UnicodeAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)


def place(tenant: str, name: str) -> tuple[str, str]:
    """Where the topic of this name lies."""
    return keys.key("topic", tenant=tenant, name=name)
