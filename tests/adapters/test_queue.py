"""The work queue against an emulated SQS, and its refusals against an endpoint that refuses."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import observability
from chalicelib.adapters import _aws, queue
from tests.adapters import doubles


@pytest.fixture
def inbox(cloud: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """A fresh queue; call it for the bodies that have arrived."""
    sqs = _aws.client("sqs")
    url = sqs.create_queue(QueueName=f"work-{uuid.uuid4().hex}")["QueueUrl"]
    monkeypatch.setenv("WORK_QUEUE_URL", url)

    def receive() -> list[Any]:
        bodies: list[Any] = []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [json.loads(message["Body"]) for message in got]
        return bodies

    return receive


def test_a_message_arrives_as_json(inbox: Callable[[], list[Any]]) -> None:
    message = {"task": "remind", "tenant": "ten_1", "name": "Zoë \uffff\x07", "deep": {"n": [1, None, True]}}
    queue.send(message)
    assert inbox() == [message]


def test_twenty_five_messages_go_in_three_requests(inbox: Callable[[], list[Any]]) -> None:
    with observability.measured("test") as meter:
        queue.send_all([{"n": n} for n in range(25)])
    assert sorted(body["n"] for body in inbox()) == list(range(25))
    assert meter.messages == 3


def test_nothing_to_send_is_no_request() -> None:
    with observability.measured("test") as meter:
        queue.send_all([])
    assert meter.messages == 0


def test_a_message_that_json_cannot_say_stops_all(inbox: Callable[[], list[Any]]) -> None:
    with pytest.raises(TypeError):
        queue.send_all([{"n": 1}, {"n": object()}])
    assert inbox() == []


def refusing(*refused: int) -> dict[str, Any]:
    """An answer of SQS to two entries, of which some are refused."""
    return {
        "Successful": [{"Id": str(n), "MessageId": "m", "MD5OfMessageBody": ""} for n in range(2) if n not in refused],
        "Failed": [{"Id": str(n), "Code": "InternalError", "SenderFault": False} for n in refused],
    }


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAUSE", 0.001)


@pytest.mark.usefixtures("_quick")
def test_what_is_refused_three_times_is_named(aws_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    with doubles.http(200, refusing(1)) as endpoint:
        aws_at(endpoint.url)
        monkeypatch.setenv("WORK_QUEUE_URL", f"{endpoint.url}/000000000000/work")
        with pytest.raises(queue.NotQueued, match="1 messages not queued: InternalError") as caught:
            queue.send_all([{"n": 0}, {"n": 1}])
    assert caught.value.messages == [{"n": 1}]
    assert endpoint.requests == 3


@pytest.mark.usefixtures("_quick")
def test_later_batches_go_out_though_an_earlier_one_was_refused(
    aws_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.http(200, refusing(0)) as endpoint:
        aws_at(endpoint.url)
        monkeypatch.setenv("WORK_QUEUE_URL", f"{endpoint.url}/000000000000/work")
        with pytest.raises(queue.NotQueued):
            queue.send_all([{"n": n} for n in range(11)])
    assert endpoint.requests == 6, "three tries of the first ten, three of the last"


def test_a_failing_service_names_all_that_is_left(
    aws_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.http(403, {"__type": "com.amazonaws.sqs#AccessDenied"}) as endpoint:
        aws_at(endpoint.url)
        monkeypatch.setenv("WORK_QUEUE_URL", f"{endpoint.url}/000000000000/work")
        with pytest.raises(queue.NotQueued, match="12 messages not queued: AccessDenied"):
            queue.send_all([{"n": n} for n in range(12)])
    assert endpoint.requests == 1


def test_no_connection(aws_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    aws_at(f"http://127.0.0.1:{doubles.unused_port()}")
    monkeypatch.setenv("WORK_QUEUE_URL", "http://127.0.0.1:9/000000000000/work")
    with pytest.raises(queue.NotQueued, match="1 messages not queued: EndpointConnectionError"):
        queue.send({"n": 0})
