"""The HTTP/1.1 server of one machine: reads a request whole, within limits, and writes the answer in one piece."""

import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import urlsplit

from infra.local.gateway import Answer, Request
from infra.local.problem import problem

log = logging.getLogger("tendril.local")

BODY_LIMIT = 10 * 1024 * 1024  # bytes; API Gateway's own
DRAIN_LIMIT = 64 * 1024 * 1024  # bytes read and thrown away, so that a client that sends too much hears the answer
IDLE_SECONDS = 65
BODILESS = frozenset({204, 304})
OWN_HEADERS = frozenset({"content-length", "connection", "transfer-encoding", "date", "server"})

HEX = frozenset(b"0123456789abcdefABCDEF")

Application = Callable[[Request], Answer]


class Front(ThreadingHTTPServer):
    """Serves `application` on 127.0.0.1:`port`, one thread per connection."""

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, application: Application) -> None:
        self.application = application
        # The port is taken at once, so that nobody else can have it, but nobody is let in before `open`.
        super().__init__(("127.0.0.1", port), _Connection, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise

    def open(self) -> None:
        """Let requests in, in a thread of its own. Raises OSError if somebody else listens on the port after all."""
        self.server_activate()
        threading.Thread(target=self.serve_forever, name="front", daemon=True).start()

    def server_bind(self) -> None:
        """As the base class does, without asking the resolver for this machine's name."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 - as the server calls it
        """A client that went away is no news; anything else goes to the log, never to the terminal."""
        log.debug("a connection ended early", exc_info=True)


class _RefusedError(Exception):
    """The request cannot be read; the connection ends with this answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


class _Connection(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    server: Front

    def handle_one_request(self) -> None:
        """Read one request and answer it, whatever its method."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if len(self.raw_requestline) > 65536:
                self.requestline = self.request_version = self.command = ""
                self.send_error(HTTPStatus.REQUEST_URI_TOO_LONG)
                return
            if not self.raw_requestline:
                self.close_connection = True
                return
            if self.parse_request():
                self._answer()
        except (TimeoutError, ConnectionError):
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as the server calls it
        """What the base class says of requests it cannot parse, as problem+json."""
        self.close_connection = True
        self._write(problem(code, HTTPStatus(code).phrase))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the server calls it
        """Keep the terminal quiet: requests are logged by the app."""
        log.debug(format, *args)

    def _answer(self) -> None:
        try:
            request = Request(
                self.command, _target(self.path), list(self.headers.items()), self._body(), self.client_address[0]
            )
        except _RefusedError as refused:
            self.close_connection = True
            self._write(problem(refused.status, refused.detail, self.path))
            return
        try:
            answer = self.server.application(request)
        except Exception:
            log.exception("no answer to %s", self.command)
            answer = problem(500, "The machine failed to answer.", request.path)
        self._write(answer)

    def _body(self) -> bytes:
        """The request's body. Raises _RefusedError if it is too large or cannot be delimited."""
        encoding = self.headers.get("Transfer-Encoding", "").strip().lower()
        if encoding == "chunked":
            return self._chunks()
        lengths = set(self.headers.get_all("Content-Length", ["0"]))
        length = lengths.pop().strip()
        if encoding or lengths or not (length.isascii() and length.isdigit()):
            raise _RefusedError(400, "The body's length is not clear.")
        if int(length) > BODY_LIMIT:
            self._drain(int(length))
            raise _too_large()
        content = self.rfile.read(int(length))
        if len(content) < int(length):
            raise ConnectionResetError("the client went away in the middle of its body")
        return content

    def _chunks(self) -> bytes:
        content = bytearray()
        while size := self._chunk_size():
            if len(content) + size > BODY_LIMIT:
                # What is still to come is not worth waiting for: the connection ends here.
                self._drain(size)
                raise _too_large()
            content += self.rfile.read(size)
            if self.rfile.readline(3) not in (b"\r\n", b"\n"):
                raise _RefusedError(400, "The body's chunks are malformed.")
        while self.rfile.readline(65537) not in (b"\r\n", b"\n", b""):
            pass  # trailers mean nothing here
        return bytes(content)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(1024).partition(b";")[0].strip()
        if not line or not HEX.issuperset(line):
            raise _RefusedError(400, "The body's chunks are malformed.")
        return int(line, 16)

    def _drain(self, length: int) -> None:
        left = min(length, DRAIN_LIMIT)
        while left > 0 and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)

    def _write(self, answer: Answer) -> None:
        """One write for head and body, so that no packet waits for the other's acknowledgement."""
        bodiless = answer.status in BODILESS or answer.status < 200
        headers = [(name, value) for name, value in answer.headers if name.lower() not in OWN_HEADERS]
        if not bodiless:
            headers.append(("Content-Length", str(len(answer.body))))
        headers.append(("Date", self.date_time_string()))
        headers.append(("Connection", "close" if self.close_connection else "keep-alive"))
        phrase = responses.get(answer.status, "")
        head = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{name}: {_one_line(value)}" for name, value in headers)]
        content = b"" if bodiless or self.command == "HEAD" else answer.body
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1", "replace") + content)
        self.wfile.flush()


def _too_large() -> _RefusedError:
    return _RefusedError(413, f"The body is larger than {BODY_LIMIT} bytes.")


def _target(raw: str) -> str:
    """Path and query of a request target, also of one that names the whole address."""
    if raw.startswith("/"):
        return raw.partition("#")[0]
    parts = urlsplit(raw)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _one_line(value: str) -> str:
    """No header may start another one."""
    return value.replace("\r", " ").replace("\n", " ")
