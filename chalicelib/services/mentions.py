"""Mentions in notes: each mentioned user gets one mail, and one only, however often the note is changed or told of."""

import html
from functools import partial
from typing import Any, Final

from chalicelib import config, errors
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.mail import Mail
from chalicelib.services import nouns, sending, titles, users

WHAT: Final = "mention"
_BETWEEN: Final = "/"  # stands between the record and the note in the moment's subject


def mentioned(before: Any, after: Any) -> None:
    """A note mentions somebody new: a moment sees to the mails. Three write units; none for whom it told itself."""
    if after is None:
        return
    known = (before.mentions or {}) if before is not None else {}
    if any(_hears(user, by) for user, by in (after.mentions or {}).items() if user not in known):
        subject = f"{after.subject_id}{_BETWEEN}{after.id}"
        moment = Moment(tenant=after.tenant, subject_id=subject, what=WHAT, at=after.updated_at or after.at)
        moment.keys()
        transact(Step("save", moment))


def notify(moment: Moment) -> float | None:
    """Mail whoever the note mentions now and was not told yet. As `due.DUE` says."""
    note = _note(moment)
    waits = [
        sending.once(note.tenant, note.subject_id, WHAT, _mail(note, user), partial(_compose, note, user, by))
        for user, by in _hearing(note)
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def give_up(moment: Moment) -> None:
    """No further try is made: account for the mails that never went out."""
    note = _note(moment)
    for user, _ in _hearing(note):
        sending.give_up(note.tenant, note.subject_id, WHAT, _mail(note, user))


def _note(moment: Moment) -> Any:
    subject, _, note_id = moment.subject_id.partition(_BETWEEN)
    return fetch(Activity, *keys.key("activity", tenant=moment.tenant, subject=subject, id=note_id), consistent=True)


def _hearing(note: Any) -> list[tuple[str, str]]:
    return [(user, by) for user, by in (note.mentions or {}).items() if _hears(user, by)] if note is not None else []


def _hears(user: str, by: str) -> bool:
    """Nobody is told that he mentioned himself."""
    return user != by


def _mail(note: Any, user: str) -> str:
    """What names the mail beside its record."""
    return f"{note.id}.{user}"


def _compose(note: Any, to: str, by: str) -> Mail | str:
    try:
        user = users.load(note.tenant, to)
    except errors.NotFound:
        return "The mentioned one is no user any more."
    try:
        noun = nouns.of_id(note.subject_id)
        record = nouns.peek(noun, note.tenant, note.subject_id) if noun else None
    except errors.Gone:
        record = None
    if record is None or record.deleted_at:
        return "The record is not there any more."
    about, author, said = titles.of(record), _author(note.tenant, by), note.text or ""
    return Mail(
        sender=config.mail_from(),
        to=user.email,
        subject=f"{author} mentioned you: {about}",
        text=f"Hello {user.name},\n\n{author} mentioned you in a note on {about}:\n\n{said}\n",
        html=f"<p>Hello {html.escape(user.name)},</p><p>{html.escape(author)} mentioned you in a note on "
        f"<b>{html.escape(about)}</b>:</p><p>{html.escape(said)}</p>",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"tenant": note.tenant, "purpose": WHAT, "record": note.subject_id},
    )


def _author(tenant: str, user_id: str) -> str:
    try:
        return users.load(tenant, user_id, deleted=True).name
    except errors.NotFound:  # a token
        return "Somebody"
