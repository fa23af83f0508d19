"""Consents that people of the firm read and write down, and changes of preferences, which are noted by themselves."""

from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models.contact import Contact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.consent import ConsentDraft, ConsentView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import absorbed, addresses, choosing, consent_log, nouns, standings, suppressions, topics

_AHEAD: Final = 300  # seconds: clocks differ, but what was said lies behind
_NO_CHOICES: Final[dict[str, Any]] = {"channels": {}, "topics": {}}


def record(actor: Actor, contact_id: str, draft: ConsentDraft) -> ConsentView:
    """Note a consent given or withdrawn elsewhere, and act on it.

    A consent takes back an earlier opt-out, never a complaint or a bounce, nor an opt-out later than itself; what was
    said before the last word changes nothing. A topic with double opt-in still has to be confirmed. Raises `NotFound`,
    `Merged`, `Gone`, and `Invalid` for a topic that is none and a moment that lies ahead.
    """
    contact = nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id)
    if draft.topic is not None:
        topics.exists(actor.tenant, draft.topic, "/topic")
    if draft.at is not None and draft.at > clock.after(_AHEAD):
        raise errors.invalid("/at", "range", "A consent has been given; it cannot lie ahead.")
    at, address = clock.stamp(draft.at), addresses.primary(contact)
    if _acts(actor, contact, address, draft, at):
        wanted = draft.what == "granted"
        channels = {"email": wanted} if wanted or draft.topic is None else {}
        choosing.choose(
            actor.tenant, contact.id, channels, {draft.topic: wanted} if draft.topic else {}, choosing.RECORDED
        )
    made = consent_log.entry(
        actor.tenant,
        contact.id,
        draft.what,
        draft.how,
        at,
        actor.user,
        topic=draft.topic,
        address=address,
        ip=draft.ip,
        wording=draft.wording,
    )
    consent_log.note(made)
    return consent_log.view(made)


def listing(actor: Actor, contact_id: str, wanted: Page) -> Listing[ConsentView]:
    """The log, the newest first, with that of all who were merged into the contact. Raises as `get`."""
    contact = nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id)
    found = absorbed.union_page(
        absorbed.ids_of(contact),
        lambda one, part: consent_log.newest(actor.tenant, one, part.limit, part.start),
        wanted,
    )
    return Listing([consent_log.view(one) for one in found.items], found.last)


def get(actor: Actor, contact_id: str, consent_id: str) -> ConsentView:
    """One entry. Raises `NotFound`, `Merged`, `Gone`."""
    contact = nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id)
    for one in absorbed.ids_of(contact):
        found = consent_log.find(actor.tenant, one, consent_id)
        if found is not None:
            return consent_log.view(found)
    raise errors.NotFound("There is no such entry.")


def chosen(before: Contact | None, after: Contact | None) -> None:
    """A contact's preferences were changed, or given from the start: each choice that is another is noted, once.

    A write unit for each. What a link, a page or a recorded consent changed is noted there, with more than is known
    here.
    """
    if after is None or after.updated_by in (choosing.CONTACT, choosing.RECORDED):
        return
    old, new = (before.preferences if before else None) or _NO_CHOICES, after.preferences or _NO_CHOICES
    how = "merge" if before is not None and before.layers != after.layers else "record"
    for group in ("channels", "topics"):
        then, now = old.get(group, {}), new.get(group, {})
        for name in sorted(then.keys() | now.keys()):
            if then.get(name) != now.get(name):
                _note_choice(after, group, name, _said(then.get(name), now.get(name)), how)


def _acts(actor: Actor, contact: Contact, address: str | None, draft: ConsentDraft, at: str) -> bool:
    """Do with the address what the draft says; whether the contact's own choices are to follow."""
    if address is None:
        return True
    said: dict[str, Any] = {"topic": draft.topic, "at": at, "by": actor.user}
    if draft.what == "withdrawn":
        known = suppressions.add(actor.tenant, address, "unsubscribed", draft.how, **said)
        return standings.stands(known, draft.topic or standings.ALL, "unsubscribed")
    known = suppressions.lift(actor.tenant, address, ("unsubscribed",), **said)
    return "unsubscribed" not in standings.holding(known, draft.topic)


def _said(then: bool | None, now: bool | None) -> str:
    """What another choice comes to; one that was removed is no yes."""
    if now is None:
        return "withdrawn" if then else "lifted"
    return "granted" if now else "withdrawn"


def _note_choice(contact: Contact, group: str, name: str, what: str, how: str) -> None:
    made = consent_log.entry(
        contact.tenant,
        contact.id,
        what,
        how,
        contact.updated_at,
        contact.updated_by or suppressions.SYSTEM,
        channel=name if group == "channels" else "email",
        topic=name if group == "topics" else None,
        address=addresses.primary(contact),
        seed=f"{contact.version}/{group}/{name}",
    )
    consent_log.note(made)
