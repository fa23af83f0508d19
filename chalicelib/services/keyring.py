"""Signing keys, and what is signed with them: access and refresh tokens, and cursors.

A key ring has one current key and any number of older ones that still verify, so keys can be rotated without logging
anybody out. Tokens are JWS compact with HS256 (RFC 7515, RFC 7518); the header names the key and the use, and a token
of one use is no good for another.
"""

import base64
import hashlib
import hmac
import secrets as randomness
from functools import lru_cache
from typing import Any, Final

import msgspec

from chalicelib import clock
from chalicelib.adapters import secrets

SECRET: Final = "signing-keys"  # noqa: S105 - the name under which the ring is kept
_LOOK_AGAIN: Final = 5.0  # seconds between looks at the store for the sake of an unknown key id


class Ring(msgspec.Struct, frozen=True):
    """All keys by id, base64 of 32 bytes each, and which of them signs."""

    current: str
    keys: dict[str, str]


_cached: Ring | None = None
_looked: float | None = None  # when an unknown key id last had us look


def new_ring(old: Ring | None = None) -> Ring:
    """A ring with a fresh current key; the keys of `old` stay in it to verify."""
    name = f"k{len(old.keys) + 1 if old else 1}-{randomness.token_hex(3)}"
    key = base64.b64encode(randomness.token_bytes(32)).decode()
    return Ring(current=name, keys={**(old.keys if old else {}), name: key})


def sign(use: str, claims: dict[str, Any]) -> str:
    """A token that says `claims`. Readable by anybody, made only by us."""
    ring = _ring()
    head = _b64(msgspec.json.encode({"alg": "HS256", "kid": ring.current, "use": use}))
    text = f"{head}.{_b64(msgspec.json.encode(claims))}"
    return f"{text}.{_mac(ring.keys[ring.current], text)}"


def verify(use: str, token: str) -> dict[str, Any] | None:
    """The claims of a token that we made for this use, or None."""
    text, _, mac = token.rpartition(".")
    try:
        head, claims = (msgspec.json.decode(_unb64(part)) for part in text.split("."))
        key = _key(head["kid"])
    except (ValueError, KeyError, TypeError, RecursionError):  # a header of a thousand brackets, for one
        return None
    if key is None or not hmac.compare_digest(_mac(key, text).encode(), mac.encode("utf-8", "replace")):
        return None
    return claims if head.get("alg") == "HS256" and head.get("use") == use and isinstance(claims, dict) else None


def derive(purpose: str, kid: str | None = None) -> tuple[str, bytes]:
    """A key for another purpose, made from the current one or from the one named: its id and 32 bytes.

    Raises KeyError if unknown.
    """
    name = kid or _ring().current
    key = _key(name)
    if key is None:
        raise KeyError(name)
    return name, _derived(key, purpose)


@lru_cache(maxsize=64)
def _derived(key: str, purpose: str) -> bytes:
    return hmac.digest(base64.b64decode(key), purpose.encode(), "sha256")


def forget() -> None:
    """Read the ring again at the next use."""
    global _cached, _looked
    _cached = _looked = None


def _ring(*, fresh: bool = False) -> Ring:
    global _cached
    if _cached is None or fresh:
        text = secrets.read(SECRET)
        if text is None:
            # The first call of a new installation. Whoever comes second finds the ring of the first.
            secrets.create(SECRET, msgspec.json.encode(new_ring()).decode())
            text = secrets.read(SECRET)
        _cached = msgspec.json.decode(text or "", type=Ring)
    return _cached


def _key(name: Any) -> str | None:
    """The key of that id. An unknown one may be newer than what we hold: look again, but not at everybody's bidding."""
    global _looked
    key = _ring().keys.get(name)
    if key is None and (_looked is None or clock.ticks() - _looked > _LOOK_AGAIN):
        _looked = clock.ticks()
        key = _ring(fresh=True).keys.get(name)
    return key


def _mac(key: str, text: str) -> str:
    return _b64(hmac.digest(base64.b64decode(key), text.encode("utf-8", "replace"), hashlib.sha256))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
