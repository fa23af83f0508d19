"""Changes of many contacts, companies or deals at once over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.bulk import BulkDraft
from chalicelib.schemas.job import JobView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/contacts/bulk", permission="contacts:write", body=BulkDraft, returns=JobView, status=202)
def bulk_contacts(actor: Actor, body: BulkDraft) -> JobView:
    """Change many contacts: a job that says of each what became of it."""
    from chalicelib.services import bulk

    return bulk.start(actor, "contact", body)


@routes.post("/v1/companies/bulk", permission="companies:write", body=BulkDraft, returns=JobView, status=202)
def bulk_companies(actor: Actor, body: BulkDraft) -> JobView:
    """Change many companies: a job that says of each what became of it."""
    from chalicelib.services import bulk

    return bulk.start(actor, "company", body)


@routes.post("/v1/deals/bulk", permission="deals:write", body=BulkDraft, returns=JobView, status=202)
def bulk_deals(actor: Actor, body: BulkDraft) -> JobView:
    """Change many deals: a job that says of each what became of it."""
    from chalicelib.services import bulk

    return bulk.start(actor, "deal", body)
