"""Mentions in notes: each mentioned user is told once, in the inbox and by mail as he wants it, however often the note
is changed or told of.
"""

import html
from functools import partial
from typing import Any, Final, NamedTuple

from chalicelib import config, errors
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.activity import Activity
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.mail import Mail
from chalicelib.services import inbox, nouns, preferences, sending, text, titles, users

WHAT: Final = "mention"
_BETWEEN: Final = "/"  # stands between the record and the note in the moment's subject


class News(NamedTuple):
    """Who is to hear it, who wrote it, and on what."""

    user: User
    author: str
    about: str


def mentioned(before: Any, after: Any) -> None:
    """A note mentions somebody new: a moment sees to the telling. Three write units; none for whom it told itself."""
    if after is None:
        return
    known = (before.mentions or {}) if before is not None else {}
    if any(_hears(user, by) for user, by in (after.mentions or {}).items() if user not in known):
        subject = f"{after.subject_id}{_BETWEEN}{after.id}"
        moment = Moment(tenant=after.tenant, subject_id=subject, what=WHAT, at=after.updated_at or after.at)
        moment.keys()
        transact(Step("save", moment))


def notify(moment: Moment) -> float | None:
    """Tell whoever the note mentions now and was not told yet. As `due.DUE` says."""
    note = _note(moment)
    waits = [_tell(note, user, by) for user, by in _hearing(note)]
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


def _tell(note: Any, to: str, by: str) -> float | None:
    """In the inbox and by mail, as he wants it. Seconds after which the mail is to be tried again."""
    news = _news(note, to, by)
    if isinstance(news, News):
        line = f"{news.author} mentioned you: {news.about}"
        data = {"activity_id": note.id, "by": by}
        inbox.tell(note.tenant, to, note.id, WHAT, line, subject_id=note.subject_id, data=data, user=news.user)
        if not preferences.wants(news.user, WHAT, "mail"):
            return None
    return sending.once(note.tenant, note.subject_id, WHAT, _mail(note, to), partial(_compose, note, news))


def _news(note: Any, to: str, by: str) -> News | str:
    """What is to be told, or why it is not."""
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
    return News(user, _author(note.tenant, by), titles.of(record))


def _compose(note: Any, news: News | str) -> Mail | str:
    if isinstance(news, str):
        return news
    user, author, about, said = news.user, text.line(news.author), news.about, note.text or ""
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
