"""A contact as a vCard (version 3.0, RFC 2426), which every address book reads; our own import reads it back."""

from typing import Any, Final

from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactView
from chalicelib.services import contacts

MEDIA_TYPE: Final = "text/vcard; charset=utf-8"
_EMAILS: Final = {"work": "INTERNET,WORK", "home": "INTERNET,HOME", "other": "INTERNET,OTHER"}
_PHONES: Final = {"work": "WORK", "mobile": "CELL", "home": "HOME", "fax": "FAX", "other": "OTHER"}
_LONGEST: Final = 75  # octets of a line (RFC 2426, 2.6)
_SPECIAL: Final = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


def get(actor: Actor, contact_id: str) -> str:
    """The contact's card. Raises `NotFound`, `Merged`, `Gone`."""
    return card(contacts.get(actor, contact_id))


def card(contact: ContactView) -> str:
    """The card of a contact, with line ends as the standard has them."""
    named = [contact.first_name or "", contact.last_name or ""]
    reached = [one.address for one in contact.emails] + [one.number for one in contact.phones]
    lines = ["BEGIN:VCARD", "VERSION:3.0", "PRODID:-//Tendril//EN"]
    lines.append(f"N:{_text(named[1])};{_text(named[0])};;;")
    lines.append(f"FN:{_text(' '.join(filter(None, named)) or next(iter(reached), ''))}")
    lines += [f"EMAIL;TYPE={_EMAILS[one.kind]}{_pref(one)}:{_text(one.address)}" for one in contact.emails]
    lines += [f"TEL;TYPE={_PHONES[one.kind]}{_pref(one)}:{_text(one.number)}" for one in contact.phones]
    if contact.address:
        place = contact.address
        parts = ("", "", place.street, place.city, place.region, place.postal_code, place.country)
        lines.append(f"ADR;TYPE=WORK:{';'.join(_text(part or '') for part in parts)}")
    one_each = (
        ("ORG", contact.company_name),
        ("TITLE", contact.title),
        ("BDAY", contact.birthday),
        ("TZ", contact.time_zone),
        ("LANG", contact.language),
    )
    lines += [f"{name}:{_text(value)}" for name, value in one_each if value]
    if contact.tags:
        lines.append(f"CATEGORIES:{','.join(map(_text, contact.tags))}")
    lines += [f"X-SOCIALPROFILE;X-NAME={_parameter(name)}:{_text(url)}" for name, url in contact.social.items()]
    rev = contact.updated_at
    lines += [f"UID:{contact.id}", f"REV:{rev}", "END:VCARD"]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _pref(one: Any) -> str:
    return ",PREF" if one.primary else ""


def _text(value: str) -> str:
    return value.translate(_SPECIAL)


def _parameter(value: str) -> str:
    """Within quotes, which a value cannot have; line breaks and quotes as RFC 6868 has them."""
    return '"' + value.replace("^", "^^").replace("\n", "^n").replace('"', "^'") + '"'


def _folded(line: str) -> str:
    """Broken into lines of at most 75 octets, never within a character."""
    pieces, piece, size = [], "", 0
    for sign in line:
        width = len(sign.encode(errors="replace"))
        if size + width > _LONGEST:
            pieces.append(piece)
            piece, size = " ", 1
        piece += sign
        size += width
    return "\r\n".join([*pieces, piece])
