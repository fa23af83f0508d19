"""What currencies are worth in the firm's own, day by day."""

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.table import Item, page
from chalicelib.schemas.money import CURRENCIES
from chalicelib.services import settings


def at(tenant: str, currency: str, day: str, pointer: str) -> str:
    """What one unit of the currency is worth in the firm's own on a day: the last rate known by then.

    Half a unit for the settings and, for another currency than the firm's, half a unit for the rate. Raises `Invalid`
    at `pointer` for what is no currency, and for one without a rate.
    """
    if currency not in CURRENCIES:
        raise errors.invalid(pointer, "unknown", "ISO 4217 has no such currency.")
    if currency == settings.of(tenant).currency:
        return "1"
    partition = keys.partition("rate", tenant=tenant, currency=currency)
    found = page(partition, where=Item.sk <= day, limit=1, newest_first=True)
    if not found.items:
        message = f"There is no rate of {currency} yet, so it cannot be added up with other money."
        raise errors.invalid(pointer, "no_rate", message)
    return str(found.items[0].rate)


def today() -> str:
    """The day it is, in UTC."""
    return clock.stamp()[:10]
