"""Merging in the tree of companies: nobody comes to stand above itself, also when parent and child become one."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.company import Tree
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step
from chalicelib.services import absorbed, nouns

_CYCLE: Final = "A company would be above itself. Merge the lower one into the upper, or give one another parent first."
_HIGHEST: Final = 40  # steps upwards: the levels of a tree, and the mergers on the way


def choices(winner: Any, loser: Any, given: Mapping[str, str]) -> dict[str, str]:
    """The choices for a merge; of a company and one below it the upper one has the say what is above both.

    A read unit for each company above the loser.
    """
    chosen, mine, theirs = dict(given), getattr(winner, "parent_id", None), getattr(loser, "parent_id", None)
    if mine is not None and mine in absorbed.ids_of(loser):
        chosen["parent_id"] = "loser"
    elif theirs is not None and "parent_id" not in given and _leads(theirs, winner, {}):
        chosen["parent_id"] = "winner"
    return chosen


def steps(*changed: Any) -> list[Step]:
    """What keeps the tree a tree, for companies as they are about to be saved in one transaction.

    A consistent read and two write units, and a read for each company above; nothing where none is above. Raises
    `Conflict` where one would come to stand above itself.
    """
    upwards = {one.id: one.merged_into or getattr(one, "parent_id", None) for one in changed}
    tops = [one for one in changed if not one.merged_into and upwards[one.id]]
    if not tops:
        return []
    tree = Tree(*keys.key("tree", tenant=tops[0].tenant, noun="company"))
    seen = fetch(Tree, tree.pk, tree.sk, consistent=True)
    for one in tops:
        if _leads(upwards[one.id], one, upwards):
            raise errors.Conflict(_CYCLE, errors.Flaw("/parent_id", "cycle", _CYCLE))
    unchanged = Tree.turns.does_not_exist() if seen is None else Tree.turns == seen.turns
    return [Step("update", tree, unchanged, actions=[Tree.turns.add(1), Tree.kind.set(Tree)])]


def _leads(above: str | None, company: Any, upwards: dict[str, str | None]) -> bool:
    """Whether the way up from `above` leads to the company, or to no end; `upwards` are the steps that are known."""
    for _ in range(_HIGHEST):
        if above is None:
            return False
        if above == company.id:
            return True
        if above not in upwards:
            upwards[above] = _next(company.tenant, above)
        above = upwards[above]
    return True


def _next(tenant: str, company_id: str) -> str | None:
    try:
        found = nouns.peek(nouns.NOUNS["company"], tenant, company_id, consistent=True)
    except errors.Gone:
        return None
    above: str | None = (found.merged_into or found.parent_id) if found is not None else None
    return above
