"""The doors below /_local/: they do what they say, and refuse what makes no sense."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from chalicelib import clock
from infra.local.activity import Activity
from infra.local.control import Control
from infra.local.feed import Feed
from infra.local.gateway import Request
from infra.local.guard import Outside
from infra.local.mailbox import Mailbox
from infra.local.pump import Pump
from infra.local.work import Worker
from tests.local.conftest import Queues, Table

Ask = Callable[..., tuple[int, Any]]


class Firm:
    """A product in small: a change becomes a message, a message becomes a change, minutes are counted."""

    def __init__(self, fresh: Table, queues: Queues) -> None:
        self.fresh, self.queues = fresh, queues
        self.minutes: list[dict[str, Any]] = []
        self.fail_minutes = 0
        self.hold = Event()
        self.hold.set()

    def on_change(self, event: dict[str, Any], context: Any) -> None:
        for record in event["Records"]:
            key = record["dynamodb"]["Keys"]["sk"]["S"]
            if key.startswith("order"):
                self.queues.send(key)

    def on_work(self, event: dict[str, Any], context: Any) -> None:
        self.hold.wait(10)
        for record in event["Records"]:
            self.fresh.put(f"done-{record['body']}")

    def on_minute(self, event: dict[str, Any], context: Any) -> None:
        self.minutes.append(event)
        if self.fail_minutes:
            self.fail_minutes -= 1
            raise RuntimeError("told to")


@pytest.fixture
def firm(fresh: Table, queues: Queues) -> Firm:
    return Firm(fresh, queues)


@pytest.fixture
def control(firm: Firm, fresh: Table, queues: Queues, tmp_path: Path) -> Iterator[Control]:
    """The doors of a machine whose events stand still."""
    activity = Activity()

    def counted(handler: Any) -> Any:
        def call(event: Any, context: Any) -> Any:
            with activity.handler():
                return handler(event, context)

        return call

    feed = Feed(fresh.endpoint, fresh.name, counted(firm.on_change))
    worker = Worker(queues.endpoint, queues.urls["WorkQueue"], counted(firm.on_work), retry_seconds=0)
    pump = Pump(feed, worker, firm.on_minute, activity, clock.now)
    yield Control(Mailbox(tmp_path / "mail", clock.now), pump, clock, Outside(clock.now))
    clock.reset()


@pytest.fixture
def pumping(control: Control, firm: Firm) -> Iterator[None]:
    """Events flow."""
    control.pump.start()
    yield
    firm.hold.set()
    control.pump.stop()


@pytest.fixture
def ask(control: Control) -> Ask:
    def call(method: str, target: str, body: Any = None) -> tuple[int, Any]:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = control.answer(Request(method, f"/_local/{target}", [], content, "127.0.0.1"))
        return answer.status, json.loads(answer.body)

    return call


@pytest.mark.usefixtures("pumping")
def test_idle_waits_for_what_follows_from_a_change(firm: Firm, ask: Ask) -> None:
    firm.fresh.put("order-1", "order-2")
    assert ask("GET", "idle?wait=10") == (200, {"idle": True, "stream_lag": 0, "queued": 0, "in_flight": 0})
    found = firm.fresh.dynamodb.scan(TableName=firm.fresh.name)["Items"]
    assert {item["sk"]["S"] for item in found} == {"order-1", "order-2", "done-order-1", "done-order-2"}


@pytest.mark.usefixtures("pumping")
def test_while_a_handler_runs_it_is_not_idle(firm: Firm, ask: Ask) -> None:
    firm.hold.clear()
    firm.fresh.put("order-1")
    seen = [ask("GET", "idle?wait=0.2")[1] for _ in range(10)]
    assert not any(status["idle"] for status in seen)
    assert seen[-1] == {"idle": False, "stream_lag": 0, "queued": 0, "in_flight": 1}
    firm.hold.set()
    assert ask("GET", "idle?wait=10")[1]["idle"] is True


def test_what_nobody_has_handled_yet_is_counted(firm: Firm, queues: Queues, ask: Ask) -> None:
    firm.fresh.put("order-1", "order-2")
    queues.send("x")
    assert ask("GET", "idle")[1] == {"idle": False, "stream_lag": 2, "queued": 1, "in_flight": 0}


def test_idle_without_wait_answers_at_once(ask: Ask) -> None:
    assert ask("GET", "idle")[0] == 200


def test_the_clock_moves_and_returns(ask: Ask) -> None:
    status, body = ask("POST", "clock", {"advance_seconds": 86_400})
    assert status == 200
    tomorrow = datetime.fromisoformat(body["now"]) - datetime.now(UTC)
    assert abs(tomorrow - timedelta(days=1)) < timedelta(seconds=5)
    ask("POST", "clock", {"advance_seconds": 3600.5})
    assert clock.now() - datetime.now(UTC) > timedelta(hours=25) - timedelta(seconds=5)
    ask("POST", "clock", {"now": "2031-02-03T04:05:06+01:00"})
    assert abs(clock.now() - datetime(2031, 2, 3, 3, 5, 6, tzinfo=UTC)) < timedelta(seconds=5)
    ask("POST", "clock", {})
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_tick_runs_the_schedule_at_the_moved_time(firm: Firm, ask: Ask) -> None:
    ask("POST", "clock", {"now": "2031-02-03T04:05:06Z"})
    assert ask("POST", "tick")[0] == 200
    (event,) = firm.minutes
    assert event["time"].startswith("2031-02-03T04:05:")
    assert event["source"] == "aws.events"
    assert event["detail-type"] == "Scheduled Event"
    assert event["resources"][0].startswith("arn:aws:events:")
    assert event["detail"] == {}


def test_a_tick_that_fails_says_so_without_detail(firm: Firm, ask: Ask) -> None:
    firm.fail_minutes = 99
    status, body = ask("POST", "tick")
    assert status == 500
    assert "told to" not in json.dumps(body)


def test_ticks_may_overlap(firm: Firm, ask: Ask) -> None:
    threads = [Thread(target=ask, args=("POST", "tick")) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(firm.minutes) == 10


def test_the_outbox_shows_and_filters(control: Control, ask: Ask) -> None:
    ask("POST", "clock", {"now": "2031-02-03T04:05:06Z"})
    control.mailbox.keep("a@firm.test", ["b@x.test"], b"Subject: one\r\n\r\nhello\r\n")
    assert [mail["subject"] for mail in ask("GET", "outbox")[1]["data"]] == ["one"]
    assert len(ask("GET", "outbox?to=b@x.test&since=2031-02-03T04:00:00Z")[1]["data"]) == 1
    assert len(ask("GET", "outbox?since=2031-02-03T05:05:00+01:00")[1]["data"]) == 1
    assert ask("GET", "outbox?to=c@x.test")[1]["data"] == []
    assert ask("GET", "outbox?since=2031-02-03T05:00:00Z")[1]["data"] == []


def test_a_stub_is_left_and_requests_are_listed(control: Control, ask: Ask) -> None:
    stub = {"url": "https://x.test/a", "status": 202, "headers": {"A": "b"}, "body_base64": "aGk="}
    assert ask("PUT", "http", stub)[0] == 200
    found = control.outside.request("GET", "https://x.test/a", {}, b"")
    assert found is not None
    assert (found.status, found.headers, found.body) == (202, {"A": "b"}, b"hi")
    (made,) = ask("GET", "http")[1]["data"]
    assert set(made) == {"url", "method", "headers", "body_base64", "at"}


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "nope", None, 404),
        ("GET", "", None, 404),
        ("DELETE", "outbox", None, 405),
        ("GET", "outbox?since=yesterday", None, 422),
        ("GET", "outbox?since=2031-02-03T04:05:06", None, 422),
        ("GET", "outbox?until=1", None, 422),
        ("GET", "idle?wait=x", None, 422),
        ("GET", "idle?wait=-1", None, 422),
        ("GET", "idle?wait=nan", None, 422),
        ("GET", "idle?wait=1e9", None, 422),
        ("POST", "clock", b"{", 400),
        ("POST", "clock", b"\xff", 400),
        ("POST", "clock", b"[" * 100_000, 400),
        ("POST", "clock", [], 422),
        ("POST", "clock", {"advance_seconds": True}, 422),
        ("POST", "clock", {"advance_seconds": 1e300}, 422),
        ("POST", "clock", {"advance_seconds": -1e11}, 422),
        ("POST", "clock", b'{"advance_seconds": NaN}', 422),
        ("POST", "clock", {"now": "9999-12-31T23:59:59-14:00"}, 422),
        ("POST", "clock", {"now": 5}, 422),
        ("POST", "clock", {"now": "2031-02-03T04:05:06Z", "advance_seconds": 1}, 422),
        ("POST", "clock", {"speed": 2}, 422),
        ("POST", "tick", {"times": 2}, 422),
        ("PUT", "http", {}, 422),
        ("PUT", "http", {"url": "ftp://x.test"}, 422),
        ("PUT", "http", {"url": "http://[x"}, 422),
        ("PUT", "http", {"url": "https://x.test", "status": "200"}, 422),
        ("PUT", "http", {"url": "https://x.test", "status": 99}, 422),
        ("PUT", "http", {"url": "https://x.test", "headers": {"A": "b\r\nC: d"}}, 422),
        ("PUT", "http", {"url": "https://x.test", "headers": {"A": 1}}, 422),
        ("PUT", "http", {"url": "https://x.test", "body_base64": "!"}, 422),
        ("PUT", "http", {"url": "https://x.test", "body_base64": 7}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(ask: Ask, method: str, target: str, body: Any, status: int) -> None:
    found, problem = ask(method, target, body)
    assert (found, problem["status"]) == (status, status)
    assert problem["detail"]
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
