"""Who does something: the first argument of every service verb."""

import msgspec

from chalicelib import errors


class Actor(msgspec.Struct, frozen=True):
    """A user, or an API token (`role` is `token`), within one tenant."""

    tenant: str
    user: str
    role: str
    scopes: frozenset[str] = frozenset()
    session: str | None = None

    def may(self, permission: str) -> bool:
        """Whether this actor holds the permission."""
        return permission in self.scopes

    def needs(self, *permissions: str) -> None:
        """Raise `Forbidden`, which names the first of these that this actor does not hold."""
        for permission in permissions:
            if permission not in self.scopes:
                raise errors.Forbidden(f"This needs the permission {permission}.")
