"""What was a purged person's is taken out of the history of the records that this one was once a part of.

A merge shows the loser's values in the winner, and the winner's history keeps them after the undo. Deleting those
changes would tear the chain that a read as of a moment needs, so they are written anew without them. What was whose is
told by value: in the stretch in which the one was a part of the other, a value that the one had too, and that is not
the other's own, goes, and what the other has by itself takes its place. Doing it again finds nothing left to do.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.change import Change
from chalicelib.models.table import Item, every, page
from chalicelib.models.writes import Step, transact
from chalicelib.services import merging, nouns, versions

Plain = dict[str, Any]
_SLACK: Final = timedelta(seconds=60)  # two records of one transaction may note it at times that differ
_TIMES: Final = ("last_contacted_at", "next_activity_at")
_FOLLOWS: Final = {"company_name": "company_id", "lifecycle_since": "lifecycle"}
_END: Final = "~"  # sorts after everything in a key
_MOST: Final = 20  # levels: as many records as can be merged into one


@dataclass
class _Stay:
    """From when to when a record was a part of another one, and what it was meanwhile."""

    holder: str
    since: str
    until: str = _END
    states: list[Plain] = field(default_factory=list)


def strike(tenant: str, record_id: str) -> bool:
    """Take what the record was out of the history of all it was ever a part of; whether all of that was told by then.

    What it was is read from its own history, so that has to be there still.
    """
    stays = _stays(_changes(tenant, record_id))
    told = [_struck(tenant, stay, _values(stay.states), [], 0) for stay in stays]
    return all(told)


def _struck(tenant: str, stay: _Stay, gone: set[str], kept: list[Plain], depth: int) -> bool:
    """The same for one stay, and for what the holder was itself a part of meanwhile. `kept` is of those below."""
    noun = nouns.of_id(stay.holder)
    holder: Any = None
    with suppress(errors.Gone):  # then its own sweep takes its history
        holder = nouns.peek(noun, tenant, stay.holder, consistent=True) if noun else None
    if holder is None or depth > _MOST:
        return True
    changes = list(_changes(tenant, holder.id, stay.since, stay.until))
    whole = _is_whole(holder, changes, stay)
    own = [versions.state(holder), *kept, *([changes[0].states()[0]] if whole else [])]
    gone = gone - _values(own)
    base = own[0]
    for change in changes:
        base = _rewritten(holder, change, gone, base)
    for above in _stays(changes):
        within = _Stay(above.holder, max(above.since, stay.since), min(above.until, stay.until))
        whole = _struck(tenant, within, gone, own, depth + 1) and whole
    return whole


def _changes(tenant: str, record_id: str, since: str = "", until: str = _END) -> Iterator[Change]:
    """The changes from a little before to a little after, the oldest first."""
    prefix = keys.prefix("change")
    low = _moved(since, -_SLACK) if since else ""
    high = _END if until == _END else f"{_moved(until, _SLACK)}{_END}"
    return every(
        keys.partition("change", tenant=tenant, record=record_id),
        where=Item.sk.between(f"{prefix}{low}", f"{prefix}{high}"),
    )


def _stays(changes: Iterable[Change]) -> list[_Stay]:
    """One for each record that this one was a part of, from the first time to the last.

    One whose beginning is not there any more is left out: what is swept has been struck before.
    """
    found: dict[str, _Stay] = {}
    for change in changes:
        before, after = change.states()
        now = {**before, **after}
        old, new = before.get("merged_into"), now.get("merged_into")
        if new and new != old:
            found.setdefault(new, _Stay(new, change.at)).until = _END
        for stay in (found[one] for one in {old, new} if one in found):
            stay.states += [before, now]
        if old and old in found and new != old:
            found[old].until = change.at
    return list(found.values())


def _is_whole(holder: Any, changes: list[Change], stay: _Stay) -> bool:
    """Whether the feed has told all of the holder's changes of that time, and the one before they began."""
    if not changes:
        return False
    numbers = [int(change.of_version) for change in changes]
    before = _next_to(holder, changes[0], newest_first=True)
    after = _next_to(holder, changes[-1], newest_first=False)
    return (
        numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        and numbers[0] == (before or 1) + 1
        and (after == numbers[-1] + 1 if after else int(holder.version) == numbers[-1])
    )


