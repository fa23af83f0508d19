"""What became of mails: each event is kept once, by its message, its mailbox and its time, and can be read by people.

An event's place follows from what it says, so whoever hears of it twice writes the same item again, which changes
nothing and is told to nobody.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from chalicelib import clock, ids
from chalicelib.models import keys, mail_event, table
from chalicelib.models.mail_event import MailEvent
from chalicelib.models.mailing import Mailing, parse_send_id
from chalicelib.models.table import Item, PageOf
from chalicelib.models.writes import put_all
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.mail_event import Event, MailEventQuery, MailEventView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import emails, packing

KEPT: Final = 90 * 24 * 3600  # seconds from when it happened
UNREADABLE: Final = "unreadable"  # stands for a mailbox too, which no address can be
_DAY: Final = 24 * 3600
_LATEST: Final = 60 * _DAY  # seconds back: what is told late is kept for a month at least
_MOST: Final = 500  # events of one message that are looked at
_REASON: Final = 300  # characters
_AGENT: Final = 200
_OWN_HEADERS: Final = ("headers", "headersTruncated", "commonHeaders")
_SEND: Final = re.compile(r"run_[0-7][0-9A-Z]{25}-con_[0-7][0-9A-Z]{25}(?:-[0-9]{1,3})?(?=@)")


def record(tenant: str, events: Sequence[Event]) -> None:
    """Keep these events; those that are kept already stay as they are. Three write units each, of up to 1 KB.

    Raises `Unready` if the table does not take them all: then some may be kept, and all can be recorded again.
    """
    items = [build(tenant, event) for event in events]
    put_all(list({(item.pk, item.sk): item for item in items}.values()))


def set_aside(tenant: str, provider: str, bad: Iterable[tuple[str, str]]) -> None:
    """Keep what could not be read, as (JSON, why): not among the events, but to be looked at and read anew."""
    now = clock.now()
    items = {}
    for raw, why in bad:
        digest = digest_of(provider, raw)
        item = MailEvent(
            id=ids.derived("evt", now, digest), tenant=tenant, what=UNREADABLE, at=clock.stamp(now), provider=provider
        )
        item.reason, item.raw, item.ttl = why[:_REASON], packing.text(raw), int(clock.epoch()) + KEPT
        parts = {"message": f"{UNREADABLE}-{digest}", "digest": digest, "mailbox": UNREADABLE, "at": item.at}
        item.place("mail_event", "gsi1", tenant=tenant, **parts)
        items[item.pk] = item
    put_all(list(items.values()))


def build(tenant: str, event: Event) -> MailEvent:
    """The item of an event, not yet in the table. Nothing in it depends on when or how often it is made."""
    send, digest = _send(event), digest_of(event.provider, event.event_id)
    mailbox = emails.folded(event.recipient) if event.recipient else None
    item = MailEvent(
        id=ids.derived("evt", event.at, digest),
        tenant=tenant,
        what=event.type,
        at=clock.stamp(event.at),
        provider=event.provider,
        event_id=event.event_id,
    )
    more = {
        "bounce": event.bounce,
        "recipient": mailbox,
        "message_id": event.message_id,
        "reason": event.reason[:_REASON] if event.reason else None,
        "url": event.url,
        "send": send,
        "machine": event.machine,
        "agent": event.agent[:_AGENT] if event.agent else None,
    }
    for name, value in more.items():
        if value is not None:  # most are, and setting one takes a microsecond or two
            setattr(item, name, value)
    item.raw = packing.packed(_lean(event), *_beside(item)) if event.raw else None
    item.ttl = _ttl(event.at)
    item.enlist(event.message_id or send or f"-{digest}", digest, mailbox or "-")
    return item


def event_of(item: MailEvent) -> Event:
    """The event that an item was built of, without what the provider sent."""
    return Event(
        type=item.what,  # type: ignore[arg-type]  # one of them
        provider=item.provider,
        event_id=item.event_id or "",
        at=clock.parse(item.at),
        recipient=item.recipient,
        message_id=item.message_id,
        send=item.send,
        bounce=item.bounce,  # type: ignore[arg-type]  # one of them
        reason=item.reason,
        url=item.url,
        machine=item.machine,
        agent=item.agent,
    )


def of_message(tenant: str, message: str) -> list[MailEvent]:
    """All events of a message as they are now, by its provider's id or by our own. A unit for each 4 KB."""
    found = table.every(mail_event.partition(tenant, message))
    return [one for one in found if isinstance(one, MailEvent)]


def listing(actor: Actor, query: MailEventQuery, wanted: Page) -> Listing[MailEventView]:
    """Events, the newest first: of one message, of one mailbox, or of the firm."""
    if query.message_id is not None:
        found = _of_one(actor.tenant, query, wanted)
    else:
        found = _of_many(actor.tenant, query, wanted)
    campaigns = _campaigns(actor.tenant, found.items)
    return Listing([_view(item, campaigns) for item in found.items], found.last)


def digest_of(provider: str, event_id: str) -> str:
    """What an event is known by among those of its message: 96 bits of a hash."""
    found = hashlib.sha256(f"{provider}\n{event_id}".encode("utf-8", "replace")).digest()[:12]
    return base64.urlsafe_b64encode(found).decode()


