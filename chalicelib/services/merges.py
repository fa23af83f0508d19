"""Two records become one, and two again.

One transaction writes the winner, the loser and who holds the values that only one record may have. All that the loser
held goes over to the winner, also what its fields do not show (`held` in its layers), so that an old address or the id
in another system still leads to the one who is left; an undo gives it back. All records are written on their versions,
so of two who merge the same pair at once, either way round, one finds it done.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from chalicelib import errors
from chalicelib.models.guard import Guard
from chalicelib.models.writes import LIMIT, Step, absent, change
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.merge import MergeDraft
from chalicelib.services import absorbed, joining, kinship, merging, nouns, parties
from chalicelib.services.records import Claim, Records

MOST: Final = 20  # records merged into one, counted with those they had absorbed: so also how deep they can lie
MOST_CLAIMS: Final = LIMIT - MOST - 10  # values a loser may hold, so that each undo fits into a transaction

Key = tuple[str, str]


def merge(actor: Actor, noun: str, winner_id: str, draft: MergeDraft, expected: int | None = None) -> Any:
    """Make the loser a part of the winner; the winner's view.

    Raises `NotFound`, `Stale`, `Invalid` for itself, for a record of another noun and for a field that there is not,
    `Merged` for one that is a part of another one already, and `Conflict` for one in the trash, for companies that lie
    one below the other, and for two that are too much for one.
    """
    verbs = parties.of(noun)
    _check(verbs, winner_id, draft)

    def apply(winner: Any) -> list[Step]:
        loser = _loser(verbs, actor.tenant, draft.loser_id)
        mine, theirs = verbs.claims(winner), verbs.claims(loser)
        if len(absorbed.ids_of(winner)) + len(absorbed.ids_of(loser)) > MOST + 1:
            raise errors.Conflict(f"At most {MOST} records can be merged into one.")
        if len(theirs) > MOST_CLAIMS:
            raise errors.Conflict("The loser has too many addresses and ids to be merged in one step.")
        joining.join(actor, winner, loser, kinship.choices(winner, loser, draft.fields))
        loser.merged_into = winner.id
        _hold(verbs, winner, _keys(mine) | _keys(theirs))
        moved = [_hand_over(verbs, claim, loser, winner) for claim in theirs]
        return [*_saved(actor, verbs, winner, loser), *moved, *kinship.steps(winner, loser)]

    return verbs.view(change(lambda _: verbs.load(actor.tenant, winner_id, consistent=True), apply, expected))


def unmerge(actor: Actor, noun: str, record_id: str, loser_id: str | None = None, expected: int | None = None) -> Any:
    """Take a record out of the one it was merged into, wherever that lies by now; the view of the record asked for.

    That is the record itself if it was merged, or one that was merged into it: the latest without `loser_id`. Raises
    `NotFound`, `Stale`, and `Conflict` for what is not merged, while what it is a part of lies in the trash, or if
    another record has one of its values by now (`existing_id`).
    """
    verbs = parties.of(noun)
    shown: list[Any] = []

    def apply(record: Any) -> list[Step]:
        loser = _to_undo(verbs, record, loser_id)
        chain = _chain(verbs, loser, record)
        theirs, held = verbs.claims(loser), [_keys(verbs.claims(holder)) for holder in chain]
        joining.part(loser, chain)
        for holder, before in zip(chain, held, strict=True):
            _hold(verbs, holder, before - _keys(theirs))
        shown[:] = [record if record.id in {loser.id, chain[-1].id} else loser]
        saved = _saved(actor, verbs, *chain, loser)
        return [*saved, *_claimed_back(verbs, loser, chain[-1], theirs, held[-1]), *kinship.steps(*chain, loser)]

    change(lambda _: _found(verbs, actor.tenant, record_id), apply, expected)
    return verbs.view(shown[0])


def _check(verbs: Records[Any], winner_id: str, draft: MergeDraft) -> None:
    noun = verbs.noun
    other = nouns.of_id(draft.loser_id)
    if draft.loser_id == winner_id:
        raise errors.invalid("/loser_id", "same", f"A {noun.name} cannot be merged with itself.")
    if other is not noun:
        raise errors.invalid("/loser_id", "type", f"A {noun.name} can only be merged with another {noun.name}.")
    for name in draft.fields:
        if not merging.is_choosable(name) or name.partition(".")[0] not in noun.draft.__struct_fields__:
            pointer = name.replace("~", "~0").replace("/", "~1")
            raise errors.invalid(f"/fields/{pointer}", "unknown_field", f"A {noun.name} has no such field.")


def _found(verbs: Records[Any], tenant: str, record_id: str) -> Any:
    record = nouns.peek(verbs.noun, tenant, record_id, consistent=True)
    if record is None or record.deleted_at:
        raise errors.NotFound(f"There is no such {verbs.noun.name}.")
    return record


def _loser(verbs: Records[Any], tenant: str, loser_id: str) -> Any:
    loser = nouns.peek(verbs.noun, tenant, loser_id, consistent=True)
    if loser is None:
        message = f"There is no such {verbs.noun.name}."
        raise errors.NotFound(message, errors.Flaw("/loser_id", "unknown", message))
    if loser.deleted_at:
        message = f"This {verbs.noun.name} is in the trash."
        raise errors.Conflict(message, errors.Flaw("/loser_id", "deleted", message))
    if loser.merged_into:
        raise errors.Merged(loser.id, loser.merged_into)
    return loser


def _to_undo(verbs: Records[Any], record: Any, loser_id: str | None) -> Any:
    """The record that is to be taken out."""
    if record.merged_into and loser_id in (None, record.id):
        return record
    wanted = loser_id or (record.layers["merges"][-1]["loser_id"] if record.layers else None)
    if wanted is None or wanted not in absorbed.ids_of(record)[1:]:
        message = f"This {verbs.noun.name} is not merged."
        raise errors.Conflict(message, *([errors.Flaw("/loser_id", "not_merged", message)] if loser_id else []))
    return _found(verbs, record.tenant, wanted)


def _chain(verbs: Records[Any], loser: Any, known: Any) -> list[Any]:
    """What the record was merged into, what that was merged into, and so on. Raises `Conflict`, `Stale`."""
    chain: list[Any] = []
    into = loser.merged_into
    while into:
        holder = known if known.id == into else nouns.peek(verbs.noun, loser.tenant, into, consistent=True)
        if holder is None or len(chain) > MOST:
            break
        chain.append(holder)
        into = holder.merged_into
    if not chain or into or loser.id not in absorbed.ids_of(chain[-1]):
        raise errors.Stale("The record was unmerged meanwhile.")
    if chain[-1].deleted_at:
        raise errors.Conflict(f"It is a part of {chain[-1].id}, which is in the trash: restore that first.")
    return chain


def _hold(verbs: Records[Any], record: Any, keys: Iterable[Key]) -> None:
    """Note what the record holds for others, besides what its own fields say."""
    if record.layers:
        record.layers = {name: value for name, value in record.layers.items() if name != "held"}
        left = set(keys) - _keys(verbs.claims(record))
        record.layers = {**record.layers, "held": sorted(map(list, left))}


def _claimed_back(verbs: Records[Any], loser: Any, holder: Any, theirs: Iterable[Claim], held: set[Key]) -> list[Step]:
    """The writes by which the loser has its values again. Raises `Conflict` for one that the holder was given since."""
    now = {claim.key: claim for claim in verbs.claims(holder)}
    steps = []
    for claim in theirs:
        if claim.key in now:
            message = f"{holder.id} was given this {claim.field} since: take it away there first."
            flaw = errors.Flaw(claim.pointer, "taken", message)
            raise errors.Conflict(message, flaw, existing_id=holder.id)
        back = _hand_over(verbs, claim, holder, loser)
        taken = Step("save", verbs.guard(loser, claim), absent(), refusal=partial(verbs.taken, loser, claim))
        steps.append(back if claim.key in held else taken)
    left = held - _keys(theirs) - now.keys()
    return [*steps, *(Step("delete", verbs.guard(holder, Claim(*key))) for key in sorted(left))]


def _hand_over(verbs: Records[Any], claim: Claim, holder: Any, to: Any) -> Step:
    return Step("save", verbs.guard(to, claim), Guard.holder == holder.id)


def _saved(actor: Actor, verbs: Records[Any], *records: Any) -> list[Step]:
    return [Step("save", verbs.saved(actor, record)) for record in records]


def _keys(claims: Iterable[Claim]) -> set[Key]:
    return {claim.key for claim in claims}
