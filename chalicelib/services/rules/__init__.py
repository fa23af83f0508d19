"""The rules of segments: what a rule says of a contact, why, and until when that holds if nothing but time changes.

A rule is parsed once and then asked of many contacts. What it looks at is handed to it (`facts.py`), so that it neither
reads nor waits, and always says the same of the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from chalicelib.models.contact import Contact
from chalicelib.services.rules import facts, parsing, reasons, times
from chalicelib.services.rules.known import Facts
from chalicelib.services.rules.nodes import Node, settled

__all__ = ["Facts", "Rule", "Verdict", "facts", "look", "parse"]

_AHEAD: Final = 16  # boundaries looked beyond that change nothing in the end


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule matches, and until when that holds while nothing but time changes: None for good."""

    matches: bool
    until: datetime | None
    _rule: "Rule"
    _facts: Facts
    _now: int

    @property
    def reason(self) -> str:
        """The facts that decide, for people: worked out when somebody asks."""
        return reasons.why(self._rule.node, self._facts, self._now)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be asked. `needs` are the families of facts it looks at, `fields` the attributes by kind of item
    a change of which may change what it says.
    """

    plain: Any
    node: Node
    needs: frozenset[str]
    fields: frozenset[tuple[str, str]]

    def verdict(self, known: Facts, now: datetime) -> Verdict:
        """What it says of a contact at a moment. On [now, until) it says nothing else."""
        at = times.micros(now)
        holds, until = self.node.judge(known, at)
        for _ in range(_AHEAD):
            if until >= times.NEVER:
                break
            again, later = self.node.judge(known, until)
            if again != holds:
                break
            until = later
        return Verdict(holds, times.moment(until), self, known, at)


def parse(tenant: str, plain: Any, *, pointer: str = "/rule", kept: bool = False) -> Rule:
    """The rule that a client wrote. Raises `Invalid` with everything that is wrong, each at its place below `pointer`.

    One that is `kept`, and so was acceptable once, stays so when the firm's fields or their options go.
    """
    node = parsing.tree(tenant, plain, pointer, kept=kept)
    return Rule(plain, node, node.needs, parsing.watched(node))


def look(
    tenant: str,
    contacts: Sequence[Contact],
    asked: Collection[Rule],
    now: datetime,
    *,
    seen: Sequence[Any] = (),
    consistent: bool = False,
) -> list[Facts]:
    """The facts of these contacts, each as far as one of these rules still needs them: the dearest are read last, and
    of nobody for whom the rest has decided for good. Otherwise as `facts.many`.
    """
    at, everything = times.micros(now), [rule.node for rule in asked]
    left: dict[str, list[Node]] = {}  # by contact: what wants nothing more does so for good

    def wanted(known: Facts) -> frozenset[str]:
        who = known.contact.id
        found = [(node, settled(node, known, at)[1]) for node in left.get(who, everything)]
        left[who] = [node for node, more in found if more]
        return frozenset[str]().union(*(more for _, more in found))

    return facts.gather(tenant, contacts, wanted, seen=seen, consistent=consistent)
