"""Double opt-in: a mail asks whoever reads a mailbox whether he wants it, and only pressing a button says yes.

Asked for by somebody of the firm, or by the preference page for a topic that wants it. The request is an entry of the
consent log, and the link names it; a moment beside the contact sends what was not sent yet, each request once. A yes
takes back all that kept mail from the mailbox, for it proves that it is read and that mail is wanted; but for what the
firm itself said.
"""

import secrets
from functools import partial
from html import escape
from typing import Final

from chalicelib import clock, config, errors
from chalicelib.models import throttles
from chalicelib.models.consent import Consent
from chalicelib.models.contact import Contact
from chalicelib.models.moment import Moment
from chalicelib.models.suppression import Suppression
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.consent import ConsentRequest, ConsentView
from chalicelib.schemas.mail import Mail
from chalicelib.schemas.page import Document
from chalicelib.services import (
    addresses,
    choosing,
    consent_log,
    mail_links,
    nouns,
    preference_page,
    sending,
    standings,
    suppressions,
    text,
    topics,
    unsubscribing,
)

WHAT: Final = "optin"
HOW: Final = "double_opt_in"  # the way in which it was said, in the consent log
USE: Final = "confirm"
LIFETIME: Final = 7 * 24 * 3600  # seconds in which a request can be confirmed
MOST: Final = 3  # requests to one mailbox
WINDOW: Final = 24 * 3600  # seconds: within one day (UTC)
# What a yes from the mailbox takes back, of all mail; an opt-out only for what was asked.
_PROVED: Final = ("erased", "complaint", "hard_bounce", "soft_bounces")


def request(actor: Actor, contact_id: str, draft: ConsentRequest, base: str) -> ConsentView:
    """Ask the contact, at its primary address, to confirm that it wants mail (about a topic). `base` is our own URL.

    Raises `NotFound`, `Merged`, `Gone`, `Invalid` for a topic that is none, `TooMany`, and `Conflict` for a contact
    without address, for one who asked to be forgotten, and for an address that the firm itself keeps mail from.
    """
    contact: Contact = nouns.load(nouns.NOUNS["contact"], actor.tenant, contact_id)
    if draft.topic is not None:
        topics.exists(actor.tenant, draft.topic, "/topic")
    address = addresses.primary(contact)
    if address is None:
        raise errors.Conflict("The contact has no mail address.")
    known = suppressions.load(actor.tenant, addresses.digest(actor.tenant, address))
    kept = standings.holding(known, draft.topic)
    if "erased" in kept:
        raise errors.Conflict("He asked to be forgotten, so the firm asks him nothing; he may come back by himself.")
    if "manual" in kept:
        raise errors.Conflict("The firm itself keeps mail from this address; take it off the list first.")
    return consent_log.view(ask(contact, address, draft.topic, base, actor.user))


def ask(contact: Contact, address: str, topic: str | None, base: str, by: str) -> Consent:
    """Note the request, and the moment that sends it, in one transaction. Raises `TooMany`."""
    _count(contact.tenant, address)
    now = clock.stamp()
    made = consent_log.entry(
        contact.tenant,
        contact.id,
        "requested",
        HOW,
        now,
        by,
        topic=topic,
        address=address,
        wording=_wording(contact.tenant, topic),
        base=base,
        seed=secrets.token_hex(8),
    )
    moment = Moment(tenant=contact.tenant, subject_id=contact.id, what=WHAT, at=now)
    moment.keys()
    transact(Step("save", made, absent()), Step("save", moment))
    return made


