"""The engine by a plain connection: for tests of many thousand calls, most of whose time botocore would take.

The same requests and answers as JSON over the wire, without signature, retries and hooks.
"""

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from chalicelib.models.table import Item

VERSION = "DynamoDB_20120810"


@contextmanager
def connection(endpoint: str) -> Iterator[None]:
    """All calls of the models go this way, one at a time."""
    client = Item._get_connection().connection.client
    place = urlsplit(endpoint)
    wire = socket.create_connection((place.hostname, place.port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answers = wire.makefile("rb")

    def call(operation: str, params: dict[str, Any]) -> Any:
        data = json.dumps(params, default=_binary).encode()
        wire.sendall(b"%s%d\r\n\r\n%s" % (_head(place.netloc, operation), len(data), data))
        status, said = _answer(answers)
        body = json.loads(said, object_hook=_revived if b'"B"' in said else None)
        if status != 200:
            body.setdefault("Error", {"Code": body["__type"].rpartition("#")[2], "Message": body.get("message", "")})
            body["ResponseMetadata"] = {"RequestId": "", "HTTPStatusCode": status}
            raise ClientError(body, operation)
        return body

    vars(client)["_make_api_call"] = call  # before the method of its class
    try:
        yield
    finally:
        del vars(client)["_make_api_call"]
        answers.close()
        wire.close()


@lru_cache
def _head(host: str, operation: str) -> bytes:
    """All of a request up to the length of its body."""
    named = "Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    lines = (
        "POST / HTTP/1.1",
        f"Host: {host}",
        "Content-Type: application/x-amz-json-1.0",
        f"X-Amz-Target: {VERSION}.{operation}",
        f"Authorization: AWS4-HMAC-SHA256 {named}",
        "X-Amz-Date: 20260101T000000Z",
        "Content-Length: ",
    )
    return "\r\n".join(lines).encode()


def _answer(answers: BinaryIO) -> tuple[int, bytes]:
    """Status and body of the next answer, which says how long it is."""
    status, length = int(answers.readline().split()[1]), -1
    while (line := answers.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    assert length >= 0, "an answer without its length"
    return status, answers.read(length)


def _binary(value: Any) -> str:
    return base64.b64encode(value).decode()


def _revived(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return value
