"""What follows from the events of mails: what is seen of each mailing, and what its campaign's report counts of it.

The events of one batch of the change feed are taken together: what they say is joined to what was known of each
mailing, and one transaction writes that, on condition that it is still what was read, with the difference that it makes
to the campaign's sheet. So an event that comes twice, late or in another order changes nothing, and what a mailing
counts can be taken back when it turns out that a program opened it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from chalicelib import clock, ids
from chalicelib.errors import Stale
from chalicelib.models import keys
from chalicelib.models import mailing as mailings
from chalicelib.models.activity import Activity
from chalicelib.models.ledger import Sheet
from chalicelib.models.mail_event import MailEvent
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import several
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.schemas.mail_event import Event
from chalicelib.services import activities, claims, mail_events, seen, settling, suppressions
from chalicelib.services.gathering import Gathering

SHEET: Final = "seen"  # of the campaign's book
SYSTEM: Final = "system"
_TOGETHER: Final = 50  # mailings of one transaction: with a sheet of each it takes a hundred writes
_TRIES: Final = 8
_SUPPRESSING: Final = frozenset({"bounced", "complained", "unsubscribed", "subscribed", "delivered"})
# Entries of the timeline, by what of `seen` they tell: the time of the entry is that of the value, or of another one.
_TOLD: Final[dict[str, str]] = {
    "mail.opened": "opened_human",
    "mail.clicked": "clicked_human",
    "mail.bounced": "bounced_at",
    "mail.complained": "complained",
    "mail.unsubscribed": "unsubscribed",
    "mail.replied": "replied",
}
_MESSAGE: Final = "message_id"  # kept in `seen` too, while the outcome does not have it
Place = tuple[str, str, str]  # run, contact id, step


def happened(_before: Any, after: MailEvent | None) -> None:
    """Something became of a mail: its mailing knows it, and its address may not be mailed any more."""
    if after is None or after.what == mail_events.UNREADABLE:
        return
    event = mail_events.event_of(after)
    if event.type in _SUPPRESSING and event.recipient:
        suppressions.after(after.tenant, event)
    place = mailings.parse_send_id(after.send) if after.send else None
    if place is None:
        return
    gathering.say(after.tenant, (place, event))


def _settle_all(tenant: str, told: Sequence[tuple[Place, Event]]) -> None:
    """Let the mailings know. Raises `Stale`, `Unready` if others kept interfering."""
    events: dict[Place, list[Event]] = defaultdict(list)
    for place, event in told:
        events[place].append(event)
    places = list(events)
    for start in range(0, len(places), _TOGETHER):
        _settle(tenant, {place: events[place] for place in places[start : start + _TOGETHER]})


gathering: Final = Gathering("events", _settle_all)


def told(before: Mailing | None, after: Mailing | None) -> None:
    """Tell in the contact's timeline what is known of a mail by now, and no longer what is not. Two units an entry."""
    if after is None:
        return
    old, new = _entries(before), _entries(after)
    put_all([new[one] for one in new if one not in old], [old[one] for one in old if one not in new])


def proved(_before: Mailing | None, after: Mailing | None) -> None:
    """A mail of which nobody knew whether it was sent: what its provider told of it decides that.

    Whichever is known first: called when the outcome changes and when what is seen does. One write unit, and what it
    takes to count its shard anew.
    """
    if after is None or after.status != "unknown":
        return
    found = after.seen or {}
    if seen.proves_sent(found):
        text = mailings.outcome("sent", _first(found), message_id=found.get(_MESSAGE))
    elif "rejected" in found:
        text = mailings.outcome("failed", found["rejected"], reason="rejected")
    else:
        return
    claims.settle(after, text)
    settling.recount(after.tenant, after.campaign_id, int(after.shard))  # also if somebody was faster, and cut off


def again(tenant: str, place: Place) -> None:
    """Derive what is seen of a mailing anew from the events that are kept, and forget what was known before.

    For events that are read otherwise than when they came. Raises `Stale`, `Unready` if others kept interfering.
    """
    run, contact_id, step = place
    send = mailings.send_id(run, contact_id, step)
    for attempt in range(_TRIES):
        one = _read(tenant, [place], consistent=True)[0]
        if one is None:
            return
        message_id = str(one.result.get(_MESSAGE) or (one.seen or {}).get(_MESSAGE) or send)
        messages = dict.fromkeys([send, *mail_events.spellings(message_id)])
        items = [item for message in messages for item in mail_events.of_message(tenant, message)]
        events = [mail_events.event_of(item) for item in items if item.send == send]
        try:
            _write(tenant, [(one, _summary(one, _beyond(one.seen or {}), events))])
        except Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return


