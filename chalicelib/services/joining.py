"""What the records of a merge, or of its undo, are like before they are saved: fields, layers, times, company names.

Here the pure folding of `merging.py` meets the records of the table; `merges.py` writes them, and who holds what.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.services import absorbed, drafts, merging, nouns, text, titles

Stage = list[str | None]  # a stage and since when
_NEEDED: Final = "A contact needs a name, a mail address or a phone number."


def join(actor: Actor, winner: Any, loser: Any, choices: Mapping[str, str]) -> None:
    """Let the winner, not yet saved, read as both.

    Raises `Invalid` if that would have no name, `Conflict` if both have more entries than a field can take.
    """
    times = {**absorbed.times(winner), **absorbed.times(loser)}
    since = _own_stage(winner)
    layers, fields = merging.merged(
        winner.layers,
        nouns.written(winner),
        nouns.written(loser),
        choices,
        loser_id=loser.id,
        ids=absorbed.ids_of(loser)[1:],
        at=clock.stamp(),
        by=actor.user,
    )
    _fill(winner, fields, [_stage(loser)])
    winner.layers = {**layers, "times": times, "since": since}
    absorbed.tell(winner, {})
    _check_whole(winner)


def part(loser: Any, chain: Sequence[Any]) -> None:
    """Let the loser stand alone, and those it was in, from the innermost on, read as what is left of them.

    A read unit for each other record that stays merged. Raises `Conflict` if the outermost would have no name.
    """
    group, times = absorbed.ids_of(loser), absorbed.times(chain[-1])
    gone, fresh = loser.id, dict[str, Any]()
    for holder in chain:
        merges = [one for one in holder.layers["merges"] if one["loser_id"] != gone]
        stay = {one["loser_id"]: fresh.get(one["loser_id"]) or _frozen(holder, one) for one in merges}
        plains = {one.id: nouns.written(one) for one in stay.values()}
        before = holder.layers
        layers, fields = merging.unmerged(before, plains, gone)
        _fill(holder, fields, [before["since"], *map(_stage, stay.values())])
        if layers:
            layers["merges"] = [{**one, "ids": [i for i in one["ids"] if i not in group]} for one in layers["merges"]]
        holder.layers = layers
        left = {one: told for one, told in times.items() if one in absorbed.ids_of(holder)}
        _tell(holder, left)
        fresh, gone = {holder.id: holder}, ""
    loser.merged_into = None
    _tell(loser, {one: told for one, told in times.items() if one in group})
    _name_company(loser)
    if not _is_called(chain[-1]):
        raise errors.Conflict(f"{_NEEDED} Without what was merged into it {chain[-1].id} has none: give it one first.")


def _frozen(holder: Any, merge: Mapping[str, Any]) -> Any:
    record = nouns.peek(nouns.NOUNS[holder.NOUN], holder.tenant, merge["loser_id"], consistent=True)
    if record is None:
        raise errors.Stale("One of the records is not there.")
    return record


def _tell(record: Any, times: absorbed.Times) -> None:
    if record.layers:
        record.layers = {**record.layers, "times": times}
    absorbed.tell(record, times)


def _fill(record: Any, fields: Mapping[str, Any], stages: Sequence[Stage]) -> None:
    """Put folded fields into the record, and what follows from them. Not checked again: they were once valid."""
    stage, company = _stage(record), getattr(record, "company_id", None)
    for name in nouns.NOUNS[record.NOUN].draft.__struct_fields__:
        setattr(record, nouns.NOUNS[record.NOUN].attributes.get(name, name), fields.get(name) or None)
    record.tags = list(fields.get("tags", ()))
    record.name = text.folded(titles.of(record))
    if fields.get("lifecycle") != stage[0]:
        since = next((at for one, at in stages if one == record.lifecycle), clock.stamp())
        record.lifecycle_since = since if record.lifecycle else None
    if fields.get("company_id") != company:
        _name_company(record)


def _stage(record: Any) -> Stage:
    """The stage that a record shows, and since when."""
    return [getattr(record, "lifecycle", None), getattr(record, "lifecycle_since", None)]


def _own_stage(record: Any) -> Stage:
    """The same of what is the record's own."""
    if not record.layers or record.layers["base"].get("lifecycle") == _stage(record)[0]:
        return _stage(record)
    known: Stage = record.layers["since"]
    return known


def _name_company(record: Any) -> None:
    """The present name of a contact's company, or of what that is a part of: it may have changed meanwhile."""
    if record.NOUN != "contact":
        return
    company: Any = absorbed.root(record.tenant, record.company_id) if record.company_id else None
    record.company_name = company.display_name if company is not None else None


def _check_whole(winner: Any) -> None:
    """Whether the two can be one: raises `Conflict` for more entries than a field may have, or more in all."""
    if not _is_called(winner):
        raise errors.invalid("/fields", "required", _NEEDED)
    try:
        drafts.check_size(decoding.convert(nouns.written(winner), nouns.NOUNS[winner.NOUN].draft))
    except errors.Invalid as error:
        flaws = [errors.Flaw(flaw.pointer, flaw.code, f"Both together: {flaw.message}") for flaw in error.flaws]
        raise errors.Conflict(flaws[0].message if flaws else error.detail, *flaws) from None


def _is_called(record: Any) -> bool:
    return bool(record.NOUN != "contact" or titles.of(record) != record.id)
