"""The change feed and the due index as other tests leave them: both serve all tenants of a table."""

from typing import Any

from chalicelib.models.moment import Moment
from chalicelib.models.table import Item
from chalicelib.models.writes import Step, transact
from infra.local.feed import Feed
from tests.house import Context, House


class Forgetful(Feed):
    """The feed of a table that all tests write to: it can step over what others have left, however much that is."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._fresh: dict[str, str] = {}

    def forget(self) -> None:
        """Begin behind what is there by now."""
        self._open = self._open or self._unfinished()
        for shard in self._open:
            asked = {"StreamArn": self.arn, "ShardId": shard, "ShardIteratorType": "LATEST"}
            self._fresh[shard] = self._iterators[shard] = self._streams.get_shard_iterator(**asked)["ShardIterator"]
            self._position.pop(shard, None)

    def _iterator_at_position(self, shard: str) -> str:
        """Nothing was handled since: where it began."""
        if shard in self._fresh and shard not in self._position:
            return self._fresh[shard]
        return super()._iterator_at_position(shard)


def forget(house: House) -> None:
    """Step over what is pending, without following it up."""
    house.feed.forget()


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
    asked: dict[str, Any] = {"TableName": Item.Meta.table_name, "IndexName": "due"}
    while True:
        answer = Item._get_connection().connection.dispatch("Scan", asked)
        found += [Item.from_raw_data(raw) for raw in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return found
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
