"""What happened with contacts, companies and deals, and what they were, over HTTP.

The same routes for each noun, each written out: the name of a view is that of its operation for every client.
"""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.activity import ActivityDraft, NotePatch, TimelineEntry, TimelineQuery
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.history import ChangeView, HistoryQuery, StageView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import activities, versions

routes = Routes(__name__)


@routes.get(
    "/v1/contacts/{contact_id}/timeline",
    permission="contacts:read",
    query=TimelineQuery,
    returns=Listing[TimelineEntry],
    paged=True,
)
def contact_timeline(actor: Actor, contact_id: str, query: TimelineQuery, page: Page) -> Listing[TimelineEntry]:
    """Read what happened with a contact, newest first."""
    return activities.timeline(actor, "contact", contact_id, query, page)


@routes.post(
    "/v1/contacts/{contact_id}/activities",
    permission="contacts:write",
    body=ActivityDraft,
    returns=TimelineEntry,
    errors=(409,),
)
def create_contact_activity(actor: Actor, contact_id: str, body: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened with a contact."""
    return activities.create(actor, "contact", contact_id, body)


@routes.get("/v1/contacts/{contact_id}/activities/{activity_id}", permission="contacts:read", returns=TimelineEntry)
def get_contact_activity(actor: Actor, contact_id: str, activity_id: str) -> TimelineEntry:
    """Read one entry of what happened with a contact."""
    return activities.get(actor, "contact", contact_id, activity_id)


@routes.patch(
    "/v1/contacts/{contact_id}/activities/{activity_id}",
    permission="contacts:write",
    body=NotePatch,
    returns=TimelineEntry,
    errors=(409,),
)
def patch_contact_activity(
    actor: Actor, contact_id: str, activity_id: str, body: dict[str, Any], expected: int | None
) -> TimelineEntry:
    """Change a note on a contact, pin it, or mention users in it."""
    return activities.update(actor, "contact", contact_id, activity_id, body, expected)


@routes.get(
    "/v1/contacts/{contact_id}/history",
    permission="contacts:read",
    query=HistoryQuery,
    returns=Listing[ChangeView],
    paged=True,
)
def contact_history(actor: Actor, contact_id: str, query: HistoryQuery, page: Page) -> Listing[ChangeView]:
    """Read which fields of a contact changed, when, by whom, from what to what; newest first."""
    return versions.history(actor, "contact", contact_id, query, page)


@routes.get("/v1/contacts/{contact_id}/lifecycle", permission="contacts:read", returns=Listing[StageView])
def contact_lifecycle(actor: Actor, contact_id: str) -> Listing[StageView]:
    """Read the stages that a contact went through, and the time it spent in each."""
    return versions.lifecycle(actor, contact_id)


@routes.get(
    "/v1/companies/{company_id}/timeline",
    permission="companies:read",
    query=TimelineQuery,
    returns=Listing[TimelineEntry],
    paged=True,
)
def company_timeline(actor: Actor, company_id: str, query: TimelineQuery, page: Page) -> Listing[TimelineEntry]:
    """Read what happened with a company, newest first."""
    return activities.timeline(actor, "company", company_id, query, page)


@routes.post(
    "/v1/companies/{company_id}/activities",
    permission="companies:write",
    body=ActivityDraft,
    returns=TimelineEntry,
    errors=(409,),
)
def create_company_activity(actor: Actor, company_id: str, body: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened with a company."""
    return activities.create(actor, "company", company_id, body)


@routes.get("/v1/companies/{company_id}/activities/{activity_id}", permission="companies:read", returns=TimelineEntry)
def get_company_activity(actor: Actor, company_id: str, activity_id: str) -> TimelineEntry:
    """Read one entry of what happened with a company."""
    return activities.get(actor, "company", company_id, activity_id)


@routes.patch(
    "/v1/companies/{company_id}/activities/{activity_id}",
    permission="companies:write",
    body=NotePatch,
    returns=TimelineEntry,
    errors=(409,),
)
def patch_company_activity(
    actor: Actor, company_id: str, activity_id: str, body: dict[str, Any], expected: int | None
) -> TimelineEntry:
    """Change a note on a company, pin it, or mention users in it."""
    return activities.update(actor, "company", company_id, activity_id, body, expected)


@routes.get(
    "/v1/companies/{company_id}/history",
    permission="companies:read",
    query=HistoryQuery,
    returns=Listing[ChangeView],
    paged=True,
)
def company_history(actor: Actor, company_id: str, query: HistoryQuery, page: Page) -> Listing[ChangeView]:
    """Read which fields of a company changed, when, by whom, from what to what; newest first."""
    return versions.history(actor, "company", company_id, query, page)


@routes.get(
    "/v1/deals/{deal_id}/timeline",
    permission="deals:read",
    query=TimelineQuery,
    returns=Listing[TimelineEntry],
    paged=True,
    errors=(410,),
)
def deal_timeline(actor: Actor, deal_id: str, query: TimelineQuery, page: Page) -> Listing[TimelineEntry]:
    """Read what happened with a deal, newest first."""
    return activities.timeline(actor, "deal", deal_id, query, page)


@routes.post(
    "/v1/deals/{deal_id}/activities",
    permission="deals:write",
    body=ActivityDraft,
    returns=TimelineEntry,
    errors=(409, 410),
)
def create_deal_activity(actor: Actor, deal_id: str, body: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened with a deal."""
    return activities.create(actor, "deal", deal_id, body)


@routes.get(
    "/v1/deals/{deal_id}/activities/{activity_id}", permission="deals:read", returns=TimelineEntry, errors=(410,)
)
def get_deal_activity(actor: Actor, deal_id: str, activity_id: str) -> TimelineEntry:
    """Read one entry of what happened with a deal."""
    return activities.get(actor, "deal", deal_id, activity_id)


@routes.patch(
    "/v1/deals/{deal_id}/activities/{activity_id}",
    permission="deals:write",
    body=NotePatch,
    returns=TimelineEntry,
    errors=(409, 410),
)
def patch_deal_activity(
    actor: Actor, deal_id: str, activity_id: str, body: dict[str, Any], expected: int | None
) -> TimelineEntry:
    """Change a note on a deal, pin it, or mention users in it."""
    return activities.update(actor, "deal", deal_id, activity_id, body, expected)


@routes.get(
    "/v1/deals/{deal_id}/history",
    permission="deals:read",
    query=HistoryQuery,
    returns=Listing[ChangeView],
    paged=True,
    errors=(410,),
)
def deal_history(actor: Actor, deal_id: str, query: HistoryQuery, page: Page) -> Listing[ChangeView]:
    """Read which fields of a deal changed, when, by whom, from what to what; newest first."""
    return versions.history(actor, "deal", deal_id, query, page)
