"""API tokens: for programs, with scopes and an end. The table has only a hash; the secret is shown once."""

import hashlib
import hmac
import secrets
from contextlib import suppress
from functools import partial
from typing import Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.access import Token
from chalicelib.models.table import every, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas.access import NewToken, TokenDraft, TokenView
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import permissions

PREFIX: Final = "tnd_"
_NOTE_USE_EVERY: Final = 3600  # seconds; noting each use would cost a write per request


def create(actor: Actor, draft: TokenDraft) -> NewToken:
    """A new token, of at most the caller's own permissions.

    Raises `Invalid` for a scope that does not exist, `Forbidden` for one too many.
    """
    for number, scope in enumerate(draft.scopes):
        if scope not in permissions.SCOPES:
            raise errors.invalid(
                f"/scopes/{number}",
                "unknown",
                f"There is no such scope; there are {', '.join(sorted(permissions.SCOPES))}.",
            )
        if not actor.may(scope):
            raise errors.Forbidden(f"You do not have the permission {scope} yourself.")
    if draft.expires_at and draft.expires_at <= clock.now():
        raise errors.invalid("/expires_at", "range", "The end must lie ahead.")
    secret = secrets.token_urlsafe(32)
    token = Token(
        id=ids.new("tok"),
        tenant=actor.tenant,
        name=draft.name,
        user=actor.user,
        scopes=sorted(set(draft.scopes)),
        secret=_hash(secret),
        hint=secret[-4:],
        expires_at=clock.stamp(draft.expires_at) if draft.expires_at else None,
    )
    token.touch(token.user)
    token.place("token", "gsi1", tenant=actor.tenant, id=token.id)
    transact(Step("save", token, absent()))
    shown = view(token)
    fields = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return NewToken(secret=f"{PREFIX}{actor.tenant}.{token.id}.{secret}", **fields)


def get(actor: Actor, token_id: str) -> TokenView:
    """One token. Raises `NotFound`."""
    return view(_load(actor.tenant, token_id))


def listing(actor: Actor, wanted: Page) -> Listing[TokenView]:
    """All tokens that are not revoked, the oldest first."""
    found = page(
        keys.partition("token", "gsi1", tenant=actor.tenant), index="gsi1", limit=wanted.limit, start=wanted.start
    )
    return Listing([view(token) for token in found.items], found.last)


def delete(actor: Actor, token_id: str, expected: int | None) -> None:
    """Revoke a token, at once and everywhere. Raises `NotFound`, `Stale`."""
    change(partial(_reload, actor.tenant, token_id), _revoked, expected)


def remove_beyond(tenant: str, user_id: str, allowed: frozenset[str]) -> None:
    """Revoke the user's tokens that may more than `allowed`: a token never outlives its maker's rights."""
    for token in every(keys.partition("token", "gsi1", tenant=tenant), index="gsi1"):
        if token.user == user_id and not set(token.scopes) <= allowed:
            # Gone already is as good: the change feed and the call that changed the user may be here at once.
            with suppress(errors.NotFound):
                change(partial(_reload, tenant, token.id), _revoked, None)


def actor(text: str) -> Actor:
    """Who a token speaks for. Raises `Unauthenticated`. Half a read unit, and one write an hour to note the use."""
    tenant, _, rest = text.removeprefix(PREFIX).partition(".")
    token_id, _, secret = rest.partition(".")
    if not (ids.is_id("ten", tenant) and ids.is_id("tok", token_id)):
        raise errors.Unauthenticated("This token is not one of ours.")
    token = find(Token, *keys.key("token", tenant=tenant, id=token_id))
    if token is None or not hmac.compare_digest(token.secret, _hash(secret)) or token.deleted_at:
        raise errors.Unauthenticated("This token is not one of ours.")
    if token.expires_at and token.expires_at <= clock.stamp():
        raise errors.Unauthenticated("This token has expired.")
    if (token.last_used_at or "") < clock.stamp(clock.after(-_NOTE_USE_EVERY)):
        _note_use(token)
    return Actor(tenant, token.user, "token", frozenset(token.scopes) | {"self"})


def view(token: Token) -> TokenView:
    """The token as a client reads it, without its secret."""
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=list(token.scopes),
        hint=token.hint,
        user_id=token.user,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        created_at=token.created_at,
        updated_at=token.updated_at,
        version=int(token.version),
    )


def _note_use(token: Token) -> None:
    token.last_used_at = clock.stamp()
    try:
        transact(Step("save", token))
    except errors.Stale:
        return  # another call noted its use, or it was revoked this moment: the next call will see


def _revoked(token: Token) -> list[Step]:
    token.deleted_at = clock.stamp()
    token.touch(token.user)
    token.place("token", tenant=token.tenant, id=token.id)
    return [Step("save", token)]


def _load(tenant: str, token_id: str, *, consistent: bool = False) -> Token:
    if not ids.is_id("tok", token_id):
        raise errors.NotFound("There is no such token.")
    place = keys.key("token", tenant=tenant, id=token_id)
    return found_or_404(fetch(Token, *place, consistent=True) if consistent else find(Token, *place), "token")


def _reload(tenant: str, token_id: str, consistent: bool) -> Token:
    return _load(tenant, token_id, consistent=consistent)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
