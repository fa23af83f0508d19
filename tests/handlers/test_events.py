"""Events that are not HTTP: what fails comes back alone, what is hopeless is dropped, and no room needs the app."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib import errors, observability
from chalicelib.handlers import queues, streams
from chalicelib.handlers._events import afterwards, each, entrypoint
from chalicelib.services import changes, usage, work
from infra.local.engine import create_table
from tests.house import Context, House, Sender

ROOT = Path(__file__).parents[2]


def _messages(*bodies: Any) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": "r",
                "eventSource": "aws:sqs",
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for number, body in enumerate(bodies)
        ]
    }


def _failed(answer: Any) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@pytest.fixture
def done(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a task of our own was asked to do."""
    seen: list[Any] = []

    def task(message: Mapping[str, Any]) -> None:
        seen.append(message["n"])
        if message.get("raises"):
            raise RuntimeError("ada@example.com")

    monkeypatch.setitem(work.TASKS, "test", task)
    return seen


def test_a_poison_message_comes_back_and_the_rest_is_done(done: list[Any], capsys: Any) -> None:
    batch = [{"task": "test", "n": n, "raises": n in (0, 2)} for n in range(5)]
    answer = queues.on_work(_messages(*batch), Context())
    assert done == [0, 1, 2, 3, 4]
    assert _failed(answer) == ["m0", "m2"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "nonsense",
        "[]",
        "5",
        "null",
        '"due"',
        "{}",
        '{"task": null}',
        '{"task": "unknown"}',
        '{"task": ["due"]}',
        '{"task": "__class__"}',
        "\ufeff{}",
    ],
)
def test_a_message_that_no_try_makes_better_is_dropped_and_the_rest_is_done(done: list[Any], body: str) -> None:
    answer = queues.on_work(_messages(body, {"task": "test", "n": 1}), Context())
    assert _failed(answer) == []
    assert done == [1]


def test_a_message_that_is_nested_too_deep_to_read_takes_nobody_with_it(done: list[Any]) -> None:
    answer = queues.on_work(_messages("[" * 100_000, {"task": "test", "n": 1}), Context())
    assert done == [1]
    assert set(_failed(answer)) <= {"m0"}


def test_a_known_task_without_its_fields_takes_nobody_with_it(done: list[Any]) -> None:
    answer = queues.on_work(_messages({"task": "due"}, {"task": "test", "n": 1}), Context())
    assert done == [1]
    assert set(_failed(answer)) <= {"m0"}


def test_a_batch_in_which_all_fail_comes_back_as_a_whole(done: list[Any]) -> None:
    batch = [{"task": "test", "n": n, "raises": True} for n in range(10)]
    assert _failed(queues.on_work(_messages(*batch), Context())) == [f"m{n}" for n in range(10)]


def test_an_empty_batch_is_no_failure(house: House) -> None:
    assert queues.on_work({"Records": []}, Context()) == {"batchItemFailures": []}
    assert streams.on_change({"Records": []}, Context()) == {"batchItemFailures": []}


def _changes(count: int) -> dict[str, Any]:
    image = {
        "kind": {"S": "contact"},
        "tenant": {"S": "ten_x"},
        "id": {"S": "con_x"},
        "pk": {"S": "p"},
        "sk": {"S": "#"},
    }
    return {
        "Records": [
            {
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                "eventSourceARN": "arn:x",
                "eventID": str(n),
                "awsRegion": "x",
                "dynamodb": {
                    "Keys": {"pk": {"S": "p"}, "sk": {"S": "#"}},
                    "NewImage": image,
                    "SequenceNumber": str(100 + n),
                    "SizeBytes": 1,
                    "StreamViewType": "NEW_AND_OLD_IMAGES",
                },
            }
            for n in range(count)
        ]
    }


def test_a_poison_record_comes_back_and_the_rest_is_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def react(before: Any, after: Any) -> None:
        seen.append(len(seen))
        if len(seen) == 2:
            raise RuntimeError

    monkeypatch.setattr(changes, "react", react)
    assert _failed(streams.on_change(_changes(4), Context())) == ["101"]
    assert len(seen) == 4


@pytest.mark.parametrize(
    "image",
    [
        {},
        {"kind": {"S": "nobody knows"}},
        {"kind": {"S": "throttle"}, "pk": {"S": "T#-#x"}},
        {"pk": {"S": "T#x#idempotency"}, "status": {"S": "COMPLETED"}},
    ],
)
def test_a_record_of_a_kind_without_reactions_is_passed_over(house: House, image: dict[str, Any]) -> None:
    event = _changes(1)
    event["Records"][0]["dynamodb"]["NewImage"] = image
    assert _failed(streams.on_change(event, Context())) == []