def come(moment: Moment) -> float | None:
    """Send the requests of the last day that were not sent yet, each once. As `due.DUE` says."""
    if choosing.find(moment.tenant, moment.subject_id) is None:
        return None
    waits = [
        sending.once(moment.tenant, moment.subject_id, WHAT, made.id, partial(_compose, made))
        for made in _requests(moment)
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def give_up(moment: Moment) -> None:
    """No further try is made: account for the mails that never went out."""
    for made in _requests(moment):
        sending.give_up(moment.tenant, moment.subject_id, WHAT, made.id)


def page(token: str) -> Document:
    """The page behind the link of the mail. Changes nothing."""
    made = _asked(token)
    if isinstance(made, Document):
        return made
    done = _confirmed_at(_known(made), made)
    return _thanks(made) if done else preference_page.confirm(unsubscribing.firm(made.tenant), made.wording)


def confirm(token: str, source: str) -> Document:
    """He says yes. Again changes nothing, too late neither. `source` is the caller's address."""
    made = _asked(token)
    if isinstance(made, Document):
        return made
    now = clock.stamp()
    known = suppressions.change(made.tenant, made.address, lambda known: _yes(known, made, now), choosing.CONTACT)
    at = _confirmed_at(known, made) or now
    wanted = {made.topic: True} if made.topic else {}
    contact = choosing.choose(made.tenant, made.subject_id, {"email": True}, wanted)
    if contact is not None:
        said = consent_log.entry(
            made.tenant,
            contact.id,
            "confirmed",
            HOW,
            at,
            choosing.CONTACT,
            topic=made.topic,
            address=made.address,
            ip=source,
            wording=made.wording,
            seed=made.id,
        )
        consent_log.note(said)
    return _thanks(made)


def _yes(known: Suppression, made: Consent, at: str) -> bool:
    """Let the address, not yet saved, have said yes, unless it has already; whether that is new."""
    if _confirmed_at(known, made):
        return False
    topic = made.topic or standings.ALL
    standings.confirm(known, topic, at)
    standings.lift(known, standings.ALL, _PROVED, at)
    standings.lift(known, topic, (*_PROVED, "unsubscribed"), at)
    return True


def _confirmed_at(known: Suppression | None, made: Consent) -> str | None:
    """When the request was confirmed, unless the mailbox said no since."""
    topic = made.topic or standings.ALL
    if known is None or not standings.confirmed(known, topic):
        return None
    at = str(known.confirmed[topic])
    return at if at >= made.at else None


def _known(made: Consent) -> Suppression | None:
    return suppressions.load(made.tenant, addresses.digest(made.tenant, made.address))


def _asked(token: str) -> Consent | Document:
    """The request that a link names, or the page that says that there is none, or none any more."""
    link = unsubscribing.read(token, USE)
    if link is None:
        return preference_page.missing()
    made = consent_log.find(link.tenant, link.contact_id, link.extra)
    late = made is None or clock.before(clock.stamp(), LIFETIME) > made.at
    if made is None or late or choosing.find(link.tenant, link.contact_id) is None:
        return preference_page.expired(unsubscribing.firm(link.tenant))
    return made


def _thanks(made: Consent) -> Document:
    return preference_page.confirmed(unsubscribing.firm(made.tenant), made.wording)


def _requests(moment: Moment) -> list[Consent]:
    """What was asked within the last day, the first first, however much else was said since."""
    log = consent_log.since(moment.tenant, moment.subject_id, clock.before(moment.at, WINDOW))
    return [one for one in log if one.what == "requested"]


def _compose(made: Consent) -> Mail | str:
    contact = choosing.find(made.tenant, made.subject_id)
    if contact is None or contact.deleted_at:
        return "The contact is no more."
    who = text.line(unsubscribing.firm(made.tenant))
    link = f"{made.base}/u/{mail_links.make(USE, made.tenant, made.subject_id, extra=made.id)}/confirm"
    return Mail(
        sender=config.mail_from(),
        to=made.address,
        subject=text.line(f"Please confirm: mail from {who}"),
        text=f"{made.wording}\n\nPlease confirm it here within 7 days:\n{link}\n\n"
        "If you did not ask for it, do nothing; nothing will be sent to you.\n",
        html=f'<p>{escape(made.wording)}</p><p>Please confirm it within 7 days:</p><p><a href="{escape(link)}">Yes, '
        "I confirm</a></p><p>If you did not ask for it, do nothing; nothing will be sent to you.</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": made.tenant, "purpose": WHAT, "contact": made.subject_id},
    )


def _wording(tenant: str, topic: str | None) -> str:
    """What he is shown, and says yes to: it is kept with both entries of the log."""
    who, known = unsubscribing.firm(tenant), topics.known(tenant, topic) if topic else None
    about = f"“{known.label}” by e-mail from {who}" if known else f"e-mail from {who}"
    return f"Yes, I want to receive {about}. I can unsubscribe at any time."


def _count(tenant: str, address: str) -> None:
    """Count one request to the mailbox. Raises `TooMany`. A write unit."""
    start = int(clock.epoch()) // WINDOW * WINDOW
    subject = f"optin#{tenant}#{addresses.digest(tenant, address)}"
    if throttles.add(subject, str(start), MOST, ttl=start + 2 * WINDOW) is None:
        wait = max(1, start + WINDOW - int(clock.epoch()))
        raise errors.TooMany(f"This mailbox was asked {MOST} times today.", retry_after=wait)
