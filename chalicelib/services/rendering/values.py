"""What a template may name, and where it comes from."""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.access import Tenant
from chalicelib.models.settings import Settings
from chalicelib.models.table import several
from chalicelib.services import primaries

_FRESH: Final = 60  # seconds for which a process keeps what a firm is called
_firms: dict[str, tuple[float, dict[str, Any]]] = {}

CONTACT: Final = [
    "id",
    "first_name",
    "last_name",
    "company_id",
    "title",
    "address",
    "social",
    "birthday",
    "time_zone",
    "language",
    "lifecycle",
    "relationship",
    "tags",
    "owner_id",
    "custom",
    "external_ids",
    "last_contacted_at",
    "next_activity_at",
    "created_at",
    "updated_at",
]
COMPANY: Final = [
    "id",
    "domains",
    "website",
    "address",
    "social",
    "relationship",
    "tags",
    "owner_id",
    "custom",
    "external_ids",
    "last_contacted_at",
    "created_at",
    "updated_at",
]
# Every name there is, by its first word; () stands for whatever comes below.
KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "contact": (*CONTACT, "name", "email", "emails", "phone", "phones", "company"),
    "company": (*COMPANY, "name", "phone", "phones"),
    "sender": ("name", "email", "id", "title", "phone"),
    "campaign": ("id", "name", "topic"),
    "firm": ("name", "address"),
    "unsubscribe_url": (),
    "preferences_url": (),
}
# What is never empty in a mail of a campaign.
ALWAYS: Final = frozenset(
    {
        "contact.id",
        "contact.email",
        "contact.created_at",
        "contact.updated_at",
        "sender.email",
        "campaign.id",
        "campaign.name",
        "firm.name",
        "unsubscribe_url",
        "preferences_url",
    }
)


def of(tenant: str, contact: Any, company: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    """The values for one contact; `more` adds to them, and goes first."""
    return {
        "contact": of_contact(contact),
        "company": of_company(company, contact),
        "firm": firm(tenant),
        **more,
    }


def of_contact(contact: Any) -> dict[str, Any]:
    """A contact by the names that the API has for its fields, and some shorter ones: `name`, `email`, `phone`."""
    emails, phones = contact.emails or [], contact.phones or []
    plain = {name: getattr(contact, name) for name in CONTACT}
    plain["name"] = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    plain["emails"], plain["email"] = emails, primaries.of(emails, "address")
    plain["phones"], plain["phone"] = phones, primaries.of(phones, "number")
    plain["company"] = contact.company_name
    return plain


def of_company(company: Any, contact: Any) -> dict[str, Any]:
    """A company likewise; of one that was not read only what its contact knows."""
    if company is None:
        return {"id": contact.company_id, "name": contact.company_name}
    phones = company.phones or []
    plain = {name: getattr(company, name) for name in COMPANY}
    plain["name"], plain["phones"], plain["phone"] = company.display_name, phones, primaries.of(phones, "number")
    return plain


def firm(tenant: str) -> dict[str, Any]:
    """Who writes: the firm's name and address, half a unit each, once a minute in a process."""
    until, known = _firms.get(tenant, (0.0, {}))
    now = clock.epoch()
    if not until - _FRESH <= now < until:
        record, settings = several([keys.key("tenant", tenant=tenant), keys.key("settings", tenant=tenant)])
        known = {
            "name": record.name if isinstance(record, Tenant) else None,
            "address": settings.address if isinstance(settings, Settings) else None,
        }
        _firms[tenant] = (now + _FRESH, known)
    return known
