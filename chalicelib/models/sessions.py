"""Sessions in the table: begun, advanced by one generation at a time, revoked once and for all."""

from collections.abc import Iterator

from pynamodb.exceptions import UpdateError

from chalicelib import ids
from chalicelib.models import keys
from chalicelib.models.access import Session
from chalicelib.models.table import every, fetch, find, is_conditional


def save(session: Session) -> None:
    """Keep a new session. One write unit."""
    session.save()


def advance(
    tenant: str, user: str, sid: str, generation: int, now: str, *, expires_at: str, ttl: int
) -> Session | None:
    """The next generation, if `generation` is the newest and the session stands; else None. One write unit."""
    session, claim = _blank(tenant, user, sid), ids.new("clm")
    renewed = [Session.expires_at.set(expires_at), Session.ttl.set(ttl), Session.claim.set(claim)]
    try:
        session.update(
            [Session.generation.add(1), *renewed],
            (Session.generation == generation) & Session.revoked_at.does_not_exist() & (Session.expires_at > now),
        )
    except UpdateError as error:
        if not is_conditional(error):
            raise
        # A write that was repeated because its answer was lost finds its own work done: that is no second use.
        held = fetch(Session, session.pk, session.sk, consistent=True)
        return held if held is not None and held.claim == claim and held.revoked_at is None else None
    return session


def revoke(tenant: str, user: str, sid: str, now: str) -> None:
    """End the session, if there is one and it has not ended before. One write unit."""
    try:
        _blank(tenant, user, sid).update(
            [Session.revoked_at.set(now)], Session.id.exists() & Session.revoked_at.does_not_exist()
        )
    except UpdateError as error:
        if not is_conditional(error):
            raise


def stands(tenant: str, user: str, sid: str) -> bool:
    """Whether the session is there and has not been revoked. Half a read unit."""
    session = find(Session, *keys.key("session", tenant=tenant, user=user, id=sid))
    return session is not None and session.revoked_at is None


def of_user(tenant: str, user: str) -> Iterator[Session]:
    """All sessions of a user, ended ones included until the table drops them."""
    return every(
        keys.partition("session", tenant=tenant, user=user), where=Session.sk.startswith(keys.prefix("session"))
    )


def _blank(tenant: str, user: str, sid: str) -> Session:
    pk, sk = keys.key("session", tenant=tenant, user=user, id=sid)
    return Session(pk, sk)
