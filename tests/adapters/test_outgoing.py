"""HTTP of our own: to whom the certificate is good, in time, of bounded size, and never led elsewhere."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.adapters import _tls, outgoing
from chalicelib.adapters.hooks import ses
from infra.local.guard import Outside, Stub, install
from tests.adapters.providers.test_smtp_session import certificate  # noqa: F401 - a fixture

Serve = Callable[..., str]


class Server:
    """Answers each connection with the same bytes, perhaps in pieces, and remembers what was asked."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.pieces: list[bytes] = []
        self.pause = 0.0
        self.asked: list[bytes] = []
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    self.asked.append(connection.recv(65_536))
                    for piece in self.pieces:
                        connection.sendall(piece)
                        if self.pause and self.stop.wait(self.pause):
                            break
            except OSError:  # it has hung up, or does not trust us
                continue

    def close(self) -> None:
        self.stop.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)


@pytest.fixture
def server(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:  # noqa: F811 - the fixture
    """An encrypted server that is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    running = Server(certificate[1])
    yield running
    running.close()


@pytest.fixture
def serve(server: Server) -> Serve:
    def answer(*pieces: bytes, status: str = "200 OK", pause: float = 0.0, headers: str = "") -> str:
        server.pieces = [f"HTTP/1.1 {status}\r\n{headers}\r\n".encode(), *pieces]
        server.pause = pause
        return f"https://localhost:{server.port}/a/b?c=d"

    return answer


def test_the_body_of_a_200(serve: Serve, server: Server) -> None:
    assert outgoing.get(serve(b"hello ", b"you")) == b"hello you"
    (asked,) = server.asked
    assert asked.startswith(b"GET /a/b?c=d HTTP/1.1\r\nHost: localhost:")
    assert b"Authorization" not in asked


def test_a_body_in_chunks(serve: Serve) -> None:
    url = serve(b"3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n", headers="Transfer-Encoding: chunked\r\n")
    assert outgoing.get(url) == b"abcde"


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "404 Not Found", "500 No", "503 Busy"])
def test_any_other_answer_is_a_failure_that_says_which(serve: Serve, status: str) -> None:
    with pytest.raises(outgoing.Failed) as failed:
        outgoing.get(serve(status=status, headers="Content-Length: 0\r\n"))
    assert failed.value.status == int(status[:3])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_nobody_leads_us_elsewhere(serve: Serve, server: Server, status: str) -> None:
    with pytest.raises(outgoing.Failed) as failed:
        outgoing.get(
            serve(status=status, headers=f"Location: https://localhost:{server.port}/x\r\nContent-Length: 0\r\n")
        )
    assert failed.value.status == int(status[:3])
    assert len(server.asked) == 1


def test_a_body_over_the_limit_is_not_read_to_its_end(serve: Serve) -> None:
    assert len(outgoing.get(serve(b"x" * outgoing.LIMIT))) == outgoing.LIMIT
    with pytest.raises(outgoing.Failed, match="too large"):
        outgoing.get(serve(b"x" * (outgoing.LIMIT + 1)))


def test_who_is_slow_is_left(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece comes in time, the whole does not."""
    monkeypatch.setattr(outgoing, "TIMEOUT", 0.2)
    with pytest.raises(outgoing.Failed, match="too slow"):
        outgoing.get(serve(*[b"x"] * 200, pause=0.05))
    with pytest.raises(outgoing.Failed, match="TimeoutError"):
        outgoing.get(serve(b"x", b"y", pause=2.0))


@pytest.mark.parametrize(
    ("pieces", "headers"),
    [((b"abc",), "Content-Length: 10\r\n"), ((b"5\r\nab",), "Transfer-Encoding: chunked\r\n")],
)
def test_a_body_that_is_cut_off_is_none(serve: Serve, pieces: tuple[bytes, ...], headers: str) -> None:
    with pytest.raises(outgoing.Failed):
        outgoing.get(serve(*pieces, headers=headers))


def test_what_is_no_http_is_a_failure(serve: Serve, server: Server) -> None:
    url = serve()
    for pieces in ([b"SSH-2.0\r\n\r\n"], [b""], [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n"]):
        server.pieces = pieces
        with pytest.raises(outgoing.Failed):
            outgoing.get(url)


def test_who_does_not_prove_himself_gets_no_request(
    serve: Serve, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(b"hello")
    with pytest.raises(outgoing.Failed, match="CertVerif"):
        outgoing.get(url.replace("localhost", "127.0.0.1"))  # the certificate is of another name
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    _tls.context.cache_clear()
    with pytest.raises(outgoing.Failed, match="CertVerif"):
        outgoing.get(url)
    assert server.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "http://localhost/",
            "ftp://localhost/",
            "file:///etc/passwd",
            "https://",
            "https:///x",
            "//localhost/",
        ),
        *(
            "https://user@localhost/",
            "https://user:pass@localhost/",
            "https://localhost:x/",
            "https://localhost:99999/",
        ),
        *("https://[::1/", "https://a b/", "https://localhost/a b", "https://localhost/\r\nX: y", "https://\ud800/"),
        *("https://localhost/\u00e4", "https://localhost\x00/"),
    ],
)
def test_what_is_no_encrypted_address_is_not_tried(url: str, server: Server) -> None:
    with pytest.raises(outgoing.Failed):
        outgoing.get(url)
    assert server.asked == []


def test_nobody_at_home_is_a_failure(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(outgoing.Failed) as failed:
        outgoing.get(f"https://localhost:{port}/")
    assert failed.value.status is None


def test_on_one_machine_it_gets_what_was_left_for_it() -> None:
    outside = Outside()
    remove = install(outside)
    try:
        url = "https://sns.eu-central-1.amazonaws.com/a.pem"
        with pytest.raises(outgoing.Failed, match="ConnectionRefusedError"):
            outgoing.get(url)
        outside.put(url, Stub(200, {}, b"certificate"))
        assert outgoing.get(url) == b"certificate"
        outside.put(url, Stub(302, {"Location": "https://evil.test/"}, b""))
        with pytest.raises(outgoing.Failed):
            outgoing.get(url)
        assert [made["url"] for made in outside.made()] == [url] * 3
        assert ses.verify.__defaults__ == (outgoing.get,)
    finally:
        remove()
