"""What every test stands on: a real engine per worker, a tenant per test, and the doors of the house in process."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# A check that passed passes again: examples follow from the test itself. `EXPLORE=1 make test` tries new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("explore" if os.environ.get("EXPLORE") else "repeatable")

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_home = Path(tempfile.mkdtemp(prefix="tendril-test-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
_ENVIRONMENT = {
    "STAGE": "test",
    "TABLE": f"tendril-{WORKER}-{uuid.uuid4().hex[:8]}",
    "WORK_QUEUE_URL": "http://127.0.0.1:1/000000000000/none",
    "SECRETS": f"file:{_home}/secrets",
    "STORAGE": f"file:{_home}/files",
    "MAIL_PROVIDER": "smtp",
    "MAIL_FROM": "Tendril <no-reply@tendril.test>",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
os.environ.update(_ENVIRONMENT)  # before the first import of chalicelib, whose models read the table's name

from tests.house import House, Sender  # noqa: E402 - needs the environment above


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """The DynamoDB endpoint, with this worker's table in it."""
    from infra.local.engine import Engine

    with Engine.start(_home / "engine.db") as running:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = running.endpoint
        running.create_table(os.environ["TABLE"])
        yield running.endpoint
    shutil.rmtree(_home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _light_passwords(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that cost little, as thousands of tests sign somebody up; `test_passwords.py` tries the real ones."""
    from chalicelib.services import passwords

    if request.module.__name__.rpartition(".")[2] == "test_passwords":
        passwords._nobody.cache_clear()
    else:
        monkeypatch.setattr(passwords, "_hasher", _light_hasher)


def _light_hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def _feed(engine: str) -> Any:
    from chalicelib.handlers import streams
    from infra.local import template
    from tests.feeds import Forgetful

    return Forgetful(engine, os.environ["TABLE"], streams.on_change, kinds=template.stream_kinds())


@pytest.fixture
def house(engine: str, _feed: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The whole house in process: HTTP, stream, queue and minute, with our own fakes for queue and mail.

    It begins without news and moments: feed and scheduler serve all tenants of the table, also those of other tests.
    """
    from chalicelib import clock
    from chalicelib.adapters import mailer, queue
    from tests.feeds import forget, purge

    built = House(_feed)
    forget(built)
    purge()
    monkeypatch.setattr(queue, "send_all", built.queue.extend)
    monkeypatch.setattr(mailer, "send", built.outbox.send)
    yield built
    clock.reset()


@pytest.fixture
def owner(house: House) -> Sender:
    """A fresh tenant's owner, signed in."""
    return house.signup()
