"""Addresses that are not mailed any more: why, since when, and who said so. Kept by keyed hash, see `addresses.py`.

Said twice, late or in another order, it ends the same: `standings.py`. The list is asked before each mail of a campaign
(`consent.refusals`); mails of the system itself, such as a reminder to a user, do not ask it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.mailing import parse_send_id
from chalicelib.models.suppression import Suppression, place
from chalicelib.models.table import Item, every, fetch, page
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.schemas.mail_event import Event
from chalicelib.services import addresses, choosing, consent_log, contacts, emails, settings, standings

SYSTEM: Final = "system"  # who wrote what nobody in particular did
OWN: Final = "tendril"  # the provider in events that we tell ourselves
_TRIES: Final = 6
_DAY: Final = 24 * 3600
_EVENTS: Final = 500  # of one mailbox that are looked at
# An edit of what is known of an address, in place; whether anything is to be kept.
Edit = Callable[[Suppression], bool]
# What is written in the same transaction.
Also = Callable[[Suppression], Sequence[Step]]


def add(
    tenant: str,
    address: str,
    reason: str,
    source: str,
    *,
    topic: str | None = None,
    at: str | None = None,
    campaign: str | None = None,
    by: str = SYSTEM,
) -> Suppression:
    """Do not mail the address any more; of `topic` only, or of nothing at all.

    `reason` is one of `standings.RANK`, `source` says who told it (a provider, a link, a user), `at` when that was (a
    stamp; now). Two write units if that is new, else a read unit; whoever says it again changes nothing.
    """
    entry = {"at": at or clock.stamp(), "source": source, **({"campaign": campaign} if campaign else {})}
    return change(tenant, address, lambda known: standings.say(known, topic or standings.ALL, reason, entry), by)


def lift(
    tenant: str,
    address: str,
    reasons: Iterable[str],
    *,
    topic: str | None = None,
    at: str | None = None,
    by: str = SYSTEM,
) -> Suppression:
    """Take back what was said of the address by `at` (a stamp; now): of `topic`, or of all mail. As `add`."""
    until, wanted = at or clock.stamp(), tuple(reasons)
    return change(tenant, address, lambda known: standings.lift(known, topic or standings.ALL, wanted, until), by)


def change(tenant: str, address: str, edit: Edit, by: str = SYSTEM, also: Also = lambda _known: ()) -> Suppression:
    """Edit what is known of an address, until nobody interferes; as it then is. `also` is written with it."""
    digest = addresses.digest(tenant, address)
    for attempt in range(_TRIES):
        known = load(tenant, digest) or Suppression.at(tenant, digest)
        if not edit(known):
            return known
        known.address = _kept(known, address)
        known.updated_at, known.updated_by = clock.stamp(), by
        known.created_at = known.created_at or known.updated_at
        known.keys()
        try:
            transact(Step("save", known), *also(known))
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return known
    raise AssertionError("unreachable")


def load(tenant: str, digest: str) -> Suppression | None:
    """What is known of an address, as it is at this moment. A read unit."""
    return fetch(Suppression, *place(tenant, digest), consistent=True)


def erased(before: Any, after: Any) -> None:
    """A contact was removed for good: of each of his addresses a keyed hash stays, so that he is not mailed again,
    whoever brings the address back. What happened with his mails goes at once. A read unit and two write units each,
    half a unit for each 4 KB of events and three write units for each of them.

    The time is that of his going into the trash, so that a consent he confirmed since is not lost to a late event.
    """
    if before is None or after is not None:
        return
    at = before.deleted_at or before.updated_at
    for one in before.emails or ():
        add(before.tenant, one["address"], "erased", "erasure", at=at)
        mailbox = emails.folded(one["address"])
        told = keys.partition("mail_event", "gsi1", tenant=before.tenant, mailbox=mailbox)
        put_all((), list(every(told, index="gsi1")))


def after(tenant: str, event: Event) -> None:
    """Draw from one event of a mail what it says of the address; from most of them nothing, at no cost.

    Called twice, late or in another order it ends the same. What we told ourselves is left out: whoever told it has
    drawn the conclusions.
    """
    rule = _RULES.get((event.type, event.bounce))
    if rule is not None and event.recipient and event.provider != OWN:
        rule(tenant, event.recipient, event)


def _hard(tenant: str, address: str, event: Event) -> None:
    add(tenant, address, "hard_bounce", event.provider, at=clock.stamp(event.at))


def _complaint(tenant: str, address: str, event: Event) -> None:
    add(tenant, address, "complaint", event.provider, at=clock.stamp(event.at))


def _soft(tenant: str, address: str, event: Event) -> None:
    """So many messages that bounced softly within so many days, as the firm settled it, keep mail from an address.

    Any stretch of that length counts in which this event lies, so it does not matter which event comes last. What was
    before the address was let in again does not count. A read unit, and half a unit for each 4 KB of what happened
    with the mailbox around that time.
    """
    known = load(tenant, addresses.digest(tenant, address))
    reason, everything = "soft_bounces", standings.ALL
    if known is not None and reason in known.reasons.get(everything, {}):
        return
    since = known.lifted.get(everything, {}).get(reason, "") if known is not None else ""
    rule = settings.soft_bounces(tenant)
    times = sorted(at for at in _softly(tenant, address, event, rule.days).values() if at > since)
    for first, last in zip(times, times[rule.count - 1 :], strict=False):
        if clock.before(last, rule.days * _DAY) <= first:
            add(tenant, address, reason, event.provider, at=last)
            return


def _softly(tenant: str, address: str, event: Event, days: int) -> dict[str, str]:
    """When messages to the mailbox first bounced softly, by message, so many days around this event and itself."""
    at = clock.stamp(event.at)
    found = page(
        keys.partition("mail_event", "gsi1", tenant=tenant, mailbox=emails.folded(address)),
        index="gsi1",
        where=Item.gsi1sk.between(clock.before(at, days * _DAY), f"{clock.before(at, -days * _DAY)}~"),
        limit=_EVENTS,
    )
    # The index may not have it yet.
    times = {event.message_id or event.send or event.event_id: at}
    for one in found.items:
        if (one.what, one.bounce) == ("bounced", "soft"):
            message = one.message_id or one.send or one.event_id
            times[message] = min(one.at, times.get(message, one.at))
    return times


def _no(tenant: str, address: str, event: Event) -> None:
    """Somebody unsubscribed at the provider: from everything, as that knows no topics."""
    at = clock.stamp(event.at)
    known = add(tenant, address, "unsubscribed", event.provider, at=at)
    _chose(tenant, address, event, "withdrawn", standings.stands(known, standings.ALL, "unsubscribed"))


def _yes(tenant: str, address: str, event: Event) -> None:
    """Somebody subscribed again at the provider: it takes back an opt-out before it, never a complaint or a bounce."""
    known = lift(tenant, address, ("unsubscribed",), at=clock.stamp(event.at))
    _chose(tenant, address, event, "granted", "unsubscribed" not in standings.holding(known, None))


def _chose(tenant: str, address: str, event: Event, what: str, last: bool) -> None:
    """Note it in the consent log of the contact, and let him have chosen it if that is the last word."""
    named = parse_send_id(event.send) if event.send else None
    contact_id = named[1] if named else contacts.VERBS.holder(tenant, "email", emails.folded(address))
    contact = choosing.find(tenant, contact_id) if contact_id else None
    if contact is None:
        return
    if last:
        choosing.choose(tenant, contact.id, {"email": what == "granted"}, {})
    made = consent_log.entry(
        tenant, contact.id, what, "provider", clock.stamp(event.at), choosing.CONTACT, address=emails.folded(address)
    )
    consent_log.note(made)


_RULES: Final[dict[tuple[str, str | None], Callable[[str, str, Event], None]]] = {
    ("bounced", "hard"): _hard,
    ("bounced", "soft"): _soft,
    ("complained", None): _complaint,
    ("unsubscribed", None): _no,
    ("subscribed", None): _yes,
}


def _kept(known: Suppression, address: str) -> str | None:
    """The address, while something of it is to be listed and nobody asked to be forgotten."""
    return emails.folded(address) if known.reasons and "erased" not in known.reasons.get(standings.ALL, {}) else None
