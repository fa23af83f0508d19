"""How alike two values of one field are, as the level of agreement that the table of weights knows.

Values come prepared: plain words, digits. Each function is symmetric.
"""

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Final, Literal, TypeVar

from chalicelib.services.matching._names import other_name, same_name
from chalicelib.services.matching._words import sound

Level = Literal["exact", "near", "some", "far", "differ"]
Date = tuple[str, str, str]  # year (or ""), month, day; all digits
V = TypeVar("V")

_ORDER: Final[dict[Level, int]] = {"exact": 0, "near": 1, "some": 2, "far": 3, "differ": 4}
_WORTH: Final[dict[Level, float]] = {"exact": 1.0, "near": 0.9, "some": 0.6, "far": 0.0, "differ": 0.0}


def level(judge: Callable[[V, V], Level], one: V | None, other: V | None) -> Level | None:
    """What the judge says of two values; None if either is missing."""
    return judge(one, other) if one and other else None


def best(levels: Iterable[Level]) -> Level | None:
    """The highest of several levels, if there is one."""
    return min(levels, key=_ORDER.__getitem__, default=None)


def worst(levels: Iterable[Level]) -> Level | None:
    """The lowest of several levels, if there is one."""
    return max(levels, key=_ORDER.__getitem__, default=None)


def pairs(judge: Callable[[V, V], Level], ones: Iterable[V], others: Iterable[V]) -> Level | None:
    """The best that the judge says of any two values of two lists; None if either is empty."""
    held = list(others)
    return best(judge(one, other) for one in ones for other in held)


def given(one: str, other: str) -> Level:
    """Of given names: as `words`, but familiar forms stand for one another, and an initial for its name."""
    if one == other:
        return "exact"
    first, second = one.split(), other.split()
    if min(len(one), len(other)) == 1:
        return "some" if one[0] == other[0] else "differ"
    if same_name(one, other) or (len(first) != len(second) and first[0] == second[0] and len(first[0]) > 2):
        return "near"  # also: a second given name, which some write and others do not
    alike = words(one, other)
    return "some" if alike == "near" and other_name(one, other) else alike


def words(one: str, other: str) -> Level:
    """Of names that may have several words: as a whole, or one part of a double name for all of it."""
    whole = word(one.replace(" ", ""), other.replace(" ", ""))
    if whole in {"exact", "near"} or (" " not in one and " " not in other):
        return whole
    part = pairs(word, _long(one), _long(other))
    return "some" if part in {"exact", "near"} else whole


@lru_cache(maxsize=20_000)
def word(one: str, other: str) -> Level:
    """Of single words: a slip or two of the keyboard, a likeness in sound, something in common, or nothing.

    Distances are optimal string alignment, where a transposition is one slip; likeness is that of Jaro and Winkler.
    """
    if one == other:
        return "exact"
    distance, likeness_of = _measures()
    one, other = sorted((one, other))  # Jaro's matching depends on which comes first
    length, slips = min(len(one), len(other)), distance(one, other, score_cutoff=3)
    if slips <= (0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3)[min(length, 10)]:
        return "near"
    likeness = likeness_of(one, other)
    alike = length > 2 and sound(one) == sound(other)
    if likeness >= 0.9 and (alike or (likeness >= 0.93 and length > 3)):
        return "near"
    if alike or likeness >= 0.86 or (slips == 2 and length > 3):
        return "some"
    return "far" if likeness >= 0.72 else "differ"


def digits(one: str, other: str) -> Level:
    """Of numbers as people type them: the same, two neighbours swapped (in a long one also one slip), one slip."""
    if one == other:
        return "exact"
    slips, length = _measures()[0](one, other, score_cutoff=2), max(len(one), len(other))
    if slips == 1:
        return "near" if length > 6 or sorted(one) == sorted(other) else "some"
    return "some" if slips == 2 and length > 6 else "differ"


def date(one: Date, other: Date) -> Level:
    """Of birthdays: the same, one slip or day and month swapped, two parts of three, the year alone, or another day."""
    if not one[0] or not other[0]:
        return "near" if one[1:] == other[1:] else "differ"
    if one == other:
        return "exact"
    if one[0] == other[0] and one[1:] == (other[2], other[1]):
        return "near"
    slips = _measures()[0]("".join(one), "".join(other), score_cutoff=2)
    equal = sum(a == b for a, b in zip(one, other, strict=True))
    if slips == 1:
        return "near"
    if equal == 2 or (slips == 2 and equal):
        return "some"
    return "far" if one[0] == other[0] else "differ"


def street(one: tuple[str, ...], other: tuple[str, ...]) -> Level:
    """Of streets by their telling words: each word of the shorter one looks for its like in the longer one."""
    mine, yours = set(one), set(other)
    if mine == yours:
        return "exact"
    whole = word("".join(one), "".join(other))
    if whole == "near":
        return whole
    few, many = sorted((mine, yours), key=lambda held: (len(held), sorted(held)))
    likes = sum(len(a) * max(_WORTH[word(a, b)] for b in many) for a in few) / sum(map(len, few))
    parts: Level = "near" if likes >= 0.85 else "some" if likes >= 0.5 else "differ"
    return best((whole, parts)) or parts


def mail(one: str, other: str) -> Level:
    """Of mail addresses: the same, a slip in it, or the same telling name at another host."""
    if one == other:
        return "exact"
    (name, _, host), (name2, _, host2) = one.partition("@"), other.partition("@")
    if name == name2:
        return "differ" if not tells(name) else "near" if word(host, host2) == "near" else "some"
    return "near" if host == host2 and _slip(name, name2) else "differ"


def _slip(one: str, other: str) -> bool:
    """Whether one is the other mistyped; another number or another initial is somebody else."""
    if min(len(one), len(other)) < 5 or _measures()[0](one, other, score_cutoff=1) > 1:
        return False
    if any(a != b for a, b in zip(*(filter(str.isdigit, name) for name in (one, other)), strict=False)):
        return False
    return len(one) != len(other) or (one[0] == other[0] and one[-1] == other[-1])


def tells(name: str) -> bool:
    """Whether what stands before the @ tells one person from most others: it is long, or has more than letters."""
    return len(name) >= 8 or (len(name) >= 5 and not name.isalpha())


@cache
def _measures() -> tuple[Callable[..., int], Callable[..., float]]:
    """Optimal string alignment and Jaro-Winkler, loaded at the first comparison: 25 ms, and 4 MB of the package."""
    from rapidfuzz.distance import OSA, JaroWinkler

    return OSA.distance, JaroWinkler.similarity


def _long(name: str) -> list[str]:
    return [part for part in name.split() if len(part) > 2]
