"""A busy table: what DynamoDB answers writes that meet another transaction, which the local engine never does."""

import io
import json
from typing import Any, Final

from botocore.awsrequest import AWSResponse, HTTPHeaders

from chalicelib.models.table import Item

_KIND: Final = "com.amazonaws.dynamodb.v20120810#"
MET: Final = {"__type": f"{_KIND}TransactionConflictException", "message": "Transaction is ongoing for the item"}


def cancelled(*codes: str) -> dict[str, Any]:
    """The answer to a transaction, with the reason for each of its writes."""
    reasons = [{"Code": code, "Message": "No."} for code in codes]
    return {"__type": f"{_KIND}TransactionCanceledException", "CancellationReasons": reasons}


class _Raw(io.BytesIO):
    def stream(self) -> list[bytes]:
        """As botocore reads it."""
        return [self.read()]


class InTheWay:
    """While this lasts, so many calls of an operation have this answer; then the table is asked. `sent` is how many."""

    def __init__(self, operation: str, answer: dict[str, Any], times: int) -> None:
        self.operation, self.left, self.sent = operation, times, 0
        self._body = json.dumps(answer).encode()

    def __enter__(self) -> "InTheWay":
        self._events = Item._get_connection().connection.client.meta.events
        self._events.register(f"before-send.dynamodb.{self.operation}", self._answer)
        return self

    def __exit__(self, *_: object) -> None:
        self._events.unregister(f"before-send.dynamodb.{self.operation}", self._answer)

    def _answer(self, request: Any, **_: Any) -> Any:
        self.sent += 1
        if not self.left:
            return None
        self.left -= 1
        return AWSResponse(request.url, 400, HTTPHeaders(), _Raw(self._body))
