"""Signing up, in and out over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.access import Credentials, Logout, Me, Refresh, Signup, Tokens
from chalicelib.schemas.actor import Actor
from chalicelib.services import access

routes = Routes(__name__)


@routes.post("/v1/auth/signup", permission=None, body=Signup, returns=Tokens, errors=(403,))
def signup(body: Signup) -> Tokens:
    """Sign up a firm and its owner."""
    return access.signup(body)


@routes.post("/v1/auth/login", permission=None, body=Credentials, returns=Tokens, status=200, errors=(401, 429))
def login(body: Credentials, source: str) -> Tokens:
    """Sign in."""
    return access.login(body, source)


@routes.post("/v1/auth/refresh", permission=None, body=Refresh, returns=Tokens, status=200, errors=(401,))
def refresh(body: Refresh) -> Tokens:
    """Exchange a refresh token for the next pair of tokens, once."""
    return access.refresh(body.refresh_token)


@routes.post("/v1/auth/logout", permission="self", body=Logout, status=204)
def logout(actor: Actor, body: Logout) -> None:
    """End a session."""
    access.logout(actor, body)


@routes.get("/v1/me", permission="self", returns=Me)
def me(actor: Actor) -> Me:
    """Read who is asking, what he may do, and the firm's totals."""
    return access.me(actor)
