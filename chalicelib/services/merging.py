"""How several records read as one, and become several again: a merge is a layer, not a copy.

The winner keeps what is its own (`base`) and, for each record merged into it, who that is and what was chosen. What
people read is folded from these and from the losers, which stay in the table as they were. So an undo takes one layer
out and folds again: in any order, and nothing has to be remembered of how it was before.

Pure functions on the fields of a record as they are on the wire (`nouns.written`). A layer, as it is kept:

    {"base": {field: value},               what the winner has without the others, later edits included
     "shape": {list: [entry, ...]},        order and form of a list as somebody last edited it
     "merges": [{"loser_id", "ids",        who, and all whom it had absorbed before
                 "fields": {name: "winner" | "loser"},
                 "dropped": {list: [key]}, entries of the loser that an edit took away
                 "at", "by"}]}

Rules, for fields without a choice. One value (also an address): the winner's unless it has none. Objects: the same for
each key. Lists: all entries, each once, the winner's first and with the winner's primary one. Preferences: a no on
either side stays a no, because a consent may be withdrawn but not merged away. An edit after a merge is a choice for
the winner against all who are merged by then.
"""

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Plain = dict[str, Any]
Layers = dict[str, Any]

# How fields are treated. One table for both nouns, as no name means one thing here and another there.
WHOLE: Final = frozenset(
    {
        *("first_name", "last_name", "title", "birthday", "time_zone", "language", "lifecycle", "company_id"),
        *("name", "parent_id", "website", "owner_id", "relationship", "address"),
    }
)
MAPS: Final = frozenset({"social", "custom", "external_ids", "preferences.channels", "preferences.topics"})
LISTS: Final[dict[str, tuple[str, ...]]] = {  # what makes two entries the same; nothing for plain texts
    "emails": ("address",),
    "phones": ("number",),
    "dates": ("label", "date"),
    "companies": ("company_id", "role", "from"),
    "tags": (),
    "domains": (),
}
ONE_PRIMARY: Final = frozenset({"emails", "phones"})
EXCLUSIVE: Final = frozenset({"emails", "domains"})  # an entry belongs to one record only
_CONSENTS: Final = "preferences."


def merged(
    layers: Layers | None, winner: Plain, loser: Plain, choices: Mapping[str, str], **about: Any
) -> tuple[Layers, Plain]:
    """The winner's layers and fields once the loser is merged into it.

    `about` is kept with the choices: `loser_id`, `ids`, `at`, `by`.
    """
    before = layers or {"base": _own(winner), "shape": {}, "merges": []}
    entry = {**about, "fields": dict(choices), "dropped": {}}
    return {**before, "merges": [*before["merges"], entry]}, _joined(_own(winner), loser, entry)


def unmerged(layers: Layers, losers: Mapping[str, Plain], loser_id: str | None = None) -> tuple[Layers | None, Plain]:
    """The layers (None when nothing is left) and fields once this loser is taken out.

    Without `loser_id` all stay and are folded again, because one of them has changed. `losers` are the fields of those
    that stay.
    """
    left = {**layers, "merges": [one for one in layers["merges"] if one["loser_id"] != loser_id]}
    left["merges"] = [{**one, "dropped": _had(one["dropped"], losers[one["loser_id"]])} for one in left["merges"]]
    fields = fold(left, losers)
    left["shape"] = {
        name: [one for one in shape if _key(name, one) in _keys(name, fields)] for name, shape in left["shape"].items()
    }
    return (left if left["merges"] else None), fields


def edited(layers: Layers, before: Plain, after: Plain) -> Layers:
    """The layers once somebody has changed the fields that people read from `before` to `after`."""
    result: Layers = copy.deepcopy(layers)
    own, old, new = leaves(result["base"]), leaves(before), leaves(after)
    changed = [name for name in (*old, *new) if old.get(name) != new.get(name)]
    own.update({name: new[name] for name in changed if name in new})
    kept = {name: value for name, value in own.items() if name in new or name not in changed}
    result["base"] = {**_grown(kept), **_lists(result["base"])}
    for name in LISTS:
        if before.get(name, []) != after.get(name, []):
            changed.append(name)
            _edit_list(result, name, before.get(name, []), after.get(name, []))
    for one in result["merges"]:
        one["fields"].update(dict.fromkeys(changed, "winner"))
    return result


