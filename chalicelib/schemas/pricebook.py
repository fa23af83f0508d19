"""Price books on the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Stamp, Title, View, patch_of
from chalicelib.schemas.lines import MOST_WORTH
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import Day

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217", examples=["EUR"])]


class PriceEntry(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a product costs in this book, in minor units: from `min_quantity` on, if there are several of a product."""

    product_id: Id
    unit_price: Annotated[int, Meta(ge=0, le=MOST_WORTH, examples=[9900])]
    min_quantity: Annotated[float, Meta(ge=0, le=1_000_000, examples=[10])] = 0


class PricebookDraft(Draft):
    """Other prices than the standard ones, from a day until a day (both included). A product that is not in the book,
    or not for so few, has its standard price.
    """

    name: Title
    currency: Currency
    valid_from: Day | None = None
    valid_to: Day | None = None
    entries: Annotated[list[PriceEntry], Meta(max_length=200)] = []


PricebookPatch = patch_of(PricebookDraft)


class PricebookView(View):
    """A price book as a client reads it."""

    id: str
    name: str
    currency: str
    valid_from: str | None
    valid_to: str | None
    entries: list[PriceEntry]
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class PricebookQuery(ListQuery):
    """Which price books: all of them by name."""
