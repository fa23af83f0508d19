"""Errors of the machine itself, in the same shape as the product's: problem+json, without any detail from inside."""

import json
import uuid
from http import HTTPStatus

from infra.local.gateway import Answer

# What an answer says that no function had a part in.
NO_COST = ("Tendril-Cost", "rru=0; wru=0; ms=0.0; usd=0.000000000")


class ControlError(Exception):
    """A request to the machine that it must refuse with `status` and `detail`."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


def problem(status: int, detail: str, instance: str = "") -> Answer:
    """The answer for an error."""
    request_id = str(uuid.uuid4())
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": instance,
        "request_id": request_id,
        "errors": [],
    }
    headers = [("Content-Type", "application/problem+json"), ("X-Request-Id", request_id), NO_COST]
    return Answer(status, headers, json.dumps(body).encode())


def data(value: object, status: int = 200) -> Answer:
    """The answer that carries `value` as JSON."""
    return Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode())
