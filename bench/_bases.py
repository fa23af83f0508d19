"""Two bases side by side, one small and one large, so that what an operation costs at both can be compared.

Two engines on files, one tenant that both know. The bases are written into the engines' files while these are down:
through their doors it would take a quarter of an hour.
"""

import os
import sqlite3
import statistics
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from bench._house import TABLE, Context, House
from infra.local import aws
from infra.local.engine import Engine

ROUNDS: Final = 15
CALLS: Final = 20
_AT_ONCE: Final = 100_000  # items sorted and written together
Stored = dict[str, Any]  # an item in DynamoDB's JSON


class Base:
    """One of the two engines, with the client that the house has of it."""

    def __init__(self, endpoint: str) -> None:
        from chalicelib.models.table import Item

        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = endpoint
        Item._connection = None
        self._connection = Item._get_connection()

    def enter(self) -> None:
        """Let the house use this one."""
        from chalicelib.models.table import Item

        Item._connection = self._connection


def interleaved(event: Any, small: Base, large: Base, calls: int = CALLS) -> tuple[float, float]:
    """Medians in ms over rounds of so many calls, in turns so that a slow moment of the machine meets both alike."""
    from app import app

    def once(base: Base) -> float:
        base.enter()
        started = time.perf_counter()
        for _ in range(calls):
            app(event, Context())
        return (time.perf_counter() - started) / calls * 1000

    for base in (small, large):
        once(base)  # warm
    pairs = [
        (once(small), once(large)) if number % 2 else tuple(reversed((once(large), once(small))))
        for number in range(ROUNDS)
    ]
    return statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)


def copy_house(here: House, file: Path, more: Iterable[Stored] = ()) -> None:
    """An engine on a file with what the first one has: the tenant, its owner, the session; and with some items more."""
    client = aws.client("dynamodb", here.endpoint)
    there = client.scan(TableName=TABLE)["Items"]
    with Engine.start(file) as engine:
        engine.create_table(TABLE)
        other = aws.client("dynamodb", engine.endpoint)
        for item in (*there, *more):
            other.put_item(TableName=TABLE, Item=item)


def into(file: Path, items: Iterator[Stored]) -> None:
    """Into the engine's own tables: its keys are `S:` and the text, an index keeps the whole item once more."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA synchronous = OFF")
    while several := [(item, _json(item)) for item in islice(items, _AT_ONCE)]:
        database.executemany(
            f'INSERT INTO "{TABLE}" (pk, sk, item_json, item_size) VALUES (?, ?, ?, ?)',  # noqa: S608 - our own name
            sorted((*_key(item, "pk", "sk"), text, len(text)) for item, text in several),
        )
        for index in ("gsi1", "gsi2"):
            database.executemany(
                f'INSERT INTO "{TABLE}::gsi::{index}" VALUES (?, ?, ?, ?, ?)',  # noqa: S608 - our own names
                [
                    (*_key(item, f"{index}pk", f"{index}sk"), *_key(item, "pk", "sk"), text)
                    for item, text in several
                    if f"{index}pk" in item
                ],
            )
    database.commit()
    database.close()


def row(name: str, value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    """A row of the report; with a limit it is a promise."""
    holds = limit is None or value <= limit
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "holds": holds}


def _json(item: Stored) -> str:
    return msgspec.json.encode(item).decode()


def _key(item: Stored, *names: str) -> tuple[str, ...]:
    return tuple(f"S:{item[name]['S']}" for name in names)
