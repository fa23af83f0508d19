"""By which channels somebody wants to hear of what: one table of kinds, and what each user keeps of his own."""

from typing import Any, Final, Literal

import msgspec

from chalicelib.models.access import User
from chalicelib.models.writes import Step, change
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.notification import PreferencesDraft, PreferencesView
from chalicelib.services import users

Channel = Literal["in_app", "mail"]

# Each kind of news, with what holds until somebody says otherwise. Its field in `PreferencesDraft` has the same name.
KINDS: Final[dict[str, dict[str, bool]]] = {
    "reminder": {"in_app": True, "mail": True},
    "assigned": {"in_app": True, "mail": False},
    "mention": {"in_app": True, "mail": True},
    "quote": {"in_app": True, "mail": True},
    "follow_up": {"in_app": True, "mail": False},
    "escalation": {"in_app": True, "mail": True},
    "campaign": {"in_app": True, "mail": False},
    "digest": {"in_app": False, "mail": True},
}


def wants(user: User, kind: str, channel: Channel) -> bool:
    """Whether this user hears of this kind in this way. Raises KeyError for a kind that is not in `KINDS`."""
    return _of(user)[kind][channel]


def get(actor: Actor) -> PreferencesView:
    """The caller's own."""
    return _view(users.load(actor.tenant, actor.user))


def update(actor: Actor, patch: dict[str, Any], expected: int | None) -> PreferencesView:
    """Change some of the caller's own (RFC 7396); null is as usual again. Raises `Stale`, `Invalid`."""

    def apply(user: User) -> list[Step]:
        draft = decoding.convert(_patched(_of(user), patch), PreferencesDraft)
        said = msgspec.to_builtins(draft)
        user.preferences = {kind: told for kind, told in said.items() if told != KINDS[kind]} or None
        return users.saved(actor, user)

    return _view(change(lambda again: users.load(actor.tenant, actor.user, consistent=again), apply, expected))


def _of(user: User) -> dict[str, dict[str, bool]]:
    said = user.preferences or {}
    return {kind: {**usual, **said.get(kind, {})} for kind, usual in KINDS.items()}


def _patched(current: dict[str, dict[str, bool]], patch: dict[str, Any]) -> dict[str, Any]:
    """`current` as the patch wants it, with what it clears as usual."""
    left = merged(current, patch)
    return {kind: {**usual, **left.get(kind, {})} for kind, usual in KINDS.items()}


def _view(user: User) -> PreferencesView:
    return msgspec.convert({**_of(user), "updated_at": user.updated_at, "version": int(user.version)}, PreferencesView)