def _next_to(holder: Any, change: Change, *, newest_first: bool) -> int | None:
    """The version of the change right before (`newest_first`) or after this one."""
    prefix = keys.prefix("change")
    ends = (prefix, change.sk) if newest_first else (change.sk, f"{prefix}{_END}")
    found = page(change.pk, where=Item.sk.between(*ends), limit=2, newest_first=newest_first, consistent=True)
    return next((int(one.of_version) for one in found.items if one.sk != change.sk), None)


def _rewritten(holder: Any, change: Change, gone: set[str], base: Plain) -> Plain:
    """The state after the change, which is written anew where it says what is gone. `base` is the state before it."""
    before, after = change.states()
    old = _without(before, gone, base)
    new = _without({**before, **after}, gone, old)
    different = versions.different(old, new)
    if (old, different) != (before, after):
        version = int(change.of_version)
        clean = Change.build(holder.tenant, holder.id, version, change.at, change.by, before=old, after=different)
        with suppress(errors.Stale):  # removed meanwhile: it is not to come back
            transact(Step("save", clean, Change.pk.exists()))
    return new


def _values(states: Iterable[Plain]) -> set[str]:
    """All that these states say, each value by its field."""
    found = set()
    for state in states:
        found |= {_mark(name, value) for name, value in merging.leaves(state).items()}
        found |= {_mark(name, _entry(name, one)) for name in merging.LISTS for one in state.get(name) or ()}
        found |= {_mark(name, state[name]) for name in _TIMES if state.get(name)}
    return found


def _without(state: Plain, gone: set[str], base: Plain) -> Plain:
    """The state without what is gone, in whose place comes what `base` has there."""
    result, known = dict(state), merging.leaves(base)
    single = [name for name, value in merging.leaves(state).items() if _mark(name, value) in gone]
    for name in single:
        result = _with(result, name, known.get(name))
    for name in merging.LISTS:
        if state.get(name):
            result[name] = _left(name, state[name], gone)
    follow = [name for name, of in _FOLLOWS.items() if of in single]
    times = [name for name in _TIMES if _mark(name, state.get(name)) in gone]
    return {**result, **{name: base.get(name) for name in (*follow, *times)}}


def _with(state: Plain, name: str, value: Any) -> Plain:
    """The state with this value at a dotted name, or without one."""
    place = next((place for place in merging.MAPS if name.startswith(f"{place}.")), None)
    if place is None:
        return {**state, name: value}
    first, _, rest = place.partition(".")
    if rest:
        return {**state, first: _with_key(state[first], rest, name[len(place) + 1 :], value)}
    return _with_key(state, first, name[len(place) + 1 :], value)


def _with_key(plain: Plain, name: str, key: str, value: Any) -> Plain:
    """The object with this value at a key of an object in it, or without one."""
    inside = {one: old for one, old in plain[name].items() if one != key}
    return {**plain, name: inside if value is None else {**inside, key: value}}


def _left(name: str, several: list[Any], gone: set[str]) -> list[Any]:
    left = [one for one in several if _mark(name, _entry(name, one)) not in gone]
    if left and name in merging.ONE_PRIMARY and not any(one["primary"] for one in left):
        left[0] = {**left[0], "primary": True}
    return left


def _entry(name: str, one: Any) -> Any:
    """What makes two entries of a list the same."""
    return [one.get(part) for part in merging.LISTS[name]] if merging.LISTS[name] else one


def _mark(name: str, value: Any) -> str:
    return json.dumps([name, value], sort_keys=True)


def _moved(stamp: str, by: timedelta) -> str:
    return clock.stamp(clock.parse(stamp) + by)
