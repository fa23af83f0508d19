"""Line items on the wire: what is sold, how much of it, for how much. Deals, quotes and orders have them."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Id, patch_of
from chalicelib.schemas.money import Money

MOST_WORTH = 10**12  # minor units of one deal: nine thousand of them add up to what clients of JSON read exactly
Percent = Annotated[float, Meta(ge=0, le=100, examples=[20])]


class Worth(Money):
    """An amount of money that is not below nothing."""

    amount: Annotated[int, Meta(ge=0, le=MOST_WORTH, examples=[129900])]


WorthPatch = patch_of(Worth)


class LineItem(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A line: `name`, `unit_price` and `tax` are those of the product unless they are given. `discount` and `tax` are
    in percent, and tax is added to what is left after the discount. A quantity has at most three digits behind the
    point.
    """

    product_id: Id | None = None
    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    quantity: Annotated[float, Meta(gt=0, le=1_000_000, examples=[2])] = 1
    unit_price: Worth | None = None
    discount: Percent = 0
    tax: Percent | None = None


class Totals(msgspec.Struct, kw_only=True):
    """What lines add up to, in minor units: `discount` is taken off already in `net`, and `gross` is net and tax."""

    currency: str
    net: int
    discount: int
    tax: int
    gross: int


Lines = Annotated[list[LineItem], Meta(max_length=100)]
