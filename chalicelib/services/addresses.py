"""How an address is remembered without being kept: by a keyed hash of it.

The key is one for the whole installation and is never rotated: with another one nobody who said no would be found any
more. Whoever has the table but not the key cannot tell by trying whose addresses stand there (a plain hash could be
guessed); the tenant is a part of what is hashed, so two firms that know somebody cannot tell that they both do.
"""

import base64
import hmac
import secrets as randomness
from typing import Any, Final

from chalicelib.adapters import secrets
from chalicelib.services import emails, primaries

SECRET: Final = "address-key"  # noqa: S105 - the name under which the key is kept
_KEY: Final = 32  # bytes
_DIGEST: Final = 16  # bytes: of a firm's million addresses two are alike once in 10^26 firms

_cached: bytes | None = None


def digest(tenant: str, address: str) -> str:
    """32 hexadecimal digits that stand for the mailbox; the same for each spelling of it. HMAC-SHA256 (RFC 2104), cut
    to 128 bits. Asks the secret store once in a process.
    """
    said = f"{tenant}#{emails.folded(address)}".encode("utf-8", "replace")
    return hmac.digest(_key(), said, "sha256")[:_DIGEST].hex()


def primary(contact: Any) -> str | None:
    """The address that a contact is mailed at, if there is one."""
    return primaries.of(contact.emails, "address")


def new_key() -> str:
    """The secret's value with a new key."""
    return base64.b64encode(randomness.token_bytes(_KEY)).decode()


def forget() -> None:
    """Read the key again at the next use."""
    global _cached
    _cached = None


def _key() -> bytes:
    global _cached
    if _cached is None:
        text = secrets.read(SECRET)
        if text is None:
            # The first call on one machine; in the cloud it is made before the first deployment. Whoever comes second
            # finds the key of the first.
            secrets.create(SECRET, new_key())
            text = secrets.read(SECRET)
        _cached = base64.b64decode(text or "", validate=True)
    return _cached
