"""Rates of currencies over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.rate import RateDraft, RateQuery, RateTable, RateTableView, RateView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/rates", permission="settings:write", body=RateTable, returns=RateTableView, status=200)
def put_rates(actor: Actor, body: RateTable) -> RateTableView:
    """Put down the rates of a day, of any number of currencies; those there are already are replaced."""
    from chalicelib.services import rates

    return rates.put_table(actor, body)


@routes.put("/v1/rates/{currency}/{day}", permission="settings:write", body=RateDraft, returns=RateView)
def put_rate(actor: Actor, currency: str, day: str, body: dict[str, Any]) -> Made[RateView]:
    """Put down what a currency is worth in the firm's own from a day on; deals closed before keep their rate."""
    from chalicelib.services import rates

    return rates.put(actor, currency, day, body["rate"])


@routes.get("/v1/rates/{currency}", permission="settings:read", query=RateQuery, returns=Listing[RateView], paged=True)
def list_rates(actor: Actor, currency: str, page: Page) -> Listing[RateView]:
    """List the rates of a currency, the newest first."""
    from chalicelib.services import rates

    return rates.listing(actor, currency, page)


@routes.delete("/v1/rates/{currency}/{day}", permission="settings:write", errors=(404,))
def delete_rate(actor: Actor, currency: str, day: str) -> None:
    """Remove a rate; from that day on the one before it holds."""
    from chalicelib.services import rates

    rates.delete(actor, currency, day)
