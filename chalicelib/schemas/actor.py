"""Who does something: the first argument of every service verb."""

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """A user, an API token (`role` is `token`), or the house itself (`role` is `system`), within one tenant."""

    tenant: str
    user: str
    role: str
    scopes: frozenset[str] = frozenset()
    session: str | None = None

    def may(self, permission: str) -> bool:
        """Whether this actor holds the permission."""
        return permission in self.scopes


def system(tenant: str) -> Actor:
    """The house itself, acting for a tenant in the background."""
    return Actor(tenant=tenant, user="system", role="system")
