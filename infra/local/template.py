"""Reads infra/resources.json, so that tables, queues and event settings are written once for AWS and this machine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESOURCES = ROOT / "infra" / "resources.json"
TABLE_KEYS = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
QUEUE_KEYS = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
PARTIAL = "ReportBatchItemFailures"


@dataclass(frozen=True)
class StreamSettings:
    """How Lambda would treat a failed batch of the stream.

    `retries` counts the tries after the first; a negative number means for ever. `dead_letters` is a logical id.
    """

    bisect: bool = True
    retries: int = 5
    partial: bool = True
    dead_letters: str | None = "ChangeDeadLetters"


@dataclass(frozen=True)
class QueueDefinition:
    """One queue: its logical id, its attributes as SQS takes them, and where messages go after `max_receives` tries."""

    logical_id: str
    attributes: Mapping[str, str]
    dead_letters: str | None = None
    max_receives: int = 0


@cache
def resources() -> dict[str, Any]:
    """Every resource of the template by logical id."""
    found: dict[str, Any] = json.loads(RESOURCES.read_text())["Resources"]
    return found


def table() -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The table as CreateTable takes it (without a name), and its TimeToLiveSpecification."""
    properties = resources()["Table"]["Properties"]
    definition = {key: properties[key] for key in TABLE_KEYS if key in properties}
    definition["BillingMode"] = "PAY_PER_REQUEST"
    # CloudFormation has only the view type where the API also wants to hear that the stream is on.
    definition["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return definition, properties.get("TimeToLiveSpecification")


def queues() -> list[QueueDefinition]:
    """Every queue, those that receive dead letters first, since the others name them."""
    described = {name: found for name, found in resources().items() if found.get("Type") == "AWS::SQS::Queue"}
    found = [_queue(name, queue.get("Properties", {})) for name, queue in described.items()]
    return sorted(found, key=lambda queue: queue.dead_letters is not None)


def stream_settings() -> StreamSettings:
    """What the template says of the stream's event source; the defaults above where it does not mention it at all."""
    properties = _event_source("OnChange", "OnChangeDynamodbEventSource")
    if not properties:
        return StreamSettings()
    destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return StreamSettings(
        bisect=properties.get("BisectBatchOnFunctionError", False),
        retries=properties.get("MaximumRetryAttempts", -1),
        partial=PARTIAL in properties.get("FunctionResponseTypes", ()),
        dead_letters=_logical_id(destination) if destination else None,
    )


def stream_kinds() -> frozenset[str]:
    """The kinds of items for which the template's filter has the stream call its function."""
    filters = _event_source("OnChange", "OnChangeDynamodbEventSource")["FilterCriteria"]["Filters"]
    images = [image for one in filters for image in json.loads(one["Pattern"])["dynamodb"].values()]
    return frozenset(kind for image in images for kind in image["kind"]["S"])


def queue_reports_failures() -> bool:
    """Whether Lambda would read `batchItemFailures` in the queue handler's answer; else it takes all for success."""
    return PARTIAL in _event_source("OnWork", "OnWorkSqsEventSource").get("FunctionResponseTypes", ())


def schedule_retries() -> int:
    """How often a failed run of the minute schedule is repeated; Lambda's own default where the template is silent."""
    config = resources().get("OnMinute", {}).get("Properties", {}).get("EventInvokeConfig", {})
    return int(config.get("MaximumRetryAttempts", 2))


def _event_source(function: str, source: str) -> dict[str, Any]:
    events = resources().get(function, {}).get("Properties", {}).get("Events", {})
    found: dict[str, Any] = events.get(source, {}).get("Properties", {})
    return found


def _queue(logical_id: str, properties: Mapping[str, Any]) -> QueueDefinition:
    attributes = {key: str(properties[key]) for key in QUEUE_KEYS if key in properties}
    redrive = properties.get("RedrivePolicy")
    if not redrive:
        return QueueDefinition(logical_id, attributes)
    target = _logical_id(redrive["deadLetterTargetArn"])
    return QueueDefinition(logical_id, attributes, target, int(redrive["maxReceiveCount"]))


def _logical_id(reference: Mapping[str, Any]) -> str:
    """The resource that {"Fn::GetAtt": [id, "Arn"]} or its dotted form points to."""
    target = reference["Fn::GetAtt"]
    return str(target.split(".")[0] if isinstance(target, str) else target[0])
