"""Products on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, Title, View, patch_of
from chalicelib.schemas.lines import Percent, Worth
from chalicelib.schemas.page import ListQuery

Sku = Annotated[str, Meta(min_length=1, max_length=100, examples=["CH-4711"])]
Every = Literal["month", "quarter", "year"]


class ProductDraft(Draft):
    """Something that is sold: its standard price in each currency, and the tax that lines with it have, in percent.
    What is not active stays in lines that have it, and comes into no other.
    """

    name: Title
    sku: Sku | None = None
    description: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    active: bool = True
    tax: Percent = 0
    prices: Annotated[list[Worth], Meta(max_length=20)] = []
    recurring: Every | None = None


ProductPatch = patch_of(ProductDraft)


class ProductView(View):
    """A product as a client reads it."""

    id: str
    name: str
    sku: str | None
    description: str | None
    active: bool
    tax: float
    prices: list[Worth]
    recurring: Every | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class ProductQuery(ListQuery):
    """Which products: those whose name begins so, or the one with this number."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    sku: Sku | None = None
