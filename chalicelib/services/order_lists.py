"""The orders of a contact or of a company, the last ordered first.

A contact's stand in an index. A company's stand as entries in the index of terms, as most orders have no company. With
records merged into it each is asked from the same place, so a cursor holds whatever is merged or unmerged meanwhile.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import msgspec

from chalicelib.models import keys
from chalicelib.models.order import Order
from chalicelib.models.table import Item, page, several
from chalicelib.models.term import place_of
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import absorbed, nouns

_HEAVY: Final = 2_000_000  # characters of one page


class _Part(NamedTuple):
    """A stretch of one record's orders, newest first, each with its place in the list; whether there are more."""

    orders: list[tuple[str, Order]]
    more: bool


def of_party(tenant: str, party_id: str, wanted: Page) -> Listing[Order]:
    """As `of_record`, by the id; who is not there has no orders."""
    noun = nouns.of_id(party_id)
    record = absorbed.root(tenant, party_id) if noun and noun.name in ("contact", "company") else None
    return of_record(record, wanted) if record is not None else Listing([])


def space_of(company_id: str) -> str:
    """The space of the index of terms in which a company's orders stand, by when they were ordered."""
    return f"order.{company_id}"


def of_record(record: Any, wanted: Page) -> Listing[Order]:
    """One page of the orders of a contact or a company and of those merged into it, as if they were one's.

    Half a unit for each of them, and what the orders weigh.
    """
    below = (wanted.start or {}).get("below")
    ask = _contacts if record.NOUN == "contact" else _companys
    parts = [ask(record.tenant, one, wanted.limit, below) for one in absorbed.ids_of(record)]
    # A page may end before its limit, as DynamoDB reads one megabyte at most; beyond its end nobody knows yet.
    known = max((part.orders[-1][0] for part in parts if part.more and part.orders), default="")
    found = sorted((one for part in parts for one in part.orders), key=lambda one: one[0], reverse=True)
    shown = _light([one for one in found if one[0] >= known][: wanted.limit])
    more = len(shown) < len(found) or any(part.more for part in parts)
    return Listing([order for _, order in shown], {"below": shown[-1][0]} if shown and more else None)


def _contacts(tenant: str, contact_id: str, limit: int, below: str | None) -> _Part:
    partition = keys.partition("order", "gsi2", tenant=tenant, contact=contact_id)
    where = Item.gsi2sk < below if below else None
    found = page(partition, index="gsi2", where=where, limit=limit, newest_first=True)
    return _Part([(order.gsi2sk, order) for order in found.items], found.last is not None)


def _companys(tenant: str, company_id: str, limit: int, below: str | None) -> _Part:
    partition = keys.partition("term", tenant=tenant, space=space_of(company_id))
    found = page(partition, where=Item.sk < below if below else None, limit=limit, newest_first=True)
    places = [keys.key("order", tenant=tenant, id=place_of(entry.sk)[1]) for entry in found.items]
    there = zip(found.items, several(places), strict=True)
    return _Part([(entry.sk, order) for entry, order in there if order is not None], found.last is not None)


def _light(found: Sequence[tuple[str, Order]]) -> Sequence[tuple[str, Order]]:
    """As many of them as an answer can hold: Lambda's is 6 MB at most."""
    weights = accumulate(len(msgspec.json.encode(order.items)) for _, order in found)
    return found[: max(1, sum(1 for weight in weights if weight < _HEAVY))]
