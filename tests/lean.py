"""The engine by a plain connection: for tests of many thousand calls, most of whose time botocore would take.

The same requests and answers as JSON over the wire, without signature, retries and hooks.
"""

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from chalicelib.models.table import Item

VERSION = "DynamoDB_20120810"


@contextmanager
def connection(endpoint: str) -> Iterator[None]:
    """All calls of the models go this way, one at a time."""
    client = Item._get_connection().connection.client
    wire = http.client.HTTPConnection(urlsplit(endpoint).netloc)
    wire.connect()

    def call(operation: str, params: dict[str, Any]) -> Any:
        wire.request("POST", "/", json.dumps(params, default=_binary), _headers(operation))
        answer = wire.getresponse()
        body = json.loads(answer.read(), object_hook=_revived)
        if answer.status != 200:
            body.setdefault("Error", {"Code": body["__type"].rpartition("#")[2], "Message": body.get("message", "")})
            body["ResponseMetadata"] = {"RequestId": "", "HTTPStatusCode": answer.status}
            raise ClientError(body, operation)
        return body

    vars(client)["_make_api_call"] = call  # before the method of its class
    try:
        yield
    finally:
        del vars(client)["_make_api_call"]
        wire.close()


def _headers(operation: str) -> dict[str, str]:
    named = "Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"{VERSION}.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 {named}",
        "X-Amz-Date": "20260101T000000Z",
    }


def _binary(value: Any) -> str:
    return base64.b64encode(value).decode()


def _revived(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return value