def spellings(message_id: str) -> list[str]:
    """Under what the events of a message may lie: some providers cut its id at a dot, and ours begins with the send id,
    which stands alone while nobody knows the rest.
    """
    whole = message_id.strip().removeprefix("<").removesuffix(">")
    several = (whole, whole.partition(".")[0], whole.partition("@")[0])
    return [one for one in dict.fromkeys(several) if one]


def _of_many(tenant: str, query: MailEventQuery, wanted: Page) -> PageOf:
    index = "gsi2" if query.recipient is None and not query.unreadable else "gsi1"
    mailbox = UNREADABLE if query.unreadable else emails.folded(query.recipient or "")
    since = clock.stamp(query.since) if query.since else None
    column = getattr(Item, f"{index}sk")
    return table.page(
        keys.partition("mail_event", index, tenant=tenant, mailbox=mailbox),
        index=index,
        where=None if since is None else column >= since,
        limit=wanted.limit,
        start=wanted.start,
        newest_first=True,
    )


def _of_one(tenant: str, query: MailEventQuery, wanted: Page) -> PageOf:
    """They lie by their digests, and there are few: so they are all read and sorted here."""
    found: dict[str, MailEvent] = {}
    for message in spellings(query.message_id or ""):
        items = table.page(mail_event.partition(tenant, message), limit=_MOST).items
        found.update((one.id, one) for one in items if isinstance(one, MailEvent))
    mailbox = emails.folded(query.recipient) if query.recipient else None
    since = clock.stamp(query.since) if query.since else ""
    fitting = [one for one in found.values() if one.at >= since and mailbox in (None, one.recipient)]
    fitting.sort(key=lambda one: (one.at, one.sk), reverse=True)
    if wanted.start is not None:
        last = (wanted.start["at"]["S"], wanted.start["sk"]["S"])
        fitting = [one for one in fitting if (one.at, one.sk) < last]
    here = fitting[: wanted.limit]
    more = len(fitting) > len(here)
    return PageOf(here, {"at": {"S": here[-1].at}, "sk": {"S": here[-1].sk}} if more else None)


def _campaigns(tenant: str, items: Sequence[MailEvent]) -> dict[str, str]:
    """The campaign of each run that is named here: half a unit for each run, however many events it has."""
    runs: dict[str, tuple[str, str]] = {}
    for item in items:
        named = parse_send_id(item.send) if item.send else None
        if named is not None:
            run, contact_id, step = named
            runs.setdefault(run, keys.key("mailing", tenant=tenant, contact=contact_id, run=run, step=step))
    found = table.several(list(runs.values()))
    return {run: one.campaign_id for run, one in zip(runs, found, strict=True) if isinstance(one, Mailing)}


def _view(item: MailEvent, campaigns: dict[str, str]) -> MailEventView:
    run = item.send.partition("-")[0] if item.send else ""
    return MailEventView(
        id=item.id,
        type=item.what,
        bounce=item.bounce,
        recipient=item.recipient,
        message_id=item.message_id,
        at=item.at,
        provider=item.provider,
        event_id=item.event_id,
        reason=item.reason,
        url=item.url,
        machine=item.machine,
        contact_id=_contact(item),
        campaign_id=campaigns.get(run),
    )


def _contact(item: MailEvent) -> str | None:
    """Whose mail it was: the send id says so."""
    named = parse_send_id(item.send) if item.send else None
    return named[1] if named else None


def _send(event: Event) -> str | None:
    """Our own id of the mail: its tag, or what stands before the @ of a Message-ID that we made; of an answer, what
    stands so in the mail that it answers.
    """
    if event.send is not None:
        return event.send
    local = (event.message_id or "").partition("@")[0]
    if parse_send_id(local):
        return local
    answered = _SEND.search(str(event.raw)) if event.type == "inbound" else None
    return answered[0] if answered else None


def _ttl(at: datetime) -> int:
    """When it goes. Whole days bound what a provider's clock may say, so that this too stays the same when repeated."""
    today = int(clock.epoch()) // _DAY * _DAY
    return max(today - _LATEST, min(int(at.timestamp()), today + 2 * _DAY)) + KEPT


def raw_of(item: MailEvent) -> Any:
    """What the provider sent, None if it was not kept."""
    return packing.unpacked(item.raw, *(_beside(item) if item.what != UNREADABLE else ())) if item.raw else None


def _lean(event: Event) -> dict[str, Any]:
    """The raw event without the headers of our own mail, which SES sends back with each and which say nothing of it."""
    mail = event.raw.get("mail")
    if event.provider != "ses" or event.type == "inbound" or not isinstance(mail, dict):
        return event.raw
    return {**event.raw, "mail": {name: value for name, value in mail.items() if name not in _OWN_HEADERS}}


def _beside(item: MailEvent) -> tuple[str | None, ...]:
    """What an item says anyway, and its raw event again. Never another order, or what is kept cannot be read."""
    return item.agent, item.reason, item.url, item.event_id, item.message_id, item.send, item.recipient
