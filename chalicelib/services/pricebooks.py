"""Price books: other prices than the standard ones, for a currency and a time, by quantity."""

from typing import Any, Final

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.pricebook import Pricebook
from chalicelib.models.table import several
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.money import CURRENCIES
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.pricebook import PricebookDraft, PricebookQuery, PricebookView
from chalicelib.services import drafts, text
from chalicelib.services.shelf import Shelf, written

SHELF: Final[Shelf[Pricebook]] = Shelf(Pricebook, "pricebook", "prb", "price book")


def create(actor: Actor, draft: PricebookDraft) -> PricebookView:
    """A new price book. Raises `Invalid`, also for a product that is not there."""
    book = Pricebook(id=ids.new("prb"), tenant=actor.tenant)
    _write(book, draft)
    return view(SHELF.add(actor, book))


def get(actor: Actor, pricebook_id: str) -> PricebookView:
    """One price book. Raises `NotFound`."""
    return view(SHELF.load(actor.tenant, pricebook_id))


def listing(actor: Actor, _query: PricebookQuery, wanted: Page) -> Listing[PricebookView]:
    """Price books by name."""
    found = SHELF.page(keys.partition("pricebook", "gsi1", tenant=actor.tenant), "gsi1", wanted)
    return Listing([view(one) for one in found.items], found.last)


def update(actor: Actor, pricebook_id: str, patch: dict[str, Any], expected: int | None) -> PricebookView:
    """Change some fields (RFC 7396); lines that are priced stay as they are. Raises `NotFound`, `Stale`, `Invalid`."""

    def edit(book: Pricebook) -> None:
        _write(book, decoding.convert(merged(written(view(book), PricebookDraft), patch), PricebookDraft))

    return view(SHELF.edit(actor, pricebook_id, edit, expected))


def delete(actor: Actor, pricebook_id: str, expected: int | None) -> None:
    """Put it into the trash; lines that are priced keep their prices. Raises `NotFound`, `Stale`."""
    SHELF.remove(actor, pricebook_id, expected)


def restore(actor: Actor, pricebook_id: str, expected: int | None = None) -> PricebookView:
    """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there."""
    return view(SHELF.take_back(actor, pricebook_id, expected))


def view(book: Pricebook) -> PricebookView:
    """The price book as a client reads it."""
    plain = {name: getattr(book, name) for name in PricebookView.__struct_fields__}
    entries = [
        {"product_id": product_id, "unit_price": amount, "min_quantity": least}
        for product_id, steps in (book.entries or {}).items()
        for least, amount in steps
    ]
    return msgspec.convert({**plain, "name": book.label, "entries": entries}, PricebookView, strict=False)


def _write(book: Pricebook, draft: PricebookDraft) -> None:
    """Put the draft's fields into the book. Raises `Invalid` for what a struct cannot see."""
    name = draft.name.strip()
    if not name:
        raise errors.invalid("/name", "required", "A price book needs a name.")
    if draft.currency not in CURRENCIES:
        raise errors.invalid("/currency", "unknown", "ISO 4217 has no such currency.")
    drafts.check_day(draft.valid_from, "/valid_from")
    drafts.check_day(draft.valid_to, "/valid_to")
    if draft.valid_from and draft.valid_to and draft.valid_to < draft.valid_from:
        raise errors.invalid("/valid_to", "range", "The last day is not before the first.")
    book.entries = _entries(book, draft) or None
    book.label, book.name, book.currency = name, text.folded(name), draft.currency
    book.valid_from, book.valid_to = draft.valid_from, draft.valid_to


def _entries(book: Pricebook, draft: PricebookDraft) -> dict[str, list[list[float]]]:
    """Raises `Invalid` for a product that is not there, unless the book had it, and for two prices of one quantity."""
    known = book.entries or {}
    asked = list(dict.fromkeys(one.product_id for one in draft.entries if one.product_id not in known))
    there = {one for one in asked if ids.is_id("pro", one)}
    places = {one: keys.key("product", tenant=book.tenant, id=one) for one in asked if one in there}
    found = dict(zip(places, several(list(places.values()), consistent=True), strict=True))
    steps: dict[str, dict[float, int]] = {}
    for number, entry in enumerate(draft.entries):
        product = found.get(entry.product_id)
        if entry.product_id not in known and (product is None or product.deleted_at):
            raise errors.invalid(f"/entries/{number}/product_id", "unknown", "There is no such product.")
        of_product = steps.setdefault(entry.product_id, {})
        if entry.min_quantity in of_product:
            message = "There is a price of this product for this quantity already."
            raise errors.invalid(f"/entries/{number}/min_quantity", "repeated", message)
        of_product[entry.min_quantity] = entry.unit_price
    return {
        one: [[_short(least), of_product[least]] for least in sorted(of_product)] for one, of_product in steps.items()
    }


def _short(least: float) -> float:
    """A whole number without its point: every byte is paid for."""
    return int(least) if float(least).is_integer() else least
