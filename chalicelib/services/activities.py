"""Activities: what happened with a contact or a company, told in its timeline."""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.activity import Activity, Event
from chalicelib.models.table import Item, fetch, find, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.activity import ActivityDraft, NoteDraft, TimelineEntry, TimelineQuery
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import absorbed, nouns, users
from chalicelib.services.nouns import NOUNS

_AHEAD: Final = 300  # seconds: clocks differ, but what happened lies behind
_DATA_BYTES: Final = 32_000  # of JSON
_DATA_DEPTH: Final = 16

# What only the house itself tells of; other systems have names of their own before the dot.
OURS: Final = frozenset({"contact", "company", "task", "deal", "quote", "order", "campaign", "job", "import"})


def create(actor: Actor, noun: str, subject_id: str, draft: ActivityDraft) -> TimelineEntry:
    """Tell of something that happened with a record of this noun.

    With an `external_id` that was told before, of the same kind and record, the answer is the entry that is there.
    Raises `NotFound` or `Merged` for the record, `Invalid` for a moment that lies ahead, too much data, a kind that is
    ours or a user that is none, and `Conflict` with `existing_id` if what was told before was something else.
    """
    _check(draft)
    nouns.load(NOUNS[noun], actor.tenant, subject_id)
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
    entry.external_id, entry.updated_at = draft.external_id, clock.stamp()
    _note(actor, entry, draft.mentions, draft.pinned)
    if draft.external_id is not None:
        return view(_once(entry, draft))
    # No condition: the id is random, and a write that is repeated because its answer was lost must not fail.
    transact(Step("save", entry))
    return view(entry)


def get(actor: Actor, noun: str, subject_id: str, activity_id: str) -> TimelineEntry:
    """One entry of the record's history. Raises `NotFound`, `Merged`."""
    record = nouns.load(NOUNS[noun], actor.tenant, subject_id)
    return view(_load(record, activity_id))


def update(
    actor: Actor, noun: str, subject_id: str, activity_id: str, patch: dict[str, Any], expected: int | None
) -> TimelineEntry:
    """Change a note (RFC 7396). Raises `NotFound`, `Merged`, `Stale`, `Invalid`, and `Conflict` for what is no note."""
    record = nouns.load(NOUNS[noun], actor.tenant, subject_id)

    def apply(entry: Any) -> list[Step]:
        if entry.what != "note":
            raise errors.Conflict("Only notes can be changed; everything else has happened.")
        seen = int(entry.version)
        current = {"text": entry.text, "mentions": list(entry.mentions or {}), "pinned": bool(entry.pinned)}
        draft = decoding.convert(merged(current, patch), NoteDraft)
        entry.text, entry.version = draft.text, seen + 1
        entry.updated_at = max(clock.stamp(), entry.updated_at or "")
        _note(actor, entry, draft.mentions, draft.pinned)
        unchanged = Activity.version == seen
        return [Step("save", entry, unchanged | Activity.version.does_not_exist() if seen == 1 else unchanged)]

    return view(change(lambda again: _load(record, activity_id, consistent=again), apply, expected))


def timeline(actor: Actor, noun: str, subject_id: str, query: TimelineQuery, wanted: Page) -> Listing[TimelineEntry]:
    """The record's history, newest first: all of it, what is of one kind, or the pinned notes.

    Raises `NotFound`, `Merged`, and `Invalid` for pinned ones of a kind that is never pinned.
    """
    if query.pinned and query.kind not in (None, "note"):
        raise errors.invalid("/kind", "unsupported", "Only notes are pinned; drop `kind` or `pinned`.")
    record = nouns.load(NOUNS[noun], actor.tenant, subject_id)
    several = absorbed.ids_of(record)
    found = absorbed.union_page(
        several, lambda one, part: _page(record.tenant, one, query, part), wanted, _index(query)
    )
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
        data=entry.data or {},
        external_id=entry.external_id,
        mentions=list(entry.mentions or {}),
        pinned=bool(entry.pinned),
        updated_at=entry.updated_at or entry.at,
        version=int(entry.version or 1),
    )


def _page(tenant: str, subject_id: str, query: TimelineQuery, wanted: Page) -> Any:
    """One page of one record's own timeline."""
    parts = {"tenant": tenant, "subject": subject_id}
    index = _index(query)
    return page(
        keys.partition("activity", index, **parts, what=query.kind or ""),
        index=index,
        where=None if index else Item.sk.startswith(keys.prefix("activity")),
        limit=wanted.limit,
        start=wanted.start,
        newest_first=True,
    )


