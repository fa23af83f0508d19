"""The life of a contact, a company or a deal: made, changed, put into the trash, taken back, removed for good.

One engine for all of them. What differs - how a draft fills the record, and which values only one record may have - is
what `contacts.py`, `companies.py` and `deals.py` hand in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.subject import Tombstone
from chalicelib.models.table import fetch, find
from chalicelib.models.writes import LIMIT, Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.services import emails, merging, nouns
from chalicelib.services.nouns import Noun
from chalicelib.services.remembered import remembering

V = TypeVar("V")
_TRIES: Final = 3
_SOURCE, _EXTERNAL = 40, 200  # characters of another system's name and of its id, as `schemas/parts.py` has them
_TOGETHER: Final = 30  # records of one transaction: the largest of them stay below its 4 MB


class Claim(NamedTuple):
    """A value that only one record of a noun may have, and where in a draft it stands."""

    field: str
    value: str
    pointer: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two claims the same, wherever they stand."""
        return self.field, self.value


def _external(value: str) -> str:
    source, _, external = value.partition(":")
    if not source or not external:
        raise errors.invalid("/external_id", "format", "An id in another system is given as `system:id`.")
    if len(source) > _SOURCE or len(external) > _EXTERNAL:
        message = f"A system has at most {_SOURCE} characters, and its id {_EXTERNAL}."
        raise errors.invalid("/external_id", "length", message)
    return value


def _with_source(value: str, given: dict[str, Any]) -> str:
    """`system:id`; the system may be left to the body, if that has the id under a name."""
    known = given.get("external_ids") or {}
    source = next((name for name, one in known.items() if one == value), None)
    return f"{source}:{value}" if source else value


def _touched(patch: dict[str, Any], field: str, value: str) -> bool:
    """Whether the patch says something of the place in which the value is."""
    if field == "external_id":
        said = patch.get("external_ids", {})
        return said is None or value.partition(":")[0] in said
    return bool(patch.get(LISTED[field]))


# How a value that a record is asked for by is brought into the form in which it is kept. Raises `Invalid`.
FOLDED: Final[dict[str, Callable[[str], str]]] = {
    "email": lambda value: emails.checked(value, "/address"),
    "domain": lambda value: emails.checked(f"x@{value}", "/domain").rpartition("@")[2],
    "external_id": _external,
}

LISTED: Final = {"email": "emails", "domain": "domains"}  # where such a value stands among others
# The form in which two spellings of such a value are one, whatever else is wrong with them.
_SPELT: Final[dict[str, Callable[[str], str]]] = {
    "email": emails.folded,
    "domain": lambda value: emails.folded(f"x@{value}").rpartition("@")[2],
}

Claims = Callable[[Any], list[Claim]]
Write = Callable[[Actor, Any, Any], None]
Also = Callable[[Any, Any], Sequence[Step]]
Back = Callable[[Actor, Any], None]


def nothing_more(_before: Any, _after: Any) -> Sequence[Step]:
    """For a noun whose writes touch nothing but record and guards."""
    return ()


def as_it_was(_actor: Actor, _record: Any) -> None:
    """For a noun that comes out of the trash as it went in."""


