"""Sessions: a short access token, and a refresh token that is good once. Using one a second time ends the whole family.

An access token is signed, so most requests read nothing to trust it. Once a minute each process asks the table
whether the session still stands, so signing out, a new role or a removed user takes effect at once in this process
and within a minute in all others.
"""

from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys, sessions
from chalicelib.models.access import Session, User
from chalicelib.schemas.actor import Actor
from chalicelib.services import keyring, permissions

ACCESS_SECONDS: Final = 3600
REFRESH_SECONDS: Final = 30 * 24 * 3600
STANDING_SECONDS: Final = 60
_KEPT: Final = 10_000  # sessions remembered per process

_standing: dict[str, float] = {}


def start(user: User) -> tuple[str, str]:
    """A new session: its access and refresh token. One write unit."""
    session = Session(
        id=ids.new("ses"),
        tenant=user.tenant,
        user=user.id,
        role=user.role,
        generation=1,
        expires_at=clock.stamp(clock.after(REFRESH_SECONDS)),
        ttl=_ttl(),
    )
    session.pk, session.sk = keys.key("session", tenant=user.tenant, user=user.id, id=session.id)
    sessions.save(session)
    _note_standing(session.id)
    return _pair(session)


def rotate(refresh_token: str) -> tuple[Session, str, str]:
    """Exchange a refresh token for the next pair. Raises `Unauthenticated`; a token used before ends its session."""
    claims = _refresh_claims(refresh_token)
    tenant, user, sid = claims["ten"], claims["sub"], claims["sid"]
    until = clock.stamp(clock.after(REFRESH_SECONDS))
    session = sessions.advance(tenant, user, sid, claims["gen"], clock.stamp(), expires_at=until, ttl=_ttl())
    if session is None:
        end(tenant, user, sid)
        raise errors.Unauthenticated("This refresh token is no longer good.")
    _note_standing(sid)
    return (session, *_pair(session))


def end(tenant: str, user: str, sid: str) -> None:
    """End one session: neither of its tokens is good any more."""
    _standing.pop(sid, None)
    sessions.revoke(tenant, user, sid, clock.stamp())


def end_by(refresh_token: str) -> None:
    """End the session of a refresh token. Raises `Unauthenticated` for what is none."""
    claims = _refresh_claims(refresh_token)
    end(claims["ten"], claims["sub"], claims["sid"])


def end_all(tenant: str, user: str) -> None:
    """End every session of a user."""
    for session in sessions.of_user(tenant, user):
        end(tenant, user, session.id)


def actor(access_token: str) -> Actor:
    """Who an access token speaks for. Raises `Unauthenticated`."""
    claims = keyring.verify("access", access_token)
    if claims is None:
        raise errors.Unauthenticated("This token is not one of ours.")
    if claims["exp"] <= clock.epoch():
        raise errors.Unauthenticated("This token has expired.")
    _check_standing(claims["ten"], claims["sub"], claims["sid"])
    role = claims["rol"]
    return Actor(claims["ten"], claims["sub"], role, permissions.ROLES[role], claims["sid"])


def _check_standing(tenant: str, user: str, sid: str) -> None:
    if _standing.get(sid, 0) > clock.epoch():
        return
    if not sessions.stands(tenant, user, sid):
        raise errors.Unauthenticated("This session has ended.")
    _note_standing(sid)


def _note_standing(sid: str) -> None:
    if len(_standing) >= _KEPT:
        _standing.clear()
    _standing[sid] = clock.epoch() + STANDING_SECONDS


def _ttl() -> int:
    """When the table may drop a session that is not used again: a day after its refresh token has expired."""
    return int(clock.epoch()) + REFRESH_SECONDS + 24 * 3600


def _refresh_claims(token: str) -> dict[str, Any]:
    claims = keyring.verify("refresh", token)
    if claims is None or claims["exp"] <= clock.epoch():
        raise errors.Unauthenticated("This refresh token is not good.")
    return claims


def _pair(session: Session) -> tuple[str, str]:
    now = clock.epoch()
    who = {"ten": session.tenant, "sub": session.user, "sid": session.id}
    access = keyring.sign("access", {**who, "rol": session.role, "exp": now + ACCESS_SECONDS})
    refresh = keyring.sign("refresh", {**who, "gen": int(session.generation), "exp": now + REFRESH_SECONDS})
    return access, refresh
