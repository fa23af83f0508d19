"""Line items add up exactly, whatever the numbers: held against a second reckoning by other means."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors, ids
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.lines import MOST_WORTH, LineItem, Worth
from chalicelib.schemas.pricebook import PricebookDraft, PriceEntry
from chalicelib.schemas.product import ProductDraft
from chalicelib.services import lines, permissions, pricebooks, products
from tests.house import House

DAY = "2026-03-15"


def line(amount: int = 100, currency: str = "EUR", **more: Any) -> LineItem:
    return LineItem(name="Thing", unit_price=Worth(amount=amount, currency=currency), **more)


def refused(act: Any) -> tuple[str, str]:
    with pytest.raises(errors.Invalid) as caught:
        act()
    flaw = caught.value.flaws[0]
    return flaw.pointer, flaw.code


@pytest.fixture
def seller(house: House) -> Actor:
    return Actor(ids.new("ten"), ids.new("usr"), "owner", permissions.ALL)


percents = st.one_of(st.integers(0, 100), st.decimals(0, 100, places=2).map(float))
any_line = st.builds(
    line,
    amount=st.integers(0, 10_000_000),
    quantity=st.integers(1, 10_000_000).map(lambda thousandths: thousandths / 1000),
    discount=percents,
    tax=percents,
)


def whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.lists(any_line, min_size=1, max_size=20))
def test_lines_add_up_as_on_paper(items: list[LineItem]) -> None:
    net = discount = tax = 0
    for one in items:
        assert one.unit_price is not None
        listed = Decimal(repr(one.quantity)) * one.unit_price.amount
        after = whole(listed - listed * Decimal(repr(one.discount)) / 100)
        net, discount = net + after, discount + whole(listed) - after
        tax += whole(Decimal(after) * Decimal(repr(one.tax)) / 100)
    kept, worth = lines.priced("ten_none", items, DAY)
    totals = lines.totals_of(kept, "EUR")
    assert (worth.amount, worth.currency) == (net, "EUR")
    assert (totals.net, totals.discount, totals.tax, totals.gross) == (net, discount, tax, net + tax)
    assert 0 <= totals.net <= totals.gross


@given(st.lists(any_line, min_size=1, max_size=20))
def test_what_is_kept_says_all_that_was_given_and_is_priced_the_same_again(items: list[LineItem]) -> None:
    kept, worth = lines.priced("ten_none", items, DAY)
    assert lines.priced("ten_none", kept, DAY, kept=kept) == (kept, worth)
    assert lines.priced("ten_none", kept, DAY) == (kept, worth)


@pytest.mark.parametrize(
    ("quantity", "amount", "discount", "tax", "net", "of_tax"),
    [
        (3, 333, 0, 20, 999, 200),  # 199.8
        (0.5, 1, 0, 0, 1, 0),  # a half goes up
        (0.5, 3, 50, 0, 1, 0),  # 0.75: the discount is not taken off what is rounded already
        (1.005, 1000, 0, 0, 1005, 0),  # not 1004.99...
        (2.675, 100, 0, 0, 268, 0),
        (1, 999, 33.33, 10, 666, 67),
        (1, 100, 100, 20, 0, 0),
    ],
)
def test_a_line_is_rounded_by_itself(
    quantity: float, amount: int, discount: float, tax: float, net: int, of_tax: int
) -> None:
    kept, _ = lines.priced("ten_none", [line(amount, quantity=quantity, discount=discount, tax=tax)], DAY)
    assert lines.amounts_of(kept[0])[1:] == (net, of_tax)


@pytest.mark.parametrize(
    ("items", "pointer", "code"),
    [
        ([line(), line(currency="USD")], "/items/1/unit_price/currency", "mixed"),
        ([line(quantity=1.0001)], "/items/0/quantity", "format"),
        ([line(), LineItem(name="Thing")], "/items/1/unit_price", "required"),
        ([LineItem(unit_price=Worth(amount=1, currency="EUR"))], "/items/0/name", "required"),
        ([line(MOST_WORTH), line(1)], "/items", "range"),
        ([line(MOST_WORTH, tax=1)], "/items", "range"),
        ([line(MOST_WORTH, quantity=1_000_000, discount=100)], "/items", "range"),
        ([LineItem(product_id="pro_x")], "/items/0/product_id", "unknown"),
    ],
)
def test_what_cannot_be_added_up_is_refused(items: list[LineItem], pointer: str, code: str) -> None:
    assert refused(lambda: lines.priced("ten_none", items, DAY)) == (pointer, code)


def test_the_largest_worth_is_taken() -> None:
    assert lines.priced("ten_none", [line(MOST_WORTH)], DAY)[1].amount == MOST_WORTH


def test_a_product_says_what_the_line_does_not(seller: Actor) -> None:
    chair = products.create(
        seller,
        ProductDraft(
            name=" Chair ", tax=20, prices=[Worth(amount=5000, currency="EUR"), Worth(amount=6000, currency="USD")]
        ),
    )
    kept, worth = lines.priced(seller.tenant, [LineItem(product_id=chair.id, quantity=2)], DAY)
    assert kept == [
        {
            "product_id": chair.id,
            "name": "Chair",
            "quantity": 2,
            "unit_price": {"amount": 5000, "currency": "EUR"},
            "tax": 20,
        }
    ]
    assert worth == Worth(amount=10000, currency="EUR")
    own = LineItem(product_id=chair.id, name="Stool", tax=0, unit_price=Worth(amount=1, currency="EUR"))
    assert lines.priced(seller.tenant, [own], DAY)[0][0] == {
        "product_id": chair.id,
        "name": "Stool",
        "unit_price": {"amount": 1, "currency": "EUR"},
        "tax": 0,
    }


def test_which_currency(seller: Actor) -> None:
    """That of the given prices, else the one hinted at, else the firm's if all have it, else one that all have."""
    both = products.create(
        seller, ProductDraft(name="A", prices=[Worth(amount=1, currency="USD"), Worth(amount=2, currency="EUR")])
    )
    dollars = products.create(seller, ProductDraft(name="B", prices=[Worth(amount=3, currency="USD")]))
    francs = products.create(seller, ProductDraft(name="C", prices=[Worth(amount=4, currency="CHF")]))

    def currency(*items: LineItem, **more: Any) -> str:
        return lines.priced(seller.tenant, items, DAY, **more)[1].currency

    one, two, three = (LineItem(product_id=product.id) for product in (both, dollars, francs))
    assert currency(one) == "EUR"
    assert currency(one, currency="USD") == "USD"
    assert currency(one, two) == "USD"
    assert currency(one, line(currency="USD")) == "USD"
    assert refused(lambda: currency(one, two, three)) == ("/items/1/unit_price", "no_price")
    assert refused(lambda: currency(two, line(currency="EUR"))) == ("/items/0/unit_price", "no_price")


