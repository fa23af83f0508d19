"""The queue worker: Lambda's record shape, only successes are deleted, what fails too often is a dead letter."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.local import template
from infra.local.work import Worker
from tests.local.conftest import Queues

Event = dict[str, Any]
MakeWorker = Callable[..., Worker]


@pytest.fixture
def worker(queues: Queues) -> MakeWorker:
    def make(handler: Callable[[Event, Any], Any], **options: Any) -> Worker:
        settings = {"retry_seconds": 0, "reports_failures": True, **options}
        return Worker(queues.endpoint, queues.urls["WorkQueue"], handler, **settings)

    return make


def until_quiet(worker: Worker) -> int:
    """Handle everything; returns how many messages came, repetitions included."""
    handled = 0
    while any(worker.depth()):
        handled += worker.step(1)
    return handled


def tries() -> int:
    """How often the template has a message tried."""
    return next(queue.max_receives for queue in template.queues() if queue.logical_id == "WorkQueue")


def test_a_record_looks_as_lambda_hands_it_over(queues: Queues, worker: MakeWorker) -> None:
    events: list[Event] = []
    queues.send('{"task": "x"}')
    assert worker(lambda event, _: events.append(event)).step(1) == 1
    (record,) = events[0]["Records"]
    assert record["body"] == '{"task": "x"}'
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].startswith("arn:aws:sqs:")
    assert record["eventSourceARN"].endswith("WorkQueue")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["SentTimestamp"].isdigit()
    assert record["messageId"]
    assert record["receiptHandle"]
    assert record["awsRegion"]


def test_only_what_succeeded_is_deleted_and_the_rest_ends_as_a_dead_letter(queues: Queues, worker: MakeWorker) -> None:
    seen: list[tuple[str, int]] = []

    def handler(event: Event, context: Any) -> Event:
        failed = []
        for record in event["Records"]:
            seen.append((record["body"], int(record["attributes"]["ApproximateReceiveCount"])))
            if record["body"] == "poison":
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    queues.send("good", "poison", "fine")
    until_quiet(worker(handler))
    assert sorted(seen) == sorted([("good", 1), ("fine", 1), *(("poison", count) for count in range(1, tries() + 1))])
    assert queues.dead() == ["poison"]


def test_a_batch_that_raises_comes_again_whole(queues: Queues, worker: MakeWorker) -> None:
    seen: list[str] = []

    def fails_once(event: Event, context: Any) -> None:
        bodies = [record["body"] for record in event["Records"]]
        seen.extend(bodies)
        if len(seen) == len(bodies):
            raise RuntimeError("told to")

    queues.send("a", "b")
    until_quiet(worker(fails_once))
    assert sorted(seen) == ["a", "a", "b", "b"]
    assert queues.dead() == []


def test_a_report_that_the_template_does_not_ask_for_loses_the_message(queues: Queues, worker: MakeWorker) -> None:
    def fails(event: Event, context: Any) -> Event:
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}

    queues.send("lost")
    quiet = worker(fails, reports_failures=False)
    assert until_quiet(quiet) == 1
    assert queues.dead() == []


@pytest.mark.parametrize("identifier", ["", None, "no such message"])
def test_a_report_that_makes_no_sense_fails_the_whole_batch(
    queues: Queues, worker: MakeWorker, identifier: str | None
) -> None:
    answers = [{"batchItemFailures": [{"itemIdentifier": identifier}]}]
    queues.send("a")
    assert until_quiet(worker(lambda *_: answers.pop() if answers else None)) == 2


def test_a_failed_message_waits_out_of_sight_and_counts_as_in_flight(queues: Queues, worker: MakeWorker) -> None:
    def fails(event: Event, context: Any) -> None:
        raise RuntimeError("told to")

    queues.send("a")
    patient = worker(fails, retry_seconds=30)
    assert patient.depth() == (1, 0)
    patient.step(1)
    assert patient.depth() == (0, 1)
    assert patient.step(0) == 0


def test_batches_have_the_size_of_the_decorator(queues: Queues, worker: MakeWorker) -> None:
    sizes: list[int] = []
    queues.send(*"abcde")
    until_quiet(worker(lambda event, _: sizes.append(len(event["Records"])), batch_size=2))
    assert max(sizes) == 2
    assert sum(sizes) == 5


def test_the_templates_dead_letter_queue_is_the_one_that_is_used(queues: Queues) -> None:
    for queue in template.queues():
        attributes = queues.sqs.get_queue_attributes(QueueUrl=queues.urls[queue.logical_id], AttributeNames=["All"])
        found = attributes["Attributes"]
        assert {key: found[key] for key in queue.attributes} == dict(queue.attributes)
        if queue.dead_letters:
            policy = json.loads(found["RedrivePolicy"])
            assert policy["deadLetterTargetArn"].endswith(queue.dead_letters)
            assert int(policy["maxReceiveCount"]) == queue.max_receives
