"""Delivers queue messages to a handler as Lambda does: in batches, at least once, failures left to redrive."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from infra.local import aws, template
from infra.local.calls import Handler, failed_items, invoke

log = logging.getLogger("tendril.local")

# How long a message stays hidden while a handler has it. The template's minutes suit a fleet; one machine that was
# killed shall find its unfinished messages again soon after it restarts.
HIDDEN_SECONDS = 180  # longer than ten turns at jobs take
# How soon a failed message is tried again. In AWS that is the queue's visibility timeout, which nobody wants to sit
# through at a desk; the number of tries before the dead-letter queue stays the template's.
RETRY_SECONDS = 1
CONCURRENCY = 4  # batches at once: enough to show races, too few to starve the machine


class Worker:
    """Receives from the queue at `url` and hands batches of up to `batch_size` to `handler`."""

    def __init__(
        self,
        endpoint: str,
        url: str,
        handler: Handler,
        *,
        batch_size: int = 10,
        retry_seconds: int = RETRY_SECONDS,
        reports_failures: bool | None = None,
        function: str = "on_work",
    ) -> None:
        self._sqs = aws.client("sqs", endpoint)
        self._url, self._handler, self._function = url, handler, function
        self._batch_size, self._retry_seconds = batch_size, retry_seconds
        self._reports = template.queue_reports_failures() if reports_failures is None else reports_failures
        found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self._arn = found["Attributes"]["QueueArn"]
        self._pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix=function)
        self._flying: set[Future[None]] = set()

    def step(self, wait: int = 0) -> int:
        """Receive one batch, waiting up to `wait` seconds for it, and handle it; returns the number of messages."""
        batch = self._receive(wait)
        if batch:
            self._handle(batch)
        return len(batch)

    def step_aside(self, wait: int = 0) -> int:
        """As `step`, but a pool of threads handles the batch; blocks while the pool is full."""
        self._flying = {one for one in self._flying if not one.done()}
        while len(self._flying) >= CONCURRENCY:
            next(iter(self._flying)).exception()
            self._flying = {one for one in self._flying if not one.done()}
        batch = self._receive(wait)
        if batch:
            self._flying.add(self._pool.submit(self._handle_aside, batch))
        return len(batch)

    def depth(self) -> tuple[int, int]:
        """Messages that wait, delayed ones included, and messages that a handler has or that wait for a retry."""
        names = ["Messages", "MessagesDelayed", "MessagesNotVisible"]
        asked = [f"ApproximateNumberOf{name}" for name in names]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=asked)["Attributes"]
        waiting, delayed, hidden = (int(found.get(name, 0)) for name in asked)
        return waiting + delayed, hidden

    def close(self) -> None:
        """Let running batches end."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _receive(self, wait: int) -> Sequence[Mapping[str, Any]]:
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(self._batch_size, 10),
            WaitTimeSeconds=wait,
            VisibilityTimeout=HIDDEN_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages: Sequence[Mapping[str, Any]] = received.get("Messages", [])
        return messages

    def _handle_aside(self, batch: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._handle(batch)
        except Exception:
            log.exception("the queue did not answer; its messages come again")

    def _handle(self, batch: Sequence[Mapping[str, Any]]) -> None:
        failed = self._failed(batch)
        for message in batch:
            if message["MessageId"] in failed:
                self._sqs.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=self._retry_seconds
                )
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _failed(self, batch: Sequence[Mapping[str, Any]]) -> set[str]:
        """Call the handler; returns the ids of the messages that must be tried again."""
        known = {message["MessageId"] for message in batch}
        try:
            answer = invoke(self._handler, {"Records": [self._record(message) for message in batch]}, self._function)
        except Exception:
            log.exception("the queue handler raised; its batch of %d is tried again", len(batch))
            return known
        # Without the setting Lambda does not look at the answer, and takes the whole batch for done.
        return failed_items(answer, known) if self._reports else set()

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A received message in the JSON shape in which Lambda hands it over."""
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": {
                name: {key[0].lower() + key[1:]: value for key, value in attribute.items() if key != "BinaryValue"}
                for name, attribute in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message.get("MD5OfBody", ""),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": aws.REGION,
        }
