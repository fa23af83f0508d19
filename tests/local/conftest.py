"""The parts of the local machine for their tests: a real engine and cloud per worker, a fresh table per test."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws, cloud
from infra.local.cloud import Cloud
from infra.local.engine import Engine

_count = itertools.count()


@dataclass(frozen=True)
class Table:
    """A table with nothing in it."""

    endpoint: str
    name: str
    dynamodb: Any

    def put(self, *keys: str, **attributes: Any) -> None:
        """Write an item for each of `keys`."""
        for key in keys:
            item = {"pk": {"S": "T#1"}, "sk": {"S": key}, **attributes}
            self.dynamodb.put_item(TableName=self.name, Item=item)


@dataclass(frozen=True)
class Queues:
    """The template's queues, made for one test."""

    endpoint: str
    urls: dict[str, str]
    sqs: Any

    def send(self, *bodies: str) -> None:
        """Send to the work queue."""
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.urls["WorkQueue"], MessageBody=body)

    def dead(self, queue: str = "WorkDeadLetters") -> list[str]:
        """The bodies of the dead letters."""
        found = self.sqs.receive_message(QueueUrl=self.urls[queue], MaxNumberOfMessages=10)
        return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture(scope="session")
def local_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine.start(tmp_path_factory.mktemp("engine") / "table.db") as engine:
        yield engine


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    with Cloud.start(folder, folder / "cloud.log") as running:
        yield running


@pytest.fixture
def fresh(local_engine: Engine) -> Table:
    name = f"local-{next(_count)}"
    local_engine.create_table(name)
    return Table(local_engine.endpoint, name, aws.client("dynamodb", local_engine.endpoint))


@pytest.fixture
def queues(local_cloud: Cloud) -> Queues:
    sqs = aws.client("sqs", local_cloud.endpoint)
    return Queues(local_cloud.endpoint, cloud.create_queues(sqs, f"t{next(_count)}-"), sqs)


@pytest.fixture
def position(tmp_path: Path) -> Path:
    return tmp_path / "stream.json"
