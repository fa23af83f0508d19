"""The engine: the template's table, data that survive, writes that stay fast, another endpoint in its place."""

import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws, template
from infra.local.children import ChildError, free_port
from infra.local.engine import Engine
from infra.local.feed import Feed
from tests.local.conftest import Table

NAME = "tendril"
ITEM = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_the_table_is_the_templates(fresh: Table) -> None:
    found = fresh.dynamodb.describe_table(TableName=fresh.name)["Table"]
    wanted = template.resources()["Table"]["Properties"]
    assert found["KeySchema"] == wanted["KeySchema"]
    indexes = {index["IndexName"]: index for index in found["GlobalSecondaryIndexes"]}
    for index in wanted["GlobalSecondaryIndexes"]:
        assert indexes[index["IndexName"]]["KeySchema"] == index["KeySchema"]
        assert indexes[index["IndexName"]]["Projection"] == index["Projection"]
    assert found["StreamSpecification"]["StreamViewType"] == wanted["StreamSpecification"]["StreamViewType"]
    expiry = fresh.dynamodb.describe_time_to_live(TableName=fresh.name)["TimeToLiveDescription"]
    assert expiry["AttributeName"] == wanted["TimeToLiveSpecification"]["AttributeName"]


def test_creating_the_table_again_changes_nothing(fresh: Table, local_engine: Engine) -> None:
    fresh.put("kept")
    local_engine.create_table(fresh.name)
    assert fresh.dynamodb.scan(TableName=fresh.name)["Count"] == 1


def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    first = Engine.start(tmp_path / "table.db")
    first.create_table(NAME)
    aws.client("dynamodb", first.endpoint).put_item(TableName=NAME, Item=ITEM)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    with Engine.start(tmp_path / "table.db") as second:
        second.create_table(NAME)
        assert aws.client("dynamodb", second.endpoint).get_item(TableName=NAME, Key=ITEM)["Item"] == ITEM


def test_writes_stay_as_fast_when_stream_records_pile_up(tmp_path: Path) -> None:
    database = tmp_path / "table.db"
    with Engine.start(database) as engine:
        engine.create_table(NAME)
        dynamodb = aws.client("dynamodb", engine.endpoint)
        before = _seconds_for_writes(dynamodb)
        _pile_up(database, 30_000)
        after = _seconds_for_writes(dynamodb)
    assert after < 3 * before, f"{before:.3f} s before, {after:.3f} s after"


def test_old_stream_records_go_and_numbers_go_on(tmp_path: Path) -> None:
    seen: list[str] = []

    def handler(event: dict[str, Any], context: Any) -> None:
        seen.extend(record["dynamodb"]["SequenceNumber"] for record in event["Records"])

    with Engine.start(tmp_path / "table.db") as engine:
        engine.create_table(NAME)
        dynamodb = aws.client("dynamodb", engine.endpoint)
        _seconds_for_writes(dynamodb)
        feed = Feed(engine.endpoint, NAME, handler)
        feed.drain()
        (handled,) = feed.handled().values()
        assert engine.trim_stream(NAME, int(handled), 0) == 0
        assert engine.trim_stream(NAME, int(handled), time.time() + 60) == len(seen) - 1
        dynamodb.put_item(TableName=NAME, Item=ITEM)
        assert feed.drain() == 1
    assert int(seen[-1]) == int(handled) + 1


def test_any_endpoint_can_take_its_place(
    fresh: Table, local_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DYNAMODB_ENDPOINT", local_engine.endpoint)
    with Engine.start(tmp_path / "unused.db") as engine:
        assert engine.endpoint == local_engine.endpoint
        assert engine.pid is None
    assert local_engine.alive()
    assert not (tmp_path / "unused.db").exists()


def test_a_port_that_is_taken_is_one_line(tmp_path: Path, local_engine: Engine) -> None:
    taken = int(local_engine.endpoint.rpartition(":")[2])
    with pytest.raises(ChildError, match=r"^the DynamoDB engine .*in use.*$"):
        Engine.start(tmp_path / "table.db", port=taken)


def test_a_port_that_was_asked_for_is_used(tmp_path: Path) -> None:
    port = free_port()
    with Engine.start(tmp_path / "table.db", port=port) as engine:
        assert engine.endpoint == f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about the engine itself, also when the suite runs against another endpoint."""
    monkeypatch.delenv("DYNAMODB_ENDPOINT", raising=False)


def _seconds_for_writes(dynamodb: Any) -> float:
    """The fastest of a few rounds: other tests share the processor."""
    rounds = []
    for start in range(0, 250, 50):
        begun = time.perf_counter()
        for number in range(start, start + 50):
            dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "a"}, "sk": {"S": str(number)}})
        rounds.append(time.perf_counter() - begun)
    return min(rounds)


def _pile_up(database: Path, count: int) -> None:
    """Add stream records as if so many writes had been made."""
    with sqlite3.connect(database, timeout=10) as connection:
        shard, last = connection.execute(
            "SELECT shard_id, MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records"
        ).fetchone()
        connection.executemany(
            "INSERT INTO _stream_records (table_name, event_name, keys_json, sequence_number, shard_id, created_at)"
            " VALUES (?, 'INSERT', '{}', ?, ?, 0)",
            ((NAME, str(last + number), shard) for number in range(1, count + 1)),
        )
    connection.close()
