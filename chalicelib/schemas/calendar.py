"""Calendars on the wire: links by which calendar programs read somebody's tasks."""

from chalicelib.schemas.fields import Draft, Name, Stamp, View
from chalicelib.schemas.page import ListQuery


class CalendarDraft(Draft):
    """A link of one's own; calendar programs show its `name`, or else that of the user."""

    name: Name | None = None


class CalendarView(View):
    """A link as its user reads it, without its secret."""

    id: str
    name: str | None
    created_at: Stamp
    updated_at: Stamp
    version: int


class NewCalendar(CalendarView, kw_only=True):
    """A new link. `url` is what to subscribe to; it is shown this once, and whoever has it reads."""

    url: str


class CalendarQuery(ListQuery):
    """One's own, the oldest first."""
