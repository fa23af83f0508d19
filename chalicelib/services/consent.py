"""Who may be mailed: the one answer before each mail, from what the contact chose and what is known of his address."""

from collections.abc import Sequence
from typing import Any, Final

from chalicelib.models import suppression
from chalicelib.models import topic as topics
from chalicelib.models.contact import Contact
from chalicelib.models.suppression import Suppression
from chalicelib.models.table import find, several
from chalicelib.models.topic import Topic
from chalicelib.services import addresses, standings

# Why somebody gets no mail. Where several reasons hold the first one here is told: what cannot be changed first, then
# what the mailbox said, then what the person chose, then what he did not say yet.
REASONS: Final = (
    "merged",
    "deleted",
    "no_address",
    *standings.RANK,
    "channel_off",
    "topic_off",
    "not_confirmed",
)


def refusals(tenant: str, contacts: Sequence[Contact], topic: str | None) -> dict[str, str | None]:
    """For each contact (by id) why it must not be mailed about this topic now: one of `REASONS`, None if it may.

    It is the primary address that counts. One request for up to 99 contacts: half a read unit for each that has an
    address, and half a unit for the topic.
    """
    places = {one.id: _place(tenant, one) for one in contacts}
    wanted = sorted({place for place in places.values() if place})
    about = [topics.place(tenant, topic)] if topic else []
    known = dict(zip([*wanted, *about], several([*wanted, *about]), strict=True))
    opt_in = _opt_in(known.get(about[0])) if about else "none"
    return {one.id: refusal(one, known.get(places[one.id] or ("", "")), topic, opt_in) for one in contacts}


def refusal(contact: Contact, known: Suppression | None, topic: str | None, opt_in: str) -> str | None:
    """The same for one contact, of whose address this is known, about a topic with this way of opting in."""
    if contact.merged_into:
        return "merged"
    if contact.deleted_at:
        return "deleted"
    if not addresses.primary(contact):
        return "no_address"
    held = standings.holding(known, topic)
    return held[0] if held else _chosen(contact, known, topic, opt_in)


def against(tenant: str, address: str, topic: str | None) -> str | None:
    """Why nothing about this topic may go to an address, by what is known of the mailbox alone. Half a unit."""
    known = find(Suppression, *suppression.place(tenant, addresses.digest(tenant, address)))
    return next(iter(standings.holding(known, topic)), None)


def _chosen(contact: Contact, known: Suppression | None, topic: str | None, opt_in: str) -> str | None:
    """What speaks against it of what the person chose."""
    chosen: dict[str, Any] = contact.preferences or {}
    if chosen.get("channels", {}).get("email") is False:
        return "channel_off"
    if topic is None:
        return None
    wanted = chosen.get("topics", {}).get(topic)
    if wanted is False:
        return "topic_off"
    agreed = opt_in == "none" or standings.confirmed(known, topic) or (opt_in == "single" and wanted is True)
    return None if agreed else "not_confirmed"


def _place(tenant: str, contact: Contact) -> tuple[str, str] | None:
    address = addresses.primary(contact) if contact.live else None
    return suppression.place(tenant, addresses.digest(tenant, address)) if address else None


def _opt_in(found: Topic | None) -> str:
    return str(found.opt_in) if found else "none"
