"""Signing up, in and out, and who is asking."""

from typing import NoReturn

from chalicelib import config, errors, ids
from chalicelib.models import keys
from chalicelib.models.access import Login, Tenant, User
from chalicelib.models.table import find, found_or_404
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.access import Credentials, Logout, Me, Signup, TenantView, Tokens
from chalicelib.schemas.actor import Actor
from chalicelib.services import counts, emails, passwords, sessions, throttle, tokens, users


def authenticate(header: str | None) -> Actor:
    """Who the `Authorization` header speaks for. Raises `Unauthenticated`."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.Unauthenticated("This needs `Authorization: Bearer …`.")
    token = token.strip()
    return tokens.actor(token) if token.startswith(tokens.PREFIX) else sessions.actor(token)


def signup(draft: Signup) -> Tokens:
    """A new firm with its owner, signed in.

    Raises `Forbidden` if sign-up is closed, `Conflict` if the address has an account.
    """
    from chalicelib.services import pipelines  # which no other request here needs

    if not config.signup_open():
        raise errors.Forbidden("Sign-up is closed here.")
    tenant = Tenant(id=ids.new("ten"), name=draft.company)
    tenant.tenant = tenant.id
    user = users.build(tenant.id, draft.name, draft.email, "owner", draft.password)
    tenant.touch(user.id)
    tenant.place("tenant", tenant=tenant.id)
    first = Step("save", pipelines.first_of(tenant.id, user.id), absent())
    transact(Step("save", tenant, absent()), first, *users.creation(user))
    return _tokens(user, tenant, *sessions.start(user))


def login(draft: Credentials, source: str) -> Tokens:
    """A new session. Raises `Unauthenticated` for a wrong address or password alike, `TooMany` after too many of them.

    `source` is the network address of the caller.
    """
    address = emails.folded(draft.email)
    throttle.count("address", source)
    throttle.count("account", address)
    login = find(Login, *keys.key("login", email=address))
    user = find(User, *keys.key("user", tenant=login.tenant, id=login.user)) if login else None
    right = passwords.matches(user.password if user else None, draft.password)
    if not right or user is None or user.deleted_at:
        _reject()
    throttle.clear("account", address)
    throttle.forgive("address", source)
    return _tokens(user, _tenant(user.tenant), *sessions.start(user))


def refresh(refresh_token: str) -> Tokens:
    """The next pair of tokens. Raises `Unauthenticated`; a token used twice ends its session."""
    session, access, again = sessions.rotate(refresh_token)
    user = _still_there(session.tenant, session.user)
    if user.role != session.role:  # begun while the role was changing, so that it was not among those that ended then
        user = users.load(session.tenant, session.user, consistent=True)
    if user.role != session.role:
        sessions.end(session.tenant, session.user, session.id)
        raise errors.Unauthenticated("This session was begun in another role.")
    return _tokens(user, _tenant(session.tenant), access, again)


def logout(actor: Actor, draft: Logout) -> None:
    """End the session of the given refresh token, or else the caller's own. Ending it twice is no error."""
    if draft.refresh_token:
        sessions.end_by(draft.refresh_token)
    elif actor.session:
        sessions.end(actor.tenant, actor.user, actor.session)


def me(actor: Actor) -> Me:
    """The caller, his firm, his permissions and the firm's totals."""
    return Me(
        user=users.view(_still_there(actor.tenant, actor.user)),
        tenant=_tenant_view(_tenant(actor.tenant)),
        permissions=sorted(actor.scopes),
        counts=counts.totals(actor.tenant),
    )


def _reject() -> NoReturn:
    raise errors.Unauthenticated("Address or password is wrong.")


def _still_there(tenant: str, user: str) -> User:
    """The user behind a token, which may outlive him by a moment."""
    try:
        return users.load(tenant, user)
    except errors.NotFound:
        raise errors.Unauthenticated("This user has been removed.") from None


def _tenant(tenant: str) -> Tenant:
    return found_or_404(find(Tenant, *keys.key("tenant", tenant=tenant)), "firm")


def _tenant_view(tenant: Tenant) -> TenantView:
    return TenantView(id=tenant.id, name=tenant.name)


def _tokens(user: User, tenant: Tenant, access: str, refresh_token: str) -> Tokens:
    return Tokens(
        access_token=access,
        refresh_token=refresh_token,
        expires_in=sessions.ACCESS_SECONDS,
        user=users.view(user),
        tenant=_tenant_view(tenant),
    )
