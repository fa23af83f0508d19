"""Clients for the emulators on this machine: made-up credentials, few retries, so that a dead emulator shows."""

from typing import Any

import boto3
from botocore.config import Config

REGION = "eu-central-1"
ACCOUNT = "000000000000"
MADE_UP = "local"  # the emulators want credentials, no matter which


def client(service: str, endpoint: str) -> Any:
    """A client of `service` at `endpoint`, independent of the environment's credentials and endpoints.

    Parameters are not validated here: the engine's stream shard ids are shorter than botocore believes possible.
    """
    session = boto3.session.Session(MADE_UP, MADE_UP, region_name=REGION)
    config = Config(
        parameter_validation=False,
        connect_timeout=2,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=20,
    )
    factory: Any = session.client
    return factory(service, endpoint_url=endpoint, config=config)
