"""Attempts to sign in, counted per account and per address in fixed windows, before the password is looked at.

Counting first is what makes it hold against many guesses at once. A success clears the account, and takes its own count
back from the address, which others may share.
"""

import hashlib
from typing import Final

from chalicelib import clock, errors, observability
from chalicelib.models import throttles

WINDOW: Final = 15 * 60  # seconds
LIMITS: Final[dict[str, int]] = {"account": 5, "address": 100}  # failures per window


def count(kind: str, value: str) -> None:
    """Count one attempt. Raises `TooMany` when the window's limit is reached."""
    limit, start = LIMITS[kind], int(clock.epoch()) // WINDOW * WINDOW
    wait = start + WINDOW - int(clock.epoch())
    attempts = throttles.add(_subject(kind, value), str(start), limit, ttl=start + 2 * WINDOW)
    if kind == "account":
        observability.meter().quota = (limit, limit - (attempts or limit), wait)
    if attempts is None:
        observability.meter().quota = (limit, 0, wait)
        raise errors.TooMany("Too many attempts to sign in; please wait.", retry_after=max(1, wait))


def clear(kind: str, value: str) -> None:
    """Forget all attempts of this window: whoever made them has proved who he is."""
    start = int(clock.epoch()) // WINDOW * WINDOW
    throttles.remove(_subject(kind, value), str(start))


def forgive(kind: str, value: str) -> None:
    """Take one attempt back: it was a success."""
    start = int(clock.epoch()) // WINDOW * WINDOW
    throttles.subtract(_subject(kind, value), str(start))


def _subject(kind: str, value: str) -> str:
    # Hashed, so that the table holds no list of who tried to sign in from where.
    return f"{kind}#{hashlib.sha256(value.encode()).hexdigest()[:32]}"
