"""Who has access: the tenant, its users, their sessions and tokens, and the directory that finds them by address."""

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Tenant(Record, discriminator="tenant"):
    """One firm."""

    name = UnicodeAttribute()


class User(Record, discriminator="user"):
    """Somebody who signs in. `password` is an argon2id hash."""

    name = UnicodeAttribute()
    email = UnicodeAttribute()
    role = UnicodeAttribute()
    password = UnicodeAttribute()
    time_zone = UnicodeAttribute(null=True)
    preferences = Json(null=True)  # {kind: {channel: bool}}, where it differs from what is usual


class Login(Item, discriminator="login"):
    """The directory: an address belongs to one user of one tenant. Also the guard that keeps it so."""

    tenant = UnicodeAttribute()
    user = UnicodeAttribute()


class Session(Item, discriminator="session"):
    """One sign-in, and the family of refresh tokens that descends from it; only the newest generation is good.
    Refresh tokens are signed and name their generation, so no secret of theirs is kept here.
    """

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    user = UnicodeAttribute()
    role = UnicodeAttribute()
    generation = NumberAttribute()
    claim = UnicodeAttribute(null=True)  # which call made the newest generation
    expires_at = UnicodeAttribute()
    revoked_at = UnicodeAttribute(null=True)


class Token(Record, discriminator="token"):
    """An API token: a name, scopes, an end, and the SHA-256 of its secret - 256 random bits, which need no salt."""

    name = UnicodeAttribute()
    user = UnicodeAttribute()
    scopes: ListAttribute[str] = ListAttribute(default=list)
    secret = UnicodeAttribute()
    hint = UnicodeAttribute()
    expires_at = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)


class Throttle(Item, discriminator="throttle"):
    """Attempts of one subject within one window of time."""

    attempts = NumberAttribute(default=0)
