"""Other prices than the standard ones: for a currency, from a day until a day, by quantity."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record


class Pricebook(Record, discriminator="pricebook"):
    """In the list while not deleted; `name` is the folded form that the list sorts by, `label` what people read."""

    name = UnicodeAttribute()
    label = UnicodeAttribute()
    currency = UnicodeAttribute()
    valid_from = UnicodeAttribute(null=True)  # the first day
    valid_to = UnicodeAttribute(null=True)  # the last day
    entries = Json(null=True)  # {product id: [[least quantity, minor units], ...]}, the least quantity first

    def keys(self) -> None:
        """Stand in the table, and in the list unless deleted."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("pricebook", *listed, tenant=self.tenant, id=self.id, name=self.name)
