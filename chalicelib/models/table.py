"""The one table and the ways to read it: fetch, find, page, every. `writes.py` writes it.

This is the seam to DynamoDB: `_connection` is the only client of the entities, so another transport can be put under
them here.
"""

import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib import clock, config, observability
from chalicelib.errors import NotFound, Unready
from chalicelib.models import keys

LastKey = dict[str, dict[str, Any]]
_connecting = threading.Lock()
_PAGE = 200
_BATCH_GET = 100  # keys of one BatchGetItem, the most that DynamoDB takes
_PATIENCE = 6  # requests for one batch while the table is busy, or for one write while a transaction is at its item

_CONFLICT = "TransactionConflictException"


class Gsi1(GlobalSecondaryIndex["Item"]):
    """The first shared index: lists by name, by status, by kind."""

    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class Gsi2(GlobalSecondaryIndex["Item"]):
    """The second shared index: lists by last change, by assignee."""

    class Meta:
        index_name = "gsi2"
        projection = AllProjection()

    gsi2pk = UnicodeAttribute(hash_key=True)
    gsi2sk = UnicodeAttribute(range_key=True)


class Due(GlobalSecondaryIndex["Item"]):
    """Moments by the time at which they come. Sparse: only what must still happen is in it."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_pk = UnicodeAttribute(hash_key=True)
    due_sk = UnicodeAttribute(range_key=True)


class Item(Model):
    """Anything in the table."""

    class Meta:
        table_name = config.table()
        region = config.region()
        connect_timeout_seconds = 2
        read_timeout_seconds = 5

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = DiscriminatorAttribute()
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    gsi2pk = UnicodeAttribute(null=True)
    gsi2sk = UnicodeAttribute(null=True)
    due_pk = UnicodeAttribute(null=True)
    due_sk = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    gsi1 = Gsi1()
    gsi2 = Gsi2()
    due = Due()

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """One connection for all entities, created at the first call; PynamoDB would make one client per class."""
        # Two threads that come first at once would hang the meter in twice, or into one of two clients.
        with _connecting:
            shared = Item._connection
            if shared is None:
                shared = super(Item, Item)._get_connection()
                events = shared.connection.client.meta.events
                events.register("provide-client-params.dynamodb", observability.ask_capacity)
                events.register("after-call.dynamodb", observability.count_capacity)
                events.register("needs-retry.dynamodb", _pause)
            return shared

    @classmethod
    def _instantiate(cls, attribute_values: dict[str, dict[str, Any]]) -> Any:
        # PynamoDB fills an item without asking its class, which it knows only by then.
        item: Any = super()._instantiate(attribute_values)
        item.revived(attribute_values)
        return item

    def revived(self, raw: Mapping[str, Mapping[str, Any]]) -> None:
        """Called with the stored item, for a kind that keeps more than attributes of its own."""

    def place(self, shape: str, *indexes: str, **parts: str) -> None:
        """Set the keys of this item from the schema, and take it out of every index that is not named."""
        self.pk, self.sk = keys.key(shape, **parts)
        self.enter(shape, *indexes, **parts)

    def enter(self, shape: str, *indexes: str, **parts: str) -> None:
        """Stand in exactly these indexes."""
        for name, (pk, sk) in keys.INDEXES.items():
            values = keys.index(shape, name, **parts) if name in indexes else (None, None)
            setattr(self, pk, values[0])
            setattr(self, sk, values[1])


class Record(Item):
    """An item that people read and edit: it has an id, a version for optimistic locking, and knows when it changed."""

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    version = VersionAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    updated_by = UnicodeAttribute(null=True)
    deleted_at = UnicodeAttribute(null=True)

    def touch(self, by: str) -> None:
        """Note when and by whom (an id) it is changed, and the first time when it was made."""
        # Never before the last change, whichever clock noted that: history is read by time.
        self.updated_at, self.updated_by = max(clock.stamp(), self.updated_at or ""), by
        self.created_at = self.created_at or self.updated_at


I = TypeVar("I", bound=Item)  # noqa: E741 - an item
R = TypeVar("R", bound=Record)


def fetch(kind: type[I], pk: str, sk: str, *, consistent: bool = False) -> I | None:
    """The item, or None. Half a unit, a whole one if consistent."""
    try:
        item = Item.get(pk, sk, consistent_read=consistent)
    except DoesNotExist:
        return None
    return item if isinstance(item, kind) else None


def find(kind: type[I], pk: str, sk: str) -> I | None:
    """The item, also if it was made a moment ago.

    Found for half a unit; only a miss is asked again, consistently, for a whole one more.
    """
    return fetch(kind, pk, sk) or fetch(kind, pk, sk, consistent=True)


class PageOf(NamedTuple):
    """Items of one query and the key to go on from, if there may be more."""

    items: list[Any]
    last: LastKey | None


def page(
    partition: str,
    *,
    index: str | None = None,
    where: Condition | None = None,
    limit: int,
    start: LastKey | None = None,
    newest_first: bool = False,
    consistent: bool = False,
) -> PageOf:
    """One query, one page: no reads per row, no filter after reading."""
    # The connection's own query: the model's would add a filter on the kind to each request, and read on past a page.
    found = Item._get_connection().query(
        partition,
        range_key_condition=where,
        index_name=index,
        limit=limit,
        exclusive_start_key=start,
        scan_index_forward=not newest_first,
        consistent_read=consistent,
    )
    return PageOf([Item.from_raw_data(raw) for raw in found["Items"]], found.get("LastEvaluatedKey"))


def every(
    partition: str, *, index: str | None = None, where: Condition | None = None, consistent: bool = True
) -> Iterator[Any]:
    """All items of one query, page after page; consistently from the table, which an index cannot. For short lists."""
    start = None
    while True:
        found = page(
            partition, index=index, where=where, limit=_PAGE, start=start, consistent=consistent and index is None
        )
        yield from found.items
        start = found.last
        if start is None:
            return


def several(places: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[Any]:
    """The items at these keys (pk, sk), None where there is none, in the order asked for.

    Half a unit each as they were a moment ago, a whole one if consistent; a hundred in one request. Raises `Unready`
    if the table does not give them all.
    """
    found: dict[tuple[str, str], Any] = {}
    asked = list(dict.fromkeys(places))
    for start in range(0, len(asked), _BATCH_GET):
        found.update(_batch(asked[start : start + _BATCH_GET], consistent))
    return [found.get(place) for place in places]


def _batch(places: Sequence[tuple[str, str]], consistent: bool) -> Iterator[tuple[tuple[str, str], Any]]:
    connection, name = Item._get_connection().connection, Item.Meta.table_name
    left: list[Any] = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in places]
    for attempt in range(_PATIENCE):
        if attempt:
            time.sleep(0.02 * 2**attempt)
        answer = connection.dispatch(
            "BatchGetItem", {"RequestItems": {name: {"Keys": left, "ConsistentRead": consistent}}}
        )
        for raw in answer["Responses"].get(name, ()):
            yield (raw["pk"]["S"], raw["sk"]["S"]), Item.from_raw_data(raw)
        left = answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])
        if not left:
            return
    raise Unready("The table is too busy.")


def found_or_404(record: R | None, noun: str) -> R:
    """The record if it is there and not in the trash. Raises `NotFound`."""
    if record is None or record.deleted_at:
        raise NotFound(f"There is no such {noun}.")
    return record


def ping() -> None:
    """Touch the table: half a unit for nothing. Raises whatever keeps it from answering."""
    fetch(Item, "T#-#ping", "#")


def is_conditional(error: PynamoDBException) -> bool:
    """Whether a plain write failed because its condition did."""
    return error.cause_response_code == "ConditionalCheckFailedException"


def is_conflict(error: PynamoDBException) -> bool:
    """Whether a plain write failed because a transaction was at its item, however often it was tried."""
    return error.cause_response_code == _CONFLICT


def _pause(response: Any, attempts: int, **_more: Any) -> Any:
    """The seconds after which botocore is to send this once more, None if it is not.

    It does not by itself where a plain write meets a transaction, of which nothing can be said but that it will pass:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html#API_PutItem_Errors
    """
    code = response[1].get("Error", {}).get("Code") if response else None
    if code != _CONFLICT or attempts >= _PATIENCE:
        return None
    return random.uniform(0, 0.02 * 2**attempts)  # noqa: S311 - jitter, not a secret
