"""The secret `signing-keys`: made before the first deployment, so that no function needs the right to write secrets.

Its value is JSON: `{"current": "<kid>", "keys": {"<kid>": "<base64 of 32 random bytes>"}}`. Tokens are signed with the
current key and checked with any, so adding a key logs nobody out.
"""

import base64
import json
import os
import secrets as randomness

from chalicelib.adapters import secrets

NAME = "signing-keys"


def use_store_of(stage: str) -> str:
    """Point the secret store at `stage`, unless SECRETS already names a place; returns the place."""
    return os.environ.setdefault("SECRETS", f"ssm:/tendril/{stage}")


def first() -> str:
    """The secret's value with one new key."""
    kid, key = _new()
    return json.dumps({"current": kid, "keys": {kid: key}})


def create() -> bool:
    """Make the first key if there is none, and say whether that was so."""
    return secrets.create(NAME, first())


def rotate() -> str:
    """Add a key, make it current and return its id. Keys of old stay, as tokens signed with them are still about."""
    kid, key = _new()
    ring = json.loads(secrets.read(NAME) or '{"keys": {}}')
    secrets.write(NAME, json.dumps({"current": kid, "keys": {**ring["keys"], kid: key}}))
    return kid


def _new() -> tuple[str, str]:
    return randomness.token_hex(4), base64.b64encode(randomness.token_bytes(32)).decode()
