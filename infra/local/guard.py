"""Keeps outgoing HTTP inside the machine: a request to any other host gets the stub left for it, or fails at once.

It sits where every HTTP library of this process connects, urllib, requests, urllib3 and botocore alike, and puts a
recording in the place of the socket. So no code under test has to know, and no name is looked up.
"""

import base64
import http.client
import io
import ipaddress
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from typing import Any

import urllib3.connection

KEPT = 10_000  # requests; the oldest are forgotten
PATCHED: tuple[Any, ...] = (
    http.client.HTTPConnection,
    http.client.HTTPSConnection,
    urllib3.connection.HTTPConnection,
    urllib3.connection.HTTPSConnection,
)
SECURE = (http.client.HTTPSConnection, urllib3.connection.HTTPSConnection)


@dataclass(frozen=True)
class Stub:
    """What a request gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Outside:
    """Everything outside of this machine: the stubs that stand for it, and the requests that were made to it."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    stubs: dict[str, Stub] = field(default_factory=dict)
    _made: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, url: str, stub: Stub) -> None:
        """From now on requests to `url`, any query if it has none, get `stub`."""
        with self._lock:
            self.stubs[_normal(url)] = stub

    def made(self) -> list[dict[str, Any]]:
        """Every outgoing request, oldest first."""
        with self._lock:
            return list(self._made)

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Stub | None:
        """Record a request; returns what it gets, None if nothing was left for it."""
        moment = self.now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        encoded = base64.b64encode(body).decode()
        with self._lock:
            self._made.append(
                {"url": url, "method": method, "headers": dict(headers), "body_base64": encoded, "at": moment}
            )
            return self.stubs.get(_normal(url)) or self.stubs.get(_normal(url.partition("?")[0]))


def install(outside: Outside, inside: Iterable[str] = ()) -> Callable[[], None]:
    """Send all HTTP of this process that leaves the machine to `outside`; hosts in `inside` stay reachable.

    Returns the function that takes the guard away again.
    """
    own = frozenset(inside)
    originals = [(kind, kind.connect) for kind in PATCHED]
    for kind, connect in originals:
        kind.connect = _guarded(connect, outside, own)

    def remove() -> None:
        for kind, connect in originals:
            kind.connect = connect

    return remove


def _guarded(connect: Callable[[Any], None], outside: Outside, own: frozenset[str]) -> Callable[[Any], None]:
    def guarded(connection: Any) -> None:
        # Behind a proxy the host is that of the proxy, and the tunnel's target is the one meant.
        host = getattr(connection, "_tunnel_host", None) or connection.host
        if _is_loopback(connection.host) or connection.host in own:
            connect(connection)
            return
        scheme = "https" if isinstance(connection, SECURE) else "http"
        port = "" if connection.port in (80, 443, None) else f":{connection.port}"
        connection.sock = _Recording(outside, f"{scheme}://{host}{port}")
        connection.is_verified = True  # urllib3 warns of a connection that has not checked its certificate

    return guarded


class _Recording:
    """Stands for a connected socket: takes a request, and gives the stub for an answer."""

    def __init__(self, outside: Outside, origin: str) -> None:
        self._outside, self._origin = outside, origin
        self._sent = bytearray()

    def sendall(self, data: bytes) -> None:
        """Take a part of the request."""
        self._sent += data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        """The answer. Raises ConnectionRefusedError if no stub was left."""
        method, target, headers, body = _parsed(bytes(self._sent))
        self._sent.clear()
        url = target if "://" in target else self._origin + target
        stub = self._outside.request(method, url, dict(headers.items()), body)
        if stub is None:
            raise ConnectionRefusedError(f"this machine has no network and no stub for {method} {url}")
        return io.BytesIO(_rendered(stub))

    def settimeout(self, *_: object) -> None:
        """Nothing here takes time."""

    def setsockopt(self, *_: object) -> None:
        """There is nothing to set."""

    def shutdown(self, *_: object) -> None:
        """There is nothing to shut down."""

    def close(self) -> None:
        """There is nothing to close."""


def _parsed(sent: bytes) -> tuple[str, str, Message, bytes]:
    head, _, body = sent.partition(b"\r\n\r\n")
    line, _, rest = head.partition(b"\r\n")
    method, target, *_ = [*line.decode("latin-1").split(" "), "/"]
    headers: Message = http.client.parse_headers(io.BytesIO(rest + b"\r\n\r\n"))
    if headers.get("Transfer-Encoding", "").lower() == "chunked":
        body = _unchunked(body)
    return method, target, headers, body


def _unchunked(body: bytes) -> bytes:
    whole, rest = bytearray(), io.BytesIO(body)
    while size := int(rest.readline().partition(b";")[0].strip() or b"0", 16):
        whole += rest.read(size)
        rest.readline()
    return bytes(whole)


def _rendered(stub: Stub) -> bytes:
    """The stub as bytes on the wire. It closes the connection, so that no library keeps the recording for later."""
    own = {"content-length", "connection", "transfer-encoding"}
    lines = [f"{name}: {value}" for name, value in stub.headers.items() if name.lower() not in own]
    lines += [f"Content-Length: {len(stub.body)}", "Connection: close"]
    phrase = http.client.responses.get(stub.status, "Stub")
    return "\r\n".join([f"HTTP/1.1 {stub.status} {phrase}", *lines, "", ""]).encode("latin-1", "replace") + stub.body


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _normal(url: str) -> str:
    """One spelling for an address: lower-case host, no default port, no empty path."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    host, question, query = host.partition("?")
    host = host.lower().removesuffix({"http": ":80", "https": ":443"}.get(scheme.lower(), ":"))
    return f"{scheme.lower()}://{host}/{path}" if slash else f"{scheme.lower()}://{host}/{question}{query}"
