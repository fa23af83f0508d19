"""Contacts: made, found, listed, changed, put into the trash and taken back."""

from functools import partial
from typing import Any

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.guard import Guard
from chalicelib.models.table import Item, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactDraft, ContactQuery, ContactView, Email
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import emails, text, users, zones


def create(actor: Actor, draft: ContactDraft) -> ContactView:
    """A new contact. Raises `Invalid`, and `Conflict` with `existing_id` if another one has one of its addresses."""
    contact = Contact(id=ids.new("con"), tenant=actor.tenant)
    _write(actor, contact, draft)
    transact(Step("save", contact, absent()), *_claims(contact, _addresses(contact)))
    return view(contact)


def get(actor: Actor, contact_id: str) -> ContactView:
    """One contact. Raises `NotFound`."""
    return view(load(actor.tenant, contact_id))


def listing(actor: Actor, query: ContactQuery, wanted: Page) -> Listing[ContactView]:
    """Contacts by name, by last change, or the one with an address.

    Raises `Invalid` for a combination without an access pattern.
    """
    if query.email is not None:
        _alone(query, "email")
        return _by_email(actor, query.email)
    if query.updated_since is not None and query.sort == "name":
        raise errors.invalid("/sort", "unsupported", "`updated_since` lists by `-updated_at`; drop one of the two.")
    by_change = query.sort == "-updated_at" or query.updated_since is not None
    found = page(
        keys.partition("contact", "gsi1", tenant=actor.tenant),
        index="gsi2" if by_change else "gsi1",
        where=Item.gsi2sk >= clock.stamp(query.updated_since) if query.updated_since else None,
        limit=wanted.limit,
        start=wanted.start,
        newest_first=by_change,
    )
    return Listing([view(contact) for contact in found.items], found.last)


def update(actor: Actor, contact_id: str, patch: dict[str, Any], expected: int | None) -> ContactView:
    """Change some fields (RFC 7396). Raises `NotFound`, `Stale`, `Invalid`, `Conflict`."""

    def apply(contact: Contact) -> list[Step]:
        before = _addresses(contact)
        _write(actor, contact, _patched(contact, patch))
        after = _addresses(contact)
        return [Step("save", contact), *_claims(contact, after - before), *_releases(contact, before - after)]

    return view(change(lambda consistent: load(actor.tenant, contact_id, consistent=consistent), apply, expected))


def delete(actor: Actor, contact_id: str, expected: int | None) -> None:
    """Put the contact into the trash; its addresses are free for others. Raises `NotFound`, `Stale`."""

    def apply(contact: Contact) -> list[Step]:
        contact.deleted_at = clock.stamp()
        return [_saved(actor, contact), *_releases(contact, _addresses(contact))]

    change(lambda consistent: load(actor.tenant, contact_id, consistent=consistent), apply, expected)


def restore(actor: Actor, contact_id: str, expected: int | None = None) -> ContactView:
    """Take the contact out of the trash.

    Raises `NotFound`, and `Conflict` if it is not in there or an address is taken by now.
    """

    def apply(contact: Contact) -> list[Step]:
        if not contact.deleted_at:
            raise errors.Conflict("This contact is not in the trash.")
        contact.deleted_at = None
        return [_saved(actor, contact), *_claims(contact, _addresses(contact))]

    return view(
        change(lambda consistent: load(actor.tenant, contact_id, consistent=consistent, deleted=True), apply, expected)
    )


def load(tenant: str, contact_id: str, *, consistent: bool = False, deleted: bool = False) -> Contact:
    """The contact. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    if not ids.is_id("con", contact_id):
        raise errors.NotFound("There is no such contact.")
    place = keys.key("contact", tenant=tenant, id=contact_id)
    contact = fetch(Contact, *place, consistent=True) if consistent else find(Contact, *place)
    if deleted and contact is not None:
        return contact
    return found_or_404(contact, "contact")


def view(contact: Contact) -> ContactView:
    """The contact as a client reads it."""
    plain = {field: getattr(contact, field) for field in ContactView.__struct_fields__}
    plain["address"] = contact.address.as_dict() if contact.address is not None else None
    plain["social"] = contact.social or {}
    return msgspec.convert(plain, ContactView, strict=False)


def _write(actor: Actor, contact: Contact, draft: ContactDraft) -> None:
    """Put the draft's fields into the contact. Raises `Invalid` for what a struct cannot see."""
    if not (draft.first_name or draft.last_name or draft.emails or draft.phones):
        raise errors.invalid("/first_name", "required", "A contact needs a name, a mail address or a phone number.")
    zones.check(draft.time_zone, "/time_zone")
    if draft.owner_id and draft.owner_id != contact.owner_id:
        users.exists(actor.tenant, draft.owner_id, "/owner_id")
    for name, value in msgspec.to_builtins(draft).items():
        setattr(contact, name, value)
    for name in ("address", "social", "tags"):
        if not getattr(draft, name):
            setattr(contact, name, [] if name == "tags" else None)
    contact.tags = list(dict.fromkeys(draft.tags))
    contact.emails = _primary_first(_folded(draft.emails), "emails", "address")
    contact.phones = _primary_first(msgspec.to_builtins(draft.phones), "phones", "number")
    _saved(actor, contact)


