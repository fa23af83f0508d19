"""Clients for the emulators on this machine: made-up credentials, few retries, so that a dead emulator shows."""

import threading
from typing import Any

import boto3
from botocore.config import Config

REGION = "eu-central-1"
ACCOUNT = "000000000000"
MADE_UP = "local"  # the emulators want credentials, no matter which

_lock = threading.Lock()
_clients: dict[tuple[str, str], Any] = {}
_sessions: list[Any] = []  # none or one; it reads botocore's service descriptions, which takes longer than any call


def client(service: str, endpoint: str) -> Any:
    """The one client of `service` at `endpoint`, independent of the environment's credentials and endpoints.

    Parameters are not validated here: the engine's stream shard ids are shorter than botocore believes possible.
    """
    with _lock:
        if (service, endpoint) not in _clients:
            _clients[service, endpoint] = _make(service, endpoint)
        return _clients[service, endpoint]


def _make(service: str, endpoint: str) -> Any:
    if not _sessions:
        _sessions.append(boto3.session.Session(MADE_UP, MADE_UP, region_name=REGION))
    config = Config(
        parameter_validation=False,
        connect_timeout=2,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=20,
    )
    return _sessions[0].client(service, endpoint_url=endpoint, config=config)
