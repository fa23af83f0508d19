"""The forecast over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.forecast import ForecastQuery, ForecastView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/forecast", permission="forecast:read", query=ForecastQuery, returns=ForecastView)
def get_forecast(actor: Actor, query: ForecastQuery) -> ForecastView:
    """Read what is to come in and what has, against quotas; deals without `expected_close` only if asked for."""
    from chalicelib.services import forecast

    return forecast.report(actor, query)
