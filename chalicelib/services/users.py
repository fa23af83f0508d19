"""Users: who signs in, in which role. The last owner cannot be removed, and nobody grants more than he has."""

from functools import partial
from typing import Any

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.access import Login, User
from chalicelib.models.table import every, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas.access import UserDraft, UserView
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import emails, passwords, permissions, sessions, settings, text, tokens, zones


def create(actor: Actor, draft: UserDraft) -> UserView:
    """A new user. Raises `Conflict` if the address has an account, `Forbidden` for a role above the caller's."""
    _may_grant(actor, draft.role)
    zones.check(draft.time_zone, "/time_zone")
    user = build(actor.tenant, draft.name, draft.email, draft.role, draft.password)
    user.time_zone = draft.time_zone
    transact(*creation(user))
    return view(user)


def get(actor: Actor, user_id: str) -> UserView:
    """One user. Raises `NotFound`."""
    return view(load(actor.tenant, user_id))


def listing(actor: Actor, wanted: Page) -> Listing[UserView]:
    """All users by name."""
    found = page(
        keys.partition("user", "gsi1", tenant=actor.tenant), index="gsi1", limit=wanted.limit, start=wanted.start
    )
    return Listing([view(user) for user in found.items], found.last)


def update(actor: Actor, user_id: str, patch: dict[str, Any], expected: int | None) -> UserView:
    """Change name, password, role or time zone. Of oneself only the role needs a permission over others.

    A new role or password ends all of the user's sessions. Raises `Forbidden`, `NotFound`, `Stale`, `Invalid`,
    `Conflict`.
    """
    for field, value in patch.items():
        if value is None and field != "time_zone":
            raise errors.invalid(f"/{field}", "required", f"`{field}` cannot be cleared.")
    zones.check(patch.get("time_zone"), "/time_zone")
    own = user_id == actor.user and actor.role != "token"  # a token speaks for a user, but it is not him
    if not own or "role" in patch:
        actor.needs("users:write")

    def apply(user: User) -> list[Step]:
        kept: list[Step] = []
        if not own:
            _may_grant(actor, user.role)
        if "role" in patch and patch["role"] != user.role:
            _may_grant(actor, user.role)
            _may_grant(actor, patch["role"])
            kept = _keep_an_owner(user)
            user.role = patch["role"]
        if "password" in patch:
            user.password = passwords.hashed(patch["password"])
        user.name = patch.get("name", user.name)
        user.time_zone = patch.get("time_zone", user.time_zone)
        return [*saved(actor, user), *kept]

    user = change(lambda consistent: load(actor.tenant, user_id, consistent=consistent), apply, expected)
    if "role" in patch or "password" in patch:
        sessions.end_all(actor.tenant, user_id)
    if "role" in patch:
        _limit_tokens(user)
    return view(user)


def delete(actor: Actor, user_id: str, expected: int | None) -> None:
    """Remove a user: his sessions and tokens end, his address is free again.

    Raises `NotFound`, `Conflict`, `Forbidden`, `Stale`.
    """

    def apply(user: User) -> list[Step]:
        _may_grant(actor, user.role)
        kept = _keep_an_owner(user)
        user.deleted_at = clock.stamp()
        return [*saved(actor, user), Step("delete", _login(user)), *kept]

    user = change(lambda consistent: load(actor.tenant, user_id, consistent=consistent), apply, expected)
    sessions.end_all(actor.tenant, user_id)
    _limit_tokens(user)


def restore(actor: Actor, user_id: str, expected: int | None = None) -> UserView:
    """Take a user back. He signs in with his old password.

    Raises `Conflict` if his address has another account by now.
    """

    def apply(user: User) -> list[Step]:
        if not user.deleted_at:
            raise errors.Conflict("This user is not removed.")
        _may_grant(actor, user.role)
        user.deleted_at = None
        return [*saved(actor, user), Step("save", _login(user), absent(), refusal=partial(_taken, user))]

    return view(
        change(lambda consistent: load(actor.tenant, user_id, consistent=consistent, deleted=True), apply, expected)
    )


