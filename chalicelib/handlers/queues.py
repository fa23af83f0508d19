"""The work queue: hands each message to the services, which know whether it is still to be done."""

import json
from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib import errors
from chalicelib.handlers._events import BatchAnswer, each, entrypoint

# Services are loaded where they are called: the cold start of any other request should not pay for them.
room = Blueprint(__name__)


@room.on_sqs_message(queue_arn="arn:aws:sqs:us-east-1:000000000000:placeholder", batch_size=10)
@entrypoint
def on_work(event: SQSEvent) -> BatchAnswer:
    """Called with a batch of messages. The real queue is set in `infra/resources.json`."""
    return each("sqs", event.to_dict()["Records"], _run)


def _run(record: Mapping[str, Any]) -> None:
    from chalicelib.services import work

    try:
        message = json.loads(record["body"])
    except ValueError:
        raise errors.invalid("", "json", "The message is not JSON.") from None
    if not isinstance(message, dict):
        raise errors.invalid("", "type", "The message is not an object.")
    work.run(message)
