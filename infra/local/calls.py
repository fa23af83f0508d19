"""Calls a handler function as Lambda would: JSON in, JSON out, a context, and the rules for partial batch answers."""

import json
import time
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from infra.local.aws import ACCOUNT, REGION

Handler = Callable[[dict[str, Any], Any], Any]


class Context:
    """What Lambda passes beside the event, as far as any library reads it."""

    def __init__(self, function: str, memory: int, timeout: float = 60.0) -> None:
        self.function_name = function
        self.function_version = "$LATEST"
        self.memory_limit_in_mb = memory
        self.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{function}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the call."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def invoke(handler: Handler, event: Mapping[str, Any], function: str, memory: int = 512) -> Any:
    """Call `handler` with its own copy of `event`, and return its answer as Lambda would serialise it."""
    answer = handler(json.loads(json.dumps(event)), Context(function, memory))
    return json.loads(json.dumps(answer))


def failed_items(answer: Any, known: Collection[str]) -> set[str]:
    """The items of a batch that `answer` reports as failed.

    As in Lambda, an answer that makes no sense (no id, an empty or unknown one) fails the whole batch.
    """
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not failures:
        return set()
    named = {str(failure.get("itemIdentifier")) if isinstance(failure, Mapping) else "" for failure in failures}
    return named if named <= set(known) else set(known)
