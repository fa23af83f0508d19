"""Saved views: a filter, an order and columns under a name, for oneself or for everybody.

Somebody else's private view does not exist for anyone, whatever their role.
"""

from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.table import Item, PageOf, fetch, find, found_or_404, page
from chalicelib.models.view import EVERYBODY, View
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.view import ViewDraft, ViewQuery, ViewView
from chalicelib.services import fields, lists, nouns, selections, text

_OTHERS: Final = "views:admin"  # to change shared views of others
_CUSTOM: Final = "custom."


def create(actor: Actor, draft: ViewDraft) -> ViewView:
    """A new view of the caller's. Raises `Invalid` for a filter that no list has, or for an unknown column."""
    record = View(id=ids.new("viw"), tenant=actor.tenant, owner_id=actor.user)
    _write(actor, record, draft)
    transact(Step("save", record, absent()))
    return view(record)


def get(actor: Actor, view_id: str) -> ViewView:
    """One view. Raises `NotFound`, also for somebody else's private one."""
    return view(_load(actor, view_id))


def listing(actor: Actor, query: ViewQuery, wanted: Page) -> Listing[ViewView]:
    """The caller's private views, then all shared ones, each by noun and name. Two queries at most."""
    start = wanted.start or {"shared": False, "key": None}
    rows: list[Any] = []
    if not start["shared"]:
        mine = _of(actor.tenant, actor.user, query, wanted.limit, start["key"])
        rows += mine.items
        if mine.last:
            return _listing(rows, {"shared": False, "key": mine.last})
        if len(rows) == wanted.limit:
            return _listing(rows, {"shared": True, "key": None})
    key = start["key"] if start["shared"] else None
    others = _of(actor.tenant, EVERYBODY, query, wanted.limit - len(rows), key)
    return _listing(rows + others.items, {"shared": True, "key": others.last} if others.last else None)


def update(actor: Actor, view_id: str, patch: dict[str, Any], expected: int | None) -> ViewView:
    """Change some fields (RFC 7396). Raises `NotFound`, `Stale`, `Invalid`, `Forbidden` for another's shared one."""

    def apply(record: View) -> list[Step]:
        _may_change(actor, record)
        shown = msgspec.to_builtins(view(record))
        current = {name: shown[name] for name in ViewDraft.__struct_fields__ if shown[name] is not None}
        _write(actor, record, decoding.convert(merged(current, patch), ViewDraft))
        return [Step("save", record)]

    return view(change(partial(_reload, actor, view_id), apply, expected))


def delete(actor: Actor, view_id: str, expected: int | None) -> None:
    """Put the view into the trash. Raises `NotFound`, `Stale`, `Forbidden` for another's shared one."""

    def apply(record: View) -> list[Step]:
        _may_change(actor, record)
        record.deleted_at = clock.stamp()
        return [_saved(actor, record)]

    change(partial(_reload, actor, view_id), apply, expected)


def restore(actor: Actor, view_id: str, expected: int | None = None) -> ViewView:
    """Take the view out of the trash. Raises `NotFound`, `Forbidden`, and `Conflict` if it is not in there."""

    def apply(record: View) -> list[Step]:
        _may_change(actor, record)
        if not record.deleted_at:
            raise errors.Conflict("This view is not in the trash.")
        record.deleted_at = None
        return [_saved(actor, record)]

    return view(change(partial(_reload, actor, view_id, deleted=True), apply, expected))


def filter_of(actor: Actor, noun: str, view_id: str) -> dict[str, Any]:
    """The parameters with which a list of this noun shows the view, as its query struct has them. Half a unit.

    Raises `Invalid` at `/view_id` for a view that the caller cannot read, or of another noun.
    """
    try:
        record = _load(actor, view_id)
    except errors.NotFound as error:
        raise errors.invalid("/view_id", "unknown", error.detail) from None
    if record.noun != noun:
        raise errors.invalid("/view_id", "unsupported", f"This view is of {nouns.NOUNS[record.noun].plural}.")
    return _parameters(record.filter or {}, record.sort)


def view(record: View) -> ViewView:
    """The view as a client reads it."""
    plain = {name: getattr(record, name) for name in ViewView.__struct_fields__}
    plain |= {"name": record.label, "filter": record.filter or {}, "columns": record.columns or []}
    return msgspec.convert(plain, ViewView, strict=False)


def _parameters(filters: dict[str, Any], sort: str | None) -> dict[str, Any]:
    return {**selections.nested(filters), **({"sort": sort} if sort else {})}


def _write(actor: Actor, record: View, draft: ViewDraft) -> None:
    _check(actor, draft)
    record.noun, record.label, record.name = draft.noun, draft.name, text.folded(draft.name)
    record.filter, record.columns = selections.flat(draft.filter) or None, list(dict.fromkeys(draft.columns)) or None
    record.sort, record.shared = draft.sort, draft.shared
    _saved(actor, record)


def _check(actor: Actor, draft: ViewDraft) -> None:
    """Raises `Invalid` for what a struct cannot see."""
    if "sort" in draft.filter:
        raise errors.invalid("/filter/sort", "unknown_field", "The order is not part of the filter: give `sort`.")
    selections.query(draft.noun, draft.filter)
    order = {"sort": draft.sort} if draft.sort else {}
    selections.query(draft.noun, order, "")
    try:
        lists.fitting(draft.noun, actor.tenant, {**draft.filter, **order})
    except errors.Invalid as error:
        raise error if error.flaws[0].pointer == "/sort" else selections.below("/filter", error) from None
    shown = nouns.NOUNS[draft.noun].view.__struct_fields__
    own = any(column.startswith(_CUSTOM) for column in draft.columns)
    known = {f"{_CUSTOM}{name}" for name in fields.definitions(actor.tenant, draft.noun)} if own else set()
    for number, column in enumerate(draft.columns):
        if column not in shown and column not in known:
            raise errors.invalid(f"/columns/{number}", "unknown", f"A {draft.noun} has no field {column!r}.")


def _of(tenant: str, reader: str, query: ViewQuery, limit: int, start: dict[str, Any] | None) -> PageOf:
    where = Item.gsi1sk.startswith(f"{query.noun}#") if query.noun else None
    partition = keys.partition("view", "gsi1", tenant=tenant, reader=reader)
    return page(partition, index="gsi1", where=where, limit=limit, start=start)


def _listing(records: list[Any], last: dict[str, Any] | None) -> Listing[ViewView]:
    return Listing([view(record) for record in records], last)


def _may_change(actor: Actor, record: View) -> None:
    if record.owner_id != actor.user and not actor.may(_OTHERS):
        raise errors.Forbidden(f"This is another user's view; to change it needs the permission {_OTHERS}.")


def _saved(actor: Actor, record: View) -> Step:
    record.touch(actor.user)
    record.keys()
    return Step("save", record)


def _load(actor: Actor, view_id: str, *, consistent: bool = False, deleted: bool = False) -> View:
    if not ids.is_id("viw", view_id):
        raise errors.NotFound("There is no such view.")
    place = keys.key("view", tenant=actor.tenant, id=view_id)
    record = fetch(View, *place, consistent=True) if consistent else find(View, *place)
    if record is not None and not record.shared and record.owner_id != actor.user:
        record = None
    if deleted and record is not None:
        return record
    return found_or_404(record, "view")


def _reload(actor: Actor, view_id: str, consistent: bool, *, deleted: bool = False) -> View:
    return _load(actor, view_id, consistent=consistent, deleted=deleted)