def _beyond(known: seen.Seen) -> seen.Seen:
    """What was known from events that are not kept any more."""
    kept_since = clock.stamp(clock.after(-mail_events.KEPT))
    old = {name: known[name] for name in seen.STAMPS.values() if known.get(name, kept_since) < kept_since}
    if "bounced_at" in old:
        old["bounced"] = known["bounced"]
    first = clock.parse(kept_since).timestamp() * 1000
    touches = [touch for touch in known.get(seen.TOUCHES, ()) if touch[0] < first]
    return {**old, **({seen.TOUCHES: touches} if touches else {})}


def _settle(tenant: str, events: dict[Place, list[Event]]) -> None:
    """In one transaction; if others interfere, each half by itself, so that it ends."""
    places = list(events)
    for attempt in range(_TRIES):
        found = _read(tenant, places, consistent=attempt > 0)
        changes = [
            (one, _summary(one, one.seen or {}, events[place]))
            for place, one in zip(places, found, strict=True)
            if one is not None
        ]
        try:
            _write(tenant, [(one, new) for one, new in changes if new != (one.seen or {})])
        except Stale:
            if len(places) > 1:
                middle = len(places) // 2
                _settle(tenant, {place: events[place] for place in places[:middle]})
                _settle(tenant, {place: events[place] for place in places[middle:]})
                return
            if attempt + 1 == _TRIES:
                raise
        else:
            return


def _read(tenant: str, places: Sequence[Place], *, consistent: bool) -> list[Mailing | None]:
    """The mailings, half a unit each; those that seem not to be there are asked for once more, consistently.

    One whose contact was erased is none: what its campaign counted of it stands, and nothing new is kept of it.
    """
    wanted = [
        keys.key("mailing", tenant=tenant, contact=contact_id, run=run, step=step) for run, contact_id, step in places
    ]
    found = several(wanted, consistent=consistent)
    missing = [place for place, one in zip(wanted, found, strict=True) if one is None]
    if missing and not consistent:
        late = dict(zip(missing, several(missing, consistent=True), strict=True))
        found = [one or late[place] for place, one in zip(wanted, found, strict=True)]
    # Whoever is mailed has an address, until `purging.py` removes it.
    return [one if isinstance(one, Mailing) and one.address is not None else None for one in found]


def _summary(one: Mailing, known: seen.Seen, events: Sequence[Event]) -> seen.Seen:
    """What is seen of the mailing with these events.

    That it was sent is left out where the outcome says so: every provider tells, and it would be a write for each mail.
    """
    new = seen.joined(known, seen.state_of(events))
    if one.status == "sent":
        new.pop("sent", None)
    ids_told = [event.message_id for event in events if event.message_id] + [known.get(_MESSAGE) or ""]
    message_id = min(filter(None, ids_told), default=None)
    if message_id and not one.result.get(_MESSAGE):
        new[_MESSAGE] = message_id
    return dict(sorted(new.items()))


def _write(tenant: str, changes: Sequence[tuple[Mailing, seen.Seen]]) -> None:
    """What is seen now, and what that changes in the sheets. Two units each, and two for each campaign; one alone, if
    it counts nothing else, one.
    """
    steps: list[Step] = []
    added: dict[str, Counter[str]] = defaultdict(Counter)
    for one, new in changes:
        same = Mailing.seen.does_not_exist() if one.seen is None else Mailing.seen == one.seen
        counted = seen.cells(new)
        actions = [Mailing.seen.set(new)]
        if counted != (one.counted or {}):
            actions.append(Mailing.counted.set(counted))
            added[one.campaign_id].update(counted)
            added[one.campaign_id].subtract(one.counted or {})
        steps.append(Step("update", Mailing(one.pk, one.sk), Mailing.contact_id.exists() & same, actions))
    for campaign_id, cells in sorted(added.items()):
        changed = {name: amount for name, amount in cells.items() if amount}
        if changed:
            sheet = Sheet(*keys.key("sheet", tenant=tenant, book=campaign_id, name=SHEET))
            steps.append(Step("update", sheet, actions=Sheet.adding(changed)))
    if steps:
        transact(*steps)


def _entries(one: Mailing | None) -> dict[str, Activity]:
    """The entries of the timeline that tell what is seen of a mailing, by their ids."""
    found = (one.seen if one is not None else None) or {}
    entries = {}
    for what, name in _TOLD.items():
        if one is None or name not in found or (what == "mail.bounced" and "bounced" not in seen.cells(found)):
            continue
        entry_id = ids.derived("act", clock.parse(found[name]), f"{one.send_id} {what}")
        data = {"campaign_id": one.campaign_id, **({"bounce": found["bounced"]} if what == "mail.bounced" else {})}
        entries[entry_id] = activities.build(one.tenant, one.contact_id, what, found[name], SYSTEM, entry_id, data=data)
    return entries


def _first(found: seen.Seen) -> str:
    """When it was first heard of."""
    return min(str(found[name]) for name in seen.STAMPS.values() if name in found)
