"""What somebody bought, here or in a shop."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record


class Order(Record, discriminator="order"):
    """In the firm's list by when it was ordered, and in that of its contact. That of its company are entries of the
    index of terms, since few orders have one.
    """

    number = UnicodeAttribute(null=True)
    external_ids = Json(null=True)  # {source: id}
    contact_id = UnicodeAttribute(null=True)
    company_id = UnicodeAttribute(null=True)
    deal_id = UnicodeAttribute(null=True)
    quote_id = UnicodeAttribute(null=True)
    pricebook_id = UnicodeAttribute(null=True)
    items = Json(null=True)
    currency = UnicodeAttribute()
    ordered_at = UnicodeAttribute()
    status = UnicodeAttribute(default="open")
    rate = UnicodeAttribute(null=True)  # on the day: what one unit of the currency was worth in the firm's, a decimal
    origin = UnicodeAttribute(null=True)  # a digest of what it was made of, so that the same sent again is known
    base_value = Json(null=True)  # the net sum in the firm's currency

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2") if self.contact_id else ("gsi1",)
        contact = self.contact_id or ""
        self.place("order", *listed, tenant=self.tenant, id=self.id, contact=contact, ordered_at=self.ordered_at)
