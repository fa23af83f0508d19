"""A tenant of each test's own, and a meter for what it does."""

import uuid
from collections.abc import Iterator

import pytest

from chalicelib import observability
from chalicelib.observability import Meter


@pytest.fixture
def tenant() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def meter() -> Iterator[Meter]:
    with observability.measured("test") as running:
        yield running
