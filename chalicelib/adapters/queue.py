"""Hints of work to do, sent to the work queue. The table is the truth: a lost hint is sent again by the next tick."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from chalicelib import config, observability
from chalicelib.adapters import _aws

BATCH: Final = 10  # entries of one SendMessageBatch, the most that SQS takes
TRIES: Final = 3
PAUSE: Final = 0.05  # seconds before the second try; doubled for each further one

Message = Mapping[str, object]


class NotQueued(Exception):
    """SQS did not take these messages, as far as we know; all others of the same call are on their way."""

    def __init__(self, messages: Sequence[Message], codes: Iterable[str]) -> None:
        super().__init__(f"{len(messages)} messages not queued: {', '.join(sorted(set(codes)))}")
        self.messages = messages


def send(message: Message) -> None:
    """Send one message. Raises as `send_all` does."""
    send_all([message])


def send_all(messages: Sequence[Message]) -> None:
    """Send each message as JSON, ten to a request.

    Raises NotQueued with the messages refused after three tries, once the others were sent; if SQS itself fails, with
    all that are left. TypeError, before anything is sent, for a message that JSON cannot say.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    # ASCII only: SQS refuses some characters that JSON text may hold.
    bodies = [json.dumps(message, separators=(",", ":")) for message in messages]
    refused: dict[int, str] = {}
    for start in range(0, len(bodies), BATCH):
        try:
            codes = _send_batch(bodies[start : start + BATCH])
        except (ClientError, BotoCoreError) as error:
            left = [*(messages[index] for index in refused), *messages[start:]]
            raise NotQueued(left, [_name(error), *refused.values()]) from error
        refused |= {start + position: code for position, code in codes.items()}
    if refused:
        raise NotQueued([messages[index] for index in refused], refused.values())


def _send_batch(bodies: Sequence[str]) -> dict[int, str]:
    """Send `bodies`; answer the error code of each one refused to the end, by position."""
    refused: dict[int, str] = {}
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        refused = _request({position: bodies[position] for position in (refused or range(len(bodies)))})
        if not refused:
            break
    return refused


def _request(bodies: Mapping[int, str]) -> dict[int, str]:
    entries = [{"Id": str(position), "MessageBody": body} for position, body in bodies.items()]
    answer = _aws.client("sqs").send_message_batch(QueueUrl=config.work_queue_url(), Entries=entries)
    observability.meter().messages += 1  # billed by request
    return {int(failed["Id"]): failed["Code"] for failed in answer.get("Failed", [])}


def _name(error: Exception) -> str:
    answer = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", type(error).__name__))
