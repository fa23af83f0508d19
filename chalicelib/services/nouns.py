"""Contacts, companies and deals as data: what each is called, where it is kept, how it is loaded and shown.

What can be done with them stands in `contacts.py`, `companies.py` and `deals.py`; rooms that serve several go
through `parties.py`.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.deal import Deal
from chalicelib.models.subject import Subject, Tombstone
from chalicelib.models.table import Item, fetch, find
from chalicelib.schemas.company import CompanyDraft, CompanyView
from chalicelib.schemas.contact import ContactDraft, ContactView
from chalicelib.schemas.deal import DealDraft, DealView


@dataclass(frozen=True)
class Noun:
    """One of them: its names, the prefix of its ids, its entity, and its structs on the wire.

    `attributes` maps fields of the wire to attributes of another name.
    """

    name: str
    plural: str
    prefix: str
    model: type[Subject]
    draft: Any
    view: Any
    attributes: dict[str, str]


NOUNS: Final[dict[str, Noun]] = {
    "contact": Noun("contact", "contacts", "con", Contact, ContactDraft, ContactView, {}),
    "company": Noun("company", "companies", "com", Company, CompanyDraft, CompanyView, {"name": "display_name"}),
    "deal": Noun("deal", "deals", "dea", Deal, DealDraft, DealView, {}),
}

# What an absent field is on the wire.
_EMPTY: Final[dict[str, Any]] = {
    **{field: [] for field in ("emails", "phones", "dates", "tags", "companies", "domains", "contact_ids", "items")},
    **{field: {} for field in ("social", "custom", "external_ids", "preferences", "contact_roles")},
}


def of_id(record_id: str) -> Noun | None:
    """The noun an id belongs to, if it is one of these."""
    return next((noun for noun in NOUNS.values() if ids.is_id(noun.prefix, record_id)), None)


def load(noun: Noun, tenant: str, record_id: str, *, consistent: bool = False, deleted: bool = False) -> Any:
    """The record, for half a unit (a whole one if consistent).

    Raises `NotFound` for one that is not there or, unless `deleted`, in the trash; `Merged` for a part of another one;
    `Gone` for one that was removed for good.
    """
    record = peek(noun, tenant, record_id, consistent=consistent)
    if record is None or (record.deleted_at and not deleted):
        raise errors.NotFound(f"There is no such {noun.name}.")
    if record.merged_into:
        raise errors.Merged(record.id, record.merged_into)
    return record


def peek(noun: Noun, tenant: str, record_id: str, *, consistent: bool = False) -> Any:
    """The record in whatever state, merged or in the trash; None if there is none. Raises `Gone`."""
    if not ids.is_id(noun.prefix, record_id):
        return None
    place = keys.key(noun.name, tenant=tenant, id=record_id)
    record = fetch(Item, *place, consistent=True) if consistent else find(Item, *place)
    if isinstance(record, Tombstone):
        raise errors.Gone(f"This {noun.name} was removed for good.")
    return record if isinstance(record, noun.model) else None


def view(record: Any) -> Any:
    """The record as a client reads it."""
    return msgspec.convert(_shown(record), NOUNS[record.NOUN].view)


def plain(record: Any) -> dict[str, Any]:
    """The record as a client reads it, as the plain object it is on the wire."""
    found: dict[str, Any] = msgspec.to_builtins(view(record))
    return found


def written(record: Any) -> dict[str, Any]:
    """The fields of the record that a client writes, those that are empty left out."""
    shown = plain(record)
    return {
        name: shown[name] for name in NOUNS[record.NOUN].draft.__struct_fields__ if shown[name] not in (None, [], {})
    }


def _shown(record: Any) -> dict[str, Any]:
    noun = NOUNS[record.NOUN]
    found = {}
    for field in noun.view.__struct_fields__:
        value = getattr(record, noun.attributes.get(field, field))
        found[field] = _EMPTY.get(field) if value is None else value
    found["version"] = int(record.version or 0)  # 0: not in the table yet
    found["tags"] = list(record.tags)
    return found
