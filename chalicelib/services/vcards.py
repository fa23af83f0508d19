"""A contact as a vCard (version 3.0, RFC 2426), which every address book reads; our own import reads it back."""

from typing import Any, Final

from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactView
from chalicelib.services import contacts
from chalicelib.services.content_lines import parameter, text, written

MEDIA_TYPE: Final = "text/vcard; charset=utf-8"
_EMAILS: Final = {"work": "INTERNET,WORK", "home": "INTERNET,HOME", "other": "INTERNET,OTHER"}
_PHONES: Final = {"work": "WORK", "mobile": "CELL", "home": "HOME", "fax": "FAX", "other": "OTHER"}


def get(actor: Actor, contact_id: str) -> str:
    """The contact's card. Raises `NotFound`, `Merged`, `Gone`."""
    return card(contacts.get(actor, contact_id))


def card(contact: ContactView) -> str:
    """The card of a contact, with line ends as the standard has them."""
    named = [contact.first_name or "", contact.last_name or ""]
    reached = [one.address for one in contact.emails] + [one.number for one in contact.phones]
    lines = ["BEGIN:VCARD", "VERSION:3.0", "PRODID:-//Tendril//EN"]
    lines.append(f"N:{text(named[1])};{text(named[0])};;;")
    lines.append(f"FN:{text(' '.join(filter(None, named)) or next(iter(reached), ''))}")
    lines += [f"EMAIL;TYPE={_EMAILS[one.kind]}{_pref(one)}:{text(one.address)}" for one in contact.emails]
    lines += [f"TEL;TYPE={_PHONES[one.kind]}{_pref(one)}:{text(one.number)}" for one in contact.phones]
    if contact.address:
        place = contact.address
        parts = ("", "", place.street, place.city, place.region, place.postal_code, place.country)
        lines.append(f"ADR;TYPE=WORK:{';'.join(text(part or '') for part in parts)}")
    one_each = (
        ("ORG", contact.company_name),
        ("TITLE", contact.title),
        ("BDAY", contact.birthday),
        ("TZ", contact.time_zone),
        ("LANG", contact.language),
    )
    lines += [f"{name}:{text(value)}" for name, value in one_each if value]
    if contact.tags:
        lines.append(f"CATEGORIES:{','.join(map(text, contact.tags))}")
    lines += [f"X-SOCIALPROFILE;X-NAME={parameter(name)}:{text(url)}" for name, url in contact.social.items()]
    rev = contact.updated_at
    lines += [f"UID:{contact.id}", f"REV:{rev}", "END:VCARD"]
    return written(lines)


def _pref(one: Any) -> str:
    return ",PREF" if one.primary else ""
