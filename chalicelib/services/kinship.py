"""Merging in the tree of companies: nobody comes to stand above itself, also when parent and child become one."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.company import Tree
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step
from chalicelib.services import absorbed, nouns

_HIGHEST: Final = 40  # steps upwards: the levels of a tree, and the mergers on the way


def choices(winner: Any, loser: Any, given: Mapping[str, str]) -> dict[str, str]:
    """The choices for a merge; of a company and its parent the one that is above has the say what is above both."""
    chosen = dict(given)
    if getattr(winner, "parent_id", None) in absorbed.ids_of(loser):
        chosen["parent_id"] = "loser"
    elif getattr(loser, "parent_id", None) in absorbed.ids_of(winner):
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
        _climb(one, upwards)
    unchanged = Tree.turns.does_not_exist() if seen is None else Tree.turns == seen.turns
    return [Step("update", tree, unchanged, actions=[Tree.turns.add(1), Tree.kind.set(Tree)])]


def _climb(company: Any, upwards: dict[str, str | None]) -> None:
    above = upwards[company.id]
    for _ in range(_HIGHEST):
        if above is None:
            return
        if above == company.id:
            break
        if above not in upwards:
            upwards[above] = _next(company.tenant, above)
        above = upwards[above]
    message = "One of the companies lies below the other, with others between: the company would be above itself."
    raise errors.Conflict(message, errors.Flaw("/parent_id", "cycle", message))


def _next(tenant: str, company_id: str) -> str | None:
    try:
        found = nouns.peek(nouns.NOUNS["company"], tenant, company_id, consistent=True)
    except errors.Gone:
        return None
    above: str | None = (found.merged_into or found.parent_id) if found is not None else None
    return above
