"""What a contact or a company was: its changes, the record as of a moment, and the stages of its life.

Each version is told by the change feed once, with the whole state before it. So a read as of a moment needs the record
and at most one change, however many there are: either the record has not changed since, or the first change after the
moment holds what it was. What the feed has not told yet is answered with `Unready`, never with a wrong state.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Any, Final, get_origin

import msgspec

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.change import Change
from chalicelib.models.table import Item, LastKey, every, page
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.history import AsOfQuery, ChangeView, FieldChange, HistoryQuery, StageView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import nouns
from chalicelib.services.nouns import NOUNS, Noun

_ALWAYS: Final = frozenset({"version", "updated_at", "updated_by"})  # change each time and say nothing
_FILTERED: Final = 200  # changes that one page of one field's history reads
_AHEAD: Final = 300  # seconds: clocks differ, but nobody has read what lies ahead
_END: Final = "~"  # sorts after everything in a key


def changed(before: Any, after: Any) -> None:
    """The feed tells of a new version: keep what it was before. One write unit."""
    if before is None or after is None:
        return
    old, new = state(before), state(after)
    by = after.updated_by or "system"
    version = int(after.version)
    change = Change.build(after.tenant, after.id, version, after.updated_at, by, before=old, after=different(old, new))
    with suppress(errors.Stale):  # told before: the same version makes the same item, unless that was struck since
        transact(Step("save", change, absent()))


def history(actor: Actor, noun: str, record_id: str, query: HistoryQuery, wanted: Page) -> Listing[ChangeView]:
    """The changes of the record, newest first, down to what it began with; all of them, or those of one field.

    A page of one field's history reads 200 changes, so it may be empty and still lead on. Raises `NotFound`, `Merged`,
    `Invalid` for a field that there is not.
    """
    kind = NOUNS[noun]
    if query.field is not None and query.field not in kind.view.__struct_fields__:
        raise errors.invalid("/field", "unknown", f"A {noun} has no such field.")
    record = nouns.load(kind, actor.tenant, record_id)
    found = page(
        keys.partition("change", tenant=actor.tenant, record=record_id),
        where=Item.sk.startswith(keys.prefix("change")),
        limit=_FILTERED if query.field else wanted.limit,
        start=wanted.start,
        newest_first=True,
    )
    told, last = _told(found.items, query.field, wanted.limit, found.last)
    if last is None:
        told += _only([_beginning(record, found.items)], query.field)
    return Listing(told, last)


def read(actor: Actor, noun: str, record_id: str, query: AsOfQuery) -> Any:
    """The record's view as it is, or as of the moment that the query names. Raises as `nouns.load` and `as_of`."""
    if query.as_of is not None:
        return as_of(actor, noun, record_id, query.as_of)
    return nouns.view(nouns.load(NOUNS[noun], actor.tenant, record_id))


def as_of(actor: Actor, noun: str, record_id: str, moment: Any) -> Any:
    """The record's view as it was read at `moment` (an aware datetime), with its version and times of then.

    A read unit, and half a one if it has changed since. Raises `NotFound` for a moment at which it was not made yet or
    was in the trash, `Merged` for one at which it was a part of another record, `Gone` for what was removed for good,
    `Invalid` for a moment that lies ahead, and `Unready` if the feed is still to tell what happened then.
    """
    if moment > clock.after(_AHEAD):
        raise errors.invalid("/as_of", "range", "Nobody knows yet what the record will be then.")
    kind, then = NOUNS[noun], clock.stamp(moment)
    record = nouns.peek(kind, actor.tenant, record_id, consistent=True)
    if record is None or record.created_at > then:
        raise _none(kind)
    found = state(record) if record.updated_at <= then else _before(record, then)
    if found["updated_at"] > then or found["deleted_at"]:
        raise _none(kind)
    if found["merged_into"]:
        raise errors.Merged(record_id, found["merged_into"])
    return msgspec.convert({**_blank(kind.view), **found}, kind.view)


def lifecycle(actor: Actor, contact_id: str) -> Listing[StageView]:
    """The stages that a contact went through, the first one first. Raises `NotFound`, `Merged`."""
    record = nouns.load(NOUNS["contact"], actor.tenant, contact_id)
    turns = [
        (entry.at, entry.actor, entry.data.get("from"), entry.data.get("to"))
        for entry in sorted(_entries(record, "contact.lifecycle_changed"), key=_order)
    ]
    first = turns[0][2] if turns else record.lifecycle
    maker = next(iter(_entries(record, "contact.created")), None)
    entered = [(record.created_at, maker.actor if maker else None, first)]
    entered += [(at, by, to) for at, by, _, to in turns]
    if entered[-1][2] != record.lifecycle:  # the feed is still to tell of the last turn
        entered.append((record.lifecycle_since or record.updated_at, record.updated_by, record.lifecycle))
    left = [*(at for at, _, _ in entered[1:]), None]
    return Listing([_stage(stage, at, by, end) for (at, by, stage), end in zip(entered, left, strict=True) if stage])


