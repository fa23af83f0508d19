"""Contacts: the people a firm knows, each linked to the company that has the domain of an address."""

from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.table import several
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactCreated, ContactDraft, ContactView
from chalicelib.schemas.filters import ContactQuery
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.parts import Email
from chalicelib.services import drafts, emails, free_mail, listings, nouns, text, zones
from chalicelib.services.records import Claim, Records, external_claims
from chalicelib.services.remembered import ask


def _write(actor: Actor, contact: Contact, draft: ContactDraft) -> None:
    """Put the draft's fields into the contact. Raises `Invalid` for what a struct cannot see."""
    if not (_named(draft) or draft.emails or draft.phones):
        raise errors.invalid("/first_name", "required", "A contact needs a name, a mail address or a phone number.")
    zones.check(draft.time_zone, "/time_zone")
    drafts.check_day(draft.birthday, "/birthday")
    company_id, lifecycle, known = contact.company_id, contact.lifecycle, domains(contact)
    employers = {one["company_id"] for one in contact.companies or ()}
    drafts.fill_party(actor, contact, draft)
    contact.emails = drafts.primary_first(_folded(draft.emails), "emails", "address") or None
    contact.name = text.folded(_display_name(contact))
    _employments(actor, draft, employers)
    if contact.company_id != company_id or contact.company_id is None:
        _link(actor, contact, domains(contact) - known)
    if contact.lifecycle != lifecycle:
        contact.lifecycle_since = contact.updated_at if contact.lifecycle else None


def _claims(contact: Contact) -> list[Claim]:
    addresses = [
        Claim("email", one["address"], f"/emails/{number}/address") for number, one in enumerate(contact.emails or ())
    ]
    return [*addresses, *external_claims(contact)]


def _folded(given: list[Email]) -> list[dict[str, Any]]:
    return [
        {**msgspec.to_builtins(one), "address": emails.checked(one.address, f"/emails/{number}/address")}
        for number, one in enumerate(given)
    ]


def _display_name(contact: Contact) -> str:
    reached = [one["address"] for one in contact.emails or ()] + [one["number"] for one in contact.phones or ()]
    return _named(contact) or str(reached[0])


def _named(contact: Contact | ContactDraft) -> str:
    return " ".join(part for part in (contact.first_name, contact.last_name) if part and part.strip())


def domains(contact: Contact) -> set[str]:
    """The hosts of a contact's addresses, without those where anybody has one."""
    hosts = {one["address"].rpartition("@")[2] for one in contact.emails or ()}
    return {host for host in hosts if not free_mail.is_free(host)}


def _link(actor: Actor, contact: Contact, domains: set[str]) -> None:
    """Give the contact the name of its company, which is found by a new mail domain if none is named.

    Raises `Invalid` for a company that is not there.
    """
    pointed = contact.company_id
    if pointed is None:
        contact.company_id = ask(
            ("domains", actor.tenant, frozenset(domains)), lambda: _of_domains(actor.tenant, domains)
        )
    company = _company(actor, contact.company_id, "/company_id") if contact.company_id else None
    if company is None and pointed is None:
        contact.company_id = None
    contact.company_name = company.display_name if company else None


def _of_domains(tenant: str, domains: set[str]) -> str | None:
    guards = [keys.key("guard", tenant=tenant, noun="company", field="domain", value=one) for one in sorted(domains)]
    return next((guard.holder for guard in several(guards) if guard is not None), None)


def _employments(actor: Actor, draft: ContactDraft, known: set[str]) -> None:
    """Raises `Invalid` for days that cannot be, and for a company that is not there; one it had may be gone by now."""
    for number, one in enumerate(draft.companies):
        for name, day in (("from", one.since), ("to", one.until)):
            drafts.check_day(day, f"/companies/{number}/{name}")
        if one.since and one.until and one.since > one.until:
            raise errors.invalid(f"/companies/{number}/to", "range", "`to` lies before `from`.")
        if one.company_id not in known:
            _company(actor, one.company_id, f"/companies/{number}/company_id")


def _company(actor: Actor, company_id: str, pointer: str) -> Any:
    try:
        return ask(
            ("company", actor.tenant, company_id),
            lambda: nouns.load(nouns.NOUNS["company"], actor.tenant, company_id),
        )
    except (errors.NotFound, errors.Gone, errors.Merged):
        raise errors.invalid(pointer, "unknown", "There is no such company.") from None


def listing(actor: Actor, query: ContactQuery, wanted: Page) -> Listing[ContactView]:
    """One page of a list, as `listings.listing`."""
    return listings.listing(actor, "contact", query, wanted)


VERBS: Final[Records[ContactView]] = Records(nouns.NOUNS["contact"], _write, _claims)
get, update, delete = VERBS.get, VERBS.update, VERBS.delete
restore, purge, upsert, load, view = VERBS.restore, VERBS.purge, VERBS.upsert, VERBS.load, VERBS.view


def create(actor: Actor, draft: ContactDraft) -> ContactCreated:
    """A new contact, and what it may be a duplicate of.

    Raises `Invalid`, and `Conflict` with `existing_id` if another one has one of its values.
    """
    from chalicelib.services import duplicates  # compares names, which no other request does

    contact = VERBS.make(actor, draft)
    found = duplicates.warn(actor, "contact", contact)
    return ContactCreated(**msgspec.structs.asdict(VERBS.view(contact)), duplicates=found or msgspec.UNSET)
