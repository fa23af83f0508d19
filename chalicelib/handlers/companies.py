"""Companies over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.company import CompanyCreated, CompanyDraft, CompanyPatch, CompanyView, RollupView
from chalicelib.schemas.contact import ContactView
from chalicelib.schemas.filters import CompanyQuery
from chalicelib.schemas.history import AsOfQuery
from chalicelib.schemas.page import Listing, ListQuery, Made, Page
from chalicelib.services import companies, rollups, versions

routes = Routes(__name__)


@routes.post("/v1/companies", permission="companies:write", body=CompanyDraft, returns=CompanyCreated)
def create_company(actor: Actor, body: CompanyDraft) -> CompanyCreated:
    """Create a company."""
    return companies.create(actor, body)


@routes.get("/v1/companies", permission="companies:read", query=CompanyQuery, returns=Listing[CompanyView], paged=True)
def list_companies(actor: Actor, query: CompanyQuery, page: Page) -> Listing[CompanyView]:
    """List companies by one of the declared patterns."""
    return companies.listing(actor, query, page)


@routes.get(
    "/v1/companies/{company_id}", permission="companies:read", query=AsOfQuery, returns=CompanyView, errors=(503,)
)
def get_company(actor: Actor, company_id: str, query: AsOfQuery) -> CompanyView:
    """Read a company, as it is or as it was at a moment."""
    shown: CompanyView = versions.read(actor, "company", company_id, query)
    return shown


@routes.patch("/v1/companies/{company_id}", permission="companies:write", body=CompanyPatch, returns=CompanyView)
def patch_company(actor: Actor, company_id: str, body: dict[str, Any], expected: int | None) -> CompanyView:
    """Change some fields of a company."""
    return companies.update(actor, company_id, body, expected)


@routes.delete("/v1/companies/{company_id}", permission="companies:write")
def delete_company(actor: Actor, company_id: str, expected: int | None) -> None:
    """Put a company into the trash."""
    companies.delete(actor, company_id, expected)


@routes.post("/v1/companies/{company_id}/restore", permission="companies:write", returns=CompanyView, status=200)
def restore_company(actor: Actor, company_id: str, expected: int | None) -> CompanyView:
    """Take a company out of the trash."""
    return companies.restore(actor, company_id, expected)


@routes.post("/v1/companies/{company_id}/purge", permission="companies:write", status=204)
def purge_company(actor: Actor, company_id: str, expected: int | None) -> None:
    """Remove a company in the trash for good, with all that is kept beside it."""
    companies.purge(actor, company_id, expected)


@routes.put(
    "/v1/companies/by/domain/{domain}",
    permission="companies:write",
    body=CompanyPatch,
    returns=CompanyView,
    errors=(409,),
)
def put_company_by_domain(actor: Actor, domain: str, body: dict[str, Any]) -> Made[CompanyView]:
    """Change the company with this mail domain, or create it."""
    return Made(*companies.upsert(actor, "domain", domain, body))


@routes.put(
    "/v1/companies/by/external_id/{external_id}",
    permission="companies:write",
    body=CompanyPatch,
    returns=CompanyView,
    errors=(409,),
)
def put_company_by_external_id(actor: Actor, external_id: str, body: dict[str, Any]) -> Made[CompanyView]:
    """Change the company that another system knows by this id, or create it."""
    return Made(*companies.upsert(actor, "external_id", external_id, body))


@routes.get("/v1/companies/{company_id}/rollup", permission="companies:read", returns=RollupView)
def company_rollup(actor: Actor, company_id: str) -> RollupView:
    """Count what a company and all companies below it have together."""
    return rollups.rollup(actor, company_id)


@routes.get(
    "/v1/companies/{company_id}/contacts",
    permission="contacts:read",
    query=ListQuery,
    returns=Listing[ContactView],
    paged=True,
)
def company_contacts(actor: Actor, company_id: str, page: Page) -> Listing[ContactView]:
    """List the contacts of a company, and of those that were merged into it, by name."""
    return companies.contacts(actor, company_id, page)