def state(record: Any) -> dict[str, Any]:
    """All that a client could read of the record, and who wrote it."""
    return {**nouns.plain(record), "merged_into": record.merged_into, "updated_by": record.updated_by}


def different(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The fields of the new state that are not as in the old one, but for those that change each time."""
    return {name: value for name, value in new.items() if value != old.get(name) and name not in _ALWAYS}


@cache
def _blank(view: type[msgspec.Struct]) -> dict[str, Any]:
    """A view with nothing in it: what a state that was kept before a field came has in that field."""
    kinds = {field.name: get_origin(field.type) or field.type for field in msgspec.structs.fields(view)}
    return {name: [] if kind is list else {} if _is_object(kind) else None for name, kind in kinds.items()}


def _is_object(kind: Any) -> bool:
    return kind is dict or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))


def _before(record: Any, then: str) -> dict[str, Any]:
    """The state that the first change after `then` found. Raises `Unready`, `NotFound`."""
    if int(record.version) == 1:
        raise _none(NOUNS[record.NOUN])
    prefix = keys.prefix("change")
    found = page(
        keys.partition("change", tenant=record.tenant, record=record.id),
        where=Item.sk.between(f"{prefix}{then}{_END}", f"{prefix}{_END}"),
        limit=1,
    )
    if not found.items:
        raise _untold()
    was, _ = found.items[0].states()
    if was["updated_at"] > then and was["version"] != 1:
        raise _untold()
    return dict(was)


def _told(
    changes: list[Change], field: str | None, limit: int, last: LastKey | None
) -> tuple[list[ChangeView], LastKey | None]:
    """At most `limit` of the changes as clients read them, and where to go on."""
    told: list[ChangeView] = []
    for change in changes:
        told += _only([_view(change)], field)
        if field is not None and len(told) == limit:
            return told, {"pk": {"S": change.pk}, "sk": {"S": change.sk}}
    return told, last


def _view(change: Change) -> ChangeView:
    before, after = change.states()
    changes = [FieldChange(field=name, old=before.get(name), new=new) for name, new in after.items()]
    return ChangeView(version=int(change.of_version), at=change.at, actor=change.by, changes=changes)


def _beginning(record: Any, changes: list[Change]) -> ChangeView | None:
    """What the record was made with: the state before its oldest change, or it itself. None until the feed has told
    of that change.
    """
    oldest = changes[-1] if changes else _oldest(record)
    first = oldest.states()[0] if oldest else state(record)
    if first["version"] != 1:
        return None
    filled = {name: value for name, value in first.items() if value not in (None, [], {}) and name not in _ALWAYS}
    begun = [FieldChange(field=name, old=None, new=filled[name]) for name in filled.keys() - {"id", "created_at"}]
    by = first["updated_by"] or "system"
    return ChangeView(
        version=1, at=first["updated_at"], actor=by, changes=sorted(begun, key=lambda change: change.field)
    )


def _oldest(record: Any) -> Change | None:
    found = page(
        keys.partition("change", tenant=record.tenant, record=record.id),
        where=Item.sk.startswith(keys.prefix("change")),
        limit=1,
    )
    return found.items[0] if found.items else None


def _only(told: Iterable[ChangeView | None], field: str | None) -> list[ChangeView]:
    """The entries that tell of the field, and of each only what it says of that."""
    views = [view for view in told if view is not None]
    if field is None:
        return views
    for view in views:
        view.changes = [change for change in view.changes if change.field == field]
    return [view for view in views if view.changes]


def _entries(record: Any, what: str) -> list[Any]:
    partition = keys.partition("activity", "gsi1", tenant=record.tenant, subject=record.id, what=what)
    return list(every(partition, index="gsi1"))


def _order(entry: Any) -> tuple[str, int]:
    """By time, and within the same moment by version."""
    return entry.at, int(entry.data.get("version", 0))


def _stage(stage: str, entered_at: str, by: str | None, left_at: str | None) -> StageView:
    seconds = (clock.parse(left_at or clock.stamp()) - clock.parse(entered_at)).total_seconds()
    return StageView(stage=stage, entered_at=entered_at, left_at=left_at, seconds=round(seconds, 3), by=by)


def _none(noun: Noun) -> errors.NotFound:
    return errors.NotFound(f"There was no such {noun.name} then.")


def _untold() -> errors.Unready:
    return errors.Unready("What happened then is still being written down; ask again in a moment.")
