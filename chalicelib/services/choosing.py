"""What a contact chose by himself, behind a link in a mail: written into the contact, whatever has become of it.

Of one that was merged since it is the record that it is a part of by now; one in the trash keeps it for when it comes
back; one that was removed for good has nothing left to write on.
"""

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.models.contact import Contact
from chalicelib.models.writes import Step, change
from chalicelib.services import absorbed, merging, nouns

# Who changed the record, in its history: the contact himself, or the consent log, which says who wrote it there.
CONTACT: Final = "contact"
RECORDED: Final = "consent_log"


def find(tenant: str, contact_id: str) -> Contact | None:
    """Who is meant by now; None if there is nobody any more. A read unit, one more for each merge."""
    found: Any = absorbed.root(tenant, contact_id)
    return found if isinstance(found, Contact) else None


def choose(
    tenant: str, contact_id: str, channels: Mapping[str, bool], topics: Mapping[str, bool], by: str = CONTACT
) -> Contact | None:
    """Write these choices into the contact, if they are not there yet; as it then is, None if there is none any more.

    Four write units if anything changed. Raises `Stale` if others kept changing it.
    """

    def load(_consistent: bool) -> Any:
        return find(tenant, contact_id)

    def apply(contact: Contact | None) -> list[Step]:
        return [Step("save", contact)] if contact is not None and _chosen(contact, channels, topics, by) else []

    found: Contact | None = change(load, apply, None)
    return found


def _chosen(contact: Contact, channels: Mapping[str, bool], topics: Mapping[str, bool], by: str) -> bool:
    """Whether the contact, not yet saved, was changed."""
    old: dict[str, Any] = contact.preferences or {}
    new = {
        "channels": {**old.get("channels", {}), **channels},
        "topics": {**old.get("topics", {}), **topics},
    }
    if new == {"channels": old.get("channels", {}), "topics": old.get("topics", {})}:
        return False
    before = nouns.written(contact)
    contact.preferences = new
    contact.touch(by)
    contact.keys()
    if contact.layers:
        contact.layers = merging.edited(contact.layers, before, nouns.written(contact))
    return True
