"""What currencies are worth in the firm's own, day by day."""

from collections.abc import Iterable

from chalicelib import clock, errors
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.settings import Rate
from chalicelib.models.table import Item, page
from chalicelib.models.writes import Step, absent, put_all, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.money import CURRENCIES
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.rate import RateTable, RateTableView, RateView
from chalicelib.services import settings


def put(actor: Actor, currency: str, day: str, rate: str) -> Made[RateView]:
    """Put down a rate; it holds from that day on.

    Raises `Invalid` for what is no currency, the firm's own, what is no day, and a rate of nothing.
    """
    _check_day(day)
    _check(settings.of(actor.tenant).currency, currency, rate, "/currency", "/rate")
    made = _rate(actor.tenant, currency, day, rate)
    # First: rates are in the firm's currency, which must not change under them.
    transact(settings.fixed(actor.tenant))
    try:
        transact(Step("save", made, absent()))
    except errors.Stale:
        transact(Step("save", made))
        return Made(view(made), new=False)
    return Made(view(made), new=True)


def put_table(actor: Actor, table: RateTable) -> RateTableView:
    """Put down the rates of a day; cut off in the middle, some of them. Raises `Invalid` as `put`, for all at once."""
    _check_day(table.day)
    own, flaws = settings.of(actor.tenant).currency, list[Flaw]()
    for currency, rate in table.rates.items():
        try:
            _check(own, currency, rate, f"/rates/{currency}", f"/rates/{currency}")
        except errors.Invalid as error:
            flaws += error.flaws
    if flaws:
        raise errors.Invalid("The rates are not acceptable.", *flaws)
    transact(settings.fixed(actor.tenant))
    put_all([_rate(actor.tenant, currency, table.day, rate) for currency, rate in table.rates.items()])
    return RateTableView(day=table.day, rates=table.rates)


def listing(actor: Actor, currency: str, wanted: Page) -> Listing[RateView]:
    """The rates of a currency, the newest first. Half a unit for each 4 KB. Raises `NotFound` for no currency."""
    if currency not in CURRENCIES:
        raise errors.NotFound("ISO 4217 has no such currency.")
    partition = keys.partition("rate", tenant=actor.tenant, currency=currency)
    found = page(partition, limit=wanted.limit, start=wanted.start, newest_first=True)
    return Listing([view(rate) for rate in found.items], found.last)


def delete(actor: Actor, currency: str, day: str) -> None:
    """Remove a rate; what was closed with it keeps it. Raises `NotFound`."""
    try:
        _check_day(day)
        if currency not in CURRENCIES:
            raise errors.NotFound("ISO 4217 has no such currency.")
        gone = Rate(*keys.key("rate", tenant=actor.tenant, currency=currency, day=day))
        transact(Step("delete", gone, Item.pk.exists()))
    except (errors.Invalid, errors.Stale):
        raise errors.NotFound("There is no rate of that day.") from None


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


def view(rate: Rate) -> RateView:
    """The rate as a client reads it."""
    return RateView(currency=rate.currency, day=rate.day, rate=rate.rate)


def _latest(tenant: str, currency: str, day: str) -> str | None:
    partition = keys.partition("rate", tenant=tenant, currency=currency)
    found = page(partition, where=Item.sk <= day, limit=1, newest_first=True)
    return str(found.items[0].rate) if found.items else None


def _check_day(day: str) -> None:
    from datetime import date

    try:
        good = date.fromisoformat(day).isoformat() == day
    except ValueError:
        good = False
    if not good:
        raise errors.invalid("/day", "format", "There is no such day; it is written like 2026-03-01.")


def _check(own: str, currency: str, rate: str, at_currency: str, at_rate: str) -> None:
    if currency not in CURRENCIES:
        raise errors.invalid(at_currency, "unknown", "ISO 4217 has no such currency.")
    if currency == own:
        raise errors.invalid(at_currency, "own", f"{own} is the firm's own currency: it is worth 1, always.")
    if not rate.strip("0."):
        raise errors.invalid(at_rate, "range", "No currency is worth nothing.")


def _rate(tenant: str, currency: str, day: str, rate: str) -> Rate:
    made = Rate(day=day, currency=currency, rate=rate)
    made.place("rate", tenant=tenant, currency=currency, day=day)
    return made
