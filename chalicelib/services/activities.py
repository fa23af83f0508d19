"""Activities: what happened with a record, told in its timeline."""

from typing import Any

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.table import Item, find, page
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.activity import ActivityDraft, TimelineEntry, TimelineQuery
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import subjects

_AHEAD = 300  # seconds: clocks differ, but what happened lies behind
_DATA_BYTES = 32_000  # of JSON
_DATA_DEPTH = 16


def create(actor: Actor, subject_id: str, draft: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened.

    Raises `NotFound` for the record, `Invalid` for a moment that lies ahead or for too much data.
    """
    _check(draft.data)
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
    # No condition: the id is random, and a write that is repeated because its answer was lost must not fail.
    transact(Step("save", entry))
    return view(entry)


def get(actor: Actor, subject_id: str, activity_id: str) -> TimelineEntry:
    """One entry of the record's history. Raises `NotFound`."""
    subjects.load(actor.tenant, subject_id)
    entry = None
    if ids.is_id("act", activity_id):
        entry = find(Activity, *keys.key("activity", tenant=actor.tenant, subject=subject_id, id=activity_id))
    if entry is None:
        raise errors.NotFound("There is no such activity.")
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


def _check(data: dict[str, Any]) -> None:
    """Raises `Invalid` for more than an entry should carry: the type of `data` limits only its first level."""
    if _depth(data) > _DATA_DEPTH:
        raise errors.invalid("/data", "range", f"At most {_DATA_DEPTH} levels are kept.")
    if len(msgspec.json.encode(data)) > _DATA_BYTES:
        raise errors.invalid("/data", "length", f"At most {_DATA_BYTES} bytes of JSON are kept.")


def _depth(value: Any, left: int = _DATA_DEPTH + 1) -> int:
    """How deep lists and objects are nested, counted no further than needed."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None or left == 0:
        return 0
    return 1 + max((_depth(one, left - 1) for one in inner), default=0)


def view(entry: Activity) -> TimelineEntry:
    """The entry as a client reads it."""
    return TimelineEntry(
        id=entry.id,
        kind=entry.what,
        at=entry.at,
        actor=entry.actor,
        subject_id=entry.subject_id,
        text=entry.text,
        data=entry.data or {},
    )
