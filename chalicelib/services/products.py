"""Products: what the firm sells, and at which standard price in each currency."""

from typing import Any, Final

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.product import Product
from chalicelib.models.table import Item
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.money import CURRENCIES
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.product import ProductDraft, ProductQuery, ProductView
from chalicelib.services import text
from chalicelib.services.records import Claim
from chalicelib.services.shelf import Shelf, written


def _claims(product: Product) -> list[Claim]:
    return [Claim("sku", product.sku, "/sku")] if product.sku else []


SHELF: Final[Shelf[Product]] = Shelf(Product, "product", "pro", "product", _claims)


def create(actor: Actor, draft: ProductDraft) -> ProductView:
    """A new product. Raises `Invalid`, and `Conflict` with `existing_id` if another one has its sku."""
    product = Product(id=ids.new("pro"), tenant=actor.tenant)
    _write(product, draft)
    return view(SHELF.add(actor, product))


def get(actor: Actor, product_id: str) -> ProductView:
    """One product. Raises `NotFound`."""
    return view(SHELF.load(actor.tenant, product_id))


def listing(actor: Actor, query: ProductQuery, wanted: Page) -> Listing[ProductView]:
    """Products by name; those whose name begins so, or the one with this sku. Raises `Invalid` for both at once."""
    if query.sku is not None:
        if query.name is not None:
            raise errors.invalid("/name", "unsupported", "Products are found by `name` or by `sku`, not by both.")
        found = SHELF.holder(actor.tenant, Claim("sku", query.sku.strip()))
        return Listing([view(SHELF.load(actor.tenant, found))] if found else [])
    where = Item.gsi1sk.startswith(text.folded(query.name)) if query.name and text.folded(query.name) else None
    several = SHELF.page(keys.partition("product", "gsi1", tenant=actor.tenant), "gsi1", wanted, where)
    return Listing([view(one) for one in several.items], several.last)


def update(actor: Actor, product_id: str, patch: dict[str, Any], expected: int | None) -> ProductView:
    """Change some fields (RFC 7396); lines that have it stay as they are. Raises as `create`, `NotFound`, `Stale`."""

    def edit(product: Product) -> None:
        _write(product, decoding.convert(merged(written(view(product), ProductDraft), patch), ProductDraft))

    return view(SHELF.edit(actor, product_id, edit, expected))


def delete(actor: Actor, product_id: str, expected: int | None) -> None:
    """Put it into the trash; lines that have it keep it. Raises `NotFound`, `Stale`."""
    SHELF.remove(actor, product_id, expected)


def restore(actor: Actor, product_id: str, expected: int | None = None) -> ProductView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there or its sku is taken."""
    return view(SHELF.take_back(actor, product_id, expected))


def view(product: Product) -> ProductView:
    """The product as a client reads it."""
    plain = {name: getattr(product, name) for name in ProductView.__struct_fields__}
    prices = [{"amount": amount, "currency": one} for one, amount in (product.prices or {}).items()]
    return msgspec.convert({**plain, "name": product.label, "prices": prices}, ProductView, strict=False)


def _write(product: Product, draft: ProductDraft) -> None:
    """Put the draft's fields into the product. Raises `Invalid` for what a struct cannot see."""
    name, sku = draft.name.strip(), (draft.sku or "").strip()
    if not name:
        raise errors.invalid("/name", "required", "A product needs a name.")
    if draft.sku is not None and not sku:
        raise errors.invalid("/sku", "required", "A sku is more than blanks.")
    prices: dict[str, int] = {}
    for number, price in enumerate(draft.prices):
        pointer = f"/prices/{number}/currency"
        if price.currency not in CURRENCIES:
            raise errors.invalid(pointer, "unknown", "ISO 4217 has no such currency.")
        if price.currency in prices:
            raise errors.invalid(pointer, "repeated", "There is a price in this currency already.")
        prices[price.currency] = price.amount
    product.label, product.name, product.sku, product.prices = name, text.folded(name), sku or None, prices or None
    product.description, product.active = draft.description, draft.active
    product.tax, product.recurring = draft.tax, draft.recurring
