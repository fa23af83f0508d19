"""What other libraries do to our table is metered too, and once."""

import os
from collections.abc import Iterator

import pytest

from chalicelib import observability
from chalicelib.adapters import _aws, dynamodb


@pytest.fixture(autouse=True)
def _anew(engine: str) -> Iterator[None]:
    """Clients are made for this worker's engine, and not kept for others."""
    for forget in (_aws.forget, dynamodb.client.cache_clear):
        forget()
    yield
    for forget in (_aws.forget, dynamodb.client.cache_clear):
        forget()


def test_reads_and_writes_are_metered() -> None:
    key = {"pk": {"S": "T#adapters#dynamodb"}, "sk": {"S": "one"}}
    with observability.measured("test") as meter:
        dynamodb.client().put_item(TableName=os.environ["TABLE"], Item=key)
        assert (meter.rru, meter.wru) == (0, 1)
        dynamodb.client().get_item(TableName=os.environ["TABLE"], Key=key, ConsistentRead=True)
        assert (meter.rru, meter.wru) == (1, 1)


def test_made_twice_is_metered_once() -> None:
    dynamodb.client()
    dynamodb.client.cache_clear()  # as when two threads ask first
    with observability.measured("test") as meter:
        dynamodb.client().get_item(TableName=os.environ["TABLE"], Key={"pk": {"S": "x"}, "sk": {"S": "y"}})
    assert meter.rru == 0.5
