"""What currencies are worth in the firm's own, day by day."""

from collections.abc import Iterable

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
    rate = _latest(tenant, currency, day)
    if rate is None:
        message = f"There is no rate of {currency} yet, so it cannot be added up with other money."
        raise errors.invalid(pointer, "no_rate", message)
    return rate


def known(tenant: str, own: str, currencies: Iterable[str]) -> dict[str, str]:
    """Today's rate of each of these currencies that has one; `own` is the firm's. Half a unit for each other one."""
    found = {one: "1" if one == own else _latest(tenant, one, today()) for one in sorted(currencies)}
    return {one: rate for one, rate in found.items() if rate is not None}


def today() -> str:
    """The day it is, in UTC."""
    return clock.stamp()[:10]


def _latest(tenant: str, currency: str, day: str) -> str | None:
    partition = keys.partition("rate", tenant=tenant, currency=currency)
    found = page(partition, where=Item.sk <= day, limit=1, newest_first=True)
    return str(found.items[0].rate) if found.items else None
