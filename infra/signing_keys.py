"""The signing keys of a stage, made before its first deployment, so that no function needs to write secrets."""

import os

import msgspec

from chalicelib.adapters import secrets
from chalicelib.services import keyring


def use_store_of(stage: str) -> str:
    """Point the secret store at `stage`, unless SECRETS already names a place; returns the place."""
    return os.environ.setdefault("SECRETS", f"ssm:/tendril/{stage}")


def first() -> str:
    """The secret's value with one new key."""
    return msgspec.json.encode(keyring.new_ring()).decode()


def create() -> bool:
    """Make the first key if there is none, and say whether that was so."""
    return secrets.create(keyring.SECRET, first())


def rotate() -> str:
    """Add a key, make it current and return its id. Keys of old stay, as tokens signed with them are still about."""
    text = secrets.read(keyring.SECRET)
    ring = keyring.new_ring(msgspec.json.decode(text, type=keyring.Ring) if text else None)
    secrets.write(keyring.SECRET, msgspec.json.encode(ring).decode())
    return ring.current
