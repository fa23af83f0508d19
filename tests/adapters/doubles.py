"""Servers to send to, friendly or failing to order: on real sockets, so timeouts and lost connections are real."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP

DROP = "drop"  # close the connection instead of answering
HANG = "hang"  # do not answer at all


@dataclass
class Smtp:
    """An SMTP server that answers each step as told: `greeting`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `end`, `QUIT`."""

    port: int
    answers: dict[str, str]
    mails: list[bytes] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)


FRIENDLY = {
    "greeting": "220 hello",
    "EHLO": "250 hello",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "end": "250 taken",
    "QUIT": "221 bye",
}


@contextmanager
def smtp(**answers: str) -> Iterator[Smtp]:
    """A server on a free port, friendly but for `answers`: by command, `again` to MAIL after a mail was taken."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Smtp(listener.getsockname()[1], FRIENDLY | answers)
        threading.Thread(target=_accept, args=(listener, server), daemon=True).start()
        yield server


def _accept(listener: socket.socket, server: Smtp) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            _converse(connection, server)


def _converse(connection: socket.socket, server: Smtp) -> None:
    lines = connection.makefile("rb")
    if not _answer(connection, server, "greeting"):
        return
    taken = False
    for line in lines:
        step = line[:4].decode("ascii", "replace").upper().strip()
        if step == "MAIL" and taken and "again" in server.answers:
            step = "again"
        if not _answer(connection, server, step):
            return
        if step == "DATA" and server.answers["DATA"].startswith("354"):
            mail: list[bytes] = []
            for text in lines:
                if text == b".\r\n":
                    break
                mail.append(text)
            server.mails.append(b"".join(mail))
            taken = True
            if not _answer(connection, server, "end"):
                return


def _answer(connection: socket.socket, server: Smtp, step: str) -> bool:
    """Answer one step; False to end the conversation."""
    server.steps.append(step)
    answer = server.answers.get(step, "500 what?")
    if answer == HANG:
        time.sleep(2)
    if answer in {HANG, DROP}:
        return False
    connection.sendall(answer.encode() + b"\r\n")
    return True


@contextmanager
def real_smtp(handler: object, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """A real SMTP server on a free port, encrypted from the first byte if `tls` is given."""
    # aiosmtpd's own controller cannot say which port it got, and asking for a free one first is a race.
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def protocol() -> SMTP:
            return SMTP(handler, hostname="localhost", loop=loop, **options)

        listening = runner.run(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(listening.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


@dataclass
class Http:
    """An HTTP endpoint that answers every request alike, and counts them."""

    url: str
    status: int
    body: bytes
    headers: dict[str, str]
    requests: int = 0
    bodies: list[bytes] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def http(status: int | str, body: object = None, **headers: str) -> Iterator[Http]:
    """An endpoint on a free port; `status` may be DROP or HANG."""

    class Handler(BaseHTTPRequestHandler):
        """Reads the request whole, then does as told."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            endpoint.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            endpoint.requests += 1
            endpoint.connections.add(self.client_address)
            if status == HANG:
                time.sleep(1)
            if status in {HANG, DROP}:
                self.close_connection = True
                return
            body = endpoint.body  # as the client goes on, it may be another one
            self.send_response(endpoint.status)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        code = status if isinstance(status, int) else 0
        endpoint = Http(f"http://127.0.0.1:{server.server_port}", code, json.dumps(body or {}).encode(), headers)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
