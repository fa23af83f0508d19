"""Dates to remember: a mail to the record's owner, once a year for each.

One moment beside the record stands for all of its dates, at the time of the next reminder. It is computed whenever
something it depends on changes, and again when it comes.
"""

import html
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from chalicelib import clock, config, errors
from chalicelib.models.moment import Moment
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.mail import Mail
from chalicelib.services import hints, nouns, occasions, sending, titles, users
from chalicelib.services.occasions import Occasion

WHAT: Final = "date"
_TRIES: Final = 10


def planned(before: Any, after: Any) -> None:
    """A date, the owner, the zone or the standing of a record changed: so may the next reminder.

    Two read units and two write units; none for a record without dates.
    """
    if after is not None and (occasions.of(after) or (before is not None and occasions.of(before))):
        _settle(after.tenant, after.id)


def remind(moment: Moment) -> float | None:
    """Remind the owner of all that is due, and set the next moment. As `due.DUE` says."""
    record, now = _record(moment.tenant, moment.subject_id), clock.now()
    if record is None or not record.live or not record.owner_id:
        return None
    waits = [
        sending.once(record.tenant, record.id, WHAT, _mail(one, day), partial(_compose, record, one, day))
        for one, day in occasions.pending(record, now, clock.parse(moment.at))
    ]
    wait = max((wait for wait in waits if wait is not None), default=None)
    if wait is None:
        _settle(record.tenant, record.id, after=now)
        return hints.SETTLED
    return wait


def give_up(moment: Moment) -> None:
    """No further try is made for now: account for the mails that never went out, and look at what comes next."""
    record, now = _record(moment.tenant, moment.subject_id), clock.now()
    if record is None:
        return
    for one, day in occasions.pending(record, now, clock.parse(moment.at)):
        sending.give_up(record.tenant, record.id, WHAT, _mail(one, day))
    _settle(record.tenant, record.id, after=now)


def _settle(tenant: str, record_id: str, after: datetime | None = None) -> None:
    """Let the moment stand where the record says, then look again: whoever writes last has seen the last version."""
    record = _record(tenant, record_id)
    for _ in range(_TRIES):
        if record is None:
            return
        _place(record, after)
        seen, record = int(record.version), _record(tenant, record_id)
        if record is not None and int(record.version) == seen:
            return
    raise errors.Stale("The record kept changing.")


def _place(record: Any, after: datetime | None) -> None:
    at = occasions.upcoming(record, clock.now(), after) if record.live and record.owner_id else None
    moment = Moment(tenant=record.tenant, subject_id=record.id, what=WHAT, at=clock.stamp(at))
    moment.keys()
    transact(Step("save" if at else "delete", moment))


def _record(tenant: str, record_id: str) -> Any:
    noun = nouns.of_id(record_id)
    try:
        return nouns.peek(noun, tenant, record_id, consistent=True) if noun else None
    except errors.Gone:
        return None


def _mail(one: Occasion, day: date) -> str:
    """What names the mail beside its record: the date, of one year."""
    return f"{day.isoformat()}.{one.label}"


def _compose(record: Any, one: Occasion, day: date) -> Mail | str:
    try:
        owner = users.load(record.tenant, record.owner_id)
    except errors.NotFound:
        return "The owner is no user any more."
    name, label = titles.of(record), " ".join(one.label.split())
    said = f"{label} of {name}: {day.isoformat()}"
    return Mail(
        sender=config.mail_from(),
        to=owner.email,
        subject=said,
        text=f"Hello {owner.name},\n\n{said}\n",
        html=f"<p>Hello {html.escape(owner.name)},</p><p>{html.escape(said)}</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": record.tenant, "purpose": WHAT, "record": record.id},
    )
