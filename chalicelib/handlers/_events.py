"""The rim of whatever is not HTTP: a meter and a log context around each call, and batches of which the failed part
comes back.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Final

from chalicelib import errors, observability
from chalicelib.services import usage

Handler = Callable[[Any], Any]
BatchAnswer = dict[str, list[dict[str, str]]]
_IDS: Final = {"sqs": lambda record: record["messageId"], "stream": lambda record: record["dynamodb"]["SequenceNumber"]}


def entrypoint(handler: Handler) -> Handler:
    """Wrap a function that the cloud calls.

    Unlike app middleware this also runs where Lambda imports the room without `app`.
    """
    observability.configure()

    @wraps(handler)
    def call(event: Any) -> Any:
        with observability.measured(handler.__name__) as meter:
            try:
                return handler(event)
            except Exception as error:
                observability.failure("unforeseen", error)
                raise
            finally:
                usage.record(meter)

    return call


def each(source: str, records: Iterable[Mapping[str, Any]], handle: Callable[[Mapping[str, Any]], None]) -> BatchAnswer:
    """Handle every record, whatever becomes of the others; answer the ids of those that must come again.

    Each record is metered by itself, so that its cost goes to its own tenant. A message that is `Invalid` will not get
    better: it is logged and dropped. A change is never dropped, since a total may hang on it.
    """
    failed: list[dict[str, str]] = []
    for record in records:
        name = _IDS[source](record)
        with observability.measured(source, record_id=name) as meter:
            meter.messages = 1 if source == "sqs" else 0
            try:
                handle(record)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others of the batch go on
                if source == "sqs" and isinstance(error, errors.Invalid):
                    observability.alert("dropped", codes=[flaw.code for flaw in error.flaws])
                    continue
                observability.failure("record failed", error)
                failed.append({"itemIdentifier": name})
        usage.record(meter)
    return {"batchItemFailures": failed}


def afterwards(
    answer: BatchAnswer, records: list[Mapping[str, Any]], rest: Mapping[str, Callable[[], None]]
) -> BatchAnswer:
    """What changes of one batch do together, once each was handled: `rest` by tenant, each metered by itself.

    If it cannot be done all changes of that tenant come again, since nobody knows whose part is missing; those of
    others before them are done with.
    """
    for tenant, act in rest.items():
        with observability.measured("stream") as meter:
            observability.charge_to(tenant)
            try:
                act()
            except Exception as error:  # noqa: BLE001 - as in `each`
                observability.failure("batch failed", error)
                answer = _failing(answer, [record for record in records if _tenant(record) in (tenant, None)], records)
        usage.record(meter)
    return answer


def _failing(answer: BatchAnswer, those: list[Mapping[str, Any]], records: list[Mapping[str, Any]]) -> BatchAnswer:
    """The answer with those among the failed, in the order of the batch."""
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]} | {_IDS["stream"](one) for one in those}
    names = (_IDS["stream"](record) for record in records)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names if name in failed]}


def _tenant(record: Mapping[str, Any]) -> str | None:
    """Whose record was changed."""
    image = record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage") or {}
    found: str | None = image.get("tenant", {}).get("S")
    return found
