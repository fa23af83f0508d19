"""Merging contacts, and companies, over HTTP; and undoing it."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.company import CompanyView
from chalicelib.schemas.contact import ContactView
from chalicelib.schemas.merge import MergeDraft, UnmergeDraft

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)

_REFUSALS = (409, 410)


@routes.post(
    "/v1/contacts/{contact_id}/merge",
    permission="contacts:write",
    body=MergeDraft,
    returns=ContactView,
    status=200,
    errors=_REFUSALS,
)
def merge_contacts(actor: Actor, contact_id: str, body: MergeDraft, expected: int | None) -> ContactView:
    """Make another contact a part of this one."""
    from chalicelib.services import merges

    shown: ContactView = merges.merge(actor, "contact", contact_id, body, expected)
    return shown


@routes.post(
    "/v1/contacts/{contact_id}/unmerge",
    permission="contacts:write",
    body=UnmergeDraft,
    returns=ContactView,
    status=200,
    errors=_REFUSALS,
)
def unmerge_contact(actor: Actor, contact_id: str, body: UnmergeDraft, expected: int | None) -> ContactView:
    """Undo a merge: of this contact into another one, or of another one into this."""
    from chalicelib.services import merges

    shown: ContactView = merges.unmerge(actor, "contact", contact_id, body.loser_id, expected)
    return shown


@routes.post(
    "/v1/companies/{company_id}/merge",
    permission="companies:write",
    body=MergeDraft,
    returns=CompanyView,
    status=200,
    errors=_REFUSALS,
)
def merge_companies(actor: Actor, company_id: str, body: MergeDraft, expected: int | None) -> CompanyView:
    """Make another company a part of this one."""
    from chalicelib.services import merges

    shown: CompanyView = merges.merge(actor, "company", company_id, body, expected)
    return shown


@routes.post(
    "/v1/companies/{company_id}/unmerge",
    permission="companies:write",
    body=UnmergeDraft,
    returns=CompanyView,
    status=200,
    errors=_REFUSALS,
)
def unmerge_company(actor: Actor, company_id: str, body: UnmergeDraft, expected: int | None) -> CompanyView:
    """Undo a merge: of this company into another one, or of another one into this."""
    from chalicelib.services import merges

    shown: CompanyView = merges.unmerge(actor, "company", company_id, body.loser_id, expected)
    return shown
