"""Custom fields: defined by the firm, and what holds for the values that its records have of them.

Values are kept in the records under the field's name, so name and type are for good. An option that is removed can no
longer be chosen, but stays where it is; so do the values of a field that is deleted, until somebody clears them.
"""

from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.field import Field
from chalicelib.models.guard import Guard
from chalicelib.models.table import Item, every, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.field import FieldDraft, FieldQuery, FieldView
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import custom_values, nouns

MOST: Final = 100  # fields of one noun
_CHOICES: Final = ("enum", "multi")
_RETIRED: Final = 500  # options that were removed and are still told of
# What never changes, and what to do instead.
_FIXED: Final = {
    "noun": "A field stays with its noun; make a new one for another.",
    "name": "Values are kept under the name, also by imports that are running; change the label, or make a new field.",
    "type": "Values are kept in this type; make a new field.",
    "refers_to": "Values refer to such records; make a new field.",
}


def create(actor: Actor, draft: FieldDraft) -> FieldView:
    """A new field. Raises `Invalid`, and `Conflict` for a name that is taken or for one field too many."""
    _check(draft)
    _room(actor.tenant, draft.noun)
    field = Field(id=ids.new("fld"), tenant=actor.tenant)
    _write(actor, field, draft)
    transact(Step("save", field, absent()), _claim(field), _keep_type(field))
    return view(field)


def get(actor: Actor, field_id: str) -> FieldView:
    """One field. Raises `NotFound`."""
    return view(_load(actor.tenant, field_id))


def listing(actor: Actor, query: FieldQuery, wanted: Page) -> Listing[FieldView]:
    """All fields, or those of one noun, by noun and name."""
    found = page(
        keys.partition("field", "gsi1", tenant=actor.tenant),
        index="gsi1",
        where=Item.gsi1sk.startswith(f"{query.noun}#") if query.noun else None,
        limit=wanted.limit,
        start=wanted.start,
    )
    return Listing([view(field) for field in found.items], found.last)


def update(actor: Actor, field_id: str, patch: dict[str, Any], expected: int | None) -> FieldView:
    """Change label, options or description.

    Raises `NotFound`, `Stale`, `Invalid`, and `Conflict` for what never changes.
    """

    def apply(field: Field) -> list[Step]:
        shown = msgspec.to_builtins(view(field))
        _keep_fixed(shown, patch)
        current = {name: shown[name] for name in FieldDraft.__struct_fields__ if shown[name] is not None}
        draft = decoding.convert(merged(current, patch), FieldDraft)
        _check(draft)
        _write(actor, field, draft)
        return [Step("save", field)]

    return view(change(partial(_reload, actor.tenant, field_id), apply, expected))


def delete(actor: Actor, field_id: str, expected: int | None) -> None:
    """Put the field into the trash; its name is free for another one of its type. Raises `NotFound`, `Stale`."""

    def apply(field: Field) -> list[Step]:
        field.deleted_at = clock.stamp()
        return [_saved(actor, field), Step("delete", _guard(field))]

    change(partial(_reload, actor.tenant, field_id), apply, expected)


def restore(actor: Actor, field_id: str, expected: int | None = None) -> FieldView:
    """Take the field out of the trash.

    Raises `NotFound`, and `Conflict` if it is not in there or its name is taken by now.
    """

    def apply(field: Field) -> list[Step]:
        if not field.deleted_at:
            raise errors.Conflict("This field is not in the trash.")
        _room(actor.tenant, field.noun)
        field.deleted_at = None
        return [_saved(actor, field), _claim(field)]

    return view(change(partial(_reload, actor.tenant, field_id, deleted=True), apply, expected))


def definitions(tenant: str, noun: str) -> dict[str, FieldView]:
    """The fields of a noun by name, as they were a moment ago. Half a unit for each 4 KB."""
    partition = keys.partition("field", "gsi1", tenant=tenant)
    found = every(partition, index="gsi1", where=Item.gsi1sk.startswith(f"{noun}#"))
    return {field.name: view(field) for field in found}


def check(tenant: str, noun: str, custom: dict[str, Any], pointer: str = "/custom") -> dict[str, Any]:
    """The values as they are to be kept, without those that are null.

    Raises `Invalid` with everything that is wrong, each at `pointer`/name. A field that was made or changed a moment
    ago is known already: only what does not fit is looked up again, for up to two units.
    """
    given = {name: value for name, value in custom.items() if value is not None}
    known = definitions(tenant, noun) if given else {}
    flaws: list[Flaw] = []
    kept: dict[str, Any] = {}
    for name, value in given.items():
        try:
            kept[name] = _fitting(tenant, noun, known, name, value, f"{pointer}/{name}")
        except errors.Invalid as error:
            flaws += error.flaws
    if flaws:
        raise errors.Invalid("The custom fields are not acceptable.", *flaws)
    return kept


def filter_value(field: FieldView, text: str) -> Any:
    """The value that the query parameter `custom.<name>` means. Raises `Invalid` at it."""
    return custom_values.parsed(field, text, f"/custom.{field.name}")


def unknown(pointer: str, name: str, known: dict[str, FieldView]) -> errors.Invalid:
    """That there is no such field, and which there are."""
    there = f"there are {', '.join(sorted(known))}" if known else "none has been defined"
    return errors.invalid(pointer, "unknown", f"There is no custom field {name[:40]!r}; {there}.")


