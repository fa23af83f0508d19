"""The HTTP server: whole requests in, whole answers out, limits kept, nothing of the inside shown."""

import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from chalice.app import Chalice, CORSConfig, Response

from infra.local.activity import Activity
from infra.local.api import Api
from infra.local.front import BODY_LIMIT, Front

TOGETHER = 20
SECRET = "what nobody may see"


def make_app() -> Any:
    """A product in small: what the server must carry, and what it must not let out."""
    app = Chalice("small")
    app.api.binary_types = ["application/octet-stream"]
    barrier = Barrier(TOGETHER, timeout=10)

    def echo() -> Any:
        asked: Any = app.current_request
        return {"method": asked.method, "body": len(asked.raw_body), "query": dict(asked.query_params or {})}

    def together() -> Any:
        return {"arrived": barrier.wait()}

    def empty() -> Any:
        return Response(None, status_code=204)

    def split() -> Any:
        # Chalice refuses line breaks only in some places; the server must not let any through.
        return Response("x", headers={"X-Split": "a\r\nSet-Cookie: b=c", "Content-Type": "text/plain"})

    cors = CORSConfig(allow_origin="https://web.test", max_age=60)
    kinds = ["application/json", *app.api.binary_types]
    app.route("/echo", methods=["GET", "POST"], cors=cors, content_types=kinds)(echo)
    app.route("/together")(together)
    app.route("/empty")(empty)
    app.route("/split")(split)
    app.route("/raise")(lambda: 1 / 0)
    return app


class Broken:
    """An app that fails where Lambda would report a failed function."""

    def __init__(self, app: Any) -> None:
        self.routes, self.api = app.routes, app.api

    def __call__(self, event: Any, context: Any) -> Any:
        raise RuntimeError(SECRET)


def serve(app: Any) -> Iterator[int]:
    front = Front(0, Api(app, Activity()).answer)
    front.open()
    yield front.server_port
    front.shutdown()
    front.server_close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    yield from serve(make_app())


@pytest.fixture
def broken_port() -> Iterator[int]:
    yield from serve(Broken(make_app()))


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named, encode_chunked=not isinstance(body, bytes | None))
    answer = connection.getresponse()
    result = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return result


def raw(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_carries_many_requests(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    sockets = set()
    for number in range(3):
        connection.request("POST", f"/echo?n={number}", b"abc", {"Content-Type": "application/octet-stream"})
        answer = connection.getresponse()
        assert json.loads(answer.read()) == {"method": "POST", "body": 3, "query": {"n": str(number)}}
        sockets.add(id(connection.sock))
    assert len(sockets) == 1
    connection.close()


def test_requests_run_side_by_side(port: int) -> None:
    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = list(pool.map(lambda _: ask(port, "GET", "/together"), range(TOGETHER)))
    assert {status for status, _, _ in answers} == {200}
    assert {json.loads(body)["arrived"] for _, _, body in answers} == set(range(TOGETHER))


def test_a_body_in_chunks_arrives_whole(port: int) -> None:
    status, _, body = ask(
        port, "POST", "/echo", iter([b"one", b"two!", b"x" * 70_000]),
        Transfer_Encoding="chunked", Content_Type="application/octet-stream",
    )  # fmt: skip
    assert (status, json.loads(body)["body"]) == (200, 70_007)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_gateways_limit_is_refused(port: int, chunked: bool) -> None:
    content = b"x" * (BODY_LIMIT + 1)
    status, headers, body = (
        ask(port, "POST", "/echo", iter([content[:1000], content[1000:]]), Transfer_Encoding="chunked")
        if chunked
        else ask(port, "POST", "/echo", content)
    )
    assert status == json.loads(body)["status"] == 413
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["tendril-cost"].startswith("rru=0; wru=0;")


def test_a_body_at_the_gateways_limit_reaches_the_app(port: int) -> None:
    status, _, body = ask(port, "POST", "/echo", b"x" * BODY_LIMIT, Content_Type="application/octet-stream")
    assert (status, json.loads(body)["body"]) == (200, BODY_LIMIT)


@pytest.mark.parametrize(
    "head",
    [
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n",
        b"GET / HTTP/1.1 and more\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)
def test_a_request_that_cannot_be_read_ends_the_connection_with_a_4xx_or_5xx(port: int, head: bytes) -> None:
    answer = raw(port, head)
    status = int(answer.split()[1])
    assert 400 <= status < 600
    assert b"application/problem+json" in answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Traceback" not in answer


def test_a_client_that_goes_away_in_the_middle_harms_nobody(port: int) -> None:
    assert raw(port, b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc") == b""
    assert ask(port, "GET", "/echo")[0] == 200


def test_an_absolute_target_is_its_path(port: int) -> None:
    answer = raw(port, b"GET http://127.0.0.1/echo?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b'"query":{"a":"1"}' in answer


def test_an_answer_without_a_body_has_no_length(port: int) -> None:
    status, headers, body = ask(port, "GET", "/empty")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers


def test_head_gets_no_body(port: int) -> None:
    status, _, body = ask(port, "HEAD", "/echo")
    assert (status, body) == (405, b"")


def test_a_preflight_is_answered_as_the_gateway_does(port: int) -> None:
    status, headers, body = ask(port, "OPTIONS", "/echo", Origin="https://web.test")
    assert (status, body) == (200, b"")
    assert headers["access-control-allow-origin"] == "https://web.test"
    assert headers["access-control-allow-methods"] == "GET,OPTIONS,POST"
    assert headers["access-control-max-age"] == "60"
    assert headers["x-request-id"]
    assert headers["tendril-cost"].startswith("rru=0; wru=0;")
    assert ask(port, "OPTIONS", "/empty")[0] == 405


def test_no_header_can_start_another(port: int) -> None:
    _, headers, _ = ask(port, "GET", "/split")
    assert "set-cookie" not in headers


def test_a_failed_function_shows_nothing_of_itself(broken_port: int) -> None:
    status, headers, body = ask(broken_port, "GET", "/echo")
    assert status == 502
    assert headers["content-type"] == "application/problem+json"
    assert SECRET.encode() not in body
    assert b"Traceback" not in body
    assert json.loads(body)["request_id"]


def test_a_view_that_raises_shows_nothing_of_itself(port: int) -> None:
    status, _, body = ask(port, "GET", "/raise")
    assert status == 500
    assert b"Traceback" not in body
    assert b"ZeroDivision" not in body