def test_a_book_goes_before_the_standard_price(seller: Actor) -> None:
    chair = products.create(seller, ProductDraft(name="Chair", prices=[Worth(amount=5000, currency="EUR")]))
    table = products.create(seller, ProductDraft(name="Table", prices=[Worth(amount=9000, currency="EUR")]))
    entries = [
        PriceEntry(product_id=chair.id, unit_price=4000, min_quantity=10),
        PriceEntry(product_id=chair.id, unit_price=4500, min_quantity=2),
    ]
    book = pricebooks.create(
        seller,
        PricebookDraft(name="Resellers", currency="EUR", valid_from=DAY, valid_to="2026-03-31", entries=entries),
    )

    def price(quantity: float, product_id: str = chair.id, day: str = DAY) -> int:
        item = LineItem(product_id=product_id, quantity=quantity)
        kept, _ = lines.priced(seller.tenant, [item], day, pricebook_id=book.id)
        return int(kept[0]["unit_price"]["amount"])

    assert [price(one) for one in (1, 1.999, 2, 9.5, 10, 1000)] == [5000, 5000, 4500, 4500, 4000, 4000]
    assert price(10, table.id) == 9000
    assert price(2, day="2026-03-31") == 4500
    for day in ("2026-03-14", "2026-04-01"):
        assert refused(lambda day=day: price(2, day=day)) == ("/pricebook_id", "out_of_date")
    pricebooks.delete(seller, book.id, None)
    assert refused(lambda: price(2)) == ("/pricebook_id", "unknown")


def test_a_product_that_is_gone_stays_where_it_is_and_comes_into_nothing_new(seller: Actor) -> None:
    chair = products.create(seller, ProductDraft(name="Chair", prices=[Worth(amount=5000, currency="EUR")]))
    item = LineItem(product_id=chair.id)
    kept, worth = lines.priced(seller.tenant, [item], DAY)
    products.update(seller, chair.id, {"active": False}, None)
    assert refused(lambda: lines.priced(seller.tenant, [item], DAY)) == ("/items/0/product_id", "inactive")
    products.delete(seller, chair.id, None)
    assert refused(lambda: lines.priced(seller.tenant, [item], DAY)) == ("/items/0/product_id", "unknown")
    assert lines.priced(seller.tenant, kept, DAY, kept=kept) == (kept, worth)


def test_anothers_product_is_none(seller: Actor) -> None:
    stranger = Actor(ids.new("ten"), ids.new("usr"), "owner", permissions.ALL)
    theirs = products.create(stranger, ProductDraft(name="Chair", prices=[Worth(amount=1, currency="EUR")]))
    item = LineItem(product_id=theirs.id)
    assert refused(lambda: lines.priced(seller.tenant, [line(), item], DAY)) == ("/items/1/product_id", "unknown")


def test_what_is_sent_again_is_known_though_it_says_less(seller: Actor) -> None:
    chair = products.create(seller, ProductDraft(name="Chair", prices=[Worth(amount=5000, currency="EUR")]))
    sent = [LineItem(product_id=chair.id, quantity=2), line()]
    kept, _ = lines.priced(seller.tenant, sent, DAY)
    products.update(seller, chair.id, {"prices": [{"amount": 1, "currency": "EUR"}]}, None)
    again = lines.as_kept(sent, kept)
    assert lines.priced(seller.tenant, again, DAY, kept=kept)[0] == kept
    other = [LineItem(product_id=chair.id, quantity=3), line()]
    assert lines.priced(seller.tenant, lines.as_kept(other, kept), DAY, kept=kept)[1].amount == 3 + 100
