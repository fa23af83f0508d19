"""Requests to AWS by a plain connection: for the one call that is made for each mail of a campaign.

botocore takes more CPU time for it than all the rest of such a mail. The signature is Signature Version 4
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html); endpoint, region and
credentials are those that botocore found.
"""

import hmac
import http.client
import socket
import threading
from datetime import UTC
from hashlib import sha256
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from chalicelib import clock
from chalicelib.adapters import _tls

IDLE: Final = 5.0  # seconds for which a connection is kept; one that the other side let go would lose the answer
CONNECT: Final = 2.0  # seconds
TIMEOUT: Final = 10.0  # seconds until an answer counts as lost
JSON: Final = "application/json"


class Unreached(Exception):
    """The request has not left: there is no connection."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Any
    body: bytes


class _Kept(threading.local):
    """The connection that a thread keeps."""

    connection: http.client.HTTPConnection | None = None
    place: str = ""
    used: float = 0.0  # as clock.epoch() counts


_kept = _Kept()


def post(url: str, service: str, region: str, credentials: Any, body: bytes) -> Answer:
    """One request, never repeated. Raises `Unreached`; whatever else it raises, the request may have been taken."""
    parts = urlsplit(url)
    headers = _headers(parts.netloc, parts.path, service, region, credentials, body)
    connection = _connected(parts.scheme, parts.netloc)
    good = False
    try:
        connection.request("POST", parts.path, body, headers)
        answer = connection.getresponse()
        found = Answer(answer.status, answer.headers, answer.read())
        good = not answer.will_close
    finally:
        _kept.used = clock.epoch()
        if not good:
            _let_go()
    return found


def _headers(host: str, path: str, service: str, region: str, credentials: Any, body: bytes) -> dict[str, str]:
    now = clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    named = {"content-type": JSON, "host": host, "x-amz-date": now}
    if credentials.token:
        named["x-amz-security-token"] = credentials.token
    signed = ";".join(sorted(named))
    lines = "".join(f"{name}:{named[name]}\n" for name in sorted(named))
    request = f"POST\n{path}\n\n{lines}\n{signed}\n{sha256(body).hexdigest()}"
    scope = f"{now[:8]}/{region}/{service}/aws4_request"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope.split("/"), f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(request.encode()).hexdigest()}"):
        key = hmac.digest(key, part.encode(), "sha256")
    by = f"Credential={credentials.access_key}/{scope}, SignedHeaders={signed}, Signature={key.hex()}"
    return {**named, "Authorization": f"AWS4-HMAC-SHA256 {by}"}


def _connected(scheme: str, place: str) -> http.client.HTTPConnection:
    """The thread's connection, or a new one."""
    fresh = abs(clock.epoch() - _kept.used) <= IDLE and _kept.place == place
    if _kept.connection is not None and not fresh:
        _let_go()
    if _kept.connection is None:
        _kept.connection, _kept.place = _connect(scheme, place), place
    return _kept.connection


def _connect(scheme: str, place: str) -> http.client.HTTPConnection:
    try:
        if scheme == "https":
            context = _tls.context()
            made: http.client.HTTPConnection = http.client.HTTPSConnection(place, timeout=CONNECT, context=context)
        else:
            made = http.client.HTTPConnection(place, timeout=CONNECT)
        made.connect()
    except (OSError, http.client.HTTPException) as error:
        raise Unreached(type(error).__name__) from error
    if made.sock is not None:
        made.sock.settimeout(TIMEOUT)
        made.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _let_go() -> None:
    connection, _kept.connection = _kept.connection, None
    if connection is not None:
        connection.close()