def limited(before: User | None, after: User | None) -> None:
    """A role or a removal, told by the change feed: his tokens may no more than he.

    The call that changed him has seen to it already, unless it was cut off, or a token was made that moment.
    """
    if before is not None and after is not None:
        _limit_tokens(load(after.tenant, after.id, consistent=True, deleted=True))


def build(tenant: str, name: str, email: str, role: str, password: str) -> User:
    """A user, not yet in the table. Raises `Invalid` for an address that cannot exist."""
    address = emails.checked(email, "/email")
    user = User(
        id=ids.new("usr"), tenant=tenant, name=name, email=address, role=role, password=passwords.hashed(password)
    )
    user.touch(user.id)
    _keys(user)
    return user


def creation(user: User) -> list[Step]:
    """The writes that make a user: himself, and his address in the directory."""
    return [Step("save", user, absent()), Step("save", _login(user), absent(), refusal=partial(_taken, user))]


def load(tenant: str, user_id: str, *, consistent: bool = False, deleted: bool = False) -> User:
    """The user. Raises `NotFound`, also for a removed one unless `deleted` asks for those."""
    if not ids.is_id("usr", user_id):
        raise errors.NotFound("There is no such user.")
    place = keys.key("user", tenant=tenant, id=user_id)
    user = fetch(User, *place, consistent=True) if consistent else find(User, *place)
    if deleted and user is not None:
        return user
    return found_or_404(user, "user")


def exists(tenant: str, user_id: str, pointer: str) -> str:
    """The id, if it is one of this tenant's users. Raises `Invalid` at `pointer` otherwise."""
    try:
        return load(tenant, user_id).id
    except errors.NotFound:
        raise errors.invalid(pointer, "unknown", "There is no such user.") from None


def zone_of(tenant: str, user_id: str) -> str:
    """The time zone of a user, or else of his firm. Half a unit, a whole one if he has none of his own."""
    try:
        own = load(tenant, user_id).time_zone
    except errors.NotFound:
        own = None
    return own or settings.of(tenant).time_zone or settings.TIME_ZONE


def view(user: User) -> UserView:
    """The user as a client reads him."""
    return UserView(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        time_zone=user.time_zone,
        created_at=user.created_at,
        updated_at=user.updated_at,
        deleted_at=user.deleted_at,
        version=int(user.version),
    )


def _limit_tokens(user: User) -> None:
    allowed = frozenset() if user.deleted_at else permissions.ROLES[user.role]
    tokens.remove_beyond(user.tenant, user.id, allowed)


def _keys(user: User) -> None:
    listed = () if user.deleted_at else ("gsi1",)
    user.place("user", *listed, tenant=user.tenant, id=user.id, name=text.folded(user.name))


def saved(actor: Actor, user: User) -> list[Step]:
    """The write of a user who was changed."""
    user.touch(actor.user)
    _keys(user)
    return [Step("save", user)]


def _login(user: User) -> Login:
    login = Login(tenant=user.tenant, user=user.id)
    login.place("login", email=user.email)
    return login


def _taken(user: User) -> errors.Conflict:
    held = find(Login, *keys.key("login", email=user.email))
    # Another firm's user is nobody's business, not even by id.
    extra = {"existing_id": held.user} if held and held.tenant == user.tenant else {}
    sentence = "This address has an account already."
    return errors.Conflict(sentence, errors.Flaw("/email", "taken", sentence), **extra)


def _may_grant(actor: Actor, role: str) -> None:
    """Whoever makes, changes or removes an owner must be one. Nobody else has more than an admin."""
    if role == "owner":
        actor.needs("owners:write")


def _keep_an_owner(user: User) -> list[Step]:
    """The check that another owner stays one while this one goes: two could otherwise remove each other at once."""
    if user.role != "owner":
        return []
    for other in every(keys.partition("user", "gsi1", tenant=user.tenant), index="gsi1"):
        if other.role == "owner" and other.id != user.id:
            still = (User.role == "owner") & User.deleted_at.does_not_exist()
            return [Step("check", other, still, refusal=_no_owner)]
    raise _no_owner()


def _no_owner() -> errors.Conflict:
    return errors.Conflict("A firm needs an owner: make another one first.")
