"""The in-app inbox: what each user was told, the newest first, and what of it is read.

An item for each piece of news lies in its user's own collection, named by when it happened and by a key, so that what
is told twice is there once. That all is read is one item, however much there is.
"""

from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.guard import Guard
from chalicelib.models.notification import Inbox, Notification
from chalicelib.models.table import PageOf, fetch, find, page
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.notification import NotificationQuery, NotificationView, ReadAll, Unread
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import preferences, users

KEPT: Final = 90 * 24 * 3600  # seconds
TITLE: Final = 300  # characters, so that an item stays below 1 KB
COUNTED: Final = 100  # a count goes on to here
# What is told later than this after it happened is read as soon as all before it is: an outage was never so long.
_LATE: Final = 3 * 24 * 3600  # seconds


def tell(
    tenant: str,
    user_id: str,
    key: str,
    kind: str,
    title: str,
    *,
    subject_id: str | None = None,
    data: dict[str, Any] | None = None,
    at: str | None = None,
    user: User | None = None,
) -> None:
    """Tell a user something, once for each key, if he wants to hear of this kind (`preferences.KINDS`) here.

    `at` (a stamp) is when it happened, and a part of the key: who may come again gives the same one again. Without it
    the time of the first call is kept beside the key, for one more write unit. A write unit, and half a read unit for
    who the user is unless the caller knows him. Nobody is told who is no user.
    """
    user = user or _user(tenant, user_id)
    if user is None or not preferences.wants(user, kind, "in_app"):
        return
    now, at = clock.stamp(), at or _first_told(tenant, user_id, key)
    note = Notification(what=kind, title=title[:TITLE], at=at, told_at=now, subject_id=subject_id, data=data)
    note.id = ids.derived("ntf", clock.parse(note.at), f"{user_id} {key}")
    note.pk, note.sk = keys.key("notification", tenant=tenant, user=user_id, id=note.id)
    note.ttl = int(clock.epoch()) + KEPT
    try:
        transact(Step("save", note, absent()))
    except errors.Stale:
        return  # told before, and perhaps read


def listing(actor: Actor, query: NotificationQuery, wanted: Page) -> Listing[NotificationView]:
    """The caller's own, the newest first; with `unread`, only those, or only the others. One query and half a unit."""
    box = _box(actor)
    if query.unread is None:
        found = _notes(actor, wanted.limit, wanted.start)
        return Listing([_view(note, box) for note in found.items], found.last)
    asked, kept = query.unread == "true", list[NotificationView]()
    found = _notes(actor, max(wanted.limit, COUNTED), wanted.start, since=_since(box) if asked else None)
    for position, note in enumerate(found.items):
        seen = _view(note, box)
        if (seen.read_at is None) == asked:
            kept.append(seen)
        if len(kept) == wanted.limit:
            more = position + 1 < len(found.items) or found.last is not None
            return Listing(kept, {"pk": {"S": note.pk}, "sk": {"S": note.sk}} if more else None)
    return Listing(kept, found.last)


def unread(actor: Actor) -> Unread:
    """How many are unread, as far as one looks: a query of at most `COUNTED`."""
    box = _box(actor)
    found = _notes(actor, COUNTED, None, since=_since(box))
    return Unread(unread=sum(_read_at(note, box) is None for note in found.items), more=found.last is not None)


def read(actor: Actor, notification_id: str) -> NotificationView:
    """This one is read. Reading it again changes nothing. Raises `NotFound`, also for another's."""
    place = keys.key("notification", tenant=actor.tenant, user=actor.user, id=notification_id)
    note = find(Notification, *place) if ids.is_id("ntf", notification_id) else None
    if note is None:
        raise errors.NotFound("There is no such notification.")
    box = _box(actor)
    if _read_at(note, box) is None:
        _mark(note)
    return _view(note, box)


def read_all(actor: Actor, upto: ReadAll) -> Unread:
    """All that happened by a moment (default: now) is read: one write. An earlier moment takes nothing back.

    After a later one it is a write for each that was told since, although it happened before.
    """
    now = clock.stamp()
    until = min(now, clock.stamp(upto.until)) if upto.until else now
    box = Inbox(*keys.key("inbox", tenant=actor.tenant, user=actor.user), read_until=until, read_at=now)
    try:
        transact(Step("save", box, absent() | (Inbox.read_until <= until)))
    except errors.Stale:
        _read_late(actor, until)
    return unread(actor)


def _first_told(tenant: str, user_id: str, key: str) -> str:
    guard = Guard.of(tenant, "notification", user_id, key, clock.stamp())
    guard.ttl = int(clock.epoch()) + KEPT
    try:
        transact(Step("save", guard, absent()))
    except errors.Stale:
        held = fetch(Guard, guard.pk, guard.sk, consistent=True)
        return held.holder if held else guard.holder
    return guard.holder


def _mark(note: Notification) -> None:
    note.read_at = clock.stamp()
    transact(Step("update", note, Notification.id.exists(), [Notification.read_at.set(note.read_at)]))


def _read_late(actor: Actor, until: str) -> None:
    box = _box(actor)
    for note in _notes(actor, COUNTED, None, since=_since(box)).items:
        if note.at <= until and _read_at(note, box) is None:
            _mark(note)


def _notes(actor: Actor, limit: int, start: Any, since: str | None = None) -> PageOf:
    prefix = keys.prefix("notification")
    where = Notification.sk.between(since, f"{prefix}~") if since else Notification.sk.startswith(prefix)
    partition = keys.partition("notification", tenant=actor.tenant, user=actor.user)
    return page(partition, where=where, limit=limit, start=start, newest_first=True)


def _box(actor: Actor) -> Inbox | None:
    return fetch(Inbox, *keys.key("inbox", tenant=actor.tenant, user=actor.user), consistent=True)


def _since(box: Inbox | None) -> str | None:
    """Before this place in the collection nothing is unread."""
    if box is None:
        return None
    earliest = ids.derived("ntf", clock.parse(clock.before(box.read_until, _LATE)), "")
    return keys.prefix("notification") + earliest[: -len("0" * 16)]


def _read_at(note: Notification, box: Inbox | None) -> str | None:
    if note.read_at is None and box is not None and note.at <= box.read_until and note.told_at <= box.read_at:
        return box.read_at
    return note.read_at


def _view(note: Notification, box: Inbox | None) -> NotificationView:
    return NotificationView(
        id=note.id,
        kind=note.what,
        title=note.title,
        at=note.at,
        subject_id=note.subject_id,
        data=note.data or {},
        read_at=_read_at(note, box),
    )


def _user(tenant: str, user_id: str) -> User | None:
    try:
        return users.load(tenant, user_id)
    except errors.NotFound:
        return None
