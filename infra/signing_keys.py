"""The keys of a stage, made before its first deployment, so that no function needs to write secrets: those that sign,
and the one by which addresses are remembered.
"""

import os

import msgspec

from chalicelib.adapters import secrets
from chalicelib.services import addresses, keyring


def use_store_of(stage: str) -> str:
    """Point the secret store at `stage`, unless SECRETS already names a place; returns the place."""
    return os.environ.setdefault("SECRETS", f"ssm:/tendril/{stage}")


def first() -> str:
    """The secret's value with one new key."""
    return msgspec.json.encode(keyring.new_ring()).decode()


def create() -> bool:
    """Make the first key if there is none, and say whether that was so."""
    return secrets.create(keyring.SECRET, first())


def create_address_key() -> bool:
    """Make the key by which addresses are remembered, if there is none, and say whether that was so.

    It is never rotated: with another one nobody who said no would be found any more.
    """
    return secrets.create(addresses.SECRET, addresses.new_key())


def rotate() -> str:
    """Add a key, make it current and return its id. Keys of old stay, as tokens signed with them are still about."""
    text = secrets.read(keyring.SECRET)
    ring = keyring.new_ring(msgspec.json.decode(text, type=keyring.Ring) if text else None)
    secrets.write(keyring.SECRET, msgspec.json.encode(ring).decode())
    return ring.current
