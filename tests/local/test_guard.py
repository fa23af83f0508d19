"""Outgoing HTTP: nothing leaves the machine, whatever library asks; each request is recorded and gets its stub."""

import base64
import http.client
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config

from infra.local.guard import Outside, Stub, install

STUB = Stub(201, {"X-Seen": "yes", "Content-Type": "text/plain"}, b"stubbed")


@pytest.fixture
def outside() -> Iterator[Outside]:
    found = Outside()
    remove = install(found)
    yield found
    remove()


def test_without_a_stub_it_fails_at_once_and_is_recorded(outside: Outside) -> None:
    request = urllib.request.Request("https://api.example.test/v1?q=1", data=b"\x00body", headers={"X-Key": "k"})
    with pytest.raises(OSError, match=r"no stub for POST https://api\.example\.test/v1"):
        urllib.request.urlopen(request)
    (made,) = outside.made()
    assert made["url"] == "https://api.example.test/v1?q=1"
    assert made["method"] == "POST"
    assert made["headers"]["X-Key"] == "k"
    assert base64.b64decode(made["body_base64"]) == b"\x00body"
    assert made["at"].endswith("Z")


def test_a_stub_answers_urllib(outside: Outside) -> None:
    outside.put("http://example.test/a", STUB)
    with urllib.request.urlopen("http://example.test/a") as answer:
        assert (answer.status, answer.headers["X-Seen"], answer.read()) == (201, "yes", b"stubbed")


def test_a_stub_answers_requests_and_urllib3_and_keeps_answering(outside: Outside) -> None:
    outside.put("https://example.test/a", STUB)
    pool = urllib3.PoolManager()
    for _ in range(3):
        assert requests.post("https://example.test/a", json={"a": 1}, timeout=1).text == "stubbed"
        assert pool.request("GET", "https://example.test/a", headers={"A": "b"}).data == b"stubbed"
    assert [made["method"] for made in outside.made()] == ["POST", "GET"] * 3


def test_a_body_in_chunks_is_recorded_whole(outside: Outside) -> None:
    outside.put("https://example.test/", STUB)
    requests.post("https://example.test", data=iter([b"one ", b"two"]), timeout=1)
    assert base64.b64decode(outside.made()[0]["body_base64"]) == b"one two"


def test_a_stub_without_a_query_answers_any_and_an_exact_one_wins(outside: Outside) -> None:
    outside.put("https://EXAMPLE.test:443/a", STUB)
    outside.put("https://example.test/a?x=2", Stub(200, {}, b"exact"))
    assert requests.get("https://example.test/a?x=1", timeout=1).text == "stubbed"
    assert requests.get("https://example.test/a?x=2", timeout=1).text == "exact"


@pytest.mark.parametrize("status", [204, 304, 404, 500, 599])
def test_any_status_can_be_left(outside: Outside, status: int) -> None:
    outside.put("http://example.test/a", Stub(status, {}, b""))
    assert requests.get("http://example.test/a", timeout=1, allow_redirects=False).status_code == status


def test_the_real_cloud_is_outside_too(outside: Outside) -> None:
    config = Config(retries={"total_max_attempts": 1})
    sqs = boto3.client(
        "sqs", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b", config=config
    )
    with pytest.raises(Exception, match=r"sqs\.eu-central-1\.amazonaws\.com"):
        sqs.list_queues()
    assert outside.made()[0]["url"].startswith("https://sqs.eu-central-1.amazonaws.com")


def test_loopback_and_named_hosts_stay_reachable(outside: Outside) -> None:
    class Here(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"here")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Here) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for host in ("127.0.0.1", "localhost"):
            with urllib.request.urlopen(f"http://{host}:{server.server_port}/") as answer:
                assert answer.read() == b"here"
        server.shutdown()
    assert outside.made() == []


def test_taking_the_guard_away_restores_everything() -> None:
    before = http.client.HTTPConnection.connect
    install(Outside())()
    assert http.client.HTTPConnection.connect is before
