"""Activities: what happened with a record, told in its timeline."""

from typing import Any

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.table import Item, Step, absent, page, transact
from chalicelib.schemas.activity import ActivityDraft, TimelineEntry, TimelineQuery
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import subjects

_AHEAD = 300  # seconds: clocks differ, but what happened lies behind


def create(actor: Actor, subject_id: str, draft: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened. Raises `NotFound` for the record, `Invalid` for a moment that lies ahead."""
    subjects.load(actor.tenant, subject_id)
    at = draft.at or clock.now()
    if at > clock.after(_AHEAD):
        raise errors.invalid("/at", "range", "An activity has happened; for what is to come make a task.")
    entry = build(
        actor.tenant,
        subject_id,
        draft.kind,
        clock.stamp(at),
        actor.user,
        ids.at("act", at),
        text=draft.text,
        data=draft.data,
    )
    transact(Step("save", entry, absent()))
    return view(entry)


def timeline(actor: Actor, subject_id: str, query: TimelineQuery, wanted: Page) -> Listing[TimelineEntry]:
    """The record's history, newest first, all of it or of one kind. Raises `NotFound`."""
    subjects.load(actor.tenant, subject_id)
    parts = {"tenant": actor.tenant, "subject": subject_id}
    if query.kind:
        where, index, partition = None, "gsi1", keys.partition("activity", "gsi1", **parts, what=query.kind)
    else:
        where, index, partition = Item.sk.startswith(keys.prefix("activity")), None, keys.partition("activity", **parts)
    found = page(partition, index=index, where=where, limit=wanted.limit, start=wanted.start, newest_first=True)
    return Listing([view(entry) for entry in found.items], found.last)


def build(
    tenant: str,
    subject_id: str,
    what: str,
    at: str,
    actor: str,
    entry_id: str,
    *,
    text: str | None = None,
    data: dict[str, Any] | None = None,
) -> Activity:
    """An entry, not yet in the table."""
    entry = Activity(
        id=entry_id, tenant=tenant, subject_id=subject_id, what=what, at=at, actor=actor, text=text, data=data or None
    )
    entry.keys()
    return entry


def view(entry: Activity) -> TimelineEntry:
    """The entry as a client reads it."""
    return TimelineEntry(
        id=entry.id,
        kind=entry.what,
        at=entry.at,
        actor=entry.actor,
        subject_id=entry.subject_id,
        text=entry.text,
        data=entry.data.as_dict() if entry.data is not None else {},
    )
