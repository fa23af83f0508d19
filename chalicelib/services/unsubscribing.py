"""The way out of the mails: the links and headers that each mail carries, and what happens when somebody takes it.

A link works for ever, for its own recipient only. Looking at it changes nothing, as mail scanners follow every link;
only a POST does (RFC 8058, section 3.1). What it changes is written in this order, each part by itself and harmless to
repeat: the address is not mailed any more, the contact shows it, the consent log tells it, the campaign counts it.
"""

from typing import Final

from chalicelib import clock, ids, observability
from chalicelib.models import keys
from chalicelib.models.access import Tenant
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import Mailing, send_id
from chalicelib.models.suppression import Suppression
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.consent import OptOut
from chalicelib.schemas.mail_event import Event
from chalicelib.schemas.page import Document
from chalicelib.services import (
    activities,
    addresses,
    choosing,
    consent_log,
    mail_events,
    mail_links,
    preference_page,
    standings,
    suppressions,
    topics,
)
from chalicelib.services.mail_links import Link

USE: Final = "unsubscribe"
PREFERENCES: Final = "preferences"
LINK: Final = "unsubscribe_link"  # the way in which it was said, in the consent log
_ONE_CLICK: Final = "one-click"  # in lower case
_WORDING: Final = "List-Unsubscribe=One-Click"


def url(base_url: str, tenant: str, contact_id: str, run: str = "", topic: str | None = None) -> str:
    """Where this recipient gets out. `base_url` is where the API begins, without a slash; `run` is the campaign's."""
    return f"{base_url}/u/{mail_links.make(USE, tenant, contact_id, run, extra=topic or '')}"


def preferences_url(base_url: str, tenant: str, contact_id: str, run: str = "") -> str:
    """Where this recipient chooses what he is mailed about."""
    return f"{base_url}/u/{mail_links.make(PREFERENCES, tenant, contact_id, run)}/preferences"


def headers(base_url: str, tenant: str, contact_id: str, run: str = "", topic: str | None = None) -> dict[str, str]:
    """The two headers by which mail programs offer to unsubscribe with one click (RFC 2369, RFC 8058).

    Both have to be covered by the DKIM signature, which the provider makes.
    """
    return {
        "List-Unsubscribe": f"<{url(base_url, tenant, contact_id, run, topic)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def page(token: str) -> Document:
    """The page behind a link. Changes nothing. Half a unit for the firm's name and, if there is one, for the topic."""
    link = read(token, USE)
    if link is None:
        return preference_page.missing()
    return preference_page.unsubscribe(firm(link.tenant), _label(link.tenant, link.extra or None), token)


def act(token: str, said: OptOut, source: str) -> Document:
    """Unsubscribe, at once: with one click from the topic of the mail, if it had one, else from everything; by the page
    from what its button says. Anything else shows the page. Again changes nothing. `source` is the caller's address.
    """
    link = read(token, USE)
    if link is None:
        return preference_page.missing()
    clicked = (said.one_click or "").lower() == _ONE_CLICK
    if not clicked and said.scope is None:
        return page(token)
    topic = None if said.scope == "all" else link.extra or None
    wording = _WORDING if clicked else f"Unsubscribe from {topic or 'everything'}"
    leave(link, choosing.find(link.tenant, link.contact_id), topic, LINK, source, wording)
    return preference_page.unsubscribed(firm(link.tenant), _label(link.tenant, topic), token)


def leave(link: Link, contact: Contact | None, topic: str | None, how: str, source: str, wording: str) -> None:
    """Everything that follows when whoever has the link wants no mail (about a topic) any more.

    `contact` is who that is by now; None if there is nobody any more: then a suppression without address is there
    already, and nothing is left to do but for the mailing, if that is there still.
    """
    mailing = mail_of(link)
    mailed = [mailing.address if mailing else None, addresses.primary(contact) if contact else None]
    mailboxes = list(dict.fromkeys(one for one in mailed if one))
    campaign = mailing.campaign_id if mailing else None
    now = clock.stamp()
    at = max((_suppress(link.tenant, one, topic, how, now, campaign) for one in mailboxes), default=now)
    if contact is not None:
        channels, chosen = ({}, {topic: False}) if topic else ({"email": False}, {})
        choosing.choose(link.tenant, contact.id, channels, chosen)
        made = consent_log.entry(
            link.tenant,
            contact.id,
            "withdrawn",
            how,
            at,
            choosing.CONTACT,
            topic=topic,
            address=mailboxes[0] if mailboxes else None,
            ip=source,
            wording=wording,
        )
        consent_log.note(made)
    if mailing is not None and mailboxes:
        _count(link, mailboxes[0], topic, at)
    elif contact is not None:
        _tell(contact, topic, at)


def read(token: str, *uses: str) -> Link | None:
    """What a token says that was made for one of these uses; whose it is pays for what follows."""
    link = next((link for link in (mail_links.read(use, token) for use in uses) if link), None)
    if link is not None:
        observability.charge_to(link.tenant)
    return link


def firm(tenant: str) -> str:
    """The name of the firm. Half a unit."""
    found = fetch(Tenant, *keys.key("tenant", tenant=tenant))
    return found.name if found else ""


def mail_of(link: Link) -> Mailing | None:
    """The mail of a campaign that the link stands in, if it is one's. Half a unit."""
    if not link.run:
        return None
    place = Mailing.at(link.tenant, link.contact_id, link.run, link.step)
    return fetch(Mailing, place.pk, place.sk)


def _suppress(tenant: str, address: str, topic: str | None, how: str, at: str, campaign: str | None) -> str:
    """Keep mail from the address; since when: that of the first time, if it holds already."""
    scope, since = topic or standings.ALL, at
    entry = {"at": at, "source": how, **({"campaign": campaign} if campaign else {})}

    def edit(known: Suppression) -> bool:
        nonlocal since
        said = standings.stands(known, scope, "unsubscribed")
        since = known.reasons[scope]["unsubscribed"]["at"] if said else at
        return since == at and standings.say(known, scope, "unsubscribed", entry)

    suppressions.change(tenant, address, edit, choosing.CONTACT)
    return since


def _count(link: Link, address: str, topic: str | None, at: str) -> None:
    """Let the campaign's report and the timeline know, as of any event of the mail."""
    send = send_id(link.run, link.contact_id, link.step)
    event = Event(
        type="unsubscribed",
        provider=suppressions.OWN,
        event_id=f"{send}/unsubscribed/{topic or standings.ALL}/{at}",
        at=clock.parse(at),
        recipient=address,
        send=send,
        reason=topic,
    )
    mail_events.record(link.tenant, [event])


def _tell(contact: Contact, topic: str | None, at: str) -> None:
    """In the timeline, where there is no mailing that would be told of there."""
    entry_id = ids.derived("act", clock.parse(at), f"{contact.id} unsubscribed {topic}")
    entry = activities.build(
        contact.tenant,
        contact.id,
        "mail.unsubscribed",
        at,
        choosing.CONTACT,
        entry_id,
        data={"topic": topic} if topic else None,
    )
    transact(Step("save", entry))


def _label(tenant: str, topic: str | None) -> str | None:
    if topic is None:
        return None
    known = topics.known(tenant, topic)
    return str(known.label) if known else topic
