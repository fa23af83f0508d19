"""What the firm sells, and at which standard price in each currency."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record


class Product(Record, discriminator="product"):
    """In the list while not deleted; `name` is the folded form that the list sorts by, `label` what people read."""

    name = UnicodeAttribute()
    label = UnicodeAttribute()
    sku = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    active = BooleanAttribute(default=True)
    tax = NumberAttribute(default=0)  # percent
    prices = Json(null=True)  # {currency: minor units}
    recurring = UnicodeAttribute(null=True)  # month, quarter, year

    def keys(self) -> None:
        """Stand in the table, and in the list unless deleted."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("product", *listed, tenant=self.tenant, id=self.id, name=self.name)