def view(field: Field) -> FieldView:
    """The field as a client reads it."""
    plain = {name: getattr(field, name) for name in FieldView.__struct_fields__}
    return msgspec.convert(
        {**plain, "options": field.options or [], "retired": field.retired or []}, FieldView, strict=False
    )


def _fitting(tenant: str, noun: str, known: dict[str, FieldView], name: str, value: Any, pointer: str) -> Any:
    field = known.get(name)
    try:
        if field is None:
            raise unknown(pointer, name, known)
        return _good(tenant, field, value, pointer)
    except errors.Invalid:
        newest = _newest(tenant, noun, name)
        if newest is None or newest == field:
            raise
        return _good(tenant, newest, value, pointer)


def _good(tenant: str, field: FieldView, value: Any, pointer: str) -> Any:
    value = custom_values.checked(field, value, pointer)
    if field.type == "reference":
        _refer(tenant, field, value, pointer)
    return value


def _refer(tenant: str, field: FieldView, record_id: str, pointer: str) -> None:
    """Nothing, or `Invalid` unless the tenant has such a record. Half a unit; a miss one more."""
    try:
        nouns.load(nouns.NOUNS[field.refers_to or ""], tenant, record_id)
    except errors.CrmError as error:  # not there, merged, removed for good
        raise errors.invalid(pointer, "unknown", error.detail) from None


def _newest(tenant: str, noun: str, name: str) -> FieldView | None:
    """The field of this name as it is now; the index may not know of it yet."""
    place = keys.key("guard", tenant=tenant, noun="field", field=noun, value=name)
    guard = fetch(Guard, *place, consistent=True)
    field = fetch(Field, *keys.key("field", tenant=tenant, id=guard.holder), consistent=True) if guard else None
    return view(field) if field else None


def _check(draft: FieldDraft) -> None:
    """Raises `Invalid` for what a struct cannot see: what belongs to which type."""
    chooses, refers = draft.type in _CHOICES, draft.type == "reference"
    if chooses != bool(draft.options):
        sentence = "`enum` and `multi` need options to choose from." if chooses else "Only `enum` and `multi` choose."
        raise errors.invalid("/options", "required" if chooses else "unsupported", sentence)
    if len(set(draft.options)) < len(draft.options):
        raise errors.invalid("/options", "repeated", "An option is in the list twice.")
    if refers != bool(draft.refers_to):
        sentence = "A `reference` needs the noun of the records." if refers else "Only a `reference` refers."
        raise errors.invalid("/refers_to", "required" if refers else "unsupported", sentence)


def _keep_fixed(shown: dict[str, Any], patch: dict[str, Any]) -> None:
    for name, sentence in _FIXED.items():
        if name in patch and patch[name] != shown[name]:
            raise errors.Conflict(sentence, Flaw(f"/{name}", "fixed", sentence))


def _room(tenant: str, noun: str) -> None:
    # Two at once may pass here together: one field more than `MOST` does no harm.
    if len(definitions(tenant, noun)) >= MOST:
        raise errors.Conflict(f"A {noun} has at most {MOST} custom fields; delete one first.")


def _write(actor: Actor, field: Field, draft: FieldDraft) -> None:
    known = dict.fromkeys([*(field.retired or ()), *(field.options or ())])
    field.retired = [option for option in known if option not in draft.options][-_RETIRED:] or None
    for name, value in msgspec.to_builtins(draft).items():
        setattr(field, name, value or None)
    _saved(actor, field)


def _saved(actor: Actor, field: Field) -> Step:
    field.touch(actor.user)
    field.keys()
    return Step("save", field)


def _guard(field: Field) -> Guard:
    return Guard.of(field.tenant, "field", field.noun, field.name, field.id)


def _claim(field: Field) -> Step:
    return Step("save", _guard(field), absent(), refusal=partial(_taken, field))


def _taken(field: Field) -> errors.Conflict:
    guard = _guard(field)
    held = fetch(Guard, guard.pk, guard.sk, consistent=True)
    flaw = Flaw("/name", "taken", f"The {field.noun} has a field of this name already.")
    return errors.Conflict(flaw.message, flaw, **({"existing_id": held.holder} if held else {}))


def _keep_type(field: Field) -> Step:
    """A name once given has one type for ever: records may still hold values of a field that was deleted."""
    kind = f"{field.type} {field.refers_to}" if field.refers_to else field.type
    guard = Guard.of(field.tenant, "field_type", field.noun, field.name, kind)
    return Step("save", guard, absent() | (Guard.holder == kind), refusal=_retyped)


def _retyped() -> errors.Conflict:
    flaw = Flaw("/name", "reused", "A deleted field of another type had this name, and records may hold its values.")
    return errors.Conflict(f"{flaw.message} Take another name, or restore that field.", flaw)


def _load(tenant: str, field_id: str, *, consistent: bool = False, deleted: bool = False) -> Field:
    if not ids.is_id("fld", field_id):
        raise errors.NotFound("There is no such field.")
    place = keys.key("field", tenant=tenant, id=field_id)
    field = fetch(Field, *place, consistent=True) if consistent else find(Field, *place)
    if deleted and field is not None:
        return field
    return found_or_404(field, "field")


def _reload(tenant: str, field_id: str, consistent: bool, *, deleted: bool = False) -> Field:
    return _load(tenant, field_id, consistent=consistent, deleted=deleted)
