"""A few bytes that we signed, as text for an address: mails hold a dozen of such, and nothing is read to check one.

The signature is cut to 128 bits, which RFC 2104 (section 5) allows. The key is derived from the signing ring for one
purpose and named in front, so that keys can be rotated and tokens of old still work.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Final

from chalicelib.services import keyring

_MAC: Final = 16  # bytes


def signer(purpose: str, bound: bytes = b"") -> Callable[[bytes], str]:
    """What makes tokens for this purpose: letters, digits, `-`, `_` and one dot. `bound` is signed, but not said."""
    kid, key = keyring.derive(purpose)
    return lambda said: f"{kid}.{_b64(said + _mac(key, bound + said))}"


def read(purpose: str, token: str, longest: int, bound: bytes = b"") -> bytes | None:
    """What a token says; None if it has over `longest` characters, or was not made so by us. One text for one token.

    No I/O but for a key that is not known yet.
    """
    kid, _, body = token.partition(".")
    if len(token) > longest or not body.isascii():
        return None
    try:
        data = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
        _, key = keyring.derive(purpose, kid)
    except (binascii.Error, KeyError):
        return None
    said, mac = data[:-_MAC], data[-_MAC:]
    return said if hmac.compare_digest(_mac(key, bound + said), mac) and _b64(data) == body else None


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")[:_MAC]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
