"""What a company and all companies below it have together, added up when somebody asks.

A tree changes seldom and is looked at seldom: keeping its sums on every level would make each change of a contact pay
for each level above it.
"""

from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.table import every, several
from chalicelib.models.term import place_of
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.company import RollupView
from chalicelib.services import absorbed, companies, ledger, nouns

MOST: Final = 500  # companies of one tree


def rollup(actor: Actor, company_id: str) -> RollupView:
    """The company's sums. Raises `NotFound`, and `Conflict` for a tree of more than `MOST` companies."""
    top = companies.load(actor.tenant, company_id)
    found = dict.fromkeys(absorbed.ids_of(top))
    firms, level = 1, list(found)
    while level:
        below = [one for one in _below(actor.tenant, level) if one.id not in found]
        firms += len(below)
        level = [one for company in below for one in absorbed.ids_of(company)]
        found |= dict.fromkeys(level)
        if len(found) > MOST:
            raise errors.Conflict(f"There are more than {MOST} companies below this one; export them instead.")
    contacts = sum(ledger.tallies(actor.tenant, "contacts", list(found)).values())
    return RollupView(id=top.id, companies=firms, contacts=contacts)


def _below(tenant: str, parents: list[str]) -> list[Any]:
    """The companies right below these, as they are now: the index may be a moment behind."""
    ids = {
        place_of(term.sk)[1]: None
        for parent in parents
        for term in every(keys.partition("term", tenant=tenant, space=f"company.parent_id.{parent}"))
    }
    records = several([keys.key(nouns.NOUNS["company"].name, tenant=tenant, id=one) for one in ids])
    return [one for one in records if one is not None and one.live and one.parent_id in parents]
