"""Who does something: the first argument of every service verb."""

import msgspec


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
