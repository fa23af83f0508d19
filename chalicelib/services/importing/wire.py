"""Rows in our own form: one JSON object to a line, as an export writes them and a client reads them."""

from typing import Any, Final

import msgspec

from chalicelib import ids
from chalicelib.errors import Flaw
from chalicelib.services.importing.drafting import Drafted
from chalicelib.services.nouns import NOUNS

# What a record says of itself and nobody writes.
_COMPUTED: Final = frozenset(
    {
        *("id", "kind", "version", "created_at", "updated_at", "updated_by", "deleted_at", "merged_into"),
        *("last_contacted_at", "next_activity_at", "lifecycle_since", "layers"),
    }
)
# What stands for another record: looked up, as that one may have another id here.
_LOOKED_UP: Final = {
    "company_name": "company",
    "company_id": "company_id",
    "owner_id": "owner_id",
    "parent_id": "parent_id",
}


def read(text: str) -> Drafted:
    """The draft of one object. Never raises: what is wrong is in `flaws`."""
    try:
        given = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return Drafted({}, {}, [Flaw("", "json", "The line is not JSON.")], {})
    if not isinstance(given, dict):
        return Drafted({}, {}, [Flaw("", "type", "The line is not a JSON object.")], {})
    also = {name: given[field] for field, name in _LOOKED_UP.items() if isinstance(given.get(field), str)}
    own = given.get("id")
    if isinstance(own, str) and any(ids.is_id(noun.prefix, own) for noun in NOUNS.values()):
        also["id"] = own
    draft: dict[str, Any] = {
        name: value
        for name, value in given.items()
        if name not in _COMPUTED and name not in _LOOKED_UP and value not in (None, [], {})
    }
    origins = {f"/{name}": name for name in (*draft, *also, *_LOOKED_UP)}
    return Drafted(draft, also, [], origins)
