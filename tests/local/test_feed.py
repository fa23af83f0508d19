"""The change feed: Lambda's record shape, at least once, poison records set aside while the rest goes on."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws
from infra.local.feed import Feed, UndeliverableError
from infra.local.template import StreamSettings
from tests.local.conftest import Table

Event = dict[str, Any]
HALVES = StreamSettings(bisect=True, retries=2, partial=True)


class Recorder:
    """A handler that remembers what it was given, and fails as it is told."""

    def __init__(self, reports: Sequence[str] = (), raises: Sequence[str] = ()) -> None:
        self.batches: list[list[str]] = []
        self.records: list[Event] = []
        self.reports, self.raises = set(reports), set(raises)

    def __call__(self, event: Event, context: Any) -> Event:
        batch = [record["dynamodb"]["Keys"]["sk"]["S"] for record in event["Records"]]
        self.batches.append(batch)
        self.records += event["Records"]
        if self.raises & set(batch):
            raise RuntimeError("told to")
        failed = [record for record in event["Records"] if record["dynamodb"]["Keys"]["sk"]["S"] in self.reports]
        return {"batchItemFailures": [{"itemIdentifier": one["dynamodb"]["SequenceNumber"]} for one in failed]}

    def done(self) -> list[str]:
        return [key for batch in self.batches for key in batch]


def test_a_record_looks_as_lambda_hands_it_over(fresh: Table) -> None:
    fresh.put("1", version={"N": "1"}, raw={"B": b"\x00\xff"}, some={"L": [{"BS": [b"a"]}, {"NULL": True}]})
    fresh.put("1", version={"N": "2"})
    fresh.dynamodb.delete_item(TableName=fresh.name, Key={"pk": {"S": "T#1"}, "sk": {"S": "1"}})
    seen = Recorder()
    assert Feed(fresh.endpoint, fresh.name, seen).drain() == 3
    assert [record["eventName"] for record in seen.records] == ["INSERT", "MODIFY", "REMOVE"]
    insert, modify, remove = seen.records
    assert {"eventID", "eventVersion", "eventSource", "awsRegion", "eventSourceARN", "dynamodb"} <= set(insert)
    assert insert["eventSource"] == "aws:dynamodb"
    assert insert["eventSourceARN"].startswith("arn:aws:dynamodb:")
    assert f"table/{fresh.name}/stream/" in insert["eventSourceARN"]
    assert insert["dynamodb"]["NewImage"]["raw"] == {"B": "AP8="}
    assert insert["dynamodb"]["NewImage"]["some"] == {"L": [{"BS": ["YQ=="]}, {"NULL": True}]}
    assert insert["dynamodb"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert isinstance(insert["dynamodb"]["SequenceNumber"], str)
    assert isinstance(insert["dynamodb"]["ApproximateCreationDateTime"], float)
    assert insert["dynamodb"]["SizeBytes"] > 0
    assert "OldImage" not in insert["dynamodb"]
    assert modify["dynamodb"]["OldImage"]["version"] == {"N": "1"}
    assert modify["dynamodb"]["NewImage"]["version"] == {"N": "2"}
    assert "NewImage" not in remove["dynamodb"]
    assert len({record["eventID"] for record in seen.records}) == 3


def test_what_the_handler_writes_is_delivered_too(fresh: Table) -> None:
    seen: list[str] = []

    def handler(event: Event, context: Any) -> None:
        for record in event["Records"]:
            key = record["dynamodb"]["Keys"]["sk"]["S"]
            seen.append(key)
            if len(key) < 4:
                fresh.put(key + "x")

    fresh.put("a")
    feed = Feed(fresh.endpoint, fresh.name, handler)
    assert feed.drain() == 4
    assert seen == ["a", "ax", "axx", "axxx"]
    assert feed.drain() == 0


def test_batches_have_the_size_of_the_decorator(fresh: Table) -> None:
    fresh.put(*"abcdefg")
    seen = Recorder()
    Feed(fresh.endpoint, fresh.name, seen, batch_size=3).drain()
    assert seen.batches == [["a", "b", "c"], ["d", "e", "f"], ["g"]]


def test_the_position_survives_and_unhandled_records_come_again(fresh: Table, position: Path) -> None:
    fresh.put("a", "b")
    first = Recorder()
    Feed(fresh.endpoint, fresh.name, first, position).drain()
    fresh.put("c", "d")

    class Killed(BaseException):
        pass

    def killed(event: Event, context: Any) -> None:
        raise Killed

    with pytest.raises(Killed):
        Feed(fresh.endpoint, fresh.name, killed, position).drain()
    again = Recorder()
    assert Feed(fresh.endpoint, fresh.name, again, position).drain() == 2
    assert (first.done(), again.done()) == (["a", "b"], ["c", "d"])


def test_one_feed_goes_on_where_a_kill_interrupted_it(fresh: Table) -> None:
    class Killed(BaseException):
        pass

    seen = Recorder()
    fail = [Killed()]

    def handler(event: Event, context: Any) -> Event:
        if fail:
            raise fail.pop()
        return seen(event, context)

    feed = Feed(fresh.endpoint, fresh.name, handler)
    feed.drain()
    fresh.put("a", "b")
    with pytest.raises(Killed):
        feed.drain()
    assert feed.lag() == 2
    assert feed.drain() == 2
    assert seen.done() == ["a", "b"]


def test_the_position_of_a_table_that_is_gone_is_forgotten(fresh: Table, position: Path) -> None:
    position.write_text('{"stream": "arn:aws:dynamodb:x:0:table/other/stream/1", "shards": {"shardId-1": "99"}}')
    fresh.put("a")
    assert Feed(fresh.endpoint, fresh.name, Recorder(), position).drain() == 1


def test_a_torn_position_delivers_all_again(fresh: Table, position: Path) -> None:
    position.write_text('{"stream": "arn')
    fresh.put("a")
    assert Feed(fresh.endpoint, fresh.name, Recorder(), position).drain() == 1


def test_a_reported_poison_record_is_set_aside_and_the_rest_goes_on(fresh: Table) -> None:
    fresh.put(*"abcdefgh")
    seen, dead = Recorder(reports=["d"]), list[Event]()
    feed = Feed(fresh.endpoint, fresh.name, seen, settings=HALVES, on_failure=dead.append)
    assert feed.drain() == 8
    assert set(seen.done()) == set("abcdefgh")
    assert seen.batches.count(["d"]) == 1 + HALVES.retries
    poison = next(record for record in seen.records if record["dynamodb"]["Keys"]["sk"]["S"] == "d")
    assert len(dead) == 1
    assert dead[0]["requestContext"]["condition"] == "RetryAttemptsExhausted"
    about = dead[0]["DDBStreamBatchInfo"]
    assert about["startSequenceNumber"] == about["endSequenceNumber"] == poison["dynamodb"]["SequenceNumber"]
    assert about["batchSize"] == 1
    assert about["streamArn"] == feed.arn
    assert about["shardId"].startswith("shardId-")
    assert feed.lag() == 0


def test_what_was_done_before_the_lowest_failure_is_not_repeated(fresh: Table) -> None:
    fresh.put(*"abcd")
    seen = Recorder(reports=["c"])
    Feed(fresh.endpoint, fresh.name, seen, settings=HALVES, on_failure=lambda _: None).drain()
    assert [batch for batch in seen.batches[1:] if set("ab") & set(batch)] == []


def test_a_batch_that_raises_is_halved_until_the_poison_is_alone(fresh: Table) -> None:
    fresh.put(*"abcdefgh")
    seen, dead = Recorder(raises=["g"]), list[Event]()
    Feed(fresh.endpoint, fresh.name, seen, settings=HALVES, on_failure=dead.append).drain()
    good = {key for batch in seen.batches if "g" not in batch for key in batch}
    assert good == set("abcdefh")
    assert [letter["DDBStreamBatchInfo"]["batchSize"] for letter in dead] == [1]


def test_without_bisecting_the_whole_batch_is_set_aside(fresh: Table) -> None:
    fresh.put(*"abcd")
    seen, dead = Recorder(raises=["c"]), list[Event]()
    policy = StreamSettings(bisect=False, retries=1, partial=True)
    Feed(fresh.endpoint, fresh.name, seen, settings=policy, on_failure=dead.append).drain()
    assert seen.batches == [list("abcd")] * 2
    assert [letter["DDBStreamBatchInfo"]["batchSize"] for letter in dead] == [4]


def test_a_report_that_the_template_does_not_ask_for_is_not_read(fresh: Table) -> None:
    fresh.put("a")
    seen = Recorder(reports=["a"])
    policy = StreamSettings(partial=False)
    assert Feed(fresh.endpoint, fresh.name, seen, settings=policy).drain() == 1
    assert seen.batches == [["a"]]


@pytest.mark.parametrize("identifier", ["", None, "no such record"])
def test_a_report_that_makes_no_sense_fails_the_whole_batch(fresh: Table, identifier: str | None) -> None:
    fresh.put("a", "b")
    answers: list[Callable[[], Event]] = [lambda: {"batchItemFailures": [{"itemIdentifier": identifier}]}]
    calls: list[int] = []

    def handler(event: Event, context: Any) -> Event:
        calls.append(len(event["Records"]))
        return answers.pop()() if answers else {}

    Feed(fresh.endpoint, fresh.name, handler, settings=StreamSettings(bisect=False, retries=1)).drain()
    assert calls == [2, 2]


def test_a_failure_that_passes_is_retried_and_forgotten(fresh: Table) -> None:
    fresh.put("a")
    seen = Recorder(raises=["a"])

    def heals(event: Event, context: Any) -> Event:
        try:
            return seen(event, context)
        finally:
            seen.raises = set()

    assert Feed(fresh.endpoint, fresh.name, heals, settings=HALVES).drain() == 1
    assert seen.batches == [["a"], ["a"]]


def test_nobody_to_take_it_raises_once_and_steps_over_it(fresh: Table) -> None:
    fresh.put("a", "b", "c")
    seen = Recorder(reports=["b"])
    feed = Feed(fresh.endpoint, fresh.name, seen, settings=HALVES)
    with pytest.raises(UndeliverableError, match="RetryAttemptsExhausted"):
        feed.drain()
    feed.drain()
    assert seen.batches[-1] == ["c"]
    assert feed.lag() == 0


def test_a_dead_letter_that_cannot_be_sent_keeps_its_record(fresh: Table, position: Path) -> None:
    fresh.put("a")
    policy = StreamSettings(retries=0)

    def unreachable(message: Event) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Feed(fresh.endpoint, fresh.name, Recorder(["a"]), position, settings=policy, on_failure=unreachable).drain()
    assert Feed(fresh.endpoint, fresh.name, Recorder(), position).drain() == 1


def test_lag_counts_what_is_not_handled_yet(fresh: Table) -> None:
    lags: list[int] = []

    def handler(event: Event, context: Any) -> None:
        lags.append(feed.lag())

    feed = Feed(fresh.endpoint, fresh.name, handler, batch_size=2)
    fresh.put("a", "b", "c")
    assert feed.lag() == 3
    feed.drain()
    assert lags == [3, 1]
    assert feed.lag() == 0


def test_a_handler_cannot_spoil_the_record_for_the_next_try(fresh: Table) -> None:
    fresh.put("a", name={"S": "Ann"})
    names: list[str] = []

    def spoils(event: Event, context: Any) -> None:
        names.append(event["Records"][0]["dynamodb"]["NewImage"].pop("name")["S"])
        if len(names) == 1:
            raise RuntimeError("after spoiling it")

    Feed(fresh.endpoint, fresh.name, spoils).drain()
    assert names == ["Ann", "Ann"]


def test_the_position_is_written_only_after_the_batch(fresh: Table, position: Path) -> None:
    fresh.put("a")
    present: list[bool] = []
    Feed(fresh.endpoint, fresh.name, lambda *_: present.append(position.exists()), position).drain()
    assert present == [False]
    assert position.exists()


def test_context_has_what_libraries_read(fresh: Table) -> None:
    fresh.put("a")
    contexts: list[Any] = []
    Feed(fresh.endpoint, fresh.name, lambda _, context: contexts.append(context)).drain()
    (context,) = contexts
    assert context.function_name == "on_change"
    assert aws.REGION in context.invoked_function_arn
    assert 0 < context.get_remaining_time_in_millis() <= 60_000
