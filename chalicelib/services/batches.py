"""Several operations on contacts, companies or deals in one request: one by one, or all or none in one transaction."""

from collections import Counter
from functools import partial
from typing import Any, Final

from chalicelib import errors
from chalicelib.errors import Flaw
from chalicelib.models.writes import LIMIT, Step, gathered, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.batch import BatchDraft, Operation, Outcome
from chalicelib.services import bulk, parties
from chalicelib.services.records import FOLDED, Records

_BY: Final = {"contact": ("email", "external_id"), "company": ("domain", "external_id"), "deal": ("external_id",)}
# What each operation takes besides its ref.
_TAKES: Final = {
    "create": {"body"},
    "update": {"id", "body"},
    "upsert": {"by", "value", "body"},
    "delete": {"id"},
}
_DONE: Final = {"create": "created", "update": "updated", "delete": "deleted"}


def run(actor: Actor, noun: str, draft: BatchDraft) -> list[Outcome]:
    """What became of each operation. Raises `Invalid` for a batch that makes no sense as a whole."""
    refs = Counter(one.ref for one in draft.operations)
    for number, one in enumerate(draft.operations):
        if refs[one.ref] > 1:
            raise errors.invalid(f"/operations/{number}/ref", "repeated", "Two operations have this ref.")
    if draft.all_or_none:
        return _together(actor, noun, draft.operations)
    return [_alone(actor, noun, one) for one in draft.operations]


def _alone(actor: Actor, noun: str, one: Operation) -> Outcome:
    try:
        record_id, done = _do(actor, noun, one)
    except errors.CrmError as error:
        return Outcome(ref=one.ref, id=one.id, done="refused", error=error)
    return Outcome(ref=one.ref, id=record_id, done=done)


def _together(actor: Actor, noun: str, operations: list[Operation]) -> list[Outcome]:
    """All of them in one transaction. Raises `Invalid` for more writes than one takes."""
    every, outcomes, blamed = list[Step](), list[Outcome](), list[int]()
    items: set[tuple[str, str]] = set()
    for number, one in enumerate(operations):
        with gathered() as steps:
            outcome = _alone(actor, noun, one)
        places = {(str(step.item.pk), str(step.item.sk)) for step in steps}
        if outcome.error is None and places & items:
            outcome.error = errors.invalid("", "repeated", "An operation before it is about the same record or value.")
        if outcome.error is not None:
            return _refused(operations, number, outcome.error)
        items |= places
        every += [step._replace(refusal=partial(_blame, blamed, number, step)) for step in steps]
        outcomes.append(outcome)
    if len(every) > LIMIT:
        sentence = f"Together these are {len(every)} writes, of which a transaction takes {LIMIT}: send fewer at once."
        raise errors.Invalid(sentence, Flaw("/operations", "length", sentence))
    try:
        transact(*every)
    except errors.Unready:
        raise  # nobody is to blame
    except errors.CrmError as error:
        return _refused(operations, blamed[-1], error)
    return outcomes


def _blame(blamed: list[int], number: int, step: Step) -> errors.CrmError:
    blamed.append(number)
    return step.refuse()


def _refused(operations: list[Operation], number: int, error: errors.CrmError) -> list[Outcome]:
    """One of them was refused, and so none was done."""
    waived = [Outcome(ref=one.ref, id=one.id, done="waived") for one in operations]
    waived[number] = Outcome(ref=operations[number].ref, id=operations[number].id, done="refused", error=error)
    return waived


def _do(actor: Actor, noun: str, one: Operation) -> tuple[str, Any]:
    """Do it: the record's id and what was done. Raises `CrmError`."""
    _check(noun, one)
    verbs, body = parties.of(noun), one.body or {}
    if one.op == "create":
        return verbs.make(actor, decoding.convert(body, verbs.noun.draft)).id, _DONE[one.op]
    if one.op == "delete":
        verbs.delete(actor, str(one.id))
        return str(one.id), _DONE[one.op]
    decoding.convert(body, bulk.PATCHES[noun])
    if one.op == "update":
        verbs.update(actor, str(one.id), body)
        return str(one.id), _DONE[one.op]
    return _upsert(actor, verbs, one, body)


def _upsert(actor: Actor, verbs: Records[Any], one: Operation, body: dict[str, Any]) -> tuple[str, str]:
    """Not the verb of one record: that tries again when others interfere, which a transaction cannot."""
    field, value = str(one.by), FOLDED[str(one.by)](str(one.value))
    holder = verbs.holder(actor.tenant, field, value)
    if holder is not None:
        verbs.update(actor, holder, body)
        return holder, "updated"
    given = {name: each for name, each in body.items() if each is not None}
    return verbs.make(actor, verbs.draft_with(given, field, value)).id, "created"


def _check(noun: str, one: Operation) -> None:
    """Raises `Invalid` unless the operation has what it takes, and nothing else."""
    for name in ("id", "by", "value", "body"):
        wanted = name in _TAKES[one.op]
        if wanted != (getattr(one, name) is not None):
            sentence = f"`{one.op}` needs `{name}`." if wanted else f"`{one.op}` does not take `{name}`."
            raise errors.invalid(f"/{name}", "required" if wanted else "unsupported", sentence)
    if one.by is not None and one.by not in _BY[noun]:
        raise errors.invalid("/by", "not_allowed", f"A {noun} is found by {' or '.join(_BY[noun])}.")