class Records(Generic[V]):
    """The verbs of one noun.

    `write` puts a draft into a record and raises `Invalid` for what a struct cannot see; `also` gives further steps of
    the same transaction, from the fields before and the record after; `back` fits what comes out of the trash into what
    has changed meanwhile.
    """

    def __init__(
        self, noun: Noun, write: Write, claims: Claims, also: Also = nothing_more, *, back: Back = as_it_was
    ) -> None:
        self.noun, self.write, self.claims, self.also, self.back = noun, write, claims, also, back

    def create(self, actor: Actor, draft: Any, *, record_id: str | None = None) -> V:
        """A new record. Raises `Invalid`, and `Conflict` with `existing_id` if another one has one of its values."""
        return self.view(self.make(actor, draft, record_id=record_id))

    def make(self, actor: Actor, draft: Any, *, record_id: str | None = None) -> Any:
        """As `create`, but the record as it is kept."""
        record = self.build(actor, draft, record_id=record_id)
        transact(*self.creation(record))
        return record

    def build(self, actor: Actor, draft: Any, *, record_id: str | None = None) -> Any:
        """The record, not yet in the table. Raises `Invalid`."""
        record = self.noun.model(id=record_id or ids.new(self.noun.prefix), tenant=actor.tenant)
        record.touch(actor.user)  # first, as some fields say since when
        self.write(actor, record, draft)
        record.keys()
        return record

    def creation(self, record: Any) -> list[Step]:
        """The writes that make the record."""
        return [Step("save", record, absent()), *self._take(record, self.claims(record)), *self.also(None, record)]

    def create_many(self, actor: Actor, given: Sequence[tuple[str, Any]]) -> list[Any | errors.CrmError]:
        """Many new records, each with its id and draft, in few transactions; for each the record or why it is not.

        Called again with the same ids it makes nothing twice. Raises `Unready` with some of them made.
        """
        with remembering():
            planned = [self._attempt(partial(self._planned, actor, draft, one)) for one, draft in given]
        found: list[Any] = [one if isinstance(one, errors.CrmError) else one[0].item for one in planned]
        at = {record_id: number for number, (record_id, _) in enumerate(given)}
        for packed in _packed([one for one in planned if not isinstance(one, errors.CrmError)]):
            try:
                transact(*(step for steps in packed for step in steps))
            except errors.CrmError:  # one of them; which one comes out alone
                for steps in packed:
                    record: Any = steps[0].item
                    found[at[record.id]] = self._attempt(partial(self._made, record))
        return found

    def _planned(self, actor: Actor, draft: Any, record_id: str) -> list[Step]:
        return self.creation(self.build(actor, draft, record_id=record_id))

    def _made(self, record: Any) -> Any:
        """The record, made now or by a call before. Each try looks anew at what it rests on, such as the tree above."""
        for attempt in range(_TRIES):
            try:
                transact(*self.creation(record))
            except (errors.Stale, errors.Conflict) as error:
                made = nouns.peek(self.noun, record.tenant, record.id, consistent=True)
                if made is not None:
                    return made
                if isinstance(error, errors.Conflict) or attempt + 1 == _TRIES:
                    raise
            else:
                return record
        raise AssertionError("unreachable")

    def _attempt(self, act: Callable[[], Any]) -> Any | errors.CrmError:
        try:
            return act()
        except errors.Unready:
            raise  # that says nothing of the record: whoever called comes again
        except errors.CrmError as error:
            return error

    def get(self, actor: Actor, record_id: str) -> V:
        """One record. Raises `NotFound`, `Merged`, `Gone`."""
        return self.view(self.load(actor.tenant, record_id))

    def update(
        self,
        actor: Actor,
        record_id: str,
        patch: dict[str, Any],
        expected: int | None = None,
        write: Write | None = None,
    ) -> V:
        """Change some fields (RFC 7396); `write` is for a noun that has several ways to do that.

        Raises `NotFound`, `Merged`, `Stale`, `Invalid`, `Conflict`.
        """

        def apply(record: Any) -> list[Step]:
            before, held = nouns.written(record), self.claims(record)
            draft = decoding.convert(merged(before, patch), self.noun.draft)
            record.touch(actor.user)
            (write or self.write)(actor, record, draft)
            record.keys()
            if record.layers:
                record.layers = merging.edited(record.layers, before, nouns.written(record))
            wanted = self.claims(record)
            return [
                Step("save", record),
                *self._take(record, _without(wanted, held)),
                *self._release(record, _without(held, wanted)),
                *self.also(before, record),
            ]

        return self.view(self._change(actor, record_id, apply, expected))

    def delete(self, actor: Actor, record_id: str, expected: int | None = None) -> None:
        """Put the record into the trash; its values are free for others. Raises `NotFound`, `Merged`, `Stale`."""

        def apply(record: Any) -> list[Step]:
            record.deleted_at = clock.stamp()
            self._touch(actor, record)
            return [Step("save", record), *self._release(record, self.claims(record))]

        self._change(actor, record_id, apply, expected)

    def restore(self, actor: Actor, record_id: str, expected: int | None = None) -> V:
        """Take the record out of the trash.

        Raises `NotFound`, and `Conflict` if it is not in there or one of its values is taken by now.
        """

        def apply(record: Any) -> list[Step]:
            if not record.deleted_at:
                raise errors.Conflict(f"This {self.noun.name} is not in the trash.")
            record.deleted_at = None
            self._touch(actor, record)
            self.back(actor, record)
            return [Step("save", record), *self._take(record, self.claims(record))]

        return self.view(self._change(actor, record_id, apply, expected, deleted=True))

    def purge(self, actor: Actor, record_id: str, expected: int | None = None) -> None:
        """Remove a record in the trash for good; the change feed removes what is kept beside it.

        Raises `NotFound`, `Stale`, `Gone`, and `Conflict` if it is not in the trash.
        """

        def apply(record: Any) -> list[Step]:
            if not record.deleted_at:
                raise errors.Conflict(f"This {self.noun.name} is not in the trash.")
            stone = Tombstone(record.pk, record.sk)
            return [Step("save", stone, self.noun.model.version == record.version)]

        self._change(actor, record_id, apply, expected, deleted=True)

    def upsert(self, actor: Actor, field: str, value: str, patch: dict[str, Any]) -> tuple[V, bool]:
        """The record that has this value, changed as `patch` says, or a new one; whether it is new.

        Raises `Invalid`, and `Conflict` if another value of it belongs to another record.
        """
        given = merged({}, patch)
        value = FOLDED[field](_with_source(value, given) if field == "external_id" else value)
        for attempt in range(_TRIES):
            holder = self.holder(actor.tenant, field, value)
            try:
                if holder is not None:
                    # A list that is given replaces the old one; the value itself stays, so that the same patch sent
                    # again finds the same record.
                    kept = self._with(patch, field, value) if _touched(patch, field, value) else patch
                    return self.update(actor, holder, kept), False
                return self.create(actor, self.draft_with(given, field, value)), True
            except (errors.NotFound, errors.Conflict):  # somebody made, merged or removed it meanwhile
                if attempt + 1 == _TRIES or self.holder(actor.tenant, field, value) == holder:
                    raise
        raise AssertionError("unreachable")

    def draft_with(self, given: dict[str, Any], field: str, value: str) -> Any:
        """The draft of a record that has this value, in its folded form. Raises `Invalid`."""
        return decoding.convert(self._with(given, field, value), self.noun.draft)

    def holder(self, tenant: str, field: str, value: str) -> str | None:
        """The id of the live record that has this value. Half a unit; a miss one more."""
        place = keys.key("guard", tenant=tenant, noun=self.noun.name, field=field, value=value)
        guard = find(Guard, *place)
        return guard.holder if guard else None

    def load(self, tenant: str, record_id: str, *, consistent: bool = False, deleted: bool = False) -> Any:
        """The record as it is kept; as `nouns.load`."""
        return nouns.load(self.noun, tenant, record_id, consistent=consistent, deleted=deleted)

    def view(self, record: Any) -> V:
        """The record as a client reads it."""
        shown: V = nouns.view(record)
        return shown

    def saved(self, actor: Actor, record: Any) -> Any:
        """The record with its keys and its time of change up to date; whoever changes it otherwise calls this."""
        self._touch(actor, record)
        return record

    def guard(self, record: Any, claim: Claim) -> Guard:
        """The item by which the record holds a value."""
        return Guard.of(record.tenant, self.noun.name, claim.field, claim.value, record.id)

    def taken(self, record: Any, claim: Claim) -> errors.Conflict:
        """Why the value cannot be had, with the id of who has it, so that the caller can go there."""
        guard = self.guard(record, claim)
        held = fetch(Guard, guard.pk, guard.sk, consistent=True)
        flaw = errors.Flaw(claim.pointer, "taken", f"Another {self.noun.name} has this {claim.field}.")
        return errors.Conflict(flaw.message, flaw, **({"existing_id": held.holder} if held else {}))

    def _take(self, record: Any, claims: Iterable[Claim]) -> list[Step]:
        return [
            Step("save", self.guard(record, one), absent(), refusal=partial(self.taken, record, one))
            for one in sorted(claims)
        ]

    def _release(self, record: Any, claims: Iterable[Claim]) -> list[Step]:
        return [Step("delete", self.guard(record, one)) for one in sorted(claims)]

    def _touch(self, actor: Actor, record: Any) -> None:
        record.touch(actor.user)
        record.keys()

    def _change(
        self, actor: Actor, record_id: str, apply: Callable[[Any], list[Step]], expected: int | None, **how: bool
    ) -> Any:
        return change(lambda again: self.load(actor.tenant, record_id, consistent=again, **how), apply, expected)

    def _with(self, given: dict[str, Any], field: str, value: str) -> dict[str, Any]:
        """What is given, and the value it was asked for by, unless that is in it already."""
        if field == "external_id":
            source, _, external = value.partition(":")
            return merged(given, {"external_ids": {source: external}})
        name, entry = LISTED[field], {"address": value} if field == "email" else value
        several = given.get(name) or []
        there = any(_SPELT[field](one["address"] if isinstance(one, dict) else one) == value for one in several)
        return given if there else {**given, name: [*several, entry]}


def _packed(several: list[list[Step]]) -> Iterator[list[list[Step]]]:
    """Records' steps gathered up to what one transaction takes; no item is in a transaction twice."""
    gathered: list[list[Step]] = []
    seen: set[tuple[str, str]] = set()
    for steps in several:
        places = {(step.item.pk, step.item.sk) for step in steps}
        full = len(gathered) == _TOGETHER or len(seen) + len(places) > LIMIT
        if gathered and (full or seen & places):
            yield gathered
            gathered, seen = [], set()
        gathered.append(steps)
        seen |= places
    if gathered:
        yield gathered


def _without(claims: Iterable[Claim], others: Iterable[Claim]) -> list[Claim]:
    known = {one.key for one in others}
    return [one for one in claims if one.key not in known]


def external_claims(record: Any) -> list[Claim]:
    """The ids that other systems have for the record, and what it holds for those merged into it."""
    own = [
        Claim("external_id", f"{source}:{value}", f"/external_ids/{source}")
        for source, value in sorted((record.external_ids or {}).items())
    ]
    shown = {one.key for one in own}
    held = (record.layers or {}).get("held", ())
    return [*own, *(Claim(*key) for key in map(tuple, held) if key not in shown)]
