"""Users and API tokens over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.access import AccessQuery, NewToken, TokenDraft, TokenView, UserDraft, UserPatch, UserView
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.bulk import ReassignDraft
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import tokens, users

routes = Routes(__name__)


@routes.post("/v1/users", permission="users:write", body=UserDraft, returns=UserView)
def create_user(actor: Actor, body: UserDraft) -> UserView:
    """Create a user."""
    return users.create(actor, body)


@routes.get("/v1/users", permission="users:read", query=AccessQuery, returns=Listing[UserView], paged=True)
def list_users(actor: Actor, page: Page) -> Listing[UserView]:
    """List users by name."""
    return users.listing(actor, page)


@routes.get("/v1/users/{user_id}", permission="users:read", returns=UserView)
def get_user(actor: Actor, user_id: str) -> UserView:
    """Read a user."""
    return users.get(actor, user_id)


@routes.patch("/v1/users/{user_id}", permission="self", body=UserPatch, returns=UserView, errors=(403, 409))
def patch_user(actor: Actor, user_id: str, body: dict[str, Any], expected: int | None) -> UserView:
    """Change a user: oneself, or with `users:write` anybody."""
    return users.update(actor, user_id, body, expected)


@routes.delete("/v1/users/{user_id}", permission="users:write", errors=(409,))
def delete_user(actor: Actor, user_id: str, expected: int | None) -> None:
    """Remove a user; his sessions and tokens end."""
    users.delete(actor, user_id, expected)


@routes.post("/v1/users/{user_id}/restore", permission="users:write", returns=UserView, status=200)
def restore_user(actor: Actor, user_id: str, expected: int | None) -> UserView:
    """Take a removed user back."""
    return users.restore(actor, user_id, expected)


@routes.post("/v1/users/{user_id}/reassign", permission="users:write", body=ReassignDraft, returns=JobView, status=202)
def reassign_user(actor: Actor, user_id: str, body: ReassignDraft) -> JobView:
    """Give all that a user looks after to another one: contacts, companies and open tasks."""
    from chalicelib.services import reassign  # with all that bulk changes need

    return reassign.start(actor, user_id, body.to_user_id)


@routes.post("/v1/tokens", permission="tokens:write", body=TokenDraft, returns=NewToken)
def create_token(actor: Actor, body: TokenDraft) -> NewToken:
    """Create an API token; its secret is shown this once."""
    return tokens.create(actor, body)


@routes.get("/v1/tokens", permission="tokens:read", query=AccessQuery, returns=Listing[TokenView], paged=True)
def list_tokens(actor: Actor, page: Page) -> Listing[TokenView]:
    """List API tokens, the oldest first."""
    return tokens.listing(actor, page)


@routes.get("/v1/tokens/{token_id}", permission="tokens:read", returns=TokenView)
def get_token(actor: Actor, token_id: str) -> TokenView:
    """Read an API token, without its secret."""
    return tokens.get(actor, token_id)


@routes.delete("/v1/tokens/{token_id}", permission="tokens:write")
def delete_token(actor: Actor, token_id: str, expected: int | None) -> None:
    """Revoke an API token."""
    tokens.delete(actor, token_id, expected)
