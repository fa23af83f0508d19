"""Hints of work to do, sent to the work queue. The table is the truth: a lost hint is sent again by the next tick."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Final

from chalicelib import config, observability
from chalicelib.adapters import _aws

BATCH: Final = 10  # entries of one SendMessageBatch, the most that SQS takes
TRIES: Final = 3
PAUSE: Final = 0.05  # seconds before the second try; doubled for each further one

Message = Mapping[str, object]


class NotQueued(Exception):
    """SQS did not take these messages; all others of the same call are on their way."""

    def __init__(self, messages: Sequence[Message], codes: Sequence[str]) -> None:
        super().__init__(f"{len(messages)} messages not queued: {', '.join(sorted(set(codes)))}")
        self.messages = messages


def send(message: Message) -> None:
    """Send one message. Raises as `send_all` does."""
    send_all([message])


def send_all(messages: Sequence[Message]) -> None:
    """Send each message as JSON, ten to a request.

    Raises NotQueued with the messages refused after three tries, once all others were sent; TypeError, before anything
    is sent, for a message that JSON cannot say.
    """
    # ASCII only: SQS refuses some characters that JSON text may hold.
    bodies = [json.dumps(message, separators=(",", ":")) for message in messages]
    refused: dict[int, str] = {}
    for start in range(0, len(bodies), BATCH):
        refused |= _send_batch({index: bodies[index] for index in range(start, min(start + BATCH, len(bodies)))})
    if refused:
        raise NotQueued([messages[index] for index in refused], list(refused.values()))


def _send_batch(bodies: dict[int, str]) -> dict[int, str]:
    """Send what is in `bodies`, by index; answer the error code of each one that was refused to the end."""
    refused: dict[int, str] = {}
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        pending = refused or bodies
        entries = [{"Id": str(index), "MessageBody": bodies[index]} for index in pending]
        answer = _aws.client("sqs").send_message_batch(QueueUrl=config.work_queue_url(), Entries=entries)
        observability.meter().messages += 1  # billed by request
        refused = {int(failed["Id"]): failed["Code"] for failed in answer.get("Failed", [])}
        if not refused:
            break
    return refused
