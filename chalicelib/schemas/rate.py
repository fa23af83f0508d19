"""Rates of currencies on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, View
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import Day

Decimal = Annotated[
    str,
    Meta(
        pattern=r"^(?=[0-9.]{1,13}$(?!\n))[0-9]{1,12}(\.[0-9]{1,11})?$(?!\n)",
        description="What one unit of the currency is worth in the firm's: a decimal of at most 12 digits, above 0",
        examples=["1.0842"],
    ),
]
Code = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217", examples=["USD"])]


class RateDraft(Draft):
    """A rate; it holds from its day on, until there is a later one."""

    rate: Decimal


class RateTable(Draft):
    """The rates of one day, as banks publish them."""

    day: Day
    rates: Annotated[dict[Code, Decimal], Meta(min_length=1, max_length=200)]


class RateView(View):
    """What one unit of the currency is worth in the firm's own, from a day on."""

    currency: str
    day: str
    rate: str


class RateTableView(View):
    """The rates of one day, as they were put down."""

    day: str
    rates: dict[str, str]


class RateQuery(ListQuery):
    """Rates of a currency, the newest first."""
