"""Jobs over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobQuery, JobView
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.row import RowQuery, RowView
from chalicelib.services import jobs, rows

routes = Routes(__name__)


@routes.get("/v1/jobs", permission="self", query=JobQuery, returns=Listing[JobView], paged=True)
def list_jobs(actor: Actor, query: JobQuery, page: Page) -> Listing[JobView]:
    """List jobs, the newest first."""
    return jobs.listing(actor, query, page)


@routes.get("/v1/jobs/{job_id}", permission="self", returns=JobView)
def get_job(actor: Actor, job_id: str) -> JobView:
    """Read a job: how far it is, and what it made."""
    return jobs.get(actor, job_id)


@routes.get("/v1/jobs/{job_id}/rows", permission="self", query=RowQuery, returns=Listing[RowView], paged=True)
def list_job_rows(actor: Actor, job_id: str, query: RowQuery, page: Page) -> Listing[RowView]:
    """Read what became of each row of a job, or of those of one status."""
    return rows.listing(actor, job_id, query, page)


@routes.post("/v1/jobs/{job_id}/cancel", permission="self", returns=JobView, status=202)
def cancel_job(actor: Actor, job_id: str) -> JobView:
    """Cancel a job: it ends after the step it is at, and what is done stays done."""
    return jobs.cancel(actor, job_id)
