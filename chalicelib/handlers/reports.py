"""Reports about deals over HTTP, and how the forecast changed."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.report import (
    DriftQuery,
    DriftView,
    FunnelView,
    LostReasonsView,
    ProbabilityView,
    ReportQuery,
    SnapshotQuery,
    SnapshotView,
    VelocityView,
    WinProbabilityQuery,
    WinProbabilityView,
)

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/reports/funnel", permission="forecast:read", query=ReportQuery, returns=FunnelView)
def report_funnel(actor: Actor, query: ReportQuery) -> FunnelView:
    """Tell how many deals came how far, and how long they stayed in each stage."""
    from chalicelib.services import reports

    return reports.funnel(actor, query)


@routes.get("/v1/reports/velocity", permission="forecast:read", query=ReportQuery, returns=VelocityView)
def report_velocity(actor: Actor, query: ReportQuery) -> VelocityView:
    """Tell how long it takes to win a deal, and what the pipeline brings a day."""
    from chalicelib.services import reports

    return reports.velocity(actor, query)


@routes.get("/v1/reports/lost-reasons", permission="forecast:read", query=ReportQuery, returns=LostReasonsView)
def report_lost_reasons(actor: Actor, query: ReportQuery) -> LostReasonsView:
    """Tell why deals were lost."""
    from chalicelib.services import reports

    return reports.lost_reasons(actor, query)


@routes.get(
    "/v1/reports/win-probability", permission="forecast:read", query=WinProbabilityQuery, returns=WinProbabilityView
)
def report_win_probability(actor: Actor, query: WinProbabilityQuery) -> WinProbabilityView:
    """Tell how good the predicted probabilities were."""
    from chalicelib.services import probabilities

    return probabilities.report(actor, query)


@routes.get("/v1/deals/{deal_id}/probability", permission="deals:read", returns=ProbabilityView)
def deal_probability(actor: Actor, deal_id: str) -> ProbabilityView:
    """Tell how likely a deal is won, and why."""
    from chalicelib.services import probabilities

    return probabilities.of_deal(actor, deal_id)


@routes.get(
    "/v1/forecast/snapshots",
    permission="forecast:read",
    query=SnapshotQuery,
    returns=Listing[SnapshotView],
    paged=True,
)
def list_forecast_snapshots(actor: Actor, page: Page) -> Listing[SnapshotView]:
    """List the weeks of which the forecast was kept, the latest first."""
    from chalicelib.services import drift

    return drift.listing(actor, page)


@routes.get("/v1/forecast/drift", permission="forecast:read", query=DriftQuery, returns=DriftView)
def forecast_drift(actor: Actor, query: DriftQuery) -> DriftView:
    """Tell how the forecast of a month changed from week to week."""
    from chalicelib.services import drift

    return drift.report(actor, query)