def fold(layers: Layers, losers: Mapping[str, Plain]) -> Plain:
    """The fields that people read. `losers` by id has at least all who are merged."""
    fields = copy.deepcopy(layers["base"])
    for one in layers["merges"]:
        fields = _joined(fields, losers[one["loser_id"]], one)
    for name, shape in layers["shape"].items():
        fields[name] = _shaped(name, fields.get(name, []), shape)
    for name in ONE_PRIMARY & fields.keys():
        fields[name] = _with_primary(name, fields[name], _primaries(name, layers, losers))
    return {name: value for name, value in fields.items() if value != []}


def leaves(plain: Plain) -> Plain:
    """All single values of a record by dotted name: `title`, `custom.tier`, `preferences.topics.news`."""
    found = {name: plain[name] for name in plain if name in WHOLE and not _is_empty(plain[name])}
    for place in sorted(MAPS):
        outer, _, inner = place.partition(".")
        values = (plain.get(outer) or {}).get(inner) if inner else plain.get(outer)
        found.update({f"{place}.{key}": value for key, value in (values or {}).items() if not _is_empty(value)})
    return found


def is_choosable(name: str) -> bool:
    """Whether a choice can be made for this name: a field, an object, or one key of an object (`social.linkedin`)."""
    if name in WHOLE or name in LISTS or name in MAPS or name == "preferences":
        return True
    return any(name.startswith(f"{place}.") and len(name) > len(place) + 1 for place in MAPS)


def _own(plain: Plain) -> Plain:
    """The fields of which a merge knows, those that are empty left out."""
    return copy.deepcopy({**_grown(leaves(plain)), **_lists(plain)})


def _lists(plain: Plain) -> Plain:
    return {name: plain[name] for name in LISTS if plain.get(name)}


def _grown(found: Plain) -> Plain:
    """The inverse of `leaves`."""
    plain: Plain = {}
    for name, value in found.items():
        place = _place(name)
        if place is None:
            plain[name] = value
            continue
        inside = plain
        for step in place.split("."):
            inside = inside.setdefault(step, {})
        inside[name[len(place) + 1 :]] = value
    return plain


def _place(name: str) -> str | None:
    """The object that a dotted name is a key of. Keys may have dots of their own."""
    return next((place for place in MAPS if name.startswith(f"{place}.")), None)


def _choice(fields: Mapping[str, str], name: str) -> str | None:
    """What was chosen for this value: for itself, or else for the object that it is in."""
    place = _place(name) or name
    return fields.get(name) or fields.get(place) or fields.get(place.partition(".")[0])


def _joined(winner: Plain, loser: Plain, entry: Mapping[str, Any]) -> Plain:
    """Both as one."""
    mine, theirs, fields = leaves(winner), leaves(loser), entry["fields"]
    single = {}
    for name in {**mine, **theirs}:
        value = _chosen(name, mine.get(name), theirs.get(name), _choice(fields, name))
        if value is not None:
            single[name] = value
    return {**_grown(single), **{name: several for name in LISTS if (several := _united(name, winner, loser, entry))}}


def _chosen(name: str, mine: Any, theirs: Any, choice: str | None) -> Any:
    if choice is not None:
        return theirs if choice == "loser" else mine
    if name.startswith(_CONSENTS) and mine is not None and theirs is not None:
        return mine and theirs
    return theirs if mine is None else mine


def _united(name: str, winner: Plain, loser: Plain, entry: Mapping[str, Any]) -> list[Any]:
    mine, known = winner.get(name) or [], _keys(name, winner) | set(entry["dropped"].get(name, ()))
    several = [*mine, *(one for one in loser.get(name) or () if _key(name, one) not in known)]
    if name not in ONE_PRIMARY:
        return several
    leading = (loser, winner) if entry["fields"].get(name) == "loser" else (winner, loser)
    return _with_primary(name, several, [_primary(name, one.get(name) or ()) for one in leading])


