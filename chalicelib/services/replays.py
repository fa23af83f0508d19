"""Reading kept events anew, after a mistake in how they were read: as a job, from what the providers sent.

What is read otherwise than before replaces what was kept, what cannot be read any more stays, and what is seen of each
mailing concerned is derived from all of its events, not joined to what was known. Done again it changes nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from chalicelib import clock, errors
from chalicelib.models import keys, table
from chalicelib.models.job import Job
from chalicelib.models.mail_event import MailEvent
from chalicelib.models.mailing import parse_send_id
from chalicelib.models.table import Item, PageOf
from chalicelib.models.writes import put_all
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobView
from chalicelib.schemas.mail_event import Event, ReplayDraft
from chalicelib.services import deliveries, jobs, mail_events

KIND: Final = "mail_replay"
_AT_ONCE: Final = 50  # events of one step
_LISTS: Final = ("gsi2", "gsi1")  # what was read, then what could not be

# How one event stands in the body of its provider, where it does not stand there alone; as far as `parse` looks at it.
BODIES: Final[dict[str, Callable[[Any, str], Any]]] = {
    # The id of an event of SNS for several recipients has one of them behind a stroke.
    "ses": lambda raw, event_id: {
        "Type": "Notification",
        "MessageId": event_id.partition("/")[0],
        "Message": msgspec.json.encode(raw).decode(),
    },
    "sendgrid": lambda raw, _: [raw],
    "sparkpost": lambda raw, _: [raw],
    "mailgun": lambda raw, _: {"event-data": raw},
}


def start(actor: Actor, draft: ReplayDraft) -> JobView:
    """A job that reads anew what happened since then. Raises `Invalid` for a provider that we do not know."""
    from chalicelib.adapters.hooks import HOOKS

    if draft.provider is not None and draft.provider not in HOOKS:
        raise errors.invalid("/provider", "unknown", f"There is no such provider; known are {', '.join(HOOKS)}.")
    params = {"since": clock.stamp(draft.since), "provider": draft.provider}
    return jobs.start(actor, KIND, params, permission="mail_events:read")


def step(job: Job) -> bool:
    """The next few events. As `steps.STEPS` says.

    Half a unit for each 4 KB of them, 3 write units for each that is read otherwise, and for each mailing concerned a
    read unit, what its events take, and two write units if something changes.
    """
    number = int(job.state.get("list", 0))
    found = _page(job, _LISTS[number])
    sends: set[str] = set()
    for item in found.items:
        if job.params["provider"] in (None, item.provider):
            sends |= _read_anew(job, item)
    for send in sorted(sends):
        place = parse_send_id(send)
        if place is not None:
            deliveries.again(job.tenant, place)
    job.state = {"list": number, "last": found.last} if found.last else {"list": number + 1}
    return bool(job.state["list"] >= len(_LISTS))


def request(provider: str, raw: Any, event_id: str) -> tuple[Mapping[str, str], bytes]:
    """Headers and body by which a provider could have told of this one event."""
    if provider == "mandrill":
        return {}, urlencode({"mandrill_events": msgspec.json.encode([raw])}).encode()
    said = BODIES[provider](raw, event_id) if provider in BODIES else raw
    return {"svix-id": event_id}, msgspec.json.encode(said)


def _page(job: Job, index: str) -> PageOf:
    partition = keys.partition("mail_event", index, tenant=job.tenant, mailbox=mail_events.UNREADABLE)
    where = getattr(Item, f"{index}sk") >= job.params["since"]
    return table.page(partition, index=index, where=where, limit=_AT_ONCE, start=job.state.get("last"))


def _read_anew(job: Job, item: MailEvent) -> set[str]:
    """Keep what the item says by now in its place; the send ids of the mails that are concerned."""
    job.done = int(job.done) + 1
    events = _events(item)
    if events is None:
        job.tally("unchanged" if item.what != mail_events.UNREADABLE else "unreadable")
        return {item.send} if item.send else set()
    new = [mail_events.build(item.tenant, event) for event in events]
    stays = any((one.pk, one.sk) == (item.pk, item.sk) for one in new)
    put_all(new, () if stays else [item])
    job.tally("changed" if not stays or _differs(item, new) else "unchanged")
    return {one.send for one in (item, *new) if one.send}


def _events(item: MailEvent) -> list[Event] | None:
    """What the item's raw event says by now; None if it was not kept, or still cannot be read."""
    from chalicelib.adapters import hooks

    if item.raw is None or item.provider not in hooks.HOOKS:
        return None
    try:
        headers, body = request(item.provider, mail_events.raw_of(item), item.event_id or "")
        parsed = hooks.adapter(item.provider).parse(headers, body)
    except (ValueError, hooks.Malformed):
        return None
    return None if parsed.bad else list(parsed.events)


def _differs(item: MailEvent, new: list[MailEvent]) -> bool:
    """Whether the item in the same place says something else; when it goes is no matter."""
    return any(
        {**one.serialize(), "ttl": None} != {**item.serialize(), "ttl": None}
        for one in new
        if (one.pk, one.sk) == (item.pk, item.sk)
    )
