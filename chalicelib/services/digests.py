"""The daily digest: one mail on each working day at the time that somebody wants it, if there is something to say.

One moment beside the user stands for the next one. It is computed when he says so and when his time zone changes, and
looked at again when it comes: a day that has become a holiday, or another zone, moves it on without a mail.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.access import User
from chalicelib.models.digest import Digest
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.digest import DigestDraft, DigestView
from chalicelib.schemas.page import Made
from chalicelib.services import hints, hours, inbox, preferences, sending, settings, teams, users, worktime
from chalicelib.services.hours import Calendar
from chalicelib.services.remembered import remembering

WHAT: Final = "digest"
_HORIZON: Final = 400  # days ahead in which a working day is looked for
_JUST: Final = timedelta(milliseconds=1)


def get(actor: Actor) -> DigestView:
    """The caller's digest."""
    held = _held(actor.tenant, actor.user)
    return _view(held, _next(held, _calendar(_user(actor)), clock.now()) if held else None)


def put(actor: Actor, body: dict[str, Any], expected: int | None) -> Made[DigestView]:
    """Have one at this time from now on. Raises `Invalid`, `Stale`."""
    draft = decoding.convert(body, DigestDraft)
    held = _held(actor.tenant, actor.user, consistent=True)
    if expected is not None and expected != (int(held.version) if held else 0):
        raise errors.Stale("The digest is not at this version.")
    digest = held or Digest.of(actor.tenant, actor.user)
    digest.time, digest.updated_at = draft.time, clock.stamp()
    at = _next(digest, _calendar(_user(actor)), clock.now())
    transact(Step("save", digest), Step("save", _moment(digest, at)))
    return Made(_view(digest, at), new=held is None)


def delete(actor: Actor) -> None:
    """Have none any more."""
    held = _held(actor.tenant, actor.user, consistent=True)
    if held is not None:
        transact(Step("delete", held), Step("delete", _moment(held, clock.now())))


def replanned(_before: User | None, after: User | None) -> None:
    """A user's time zone changed, or he was taken back: his digest comes at another moment. Half a read unit."""
    if after is not None and not after.deleted_at:
        _plan(after.tenant, after.id)


def come(moment: Moment) -> float | None:
    """Send the digest of this day, if there is something to say, and set the next moment. As `due.DUE` says."""
    digest, user = _held(moment.tenant, moment.subject_id, consistent=True), _found(moment.tenant, moment.subject_id)
    if digest is None or user is None:
        return None
    with remembering():
        calendar, at = _calendar(user), clock.parse(moment.at)
        wait = _send(user, calendar, at) if _next(digest, calendar, at - _JUST) == at else None
        if wait is None:
            _plan(user.tenant, user.id)
    return hints.SETTLED if wait is None else wait


def give_up(moment: Moment) -> None:
    """No further try is made for this day: account for the mail that never went out, and go on with the next."""
    user = _found(moment.tenant, moment.subject_id)
    if user is not None:
        day = clock.parse(moment.at).astimezone(_calendar(user).zone).date().isoformat()
        sending.give_up(user.tenant, user.id, WHAT, day)
        _plan(user.tenant, user.id)


def _send(user: User, calendar: Calendar, at: datetime) -> float | None:
    """What there is to say now, under the name of the day for which it was meant."""
    from chalicelib.services import digest_mail  # and with it all lists, which only a digest that comes needs

    by_mail, by_app = (preferences.wants(user, WHAT, channel) for channel in ("mail", "in_app"))
    news = digest_mail.news(user, calendar.zone, clock.now()) if by_mail or by_app else None
    if news is None:
        return None
    day = at.astimezone(calendar.zone).date().isoformat()
    if by_app:
        key = f"{WHAT}/{day}"
        inbox.tell(user.tenant, user.id, key, WHAT, news.headline, at=clock.stamp(at), user=user)
    return sending.once(user.tenant, user.id, WHAT, day, partial(digest_mail.compose, user, news)) if by_mail else None


def _plan(tenant: str, user_id: str) -> None:
    """Set the next moment, if there is to be one. It lies ahead, so whoever comes twice sets the same."""
    digest, user = _held(tenant, user_id, consistent=True), _found(tenant, user_id)
    if digest is not None and user is not None:
        transact(Step("save", _moment(digest, _next(digest, _calendar(user), clock.now()))))


def _next(digest: Digest, calendar: Calendar, after: datetime) -> datetime:
    """The first such time after a moment on a working day; if there is none for a year, on any day."""
    today = after.astimezone(calendar.zone).date()
    days = [today + timedelta(days=number) for number in range(_HORIZON)]
    found = (at for day in days if calendar.works_on(day) and (at := hours.at_wall(calendar, day, digest.time)) > after)
    return next(found, after + timedelta(days=1))


def _calendar(user: User) -> Calendar:
    """The user's working days, by the clock where he is."""
    firm = settings.of(user.tenant)
    calendar = worktime.of_team(firm, teams.of_user(user.tenant, user.id))
    return calendar._replace(zone=ZoneInfo(user.time_zone or firm.time_zone))


def _moment(digest: Digest, at: datetime) -> Moment:
    moment = Moment(tenant=digest.tenant, subject_id=digest.user_id, what=WHAT, at=clock.stamp(at))
    moment.keys()
    return moment


def _held(tenant: str, user_id: str, *, consistent: bool = False) -> Digest | None:
    return fetch(Digest, *keys.key("digest", tenant=tenant, user=user_id), consistent=consistent)


def _user(actor: Actor) -> User:
    return users.load(actor.tenant, actor.user)


def _found(tenant: str, user_id: str) -> User | None:
    try:
        return users.load(tenant, user_id)
    except errors.NotFound:
        return None


def _view(digest: Digest | None, at: datetime | None) -> DigestView:
    if digest is None:
        return DigestView(time=None, next_at=None, version=0)
    return DigestView(time=digest.time, next_at=clock.stamp(at) if at else None, version=int(digest.version))
