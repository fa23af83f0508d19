"""What a customer is offered, for so much, until a day."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record


class Quote(Record, discriminator="quote"):
    """In the firm's list and in that of its deal, by when it was made.

    `serial` is how often a link was taken back: a link names the serial it was made at. `expires_at` is the end of the
    day `valid_until` in the firm's time zone, as of when that was said. `settled` is what of the customer's answer has
    been told, so that the deal is moved once.
    """

    title = UnicodeAttribute()
    deal_id = UnicodeAttribute()
    contact_id = UnicodeAttribute(null=True)
    company_id = UnicodeAttribute(null=True)
    pricebook_id = UnicodeAttribute(null=True)
    owner_id = UnicodeAttribute(null=True)  # who made it: whom the answer is told if the deal has no owner
    terms = UnicodeAttribute(null=True)
    items = Json(null=True)
    currency = UnicodeAttribute()
    valid_until = UnicodeAttribute()  # a day
    expires_at = UnicodeAttribute()
    status = UnicodeAttribute(default="draft")  # draft, sent, accepted, declined; a sent one may have expired
    serial = NumberAttribute(default=0)
    sent_at = UnicodeAttribute(null=True)
    answered_at = UnicodeAttribute(null=True)
    answered_by = UnicodeAttribute(null=True)  # the name that the customer gave
    order_id = UnicodeAttribute(null=True)
    settled = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        self.place("quote", *listed, tenant=self.tenant, id=self.id, deal=self.deal_id)
