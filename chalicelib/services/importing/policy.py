"""What a row changes of a record that is there already: a merge patch, as its policy says, and the way back.

`update`: what the row says replaces what the record says, lists are joined, and an empty cell changes nothing.
`fill_empty`: only what the record does not say yet. `skip`: nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib.services import emails

# Lists, and what makes two of their entries the same.
_LISTS: Final[dict[str, Callable[[Any], Any]]] = {
    "emails": lambda one: emails.folded(one["address"]),
    "phones": lambda one: one["number"],
    "tags": lambda one: one,
    "domains": lambda one: one,
    "dates": lambda one: (one["label"], one["date"]),
    "companies": lambda one: (one["company_id"], one.get("role")),
}
# Objects whose members stand for themselves; those of an address only make sense together.
_OBJECTS: Final = frozenset({"social", "custom", "external_ids", "preferences", "address"})
_TOGETHER: Final = frozenset({"address", "preferences"})
Plain = dict[str, Any]


def patch(policy: str, current: Mapping[str, Any], draft: Mapping[str, Any]) -> Plain:
    """The merge patch (RFC 7396) by which `draft` changes `current` (the fields that are not empty); {} for nothing."""
    found: Plain = {}
    if policy == "skip":
        return found
    fill = policy == "fill_empty"
    for name, value in draft.items():
        old = current.get(name)
        if name in _LISTS:
            changed: Any = _joined(name, old or [], value) if not (fill and old) else None
        elif name in _OBJECTS:
            changed = _members(old or {}, value, fill) if not (fill and old and name in _TOGETHER) else None
        else:
            changed = value if value != old and not (fill and old is not None) else None
        if changed:
            found[name] = changed
    return found


def undone(current: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Plain:
    """The merge patch that takes `current` back to `before` wherever it still says what `after` says."""
    found: Plain = {}
    for name in after:
        old, new, now = before.get(name), after[name], current.get(name)
        if name in _LISTS:
            back = _without(name, now or [], old or [], new)
            if back != (now or []):
                found[name] = back
        elif name in _OBJECTS:
            members = {
                member: _back((old or {}).get(member), value)
                for member, value in new.items()
                if (now or {}).get(member) == value and (old or {}).get(member) != value
            }
            if members:
                found[name] = members
        elif now == new and old != new:
            found[name] = old
    return found


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two parts say the same, as far as the form in which values are kept lets it be told."""
    if one.keys() != other.keys():
        return False
    for name, value in one.items():
        if name in _LISTS:
            if {*map(_LISTS[name], value or ())} != {*map(_LISTS[name], other[name] or ())}:
                return False
        elif value != other[name]:
            return False
    return True


def part(record: Mapping[str, Any], of: Mapping[str, Any]) -> Plain:
    """What the record says in the fields, and for objects the members, that a patch touches."""
    return {
        name: {member: record.get(name, {}).get(member) for member in value} if name in _OBJECTS else record.get(name)
        for name, value in of.items()
    }


def _joined(name: str, old: list[Any], new: list[Any]) -> list[Any] | None:
    same = _LISTS[name]
    known = {same(one) for one in old}
    added = [_secondary(one) if old else one for one in new if same(one) not in known]
    return [*old, *added] if added else None


def _secondary(one: Any) -> Any:
    """An entry that joins others is not the primary one."""
    return {**one, "primary": False} if isinstance(one, dict) and "primary" in one else one


def _members(old: Mapping[str, Any], new: Mapping[str, Any], fill: bool) -> Plain | None:
    # A no to mail does not take back one to calls.
    whole = {name: _whole(old.get(name), value) for name, value in new.items()}
    changed = {name: value for name, value in whole.items() if value != old.get(name) and not (fill and name in old)}
    return changed or None


def _whole(old: Any, new: Any) -> Any:
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


def _back(old: Any, new: Any) -> Any:
    """The patch of one member; of one that is an object, what came to it is taken away."""
    return {**dict.fromkeys(new.keys() - old.keys()), **old} if isinstance(old, dict) and isinstance(new, dict) else old


def _without(name: str, now: list[Any], old: list[Any], new: list[Any]) -> list[Any]:
    """The list without the entries that were added."""
    same = _LISTS[name]
    added = {same(one) for one in new} - {same(one) for one in old}
    return [one for one in now if same(one) not in added]
