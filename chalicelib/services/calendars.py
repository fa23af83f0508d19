"""Calendars: somebody's open tasks, for whoever has his secret link. It reads nothing else, and is revoked at once."""

import hashlib
import hmac
import secrets
from functools import partial
from typing import Any, Final

from chalicelib import clock, errors, ids, observability
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.calendar import Calendar
from chalicelib.models.table import Item, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.calendar import CalendarDraft, CalendarView, NewCalendar
from chalicelib.schemas.page import Document, Listing, Page
from chalicelib.services import calendar_files

MEDIA_TYPE: Final = "text/calendar; charset=utf-8"
MOST: Final = 500  # open tasks; at 4 KB for some seven of them 36 units
_MOST_DONE: Final = 200
_BACK: Final = 90 * 86_400  # seconds; what was due before is nothing for a calendar any more
_BACK_DONE: Final = 30 * 86_400
_MET: Final = ("call", "meeting")  # what stays in a calendar though it is over
_ENDING: Final = ".ics"


def create(actor: Actor, draft: CalendarDraft, base: str) -> NewCalendar:
    """A new link to one's own tasks, below `base`, where this API begins for the caller.

    Raises `Forbidden` for a caller who may not read them."""
    actor.needs("tasks:read")
    secret = secrets.token_urlsafe(32)
    calendar = Calendar(id=ids.new("cal"), tenant=actor.tenant, user=actor.user, name=draft.name, secret=_hash(secret))
    calendar.touch(actor.user)
    calendar.keys()
    transact(Step("save", calendar, absent()))
    shown = view(calendar)
    fields = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return NewCalendar(url=f"{base}/v1/calendar/{actor.tenant}.{calendar.id}.{secret}{_ENDING}", **fields)


def get(actor: Actor, calendar_id: str) -> CalendarView:
    """One of the caller's links. Raises `NotFound`, also for another user's."""
    return view(_load(actor, calendar_id))


def listing(actor: Actor, wanted: Page) -> Listing[CalendarView]:
    """The caller's links that are not revoked, the oldest first."""
    partition = keys.partition("calendar", "gsi1", tenant=actor.tenant, user=actor.user)
    found = page(partition, index="gsi1", limit=wanted.limit, start=wanted.start)
    return Listing([view(calendar) for calendar in found.items], found.last)


def delete(actor: Actor, calendar_id: str, expected: int | None) -> None:
    """Revoke a link, at once. Raises `NotFound`, `Stale`."""

    def revoke(calendar: Calendar) -> list[Step]:
        calendar.deleted_at = clock.stamp()
        calendar.touch(actor.user)
        calendar.keys()
        return [Step("save", calendar)]

    change(partial(_reload, actor, calendar_id), revoke, expected)


def read(file: str) -> Document:
    """The file behind a link: open tasks that are due 90 days ago or later, and calls and meetings of the last 30.

    Half a unit each for the link and its user, half a unit for each 4 KB of tasks. Raises `NotFound` for a link that
    is wrong or revoked, or whose user is gone.
    """
    calendar = _of(file)
    user = find(User, *keys.key("user", tenant=calendar.tenant, id=calendar.user))
    if user is None or user.deleted_at:
        raise _nothing()
    observability.charge_to(calendar.tenant)
    tasks = _tasks(calendar, "open", _BACK, MOST)
    met = [task for task in _tasks(calendar, "done", _BACK_DONE, _MOST_DONE) if task.what in _MET]
    text = calendar_files.written(calendar.name or user.name, [*met, *tasks])
    etag = hashlib.sha256(text.encode()).hexdigest()[:32]
    return Document(MEDIA_TYPE, text, {"ETag": f'"{etag}"', "Cache-Control": "private, no-cache"})


def view(calendar: Calendar) -> CalendarView:
    """The link as its user reads it, without its secret."""
    return CalendarView(
        id=calendar.id,
        name=calendar.name,
        created_at=calendar.created_at,
        updated_at=calendar.updated_at,
        version=int(calendar.version),
    )


def _of(file: str) -> Calendar:
    tenant, _, rest = file.removesuffix(_ENDING).partition(".")
    calendar_id, _, secret = rest.partition(".")
    if not (file.endswith(_ENDING) and ids.is_id("ten", tenant) and ids.is_id("cal", calendar_id)):
        raise _nothing()
    # Found or not, it is asked consistently: what was revoked a moment ago is revoked.
    calendar = fetch(Calendar, *keys.key("calendar", tenant=tenant, id=calendar_id), consistent=True)
    if calendar is None or not hmac.compare_digest(calendar.secret, _hash(secret)) or calendar.deleted_at:
        raise _nothing()
    return calendar


def _nothing() -> errors.NotFound:
    return errors.NotFound("There is no such calendar.")


def _tasks(calendar: Calendar, status: str, back: int, most: int) -> list[Any]:
    """Tasks of one status that have a date and are not too old, the earliest due first. One query."""
    partition = keys.partition("task", "gsi2", tenant=calendar.tenant, status=status, assignee=calendar.user)
    dated = Item.gsi2sk.between(clock.stamp(clock.after(-back)), "9999")
    return page(partition, index="gsi2", where=dated, limit=most).items


def _load(actor: Actor, calendar_id: str, *, consistent: bool = False) -> Calendar:
    calendar = None
    if ids.is_id("cal", calendar_id):
        place = keys.key("calendar", tenant=actor.tenant, id=calendar_id)
        calendar = fetch(Calendar, *place, consistent=True) if consistent else find(Calendar, *place)
    if calendar is not None and calendar.user != actor.user:
        calendar = None
    return found_or_404(calendar, "calendar")


def _reload(actor: Actor, calendar_id: str, consistent: bool) -> Calendar:
    return _load(actor, calendar_id, consistent=consistent)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
