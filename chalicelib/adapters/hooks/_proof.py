"""What the proofs of several providers share: headers without case, constant-time compares, passwords, times."""

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest, new
from typing import Final

from chalicelib.adapters.hooks import LIMIT, Forged, Malformed, Secrets, Stale, Verified

SECONDS: Final = re.compile(r"[0-9]{10}", re.ASCII)  # from 2001 to 2286; no sign, no blank, no other alphabet's digits
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_HEADER: Final = re.compile(r"([A-Za-z0-9-]{1,100}):[ \t]*(\S.*)")
_LONGEST: Final = 4_000  # characters of a header that is looked at


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers by their names in small letters; what is no text, or too long to be meant, is left out."""
    return {
        name.lower(): value.strip()
        for name, value in headers.items()
        if isinstance(name, str) and isinstance(value, str) and len(value) <= _LONGEST
    }


def sized(body: bytes) -> None:
    """Raises Malformed for a body over the limit, so that nothing is computed over it."""
    if len(body) > LIMIT:
        raise Malformed("body too large")


def configured(secrets: Iterable[str]) -> list[bytes]:
    """The secrets that are set. Raises Forged if there are none: without a secret nothing is proved."""
    found = [_bytes(secret) for secret in secrets if secret]
    if not found:
        raise Forged("no secret is set")
    return found


def unbase64(text: str) -> bytes | None:
    """Base64 with its padding and nothing around it, or None. The standard library alone takes too much padding."""
    return base64.b64decode(text) if len(text) % 4 == 0 and _BASE64.fullmatch(text) else None


def mac(key: bytes, content: bytes) -> bytes:
    """HMAC with SHA-256 (RFC 2104)."""
    return new(key, content, sha256).digest()


def any_same(given: Iterable[bytes], wanted: Iterable[bytes]) -> bool:
    """Whether one of these is one of those. All are compared, each in constant time."""
    wanted = list(wanted)
    return any([compare_digest(one, other) for one in given for other in wanted])  # noqa: C419 - a generator would stop


def timely(seconds: str, now: datetime, *, past: timedelta, future: timedelta) -> None:
    """Raises Stale for epoch seconds out of the window around `now`, Forged for what is none."""
    if not SECONDS.fullmatch(seconds):
        raise Forged("no time")
    within(datetime.fromtimestamp(int(seconds), UTC), now, past=past, future=future)


def within(moment: datetime, now: datetime, *, past: timedelta, future: timedelta) -> None:
    """Raises Stale for a moment out of the window around `now`."""
    if not now - past <= moment <= now + future:
        raise Stale("signed too long ago" if moment < now else "signed in the future")


def credentials(
    secrets: Secrets,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,  # noqa: ARG001 - as each provider
    *,
    token_header: str = "",
) -> Verified:
    """Prove that the sender knows password, bearer token or secret header, whichever are set; for those who sign
    nothing. Raises as `hooks.Adapter.verify`.

    `token_header` is one that the provider itself may send the token in.
    """
    configured((*secrets.basic_auth, *secrets.bearer_token))
    headers = lowered(headers)
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    rest = rest.strip()
    tokens = [one for one in secrets.bearer_token if not _HEADER.fullmatch(one)]
    named = [match.groups() for match in map(_HEADER.fullmatch, secrets.bearer_token) if match]
    good = [
        any_same([unbase64(rest) or b"" if scheme.lower() == "basic" else b""], _encoded(secrets.basic_auth)),
        any_same([_bytes(rest if scheme.lower() == "bearer" else "")], _encoded(tokens)),
        any_same([_bytes(headers.get(token_header, ""))], _encoded(tokens)),
        *(any_same([_bytes(headers.get(name.lower(), ""))], [_bytes(value.strip())]) for name, value in named),
    ]
    if not any(good):
        raise Forged("wrong credentials")
    sized(body)
    return Verified()


def _encoded(secrets: Iterable[str]) -> list[bytes]:
    return [_bytes(one) for one in secrets if one]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
