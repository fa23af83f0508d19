"""The way to AWS: one botocore session and one client per service for the whole process, made when first asked for.

botocore alone, without boto3's resource layer, which nobody here uses and every cold start would pay for.
Clients are safe to share between threads; making them is not, hence the lock.
"""

import threading
from typing import Any, Final

from chalicelib import config

# Seconds to connect and to wait for an answer: short, so that a hang becomes an error while the function still runs.
DEFAULTS: Final[dict[str, Any]] = {
    # In place of the one that botocore composes anew for each request, a sixth of the CPU time that a mail takes.
    "user_agent": "tendril",
    "connect_timeout": 2,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 3},
}

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    # Checksums of botocore's own would become headers that whoever uses a signed link had to send too.
    "s3": {
        "read_timeout": 30,
        "signature_version": "s3v4",
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    },
    # A second try after a lost answer could send a second mail.
    "sesv2": {
        "read_timeout": 10,
        "retries": {"mode": "standard", "total_max_attempts": 1},
        "max_pool_connections": 25,  # as many as mails are handed over at once
    },
}

_lock = threading.Lock()
_clients: dict[str, Any] = {}
_sessions: list[Any] = []  # none or one


def client(name: str) -> Any:
    """The botocore client of a service such as `sqs`; botocore finds endpoint and credentials by its own rules."""
    if name not in _clients:
        with _lock:
            if name not in _clients:
                _clients[name] = _make(name)
    return _clients[name]


def wire(name: str) -> tuple[str, str, Any]:
    """Endpoint, region and present credentials of a service, for requests without its client.

    Raises botocore's errors where there are no credentials, or half of them.
    """
    from botocore.exceptions import NoCredentialsError

    meta = client(name).meta
    found = _session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return str(meta.endpoint_url).rstrip("/"), str(meta.region_name), found.get_frozen_credentials()


def forget() -> None:
    """Drop session and clients, so that the next call reads the environment anew."""
    with _lock:
        _clients.clear()
        _sessions.clear()


def _make(name: str) -> Any:
    from botocore.config import Config

    session = _session()
    region = session.get_config_variable("region") or config.region()
    return session.create_client(name, region_name=region, config=Config(**{**DEFAULTS, **SETTINGS.get(name, {})}))


def _session() -> Any:
    import botocore.session

    if not _sessions:
        _sessions.append(botocore.session.get_session())
    return _sessions[0]
