"""Contacts over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactCreated, ContactDraft, ContactPatch, ContactView
from chalicelib.schemas.filters import ContactQuery
from chalicelib.schemas.history import AsOfQuery
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.services import contacts, versions

routes = Routes(__name__)


@routes.post("/v1/contacts", permission="contacts:write", body=ContactDraft, returns=ContactCreated)
def create_contact(actor: Actor, body: ContactDraft) -> ContactCreated:
    """Create a contact."""
    return contacts.create(actor, body)


@routes.get("/v1/contacts", permission="contacts:read", query=ContactQuery, returns=Listing[ContactView], paged=True)
def list_contacts(actor: Actor, query: ContactQuery, page: Page) -> Listing[ContactView]:
    """List contacts by one of the declared patterns."""
    return contacts.listing(actor, query, page)


@routes.get(
    "/v1/contacts/{contact_id}", permission="contacts:read", query=AsOfQuery, returns=ContactView, errors=(503,)
)
def get_contact(actor: Actor, contact_id: str, query: AsOfQuery) -> ContactView:
    """Read a contact, as it is or as it was at a moment."""
    shown: ContactView = versions.read(actor, "contact", contact_id, query)
    return shown


@routes.patch("/v1/contacts/{contact_id}", permission="contacts:write", body=ContactPatch, returns=ContactView)
def patch_contact(actor: Actor, contact_id: str, body: dict[str, Any], expected: int | None) -> ContactView:
    """Change some fields of a contact."""
    return contacts.update(actor, contact_id, body, expected)


@routes.delete("/v1/contacts/{contact_id}", permission="contacts:write")
def delete_contact(actor: Actor, contact_id: str, expected: int | None) -> None:
    """Put a contact into the trash."""
    contacts.delete(actor, contact_id, expected)


@routes.post("/v1/contacts/{contact_id}/restore", permission="contacts:write", returns=ContactView, status=200)
def restore_contact(actor: Actor, contact_id: str, expected: int | None) -> ContactView:
    """Take a contact out of the trash."""
    return contacts.restore(actor, contact_id, expected)


@routes.post("/v1/contacts/{contact_id}/purge", permission="contacts:write", status=204)
def purge_contact(actor: Actor, contact_id: str, expected: int | None) -> None:
    """Remove a contact in the trash for good, with all that is kept beside it."""
    contacts.purge(actor, contact_id, expected)


@routes.put(
    "/v1/contacts/by/email/{address}",
    permission="contacts:write",
    body=ContactPatch,
    returns=ContactView,
    errors=(409,),
)
def put_contact_by_email(actor: Actor, address: str, body: dict[str, Any]) -> Made[ContactView]:
    """Change the contact with this mail address, or create it."""
    return Made(*contacts.upsert(actor, "email", address, body))


@routes.put(
    "/v1/contacts/by/external_id/{external_id}",
    permission="contacts:write",
    body=ContactPatch,
    returns=ContactView,
    errors=(409,),
)
def put_contact_by_external_id(actor: Actor, external_id: str, body: dict[str, Any]) -> Made[ContactView]:
    """Change the contact that another system knows by this id, or create it."""
    return Made(*contacts.upsert(actor, "external_id", external_id, body))