def _index(query: TimelineQuery) -> str | None:
    return "gsi2" if query.pinned else "gsi1" if query.kind else None


def _load(record: Any, activity_id: str, *, consistent: bool = False) -> Activity:
    """The entry, with its version filled in; of the record or of one merged into it. Raises `NotFound`."""
    for subject_id in absorbed.ids_of(record) if ids.is_id("act", activity_id) else ():
        place = keys.key("activity", tenant=record.tenant, subject=subject_id, id=activity_id)
        entry = fetch(Activity, *place, consistent=True) if consistent else find(Activity, *place)
        if entry is not None:
            entry.version = entry.version or 1
            return entry
    raise errors.NotFound("There is no such activity.")


def _note(actor: Actor, entry: Activity, mentions: list[str], pinned: bool) -> None:
    """Let the note mention exactly these users, and be pinned or not. Raises `Invalid` for a user that is none."""
    known = entry.mentions or {}
    for number, user_id in enumerate(mentions):
        if user_id not in known:
            users.exists(actor.tenant, user_id, f"/mentions/{number}")
    entry.mentions = {user_id: known.get(user_id, actor.user) for user_id in mentions} or None
    entry.pinned = pinned or None
    entry.keys()


def _once(entry: Activity, draft: ActivityDraft) -> Activity:
    """The entry written, or the one that was written when this was told first. Raises `Conflict`.

    Its name is taken first. Whoever is cut off between the two writes is made good by the next to tell the same.
    """
    named = {"tenant": entry.tenant, "subject": entry.subject_id, "what": entry.what}
    event = Event(entry_id=entry.id, at=entry.at)
    event.place("event", **named, external_id=str(draft.external_id))
    try:
        transact(Step("save", event, absent()))
    except errors.Stale:
        held = _held(event)
        entry.id, entry.at = held.entry_id, held.at
        entry.keys()
        first = fetch(Activity, entry.pk, entry.sk, consistent=True)
        if first is not None:
            return _confirmed(first, draft)
    try:
        transact(Step("save", entry, absent()))
    except errors.Stale:  # somebody else tells the same at this moment
        first = fetch(Activity, entry.pk, entry.sk, consistent=True)
        if first is None:
            raise
        return _confirmed(first, draft)
    return entry


def _held(event: Event) -> Event:
    held = fetch(Event, event.pk, event.sk, consistent=True)
    if held is None:
        raise errors.Stale("The record was removed meanwhile.")
    return held


def _confirmed(first: Activity, draft: ActivityDraft) -> Activity:
    """The entry, if it is what the draft tells. Raises `Conflict`."""
    if not _same(first, draft):
        raise errors.Conflict(
            "Something else was told under this external_id; that stays.",
            errors.Flaw("/external_id", "taken", "Another event of this kind has this external_id."),
            existing_id=first.id,
        )
    return first


def _same(first: Activity, draft: ActivityDraft) -> bool:
    """Whether the draft tells what the entry tells. A note that was edited since is not compared."""
    if int(first.version or 1) > 1:
        return True
    at = clock.stamp(draft.at) if draft.at else first.at
    return (first.text, first.data or {}, first.at) == (draft.text, draft.data, at)


def _check(draft: ActivityDraft) -> None:
    """Raises `Invalid` for what the types of a draft cannot see."""
    space, dot, _ = draft.kind.partition(".")
    if dot and space in OURS:
        raise errors.invalid("/kind", "reserved", f"Only Tendril itself tells of `{space}.` events.")
    for name in ("mentions", "pinned"):
        if getattr(draft, name) and draft.kind != "note":
            raise errors.invalid(f"/{name}", "unsupported", f"Only notes have `{name}`.")
    if _depth(draft.data) > _DATA_DEPTH:
        raise errors.invalid("/data", "range", f"At most {_DATA_DEPTH} levels are kept.")
    if len(msgspec.json.encode(draft.data)) > _DATA_BYTES:
        raise errors.invalid("/data", "length", f"At most {_DATA_BYTES} bytes of JSON are kept.")


def _depth(value: Any, left: int = _DATA_DEPTH + 1) -> int:
    """How deep lists and objects are nested, counted no further than needed."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None or left == 0:
        return 0
    return 1 + max((_depth(one, left - 1) for one in inner), default=0)
