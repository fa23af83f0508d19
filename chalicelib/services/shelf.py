"""The life of a plain record, one without timeline and owner: made, read, listed, changed, in the trash and back.

What differs from noun to noun - how a draft fills the record, which values only one may have - stands with the noun.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import PageOf, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Page
from chalicelib.services.records import Claim

R = TypeVar("R", bound=Any)
Edit = Callable[[R], Sequence[Step] | None]


def _nothing(_record: Any) -> list[Claim]:
    return []


class Shelf(Generic[R]):
    """The records of one noun. `word` is what people call it, `claims` are the values that only one record may have."""

    def __init__(
        self, model: type[R], noun: str, prefix: str, word: str, claims: Callable[[R], list[Claim]] = _nothing
    ) -> None:
        self.model, self.noun, self.prefix, self.word, self.claims = model, noun, prefix, word, claims

    def add(self, actor: Actor, record: R, also: Sequence[Step] = ()) -> R:
        """Keep a new record. Raises `Conflict` with `existing_id` if another one has one of its values."""
        transact(*self.creation(actor, record), *also)
        return record

    def creation(self, actor: Actor, record: R) -> list[Step]:
        """The writes that make the record."""
        record.touch(actor.user)
        record.keys()
        return [Step("save", record, absent()), *self._take(record, self.claims(record))]

    def load(self, tenant: str, record_id: str, *, consistent: bool = False, deleted: bool = False) -> R:
        """The record, for half a unit. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
        if not ids.is_id(self.prefix, record_id):
            raise errors.NotFound(f"There is no such {self.word}.")
        place = keys.key(self.noun, tenant=tenant, id=record_id)
        record = fetch(self.model, *place, consistent=True) if consistent else find(self.model, *place)
        if deleted and record is not None:
            return record
        return found_or_404(record, self.word)

    def page(
        self, partition: str, index: str, wanted: Page, where: Any = None, *, newest_first: bool = False
    ) -> PageOf:
        """One page of a list."""
        return page(
            partition, index=index, where=where, limit=wanted.limit, start=wanted.start, newest_first=newest_first
        )

    def edit(self, actor: Actor, record_id: str, edit: Edit[R], expected: int | None, *, deleted: bool = False) -> R:
        """Change a record: `edit` changes it in place, and may name further writes of the same transaction.

        Raises `NotFound`, `Stale`, and `Conflict` with `existing_id` for a value that another one has.
        """

        def apply(record: R) -> list[Step]:
            held = [] if record.deleted_at else self.claims(record)
            also = edit(record) or ()
            record.touch(actor.user)
            record.keys()
            wanted = [] if record.deleted_at else self.claims(record)
            return [
                Step("save", record),
                *self._take(record, _without(wanted, held)),
                *(Step("delete", self._guard(record, one)) for one in _without(held, wanted)),
                *also,
            ]

        load = partial(self._load, actor.tenant, record_id, deleted)
        return change(load, apply, expected)

    def remove(self, actor: Actor, record_id: str, expected: int | None) -> R:
        """Put it into the trash; its values are free for others. Raises `NotFound`, `Stale`."""
        return self.edit(actor, record_id, lambda record: setattr(record, "deleted_at", clock.stamp()), expected)

    def take_back(self, actor: Actor, record_id: str, expected: int | None) -> R:
        """Take it out of the trash. Raises `NotFound`, and `Conflict` if it is not in there or a value is taken."""

        def back(record: R) -> None:
            if not record.deleted_at:
                raise errors.Conflict(f"This {self.word} is not in the trash.")
            record.deleted_at = None

        return self.edit(actor, record_id, back, expected, deleted=True)

    def holder(self, tenant: str, claim: Claim) -> str | None:
        """The id of the record that has this value. Half a unit; a miss one more."""
        guard = find(Guard, *keys.key("guard", tenant=tenant, noun=self.noun, field=claim.field, value=claim.value))
        return guard.holder if guard else None

    def _load(self, tenant: str, record_id: str, deleted: bool, consistent: bool) -> R:
        return self.load(tenant, record_id, consistent=consistent, deleted=deleted)

    def _guard(self, record: R, claim: Claim) -> Guard:
        return Guard.of(record.tenant, self.noun, claim.field, claim.value, record.id)

    def _take(self, record: R, claims: Sequence[Claim]) -> list[Step]:
        return [
            Step("save", self._guard(record, one), absent(), refusal=partial(self._taken, record, one))
            for one in claims
        ]

    def _taken(self, record: R, claim: Claim) -> errors.Conflict:
        """Why the value cannot be had, with the id of who has it, so that the caller can go there."""
        guard = self._guard(record, claim)
        held = fetch(Guard, guard.pk, guard.sk, consistent=True)
        flaw = errors.Flaw(claim.pointer, "taken", f"Another {self.word} has this {claim.field}.")
        return errors.Conflict(flaw.message, flaw, **({"existing_id": held.holder} if held else {}))


def written(view: Any, draft: Any) -> dict[str, Any]:
    """The fields of a view that a client writes, as the plain object that a merge patch applies to."""
    shown = msgspec.to_builtins(view)
    return {name: shown[name] for name in draft.__struct_fields__ if shown[name] is not None}


def _without(claims: Sequence[Claim], others: Sequence[Claim]) -> list[Claim]:
    known = {one.key for one in others}
    return [one for one in claims if one.key not in known]
