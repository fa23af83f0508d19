"""A mail, before and after it is handed to a provider: at most once, and accounted for."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.table import Item


class Send(Item, discriminator="send"):
    """`claimed -> sent | failed | suppressed | deferred`; a deferred one may be claimed again.

    A claim whose lease ran out is `unknown`, and is never sent again on our own account.
    """

    status = UnicodeAttribute()
    purpose = UnicodeAttribute()
    claim = UnicodeAttribute()  # whose claim it is
    claimed_at = UnicodeAttribute()
    lease_until = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    provider_message_id = UnicodeAttribute(null=True)
