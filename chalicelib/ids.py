"""Identifiers: a prefix that tells the noun, and a ULID that sorts by time (https://github.com/ulid/spec)."""

import hashlib
import os
import re
from datetime import datetime
from functools import lru_cache

from chalicelib import clock

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_LETTERS = 26  # of a ULID
PACKED = 16  # bytes of one
_SHAPE = re.compile(r"[a-z]{3}_[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new(prefix: str) -> str:
    """A fresh id such as `con_01HX…`, 80 bits of it random."""
    return f"{prefix}_{_ulid(int(clock.epoch() * 1000), os.urandom(10))}"


def derived(prefix: str, at: datetime, seed: str) -> str:
    """The id of something made from something else: made twice from the same moment and seed it is the same id."""
    return f"{prefix}_{_ulid(int(at.timestamp() * 1000), hashlib.sha256(seed.encode()).digest()[:10])}"


def at(prefix: str, moment: datetime) -> str:
    """A fresh id that sorts at `moment`, for records that tell of another time than now."""
    return f"{prefix}_{_ulid(int(moment.timestamp() * 1000), os.urandom(10))}"


@lru_cache(maxsize=512)  # a mail's links name the same few, each mail another contact
def packed(text: str) -> bytes:
    """The 16 bytes of an id's ULID, in an order that is that of the ids."""
    number = 0
    for letter in text[-_LETTERS:]:
        number = number << 5 | _VALUES[letter]
    return number.to_bytes(PACKED)


def unpacked(prefix: str, data: bytes) -> str:
    """The inverse of `packed`, for ids with this prefix."""
    return f"{prefix}_{_spelt(int.from_bytes(data))}"


def is_id(prefix: str, text: str) -> bool:
    """Whether `text` has the shape of an id with this prefix."""
    return text.startswith(prefix + "_") and _SHAPE.fullmatch(text) is not None


def _ulid(milliseconds: int, randomness: bytes) -> str:
    return _spelt((max(0, milliseconds) << 80) | int.from_bytes(randomness))


def _spelt(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -5, -5))
