"""The preference centre: somebody sees what a firm mails about, and chooses, without an account.

Whoever has a link of his own mails may choose; what he chooses holds for the contact and for the mailbox, and is noted.
A topic with double opt-in is chosen by the confirmation mail that follows, not by the page.
"""

from collections.abc import Callable
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.suppression import Suppression
from chalicelib.models.table import find
from chalicelib.models.topic import Topic
from chalicelib.schemas.consent import Choices
from chalicelib.schemas.page import Document
from chalicelib.services import (
    addresses,
    choosing,
    consent_log,
    optin,
    preference_page,
    standings,
    suppressions,
    topics,
    unsubscribing,
)
from chalicelib.services.mail_links import Link
from chalicelib.services.preference_page import Choice

HOW: Final = "preference_page"  # the way in which it was said, in the consent log
_ASKED: Final = "Saved. Please look into your mailbox: some of it has to be confirmed there."
_TOO_OFTEN: Final = "Saved. You were asked to confirm too often today; please try again tomorrow."


def page(token: str) -> Document:
    """The page behind a link, as things are. Changes nothing. Units: `preferences.page`."""
    link = unsubscribing.read(token, unsubscribing.PREFERENCES, unsubscribing.USE)
    if link is None:
        return preference_page.missing()
    return _shown(link, choosing.find(link.tenant, link.contact_id), topics.offered(link.tenant), "")


def save(token: str, said: Choices, source: str, base: str) -> Document:
    """Let what was shown be as it is chosen. Again changes nothing. `source` is the caller's address, `base` our own
    URL.
    """
    link = unsubscribing.read(token, unsubscribing.PREFERENCES, unsubscribing.USE)
    if link is None:
        return preference_page.missing()
    contact, offered = choosing.find(link.tenant, link.contact_id), topics.offered(link.tenant)
    if contact is None:
        return _shown(link, None, offered, "Saved.")
    done = _Visit(link, contact, source, base).save(said, offered)
    return _shown(link, choosing.find(link.tenant, link.contact_id), offered, done)


class _Visit:
    """One saving of the page by one contact."""

    def __init__(self, link: Link, contact: Contact, source: str, base: str) -> None:
        self.link, self.contact, self.source, self.base = link, contact, source, base
        self.address = addresses.primary(contact)

    def save(self, said: Choices, offered: list[Topic]) -> str:
        """Do what differs from how it is; what to tell."""
        known, told = _known(self.contact), "Saved."
        if _email(self.contact, known) and said.email is None:
            self._leave(None)
        elif not _email(self.contact, known) and said.email is not None:
            self._take(None)
        for one in offered:
            want, has = one.name in said.topic, _on(self.contact, known, one)
            if one.name in said.shown_topic and want != has:
                told = self._topic(one, known, told, want=want)
        ways = {one: one in said.channel for one in said.shown_channel if one in _ways(self.contact)}
        self._ways({one: on for one, on in ways.items() if on != _ways(self.contact)[one]})
        return told

    def _topic(self, one: Topic, known: Suppression | None, told: str, *, want: bool) -> str:
        if not want:
            self._leave(one.name)
        elif one.opt_in != "double" or standings.confirmed(known, one.name) or self.address is None:
            self._take(one.name)
        else:
            try:
                optin.ask(self.contact, self.address, one.name, _base(self.link, self.base), choosing.CONTACT)
            except errors.TooMany:
                return _TOO_OFTEN
            return _ASKED
        return told

    def _leave(self, topic: str | None) -> None:
        wording = f"Preference page: {topic or 'e-mail at all'} off"
        unsubscribing.leave(self.link, self.contact, topic, HOW, self.source, wording)

    def _take(self, topic: str | None) -> None:
        """A yes takes back the no, never a complaint or a bounce."""
        now = clock.stamp()
        if self.address is not None:
            suppressions.lift(
                self.link.tenant, self.address, ("unsubscribed",), topic=topic, at=now, by=choosing.CONTACT
            )
        channels, chosen = ({}, {topic: True}) if topic else ({"email": True}, {})
        choosing.choose(self.link.tenant, self.contact.id, channels, chosen)
        self._note("granted", now, topic=topic, wording=f"Preference page: {topic or 'e-mail at all'} on")

    def _ways(self, changed: dict[str, bool]) -> None:
        if changed:
            choosing.choose(self.link.tenant, self.contact.id, changed, {})
        for way, on in changed.items():
            wording = f"Preference page: {way} {'on' if on else 'off'}"
            self._note("granted" if on else "withdrawn", clock.stamp(), channel=way, wording=wording)

    def _note(self, what: str, at: str, **more: str | None) -> None:
        made = consent_log.entry(
            self.link.tenant,
            self.contact.id,
            what,
            HOW,
            at,
            choosing.CONTACT,
            address=self.address,
            ip=self.source,
            **more,
        )
        consent_log.note(made)


def _base(link: Link, base: str) -> str:
    """Where the links lead in the mail from which somebody comes, as was kept when it was sent. A unit.

    What a request says of our own URL (`base`) may be forged, and would stand in a mail to somebody else; it counts
    only for a link that stands in no mail.
    """
    mailing = unsubscribing.mail_of(link)
    campaign = find(Campaign, *keys.key("campaign", tenant=link.tenant, id=mailing.campaign_id)) if mailing else None
    return (campaign.base_url if campaign else None) or base


def _shown(link: Link, contact: Contact | None, offered: list[Topic], said: str) -> Document:
    """The page as things are; of nobody any more it is the same page with nothing chosen."""
    known = _known(contact)
    has: Callable[[Topic], bool] = lambda one: contact is not None and _on(contact, known, one)  # noqa: E731 - short
    choices = [Choice("topic", one.name, one.label, one.description or "", has(one)) for one in offered]
    choices += [Choice("channel", way, f"By {way}", "", on) for way, on in sorted(_ways(contact).items())]
    email = contact is not None and _email(contact, known)
    return preference_page.preferences(unsubscribing.firm(link.tenant), email, choices, said)


def _known(contact: Contact | None) -> Suppression | None:
    address = addresses.primary(contact) if contact is not None else None
    if contact is None or address is None:
        return None
    return suppressions.load(contact.tenant, addresses.digest(contact.tenant, address))


def _email(contact: Contact, known: Suppression | None) -> bool:
    """Whether mail as such is wanted."""
    off = _chosen(contact, "channels").get("email") is False
    return not off and "unsubscribed" not in standings.holding(known, None)


def _on(contact: Contact, known: Suppression | None, topic: Topic) -> bool:
    """Whether the topic is wanted, if mail is wanted at all."""
    wanted = _chosen(contact, "topics").get(topic.name)
    if wanted is False or (known is not None and "unsubscribed" in known.reasons.get(topic.name, {})):
        return False
    if topic.opt_in == "double":
        return standings.confirmed(known, topic.name)
    return topic.opt_in == "none" or wanted is True or standings.confirmed(known, topic.name)


def _ways(contact: Contact | None) -> dict[str, bool]:
    """The other ways of which something was said."""
    chosen = _chosen(contact, "channels") if contact is not None else {}
    return {way: on for way, on in chosen.items() if way != "email"}


def _chosen(contact: Contact, group: str) -> dict[str, Any]:
    found: dict[str, Any] = (contact.preferences or {}).get(group, {})
    return found
