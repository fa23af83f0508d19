"""Possible duplicates of contacts, and of companies, over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.duplicate import DismissalDraft, DuplicateQuery, DuplicateView
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)

Pairs = Listing[DuplicateView]


@routes.get("/v1/contacts/duplicates", permission="contacts:read", query=DuplicateQuery, returns=Pairs, paged=True)
def list_contact_duplicates(actor: Actor, page: Page) -> Pairs:
    """List pairs of contacts that may be one person, the likeliest first, as the last scan found them."""
    from chalicelib.services import duplicates

    return duplicates.listing(actor, "contact", page)


@routes.post("/v1/contacts/duplicates/scan", permission="contacts:write", returns=JobView, status=202)
def scan_contact_duplicates(actor: Actor) -> JobView:
    """Look through all contacts for duplicates."""
    from chalicelib.services import duplicates

    return duplicates.scan(actor, "contact")


@routes.post(
    "/v1/contacts/duplicates/dismiss", permission="contacts:write", body=DismissalDraft, status=204, errors=(404, 410)
)
def dismiss_contact_duplicate(actor: Actor, body: DismissalDraft) -> None:
    """Say of two contacts that they are not one person; the pair does not come again."""
    from chalicelib.services import duplicates

    duplicates.dismiss(actor, "contact", body.ids)


@routes.get("/v1/companies/duplicates", permission="companies:read", query=DuplicateQuery, returns=Pairs, paged=True)
def list_company_duplicates(actor: Actor, page: Page) -> Pairs:
    """List pairs of companies that may be one, the likeliest first, as the last scan found them."""
    from chalicelib.services import duplicates

    return duplicates.listing(actor, "company", page)


@routes.post("/v1/companies/duplicates/scan", permission="companies:write", returns=JobView, status=202)
def scan_company_duplicates(actor: Actor) -> JobView:
    """Look through all companies for duplicates."""
    from chalicelib.services import duplicates

    return duplicates.scan(actor, "company")


@routes.post(
    "/v1/companies/duplicates/dismiss", permission="companies:write", body=DismissalDraft, status=204, errors=(404, 410)
)
def dismiss_company_duplicate(actor: Actor, body: DismissalDraft) -> None:
    """Say of two companies that they are not one; the pair does not come again."""
    from chalicelib.services import duplicates

    duplicates.dismiss(actor, "company", body.ids)
