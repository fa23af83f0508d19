"""Where the parts of an import lie in storage, and how they are read and written.

Everything is written whole and under a name that follows from the import and the number of the chunk, so writing it
again after a crash changes nothing.
"""

from typing import Any, Final

import msgspec

from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.services.importing.rows import Row

CHUNK: Final = 400  # rows done in one step: about a second of transactions
CHUNK_SIZE: Final = 512 * 1024  # characters in a chunk, however few rows


def key(job: Job, name: str) -> str:
    """The storage key of a part of an import."""
    return f"{job.tenant}/imports/{job.id}/{name}"


def put(job: Job, name: str, value: Any) -> None:
    """Write a part as JSON."""
    storage.put(key(job, name), msgspec.json.encode(value), "application/json")


def get(job: Job, name: str, kind: Any = Any) -> Any:
    """A part that was written as JSON, as `kind`; None if there is none."""
    try:
        return msgspec.json.decode(storage.get(key(job, name)), type=kind)
    except storage.Missing:
        return None


def put_rows(job: Job, number: int, rows: list[Row]) -> None:
    """Write one chunk of rows."""
    put(job, f"rows/{number:05}", rows)


def rows(job: Job, number: int) -> list[Row]:
    """One chunk of rows. Raises Missing."""
    return msgspec.json.decode(storage.get(key(job, f"rows/{number:05}")), type=list[Row])
