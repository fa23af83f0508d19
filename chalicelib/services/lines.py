"""What line items add up to: exact, and rounded where an invoice rounds.

Each line by itself is rounded to whole minor units, a half away from nothing: first quantity x price less the discount,
then the tax of that; totals only add up (the usual way of invoices, EN 16931 rules BR-CO-10 to BR-CO-15).
A line is kept with name, price and tax, so what was agreed stays although the product changes.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.pricebook import Pricebook
from chalicelib.models.product import Product
from chalicelib.models.table import fetch, find, several
from chalicelib.schemas.lines import MOST_WORTH, LineItem, Totals, Worth
from chalicelib.services import exchange, settings

Kept = dict[str, Any]
_PLACES: Final = 3  # digits of a quantity behind the point


class Amounts(NamedTuple):
    """One line in minor units: before the discount, after it, and the tax of that."""

    listed: int
    net: int
    tax: int


def priced(
    tenant: str,
    items: Sequence[LineItem | Kept],
    day: str,
    *,
    pricebook_id: str | None = None,
    currency: str | None = None,
    kept: Sequence[Kept] | None = None,
) -> tuple[list[Kept], Worth]:
    """The lines as they are kept, and what they are worth: their net sum, without tax, which is nobody's revenue.

    A price that is not given is the price book's on `day` (YYYY-MM-DD), else the product's in the currency of the
    lines: the book's, else that of the given prices, else `currency`, else the firm's if each product has a price in
    it, else the first one in which each has. `kept` are the lines that the record had: one that is among them is taken
    as it is, though its product may be gone.

    Reads the products of new lines, half a unit each; half a unit for each 4 KB of the book. Raises `Invalid` at
    `/items/...`.
    """
    lines = [one if isinstance(one, LineItem) else msgspec.convert(one, LineItem) for one in items]
    known = [msgspec.convert(one, LineItem) for one in kept or ()]
    new = [number for number, line in enumerate(lines) if line not in known]
    book = book_on(tenant, pricebook_id, day) if pricebook_id and new else None
    products = _products(tenant, {n: lines[n].product_id for n in new})
    for number in new:
        _check(number, lines[number])
    chosen = _currency(tenant, lines, new, products, book, currency)
    done = [
        _filled(number, line, products, book, chosen) if number in new else line for number, line in enumerate(lines)
    ]
    for number, line in enumerate(done):
        if line.unit_price is not None and line.unit_price.currency != chosen:
            message = f"All lines are in one currency, these in {chosen}."
            raise errors.invalid(f"/items/{number}/unit_price/currency", "mixed", message)
    plain = [_lean(line) for line in done]
    totals = totals_of(plain, chosen)
    if max(totals.net + totals.discount, totals.gross) > MOST_WORTH:
        raise errors.invalid("/items", "range", f"All lines together are worth at most {MOST_WORTH} minor units.")
    return plain, Worth(amount=totals.net, currency=chosen)


def as_kept(items: Sequence[LineItem], kept: Sequence[Kept]) -> list[LineItem]:
    """The lines, each as the kept one in its place if it says nothing else: for what other systems send again."""
    held = [msgspec.convert(one, LineItem) for one in kept]
    if len(held) != len(items):
        return list(items)
    return [old if _agrees(line, old) else line for line, old in zip(items, held, strict=True)]


def totals_of(items: Sequence[Kept], currency: str) -> Totals:
    """What kept lines add up to."""
    amounts = [amounts_of(item) for item in items]
    net, tax = sum(one.net for one in amounts), sum(one.tax for one in amounts)
    listed = sum(one.listed for one in amounts)
    return Totals(currency=currency, net=net, discount=listed - net, tax=tax, gross=net + tax)


def amounts_of(item: Kept) -> Amounts:
    """One kept line."""
    listed = _exact(item.get("quantity", 1)) * int(item["unit_price"]["amount"])
    net = exchange.rounded(listed * (100 - _exact(item.get("discount", 0))) / 100)
    return Amounts(exchange.rounded(listed), net, exchange.rounded(net * _exact(item.get("tax", 0)) / 100))


def book_on(tenant: str, pricebook_id: str, day: str) -> Pricebook:
    """The price book. Raises `Invalid` at `/pricebook_id` for one that is not there or does not hold on that day."""
    place = keys.key("pricebook", tenant=tenant, id=pricebook_id)
    book = find(Pricebook, *place) if ids.is_id("prb", pricebook_id) else None
    if book is None or book.deleted_at:
        raise errors.invalid("/pricebook_id", "unknown", "There is no such price book.")
    if not (book.valid_from or "") <= day <= (book.valid_to or "9999-12-31"):
        message = f"This price book holds from {book.valid_from or 'ever'} to {book.valid_to or 'ever'}, not on {day}."
        raise errors.invalid("/pricebook_id", "out_of_date", message)
    return book


def _agrees(line: LineItem, kept: LineItem) -> bool:
    said = msgspec.structs.asdict(line)
    return all(value is None or value == getattr(kept, name) for name, value in said.items())


def _products(tenant: str, wanted: Mapping[int, str | None]) -> dict[str, Product]:
    """The products by id. Raises `Invalid` for one that is not there, or that is not sold any more."""
    asked = list(dict.fromkeys(one for one in wanted.values() if one and ids.is_id("pro", one)))
    places = [keys.key("product", tenant=tenant, id=one) for one in asked]
    found = {one: product for one, product in zip(asked, several(places), strict=True) if isinstance(product, Product)}
    for one, place in zip(asked, places, strict=True):
        if one not in found and (product := fetch(Product, *place, consistent=True)):  # made a moment ago
            found[one] = product
    for number, product_id in wanted.items():
        product = found.get(product_id or "")
        if product_id and (product is None or product.deleted_at):
            raise errors.invalid(f"/items/{number}/product_id", "unknown", "There is no such product.")
        if product is not None and not product.active:
            raise errors.invalid(f"/items/{number}/product_id", "inactive", "This product is not sold any more.")
    return found


def _check(number: int, line: LineItem) -> None:
    """Raises `Invalid` for what a struct cannot see."""
    if line.product_id is None:
        for field, value in (("name", line.name), ("unit_price", line.unit_price)):
            if value is None:
                message = f"A line without a product needs `{field}`."
                raise errors.invalid(f"/items/{number}/{field}", "required", message)
    if (_exact(line.quantity) * 10**_PLACES).denominator != 1:
        message = f"A quantity has at most {_PLACES} digits behind the point."
        raise errors.invalid(f"/items/{number}/quantity", "format", message)


def _currency(
    tenant: str,
    lines: Sequence[LineItem],
    new: Sequence[int],
    products: Mapping[str, Product],
    book: Pricebook | None,
    hint: str | None,
) -> str:
    given = [line.unit_price.currency for line in lines if line.unit_price is not None]
    if book is not None:
        return str(book.currency)
    if given or hint:
        return given[0] if given else str(hint)
    own = str(settings.of(tenant).currency)
    open_ones = [products[lines[number].product_id or ""].prices or {} for number in new]
    shared = [one for one in (open_ones[0] if open_ones else {}) if all(one in prices for prices in open_ones)]
    return own if own in shared or not shared else str(shared[0])


def _filled(
    number: int, line: LineItem, products: Mapping[str, Product], book: Pricebook | None, currency: str
) -> LineItem:
    """The line with all that its product says. Raises `Invalid` for a product without a price in the currency."""
    product = products.get(line.product_id or "")
    price = line.unit_price
    if price is None and product is not None:
        amount = _price(product, line.quantity, book, currency)
        if amount is None:
            message = f"The product has no price in {currency}: give `unit_price`."
            raise errors.invalid(f"/items/{number}/unit_price", "no_price", message)
        price = Worth(amount=amount, currency=currency)
    name = line.name or (product.label if product else None)
    tax = line.tax if line.tax is not None else float(product.tax) if product else 0
    return msgspec.structs.replace(line, name=name, unit_price=price, tax=tax)


def _price(product: Product, quantity: float, book: Pricebook | None, currency: str) -> int | None:
    """Minor units: of the book for this quantity, else the product's own."""
    steps = (book.entries or {}).get(product.id, []) if book else []
    fitting = [amount for least, amount in steps if _exact(least) <= _exact(quantity)]
    found = fitting[-1] if fitting else (product.prices or {}).get(currency)
    return None if found is None else int(found)


def _lean(line: LineItem) -> Kept:
    """The line as it is kept: without what its struct says anyway, since every byte is paid for."""
    plain: Kept = msgspec.to_builtins(line)
    usual = {"product_id": None, "quantity": 1, "discount": 0}
    return {name: _whole(value) for name, value in plain.items() if name not in usual or value != usual[name]}


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _exact(number: float) -> Fraction:
    return Fraction(Decimal(str(number)))
