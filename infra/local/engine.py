"""The DynamoDB engine of one machine and of the tests: a small binary on a SQLite file, or any endpoint instead."""

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.local import aws, template
from infra.local.children import Child, ChildError, free_port

MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
START_SECONDS = 10
PORT_TRIES = 5
# Without this index each write reads all stream records before it, to find the largest sequence number.
STREAM_INDEX = (
    "CREATE INDEX IF NOT EXISTS ix_stream_seq ON _stream_records(table_name, CAST(sequence_number AS INTEGER))"
)
STREAM_TRIM = (
    "DELETE FROM _stream_records WHERE table_name = ? AND CAST(sequence_number AS INTEGER) < ? AND created_at < ?"
)


class Engine:
    """A running engine. Use it as a context manager, or call `stop()`.

    Start it from a thread that lives as long as the engine shall: on Linux it ends with the thread that started it.
    """

    def __init__(self, endpoint: str, child: Child | None = None, db_path: Path | None = None) -> None:
        self.endpoint = endpoint
        self._child, self._db_path = child, db_path

    @classmethod
    def start(cls, db_path: Path, port: int = 0, log: Path | None = None, keep: Sequence[int] = ()) -> Self:
        """Start the engine on `port` (0 = a free one) with its data in the file `db_path`; wait until it answers.

        `keep` are file descriptors it holds open as long as it lives. With DYNAMODB_ENDPOINT set nothing is started and
        that endpoint is used. Raises ChildError.
        """
        if endpoint := os.environ.get("DYNAMODB_ENDPOINT"):
            return cls(endpoint)
        db_path.parent.mkdir(parents=True, exist_ok=True)
        log = log or db_path.with_suffix(".log")
        for attempt in range(PORT_TRIES):
            try:
                return cls._start(db_path, port or free_port(), log, keep)
            except ChildError:
                # Somebody else may have taken the free port in between; a port that was asked for is not changed.
                if port or attempt == PORT_TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    @classmethod
    def _start(cls, db_path: Path, port: int, log: Path, keep: Sequence[int]) -> Self:
        argv = [binary(), "serve", "--host", "127.0.0.1", "--port", str(port), "--db-path", str(db_path)]
        child = Child("the DynamoDB engine", argv, log, keep=keep)
        # It says so only once it holds the port; a mere connection might be answered by another engine.
        child.wait_until(lambda: f"listening on http://127.0.0.1:{port}" in child.output(), START_SECONDS)
        return cls(f"http://127.0.0.1:{port}", child, db_path)

    def create_table(self, name: str) -> None:
        """Create the table of infra/resources.json under `name`, unless it is there."""
        create_table(self.endpoint, name)
        if self._db_path is not None:
            with sqlite3.connect(self._db_path, timeout=10) as database:
                database.execute(STREAM_INDEX)
            database.close()

    def trim_stream(self, table: str, handled: int, older_than: float) -> int:
        """Forget the stream records of `table` before the sequence number `handled`, if older than the epoch given.

        In AWS they go after a day by themselves; the engine keeps them for ever. The record `handled` itself stays,
        since the next number is counted from the largest there is. Returns how many went.
        """
        if self._db_path is None:
            return 0
        with sqlite3.connect(self._db_path, timeout=10) as database:
            gone = database.execute(STREAM_TRIM, (table, handled, int(older_than))).rowcount
        database.close()
        return gone

    @property
    def place(self) -> str:
        """Where its data are, for a person to read."""
        return str(self._db_path or "the hands of DYNAMODB_ENDPOINT")

    @property
    def pid(self) -> int | None:
        """The engine's process id, None for an endpoint that is not ours."""
        return self._child.pid if self._child else None

    def alive(self) -> bool:
        """Whether it still runs; an endpoint that is not ours counts as running."""
        return self._child is None or self._child.alive()

    def stop(self) -> None:
        """Stop it; an endpoint that is not ours is left alone."""
        if self._child is not None:
            self._child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def create_table(endpoint: str, name: str) -> None:
    """Create the table of infra/resources.json under `name` at any DynamoDB-like `endpoint`, unless it is there."""
    dynamodb = aws.client("dynamodb", endpoint)
    definition, time_to_live = template.table()
    try:
        dynamodb.create_table(TableName=name, **definition)
    except dynamodb.exceptions.ResourceInUseException:
        return
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    if time_to_live:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)


def binary() -> str:
    """The engine's binary: what `npm install` brought for this platform, else what the variable DYNOXIDE names.

    Raises ChildError when there is none.
    """
    system, machine = sys.platform, MACHINES.get(platform.machine().lower(), platform.machine())
    for path in template.ROOT.glob(f"node_modules/@dynoxide/{system}-{machine}/dynoxide*"):
        return str(path)
    if found := os.environ.get("DYNOXIDE"):
        return found
    raise ChildError(
        f"no DynamoDB engine for {system}-{machine}: run `npm install`, or set DYNOXIDE or DYNAMODB_ENDPOINT"
    )