def _folded(several: list[Email]) -> list[dict[str, Any]]:
    return [
        {**msgspec.to_builtins(one), "address": emails.checked(one.address, f"/emails/{number}/address")}
        for number, one in enumerate(several)
    ]


def _saved(actor: Actor, contact: Contact) -> Step:
    contact.touch(actor.user)
    contact.name = text.folded(_display_name(contact))
    contact.keys()
    return Step("save", contact)


def _display_name(contact: Contact) -> str:
    named = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    reached = [*(one["address"] for one in contact.emails), *(one["number"] for one in contact.phones)]
    return named or reached[0]


def _primary_first(several: list[dict[str, Any]], field: str, value: str) -> list[dict[str, Any]]:
    """The entries with exactly one primary, each value once. Raises `Invalid`."""
    seen: set[str] = set()
    for number, one in enumerate(several):
        if one[value] in seen:
            raise errors.invalid(f"/{field}/{number}/{value}", "repeated", "This is in the list twice.")
        seen.add(one[value])
    primaries = [number for number, one in enumerate(several) if one["primary"]]
    if len(primaries) > 1:
        raise errors.invalid(f"/{field}/{primaries[1]}/primary", "repeated", "Only one of them can be primary.")
    chosen = primaries[0] if primaries else 0
    return [{**one, "primary": number == chosen} for number, one in enumerate(several)]


def _patched(contact: Contact, patch: dict[str, Any]) -> ContactDraft:
    shown = msgspec.to_builtins(view(contact))
    current = {name: shown[name] for name in ContactDraft.__struct_fields__ if shown[name] is not None}
    return decoding.convert(merged(current, patch), ContactDraft)


def _by_email(actor: Actor, address: str) -> Listing[ContactView]:
    guard = find(
        Guard, *keys.key("guard", tenant=actor.tenant, noun="contact", field="email", value=emails.folded(address))
    )
    if guard is None:
        return Listing([])
    try:
        return Listing([get(actor, guard.holder)])
    except errors.NotFound:
        return Listing([])


def _alone(query: ContactQuery, name: str) -> None:
    for other in ("sort", "updated_since"):
        if getattr(query, other) is not None:
            raise errors.invalid(f"/{other}", "unsupported", f"`{name}` finds at most one contact; drop `{other}`.")


def _addresses(contact: Contact) -> set[str]:
    return {one["address"] for one in contact.emails}


def _claims(contact: Contact, addresses: set[str]) -> list[Step]:
    return [
        Step("save", _guard(contact, one), absent(), refusal=partial(_taken, contact, one)) for one in sorted(addresses)
    ]


def _taken(contact: Contact, address: str) -> errors.Conflict:
    """Why the address cannot be had, with the id of who has it, so that the caller can go there."""
    guard = _guard(contact, address)
    held = fetch(Guard, guard.pk, guard.sk, consistent=True)
    number = next(n for n, one in enumerate(contact.emails) if one["address"] == address)
    flaw = errors.Flaw(f"/emails/{number}/address", "taken", "Another contact has this address.")
    return errors.Conflict(flaw.message, flaw, **({"existing_id": held.holder} if held else {}))


def _releases(contact: Contact, addresses: set[str]) -> list[Step]:
    return [Step("delete", _guard(contact, one)) for one in sorted(addresses)]


def _guard(contact: Contact, address: str) -> Guard:
    return Guard.of(contact.tenant, "contact", "email", address, contact.id)
