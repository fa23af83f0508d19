"""The change feed and the due index as other tests leave them: both serve all tenants of a table."""

import uuid
from typing import Any

from chalicelib.models import keys, moments
from chalicelib.models.moment import Handed, Moment
from chalicelib.models.table import Item
from chalicelib.models.writes import Step, put_all, transact
from infra.local.records import sequence_number
from tests.house import Context, House


def forget(house: House) -> None:
    """Step over what is pending, also if it is hundreds of thousands of changes: to behind a mark that is made now."""
    feed = house.feed
    (shard,) = feed._open or feed._unfinished()
    asked = {"StreamArn": feed.arn, "ShardId": shard}
    end = feed._streams.get_shard_iterator(**asked, ShardIteratorType="LATEST")["ShardIterator"]
    mark = Handed(*keys.key("handed", shard="mark"), since="-", upto="-", until="-", mark=uuid.uuid4().hex)
    put_all([mark])
    (told,) = feed._streams.get_records(ShardIterator=end)["Records"]
    feed._iterators.pop(shard, None)
    feed._checkpoint(shard, sequence_number(told))


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


def purge() -> None:
    """Remove every moment, so that none comes but a test's own."""
    items = waiting()
    for start in range(0, len(items), 50):
        transact(*(Step("delete", Moment(item.pk, item.sk)) for item in items[start : start + 50]))


def waiting() -> list[Item]:
    """All that stands in the due index."""
    found: list[Item] = []
    for shard in range(keys.DUE_SHARDS):
        start = None
        while True:
            some = moments.due(str(shard), "9999", start)
            found += some.items
            start = some.last
            if start is None:
                break
    return found
