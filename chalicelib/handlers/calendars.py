"""Calendars over HTTP: links of one's own, and the file that calendar programs read by them."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.calendar import CalendarDraft, CalendarQuery, CalendarView, NewCalendar
from chalicelib.schemas.page import Document, Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/calendars", permission="self", body=CalendarDraft, returns=NewCalendar, errors=(403,))
def create_calendar(actor: Actor, body: CalendarDraft, base: str) -> NewCalendar:
    """Create a secret link by which a calendar program reads one's tasks; it is shown this once."""
    from chalicelib.services import calendars

    return calendars.create(actor, body, base)


@routes.get("/v1/calendars", permission="self", query=CalendarQuery, returns=Listing[CalendarView], paged=True)
def list_calendars(actor: Actor, page: Page) -> Listing[CalendarView]:
    """List one's own links, the oldest first."""
    from chalicelib.services import calendars

    return calendars.listing(actor, page)


@routes.get("/v1/calendars/{calendar_id}", permission="self", returns=CalendarView)
def get_calendar(actor: Actor, calendar_id: str) -> CalendarView:
    """Read one of one's own links, without its secret."""
    from chalicelib.services import calendars

    return calendars.get(actor, calendar_id)


@routes.delete("/v1/calendars/{calendar_id}", permission="self")
def delete_calendar(actor: Actor, calendar_id: str, expected: int | None) -> None:
    """Revoke a link at once."""
    from chalicelib.services import calendars

    calendars.delete(actor, calendar_id, expected)


@routes.get("/v1/calendar/{file}", permission=None, media_type="text/calendar")
def read_calendar(file: str) -> Document:
    """Read the tasks of whoever made the link, as calendar programs do."""
    from chalicelib.services import calendars

    return calendars.read(file)
