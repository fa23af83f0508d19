"""The change feed as heavy tests leave it."""

from typing import Any

from tests.house import Context, House


def forget(house: House) -> None:
    """Step over what is pending: a test that wrote thousands of items lets no later one follow them up."""
    feed = house.feed
    handler = feed._handler
    feed._handler = _ignore
    try:
        feed.drain()
    finally:
        feed._handler = handler


def _ignore(event: Any, context: Any) -> dict[str, list[Any]]:
    return {"batchItemFailures": []}


def taken(house: House) -> list[Any]:
    """What is pending, taken off the feed without following it up."""
    records: list[Any] = []

    def keep(event: Any, context: Any) -> dict[str, list[Any]]:
        records.extend(event["Records"])
        return _ignore(event, context)

    feed = house.feed
    handler = feed._handler
    feed._handler = keep
    try:
        feed.drain()
    finally:
        feed._handler = handler
    return records


def deliver(records: list[Any]) -> None:
    """Give these records to the function of the feed, all of which must succeed."""
    from chalicelib.handlers import streams

    assert streams.on_change({"Records": records}, Context()) == {"batchItemFailures": []}
