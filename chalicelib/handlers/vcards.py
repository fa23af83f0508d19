"""Contacts as vCards over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Document

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/contacts/{contact_id}/vcard", permission="contacts:read", media_type="text/vcard")
def get_contact_vcard(actor: Actor, contact_id: str) -> Document:
    """Read a contact as a vCard, for address books."""
    from chalicelib.services import vcards

    return Document(vcards.MEDIA_TYPE, vcards.get(actor, contact_id))
