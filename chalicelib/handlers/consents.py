"""The consent log of contacts over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.consent import ConsentDraft, ConsentQuery, ConsentRequest, ConsentView
from chalicelib.schemas.page import Listing, Page

routes = Routes(__name__)


@routes.get(
    "/v1/contacts/{contact_id}/consents",
    permission="contacts:read",
    query=ConsentQuery,
    returns=Listing[ConsentView],
    paged=True,
)
def list_contact_consents(actor: Actor, contact_id: str, page: Page) -> Listing[ConsentView]:
    """List what a contact agreed to or took back, the newest first."""
    from chalicelib.services import consents

    return consents.listing(actor, contact_id, page)


@routes.get("/v1/contacts/{contact_id}/consents/{consent_id}", permission="contacts:read", returns=ConsentView)
def get_contact_consent(actor: Actor, contact_id: str, consent_id: str) -> ConsentView:
    """Read one entry of the consent log."""
    from chalicelib.services import consents

    return consents.get(actor, contact_id, consent_id)


@routes.post("/v1/contacts/{contact_id}/consents", permission="contacts:write", body=ConsentDraft, returns=ConsentView)
def record_contact_consent(actor: Actor, contact_id: str, body: ConsentDraft) -> ConsentView:
    """Note a consent that was given or taken back elsewhere, and act on it."""
    from chalicelib.services import consents

    return consents.record(actor, contact_id, body)


@routes.post(
    "/v1/contacts/{contact_id}/consents/request",
    permission="contacts:write",
    body=ConsentRequest,
    returns=ConsentView,
    status=200,
    errors=(409, 429),
)
def request_contact_consent(actor: Actor, contact_id: str, body: ConsentRequest, base: str) -> ConsentView:
    """Send the contact a mail in which it confirms that it wants mail; three a day at most."""
    from chalicelib.services import optin

    return optin.request(actor, contact_id, body, base)
