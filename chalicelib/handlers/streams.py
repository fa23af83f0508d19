"""The table's change feed: hands each change to the services, which know what follows."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.handlers._events import BatchAnswer, afterwards, each, entrypoint

# Services are loaded where they are called: the cold start of any other request should not pay for them.
room = Blueprint(__name__)


@room.on_dynamodb_record(
    stream_arn="arn:aws:dynamodb:us-east-1:000000000000:table/placeholder/stream/placeholder", batch_size=100
)
@entrypoint
def on_change(event: DynamoDBEvent) -> BatchAnswer:
    """Called with a batch of changes. The real stream is set in `infra/resources.json`."""
    from chalicelib.services import concerns, deliveries, ledger
    from chalicelib.services.remembered import remembering

    records = event.to_dict()["Records"]
    with (
        ledger.gathering() as gathered,
        deliveries.gathering() as told,
        concerns.gathering() as concerned,
        remembering(),
    ):
        answer = each("stream", records, _react)
    answer = afterwards(answer, records, {one: partial(told.settle, one) for one in told.tenants()})
    answer = afterwards(answer, records, {one: partial(gathered.settle, one) for one in gathered.tenants()})
    # Segments may ask what all this comes to.
    return afterwards(answer, records, {one: partial(concerned.settle, one) for one in concerned.tenants()})


def _react(record: Mapping[str, Any]) -> None:
    from chalicelib.services import changes

    changes.react(record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage"))
