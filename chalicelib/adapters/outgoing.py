"""The one door for HTTP of our own: encrypted, short, small, and never led elsewhere.

On one machine there is no network: a request then gets the answer that was left for it, or fails at once.
"""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from chalicelib import clock

if TYPE_CHECKING:
    import http.client

TIMEOUT: Final = 3.0  # seconds: to connect, for each piece of the answer, and about the whole of it
LIMIT: Final = 64 * 1024  # bytes of an answer
_PIECE: Final = 16 * 1024


class Failed(Exception):
    """No answer, or not the one hoped for. `status` is what the other side said, None if it said nothing."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


def get(url: str) -> bytes:
    """The body at an https address. Raises Failed for any answer but a 200, redirects included, and for none."""
    import contextlib
    import http.client

    from chalicelib.adapters import _tls

    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Failed("not an address") from None
    if parts.scheme != "https" or not host or parts.username is not None:
        raise Failed("not an https address")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with contextlib.closing(
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=_tls.context())
        ) as connection:
            end = clock.ticks() + TIMEOUT
            connection.request("GET", target, headers={"User-Agent": "Tendril", "Connection": "close"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise Failed(f"answered {answer.status}", answer.status)
            return _body(answer, end)
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: of a host or path that is none
        raise Failed(f"no answer: {type(error).__name__}") from error


def _body(answer: "http.client.HTTPResponse", end: float) -> bytes:
    body = b""
    while piece := answer.read1(_PIECE):
        body += piece
        if len(body) > LIMIT:
            raise Failed("answer too large", answer.status)
        if clock.ticks() > end:
            raise Failed("answer too slow", answer.status)
    if answer.length:  # what is still to come of the length that was announced
        raise Failed("answer cut off", answer.status)
    return body
