"""Delivers the table's stream to a handler as Lambda does: at least once, in order, poison records set aside.

Used by the machine in a thread and by tests without one: `Feed(endpoint, table, handler).drain()`.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.local import aws, template
from infra.local.calls import Handler, failed_items, invoke
from infra.local.records import Record, as_lambda, failure, sequence_number
from infra.local.template import StreamSettings

log = logging.getLogger("tendril.local")

_MOST = 1000  # records of one request, the most that DynamoDB gives
DONE = "-"  # stands for the position in a shard that is closed and read to its end
Position = dict[str, str]


class UndeliverableError(Exception):
    """A record failed as often as the template allows, and nobody was named to take Lambda's message about it."""


class Feed:
    """A reader of one table's stream; one handler, one position.

    `position` is the file that keeps the place between runs, None to keep it in memory only. Without `on_failure`
    `drain` raises UndeliverableError for a poison record, already past it, so that the next call goes on. `backoff` is
    the pause before a repeated try, in seconds, doubled each time. With `kinds` the handler is called for items of
    these kinds only, as the template's filter has it.
    """

    def __init__(
        self,
        endpoint: str,
        table: str,
        handler: Handler,
        position: Path | None = None,
        *,
        settings: StreamSettings | None = None,
        batch_size: int = 100,
        backoff: float = 0.0,
        on_failure: Callable[[dict[str, Any]], None] | None = None,
        function: str = "on_change",
        kinds: Collection[str] | None = None,
    ) -> None:
        self._streams = aws.client("dynamodbstreams", endpoint)
        self._trimmed: type[Exception] = self._streams.exceptions.TrimmedDataAccessException
        self._stale = (self._trimmed, self._streams.exceptions.ExpiredIteratorException)
        self._handler, self._function = handler, function
        self._settings = settings or template.stream_settings()
        self._batch_size, self._backoff, self._on_failure = batch_size, backoff, on_failure
        self._kinds = kinds
        described = aws.client("dynamodb", endpoint).describe_table(TableName=table)
        self.arn: str = described["Table"]["LatestStreamArn"]
        self._file = position
        self._position = _load(position, self.arn)
        self._iterators: dict[str, str] = {}
        self._open: list[str] = []
        self._busy = threading.Lock()

    def drain(self) -> int:
        """Deliver all that is pending, what the handler writes meanwhile included; returns the number of records."""
        with self._busy:
            delivered = 0
            while True:
                shards = self._open or self._unfinished()
                delivered += sum(self._read(shard) for shard in shards)
                # A shard that closed has children; open ones are at their end for now and need not be looked up again.
                self._open = [shard for shard in shards if self._position.get(shard) != DONE]
                if self._open == shards:
                    return delivered
                self._open = []

    def handled(self) -> Mapping[str, str]:
        """The sequence number of the last handled record by shard; DONE for a shard that is closed and read."""
        return dict(self._position)

    def lag(self) -> int:
        """How many records are not handled yet, those in the handler's hands included; counts to 1000."""
        pending = 0
        for shard in self._open or self._unfinished():
            page = self._streams.get_records(ShardIterator=self._iterator_at_position(shard), Limit=1000)
            pending += len(page["Records"])
        return pending

    def _read(self, shard: str) -> int:
        """Deliver one shard to its present end."""
        delivered = 0
        iterator: str | None = self._iterators.get(shard) or self._iterator_at_position(shard)
        while iterator:
            try:
                page = self._streams.get_records(ShardIterator=iterator, Limit=self._page())
            except self._stale:
                iterator = self._iterator_at_position(shard)
                continue
            if records := page["Records"]:
                # If this raises or the process dies, the iterator is made anew from the last handled record.
                self._iterators.pop(shard, None)
                wanted = [as_lambda(record, self.arn) for record in records if self._takes(record)]
                for start in range(0, len(wanted), self._batch_size):
                    self._deliver(shard, wanted[start : start + self._batch_size])
                self._checkpoint(shard, sequence_number(records[-1]))
                delivered += len(records)
            iterator = page.get("NextShardIterator")
            if iterator and not records:
                self._iterators[shard] = iterator
                return delivered
        self._iterators.pop(shard, None)
        self._checkpoint(shard, DONE)
        return delivered

    def _page(self) -> int:
        """How many records to read at once: of a filtered stream many, as most are let go."""
        return self._batch_size if self._kinds is None else _MOST

    def _takes(self, record: Record) -> bool:
        if self._kinds is None:
            return True
        images = (record["dynamodb"].get(name, {}) for name in ("NewImage", "OldImage"))
        return any(image.get("kind", {}).get("S") in self._kinds for image in images)

    def _deliver(self, shard: str, batch: Sequence[Record]) -> None:
        """One batch as Lambda does it: what precedes a failure is done; the rest is tried again, halved, set aside."""
        waiting = [batch]
        while waiting:
            part, tries = waiting.pop(), 0
            while part:
                good = self._good(part)
                if good:
                    self._checkpoint(shard, sequence_number(part[good - 1]))
                    part, tries = part[good:], 0
                elif self._settings.bisect and len(part) > 1:
                    middle = len(part) // 2
                    waiting.append(part[middle:])
                    part = part[:middle]
                elif 0 <= self._settings.retries <= tries:
                    self._set_aside(shard, part, tries + 1)
                    part = []
                else:
                    time.sleep(min(self._backoff * 2**tries, 60))
                    tries += 1

    def _good(self, part: Sequence[Record]) -> int:
        """Call the handler; returns how many records at the head of `part` are done."""
        try:
            answer = invoke(self._handler, {"Records": list(part)}, self._function)
        except Exception:
            log.exception("the stream handler raised; its batch of %d is tried again", len(part))
            return 0
        if not self._settings.partial:
            return len(part)
        failed = failed_items(answer, [sequence_number(record) for record in part])
        return next((at for at, record in enumerate(part) if sequence_number(record) in failed), len(part))

    def _set_aside(self, shard: str, part: Sequence[Record], tries: int) -> None:
        """Report records that failed too often, and only then step over them."""
        message = failure(self._function, self.arn, shard, part, tries)
        if self._on_failure is not None:
            self._on_failure(message)
        self._checkpoint(shard, sequence_number(part[-1]))
        if self._on_failure is None:
            raise UndeliverableError(json.dumps(message))

    def _checkpoint(self, shard: str, sequence: str) -> None:
        self._position[shard] = sequence
        if self._file is not None:
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps({"stream": self.arn, "shards": self._position}))
            fresh.replace(self._file)

    def _iterator_at_position(self, shard: str) -> str:
        place: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        if sequence := self._position.get(shard):
            place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": sequence}
        asked = {"StreamArn": self.arn, "ShardId": shard}
        try:
            found = self._streams.get_shard_iterator(**asked, **place)
        except self._trimmed:
            found = self._streams.get_shard_iterator(**asked, ShardIteratorType="TRIM_HORIZON")
        iterator: str = found["ShardIterator"]
        return iterator

    def _unfinished(self) -> list[str]:
        """The shards with something left or to come, oldest first, which puts parents before children."""
        found: list[str] = []
        start: dict[str, str] = {}
        while True:
            description = self._streams.describe_stream(StreamArn=self.arn, **start)["StreamDescription"]
            found += [shard["ShardId"] for shard in description["Shards"]]
            if "LastEvaluatedShardId" not in description:
                return [shard for shard in found if self._position.get(shard) != DONE]
            start = {"ExclusiveStartShardId": description["LastEvaluatedShardId"]}


def _load(file: Path | None, arn: str) -> Position:
    """The kept position; empty if there is none, if it is unreadable, or if it belongs to a table that is gone."""
    try:
        kept = json.loads(file.read_text()) if file is not None else {}
    except (FileNotFoundError, json.JSONDecodeError):
        kept = {}
    return dict(kept["shards"]) if kept.get("stream") == arn else {}
