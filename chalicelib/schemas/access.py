"""Sign-up, sign-in, users and API tokens on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Address, Draft, Moment, Name, Stamp, View, Zone, patch_of
from chalicelib.schemas.page import ListQuery

Password = Annotated[
    str,
    Meta(min_length=10, max_length=200, examples=["correct horse battery"], extra_json_schema={"format": "password"}),
]
Role = Literal["owner", "admin", "manager", "rep", "viewer"]
Opaque = Annotated[str, Meta(min_length=1, max_length=2000)]


class Signup(Draft):
    """A new firm and its owner."""

    company: Name
    name: Name
    email: Address
    password: Password


class Credentials(Draft):
    """Who signs in. Limits are wider than those of sign-up, so that a wrong password is a wrong password."""

    email: Annotated[str, Meta(min_length=1, max_length=254, examples=["ada@example.com"])]
    password: Annotated[str, Meta(min_length=1, max_length=200, examples=["correct horse battery"])]


class Refresh(Draft):
    """A refresh token, to be exchanged or given back."""

    refresh_token: Opaque


class Logout(Draft):
    """Which session ends: that of the refresh token, or else the one that asks."""

    refresh_token: Opaque | None = None


class UserView(View):
    """Somebody who signs in."""

    id: str
    name: str
    email: str
    role: str
    time_zone: str | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class TenantView(View):
    """A firm."""

    id: str
    name: str


class Tokens(View, kw_only=True):
    """A session: the access token for `expires_in` seconds, and the refresh token that gets the next pair, once."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name
    user: UserView
    tenant: TenantView


class Me(View):
    """Who is asking, what he may do, and how much the firm has."""

    user: UserView
    tenant: TenantView
    permissions: list[str]
    counts: dict[str, int]


class UserDraft(Draft, kw_only=True):
    """A new user; the password is handed over by whoever invites."""

    name: Name
    email: Address
    role: Role = "rep"
    password: Password
    time_zone: Zone | None = None


class UserChange(Draft):
    """What may be changed of a user: by himself his name, password and time zone, by an admin also the role."""

    name: Name
    role: Role
    password: Password
    time_zone: Zone | None = None


UserPatch = patch_of(UserChange)


class TokenDraft(Draft):
    """A new API token: at most what its maker may do, until `expires_at`."""

    name: Name
    scopes: Annotated[
        list[Annotated[str, Meta(max_length=50, examples=["contacts:read"])]], Meta(min_length=1, max_length=64)
    ]
    expires_at: Moment | None = None


class TokenView(View):
    """An API token without its secret."""

    id: str
    name: str
    scopes: list[str]
    hint: str
    user_id: str
    expires_at: Stamp | None
    last_used_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    version: int


class NewToken(TokenView):
    """An API token with its secret, which is shown this once: what goes after `Bearer`."""

    secret: str


class AccessQuery(ListQuery):
    """Users or tokens, page by page."""
