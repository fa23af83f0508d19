"""What a rule is made of: conditions, groups of them, and "some deal that …". Each says whether it holds, and how long.

A group that does not hold because of one part does not hold as long as that part does not: so `until` is the latest
moment of those that keep it so, not the earliest of all. Where nothing that time moves matters, it is never.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.services.rules.kinds import Op
from chalicelib.services.rules.times import FALSE, NEVER, TRUE, Judged
from chalicelib.services.rules.values import Field, Judge

NEEDS: Final = {"deal": "deals", "order": "orders", "mail": "mail"}  # what is read for some one of them


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, an operator, and what it is compared with: as understood, and as it was said."""

    field: Field
    name: str
    op: Op
    wanted: Any
    said: Any
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
        object.__setattr__(self, "judge", _JUDGES[self.how]([part.judge for part in ordered]))
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
        object.__setattr__(self, "judge", _some(self.noun, self.part.judge))
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


def _all(judges: Sequence[Judge]) -> Judge:
    def judge(scope: Any, now: int) -> Judged:
        holds, until = True, NEVER
        for one in judges:
            result, moment = one(scope, now)
            if not result:
                if moment == NEVER:
                    return FALSE
                if holds or moment > until:
                    holds, until = False, moment
            elif holds and moment < until:
                until = moment
        return holds, until

    return judge


def _any(judges: Sequence[Judge]) -> Judge:
    def judge(scope: Any, now: int) -> Judged:
        holds, until = False, NEVER
        for one in judges:
            result, moment = one(scope, now)
            if result:
                if moment == NEVER:
                    return TRUE
                if not holds or moment > until:
                    holds, until = True, moment
            elif not holds and moment < until:
                until = moment
        return holds, until

    return judge


def _none(judges: Sequence[Judge]) -> Judge:
    some = _any(judges)

    def judge(scope: Any, now: int) -> Judged:
        holds, until = some(scope, now)
        return not holds, until

    return judge


_JUDGES: Final[dict[str, Callable[[Sequence[Judge]], Judge]]] = {"all": _all, "any": _any, "not": _none}
HOW: Final = tuple(_JUDGES)


def _some(noun: str, inner: Judge) -> Judge:
    """As `_any`, of the same question to several."""

    def judge(scope: Any, now: int) -> Judged:
        holds, until = False, NEVER
        for part in scope.some(noun):
            result, moment = inner(part, now)
            if result:
                if moment == NEVER:
                    return TRUE
                if not holds or moment > until:
                    holds, until = True, moment
            elif not holds and moment < until:
                until = moment
        return holds, until

    return judge
