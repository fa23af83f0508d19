"""Lists of contacts, companies and deals as clients ask for them: by parameters, or by a saved view that has them."""

from typing import Any

from chalicelib import errors
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.filters import DealQuery, PartyQuery
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import lists, nouns, selections, views


def listing(actor: Actor, noun: str, query: PartyQuery | DealQuery, wanted: Page) -> Listing[Any]:
    """One page. Raises `Invalid` for parameters that are no list together, `NotFound` for a view that is not there."""
    records, last = lists.page(noun, actor.tenant, _seen(actor, noun, query), wanted)
    return Listing([nouns.view(record) for record in records], last)


def _seen(actor: Actor, noun: str, query: PartyQuery | DealQuery) -> Any:
    """The query of the view that is named, or the query as it is."""
    if query.view_id is None:
        return query
    for name in query.__struct_fields__:
        if name not in ("view_id", "limit", "cursor") and getattr(query, name) not in (None, {}):
            raise errors.invalid(f"/{name}", "unsupported", f"The view says what to list; drop `{name}`.")
    asked = selections.nested(views.filter_of(actor, noun, query.view_id))
    return decoding.convert(asked, lists.QUERIES[noun])
