"""What a rule is made of: conditions, groups of them, and "some deal that …". Each says whether it holds, and how long.

A group that does not hold because of one part does not hold as long as that part does not: so `until` is the latest
moment of those that keep it so, not the earliest of all. Where nothing that time moves matters, it is never.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from chalicelib.services.rules.times import NEVER, Judged
from chalicelib.services.rules.values import Field, Judge

HOW: Final = ("all", "any", "not")
NEEDS: Final = {"deal": "deals", "order": "orders", "mail": "mail"}  # what is read for some one of them


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of one field."""

    field: Field
    judge: Judge
    timely: bool
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """All of its parts, any, or none (`not`)."""

    how: str
    parts: tuple["Node", ...]
    judge: Judge = field(init=False)
    timely: bool = field(init=False)
    needs: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        # What time does not move comes first: it often decides at once, and for good.
        ordered = sorted(self.parts, key=lambda part: part.timely)
        object.__setattr__(self, "judge", _of_group(self.how, [part.judge for part in ordered]))
        object.__setattr__(self, "timely", any(part.timely for part in self.parts))
        object.__setattr__(self, "needs", frozenset[str]().union(*(part.needs for part in self.parts)))


@dataclass(frozen=True, slots=True)
class Some:
    """Some one deal, order or mail of the contact fulfils the part."""

    noun: str
    part: "Node"
    judge: Judge = field(init=False)
    timely: bool = field(init=False)
    needs: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "judge", _of_some(self.noun, self.part.judge))
        object.__setattr__(self, "timely", self.part.timely)
        object.__setattr__(self, "needs", self.part.needs | {NEEDS[self.noun]})


Node = Condition | Group | Some
Settled = tuple[bool | None, frozenset[str]]
_NOTHING: Final[frozenset[str]] = frozenset()


def settled(node: Node, known: Any, now: int) -> Settled:
    """What holds for good, whatever is not known of a contact yet; else None, and which families of facts might tell.

    `known` is the contact with its facts, and says which families were read.
    """
    missing = node.needs - known.read
    if not missing:
        holds, until = node.judge(known, now)
        return (holds if until == NEVER else None), _NOTHING
    if not isinstance(node, Group):
        return None, missing
    decisive = node.how != "all"  # what one part alone decides by
    wanted: set[str] = set()
    for part in node.parts:
        said, more = settled(part, known, now)
        if said is decisive:
            return node.how == "any", _NOTHING
        wanted |= more
    return None, frozenset(wanted)


def _decided(judges: Iterable[Callable[..., Judged]], decisive: bool, *asked: Any) -> Judged:
    """What several come to, of which one decides that says `decisive`: True of any that holds, False of all that must.

    It decides until the last of those that say so changes; while none does, until the first of them all changes.
    """
    holds, until = not decisive, NEVER
    for one in judges:
        result, moment = one(*asked)
        if result is decisive:
            if moment == NEVER:
                return decisive, NEVER
            if holds is not decisive or moment > until:
                holds, until = decisive, moment
        elif holds is not decisive and moment < until:
            until = moment
    return holds, until


def _of_group(how: str, judges: Sequence[Judge]) -> Judge:
    decisive, turned = how != "all", how == "not"

    def judge(scope: Any, now: int) -> Judged:
        holds, until = _decided(judges, decisive, scope, now)
        return holds is not turned, until

    return judge


def _of_some(noun: str, inner: Judge) -> Judge:
    return lambda scope, now: _decided((partial(inner, part) for part in scope.some(noun)), True, now)
