"""What a company and all companies below it have together, added up when somebody asks.

A tree changes seldom and is looked at seldom: keeping its sums on every level would make each change of a contact pay
for each level above it.
"""

from collections import Counter
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.table import every, several
from chalicelib.models.term import place_of
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.company import RollupView
from chalicelib.schemas.money import Money
from chalicelib.services import absorbed, companies, counts, exchange, ledger, nouns, rates, settings

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
    deals = _open_deals(actor.tenant, list(found))
    own = settings.of(actor.tenant).currency
    sums = {name.removeprefix("v."): amount for name, amount in deals.items() if name.startswith("v.")}
    known = rates.known(actor.tenant, own, sums)
    return RollupView(
        id=top.id,
        companies=firms,
        contacts=contacts,
        open_deals=deals["n"],
        open_value=Money(amount=exchange.rounded(exchange.summed(sums, own, known)), currency=own),
        without_rate=sorted(sums.keys() - known.keys()),
    )


def _open_deals(tenant: str, companies: list[str]) -> Counter[str]:
    """What the sheets of these companies say, added up, those that are 0 left out. Half a unit each."""
    places = [keys.key("sheet", tenant=tenant, book=one, name=counts.OPEN_DEALS) for one in companies]
    found = Counter[str]()
    for sheet in several(places):
        found.update(sheet.cells if sheet is not None else {})
    return +found


def _below(tenant: str, parents: list[str]) -> list[Any]:
    """The companies right below these, as they are now: the index may be a moment behind."""
    ids = {
        place_of(term.sk)[1]: None
        for parent in parents
        for term in every(keys.partition("term", tenant=tenant, space=f"company.parent_id.{parent}"))
    }
    records = several([keys.key(nouns.NOUNS["company"].name, tenant=tenant, id=one) for one in ids])
    return [one for one in records if one is not None and one.live and one.parent_id in parents]