def _primary(name: str, several: Iterable[Any]) -> str | None:
    return next((_key(name, one) for one in several if one["primary"]), None)


def _primaries(name: str, layers: Layers, losers: Mapping[str, Plain]) -> list[str | None]:
    """The keys that may be primary, the best one first: the last one chosen, that of the last edit, the own, others."""
    given = [(one, _primary(name, losers[one["loser_id"]].get(name) or ())) for one in layers["merges"]]
    chosen = [key for one, key in reversed(given) if one["fields"].get(name) == "loser"]
    own = [_primary(name, several.get(name) or ()) for several in (layers["shape"], layers["base"])]
    return [*chosen, *own, *(key for _, key in given)]


def _with_primary(name: str, several: Sequence[Any], wanted: Iterable[str | None]) -> list[Any]:
    """The entries with exactly one primary: the first of the wanted that is there, or else the first of all."""
    keys = [_key(name, one) for one in several]
    primary = next((key for key in wanted if key in keys), keys[0] if keys else None)
    return [{**one, "primary": key == primary} for key, one in zip(keys, several, strict=True)]


def _shaped(name: str, several: Sequence[Any], shape: Sequence[Any]) -> list[Any]:
    """The entries in the order and form of an edit; what came after it comes last."""
    forms = {_key(name, one): one for one in shape}
    present = {_key(name, one): one for one in several}
    return [
        *(copy.deepcopy(one) for key, one in forms.items() if key in present),
        *(one for key, one in present.items() if key not in forms),
    ]


def _edit_list(layers: Layers, name: str, before: Sequence[Any], after: Sequence[Any]) -> None:
    """Put into the layers what an edit did to a list. An entry that a loser gave stays the loser's, if reshaped."""
    base = {_key(name, one): one for one in layers["base"].pop(name, ())}
    old, new = ({_key(name, one): one for one in several} for several in (before, after))
    own_primary = _primary(name, base.values()) if name in ONE_PRIMARY else None
    for key in old.keys() - new.keys():
        if not (base.pop(key, None) and name in EXCLUSIVE):
            for one in layers["merges"]:
                one["dropped"][name] = [*one["dropped"].get(name, ()), key]
    for key, entry in new.items():
        if key in base or (key not in old and not (name in EXCLUSIVE and _taken_back(layers, name, key))):
            base[key] = entry
    layers["shape"][name] = copy.deepcopy(list(after))
    if base:
        several = copy.deepcopy(list(base.values()))
        if name in ONE_PRIMARY:
            several = _with_primary(name, several, [_primary(name, after), own_primary])
        layers["base"][name] = several


def _taken_back(layers: Layers, name: str, key: str) -> bool:
    """Whether the entry was a loser's that an edit took away, and now is there again."""
    found = False
    for one in layers["merges"]:
        dropped = one["dropped"].get(name, [])
        found = found or key in dropped
        one["dropped"][name] = [other for other in dropped if other != key]
    return found


def _had(dropped: Mapping[str, Sequence[str]], loser: Plain) -> dict[str, list[str]]:
    """Of what was taken away only what this loser has: the rest was another's, who is gone."""
    present = {name: [key for key in keys if key in _keys(name, loser)] for name, keys in dropped.items()}
    return {name: keys for name, keys in present.items() if keys}


def _keys(name: str, plain: Plain) -> set[str]:
    return {_key(name, one) for one in plain.get(name) or ()}


def _key(name: str, entry: Any) -> str:
    """What makes two entries of a list the same."""
    parts = LISTS[name]
    if not parts:
        return str(entry)
    return str(entry[parts[0]]) if len(parts) == 1 else json.dumps([entry.get(part) for part in parts])


def _is_empty(value: Any) -> bool:
    """Whether a field says nothing. False and 0 do."""
    return value is None or value in ("", [], {})