def test_a_record_of_a_known_kind_that_cannot_be_read_comes_back(house: House) -> None:
    event = _changes(2)
    event["Records"][0]["dynamodb"]["NewImage"] = {"kind": {"S": "contact"}}
    event["Records"][1]["dynamodb"]["NewImage"] = {"kind": {"S": "usage"}}
    assert _failed(streams.on_change(event, Context())) == ["100"]


def test_what_a_failed_record_wrote_in_the_log_has_no_text_of_the_error(
    done: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    queues.on_work(_messages({"task": "test", "n": 1, "raises": True}), Context())
    (failed,) = [record for record in caplog.records if record.levelname == "ERROR"]
    formatter = observability.log.handlers[0].formatter
    assert formatter is not None
    line = json.loads(formatter.format(failed))
    assert line["error"] == "RuntimeError"
    assert "ada@example.com" not in json.dumps(line)


def test_each_record_is_on_its_own_tenants_bill(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    meters: list[tuple[str | None, float]] = []
    monkeypatch.setattr(usage, "record", lambda meter, **_: meters.append((meter.tenant, meter.rru)))

    def handle(record: Mapping[str, Any]) -> None:
        if record["n"] != 1:
            observability.charge_to(f"ten_{record['n']}")
        observability.meter().rru += record["n"]

    each("sqs", [{"messageId": str(n), "n": n} for n in range(3)], handle)
    assert meters == [("ten_0", 0), (None, 1), ("ten_2", 2)]


def test_invalid_is_dropped_and_any_other_refusal_comes_back() -> None:
    refusals: list[Exception] = [errors.Invalid("x"), errors.NotFound("x"), errors.Stale("x"), KeyError("x")]

    def handle(record: Mapping[str, Any]) -> None:
        raise refusals[int(record["messageId"])]

    assert _failed(each("sqs", [{"messageId": str(n)} for n in range(4)], handle)) == ["1", "2", "3"]


def test_what_a_tenants_changes_could_not_do_together_keeps_those_of_nobody_else() -> None:
    records = _changes(5)["Records"]
    for number, tenant in enumerate(["ten_a", "ten_b", "ten_a", "ten_b", None]):
        image = records[number]["dynamodb"]["NewImage"]
        records[number]["dynamodb"]["NewImage"] = {**image, "tenant": {"S": tenant}} if tenant else {}
    settled: list[str] = []

    def fails() -> None:
        raise errors.Unready("x")

    before: Any = {"batchItemFailures": [{"itemIdentifier": "100"}]}
    rest = {"ten_b": fails, "ten_a": lambda: settled.append("ten_a")}
    assert _failed(afterwards(before, records, rest)) == ["100", "101", "103", "104"]
    assert settled == ["ten_a"]
    assert _failed(afterwards(before, records, {"ten_a": lambda: None})) == ["100"]


def test_a_change_is_never_dropped() -> None:
    def refuse(_: Mapping[str, Any]) -> None:
        raise errors.Invalid("x")

    assert _failed(each("stream", [{"dynamodb": {"SequenceNumber": "1"}}], refuse)) == ["1"]


def test_an_entrypoint_lets_its_error_through_so_that_the_cloud_tries_again() -> None:
    def on_test(event: Any) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        entrypoint(on_test)({})


MINUTE = {
    "version": "0",
    "id": "1",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "0",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {},
}
SCRIPT = """
import sys
from {module} import {name}
assert "app" not in sys.modules
answer = {name}({event}, None)
assert "app" not in sys.modules
print(answer)
"""


@pytest.mark.parametrize(
    ("module", "name", "event", "answer"),
    [
        (
            "chalicelib.handlers.queues",
            "on_work",
            {"Records": [{"messageId": "1", "body": "{"}]},
            "{'batchItemFailures': []}",
        ),
        ("chalicelib.handlers.streams", "on_change", {"Records": []}, "{'batchItemFailures': []}"),
        ("chalicelib.handlers.schedules", "on_minute", MINUTE, "{'claimed': 0}"),
    ],
)
def test_a_room_is_called_in_a_fresh_interpreter_without_the_app(
    engine: str, module: str, name: str, event: dict[str, Any], answer: str
) -> None:
    table = f"tendril-{uuid.uuid4().hex}"  # its own: nothing is due in it
    create_table(engine, table)
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module, name=name, event=event)],
        cwd=ROOT,
        env={**os.environ, "TABLE": table},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    *lines, last = ran.stdout.splitlines()
    assert last == answer
    for line in lines:
        assert json.loads(line)["message"]


def test_a_contact_goes_all_the_way_through_the_feed(house: House, owner: Sender) -> None:
    made = owner.contact()
    house.settle()
    kinds = [entry["kind"] for entry in owner.get(f"/v1/contacts/{made['id']}/timeline").json["data"]]
    assert kinds == ["contact.created"]
