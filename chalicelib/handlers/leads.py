"""Leads over HTTP: a contact, a company and a deal made at once."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.lead import LeadDraft, LeadView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/leads/convert", permission="deals:write", body=LeadDraft, returns=LeadView)
def convert_lead(actor: Actor, body: LeadDraft) -> LeadView:
    """Make contact, company and deal of a lead, all or none; offer or join those that are there already."""
    from chalicelib.services import leads

    return leads.convert(actor, body)
