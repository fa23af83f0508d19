"""Who may do what: one table. A route names the permission it needs; a role, or a token's scopes, is a set of them."""

from typing import Final

READ: Final = frozenset(
    {
        "self",
        "contacts:read",
        "companies:read",
        "deals:read",
        "pipelines:read",
        "pricebooks:read",
        "products:read",
        "quotes:read",
        "orders:read",
        "forecast:read",
        "quotas:read",
        "tasks:read",
        "teams:read",
        "playbooks:read",
        "followups:read",
        "settings:read",
        "users:read",
        "fields:read",
        "views:read",
        "segments:read",
        "templates:read",
        "campaigns:read",
        "suppressions:read",
        "mail_events:read",
    }
)
WRITE: Final = READ | {
    "contacts:write",
    "companies:write",
    "deals:write",
    "quotes:write",
    "orders:write",
    "tasks:write",
    "followups:write",
    "views:write",
    "segments:write",
    "templates:write",
    "campaigns:write",
    "imports:read",
    "imports:write",
}
MANAGE: Final = WRITE | {
    "pricebooks:write",
    "products:write",
    "quotas:write",
    "playbooks:write",
    "campaigns:send",
    "campaigns:approve",
    "suppressions:write",
    "exports:write",
    "jobs:write",
    "usage:read",
}
ADMINISTER: Final = MANAGE | {
    "pipelines:write",
    "teams:write",
    "settings:write",
    "fields:write",
    "views:admin",
    "users:write",
    "tokens:read",
    "tokens:write",
}

ROLES: Final[dict[str, frozenset[str]]] = {
    "viewer": READ,
    "rep": WRITE,
    "manager": MANAGE,
    "admin": ADMINISTER,
    "owner": ADMINISTER | {"owners:write"},  # only owners make, change or remove owners
}

ALL: Final = ROLES["owner"]
# What an API token can be given. Not the making of tokens: one that ends could make one that does not.
SCOPES: Final = ALL - {"self", "owners:write", "tokens:write"}
