"""Stream records in the shapes in which Lambda hands them over and tells of those that failed."""

import base64
import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from infra.local import aws

Record = Mapping[str, Any]


def sequence_number(record: Record) -> str:
    """Its number within its shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def as_lambda(record: Record, arn: str) -> Record:
    """A record of GetRecords in the JSON shape in which Lambda hands it over."""
    change = {key: _plain(value) for key, value in record["dynamodb"].items()}
    change["ApproximateCreationDateTime"] = record["dynamodb"]["ApproximateCreationDateTime"].timestamp()
    return {
        # The engine counts its events; in AWS the id is a digest that is unique over all streams.
        "eventID": hashlib.md5(f"{arn}/{change['SequenceNumber']}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": aws.REGION,
        "dynamodb": change,
        **({"userIdentity": _plain(record["userIdentity"])} if record.get("userIdentity") else {}),
        "eventSourceARN": arn,
    }


def failure(function: str, arn: str, shard: str, part: Sequence[Record], tries: int) -> dict[str, Any]:
    """What Lambda sends to the on-failure destination of a stream: where the records are, not the records."""
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"arn:aws:lambda:{aws.REGION}:{aws.ACCOUNT}:function:{function}",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": tries,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": _moment(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": sequence_number(part[0]),
            "endSequenceNumber": sequence_number(part[-1]),
            "approximateArrivalOfFirstRecord": _moment(part[0]["dynamodb"]["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": _moment(part[-1]["dynamodb"]["ApproximateCreationDateTime"]),
            "batchSize": len(part),
            "streamArn": arn,
        },
    }


def _plain(value: Any) -> Any:
    """Attribute values with their bytes as base64, as JSON has them."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple | set) else value


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
