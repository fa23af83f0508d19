"""Files that people bring or take away: a private bucket in the cloud, a folder in tests.

A key begins with its tenant: `{tenant}/imports/…`. What lies here is a copy on its way: the bucket forgets it after
`KEPT` seconds. Clients read and write it by links that are signed for one key and good for a while.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

from chalicelib import config
from chalicelib.adapters import _objects

Missing = _objects.Missing

KEPT: Final = 30 * 86_400  # seconds; the bucket's own rule says the same in days
AGE: Final = 3600  # seconds a link is good for, unless told
BINARY: Final = "application/octet-stream"
_PART: Final = 8 * 1024 * 1024  # bytes of one part of what is written in pieces; at least `_objects.PART`

_KEY = re.compile(r"ten_[0-9A-Z]{26}(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")  # no way out of a folder
_PREFIX = re.compile(r"ten_[0-9A-Z]{26}/([A-Za-z0-9_][A-Za-z0-9_.-]*/)*")


def put(key: str, data: bytes, content_type: str = BINARY) -> None:
    """Write a whole object; readers see the old one or the new one. Raises ValueError for what is no key, as all do."""
    _store(key).put(key, data, content_type)


def put_pieces(key: str, pieces: Iterable[bytes], content_type: str = BINARY) -> None:
    """As `put`, of all pieces; in parts if they are many, so that memory stays bounded."""
    upload, tags, kept = "", list[str](), b""
    for piece in pieces:
        kept += piece
        if len(kept) >= _PART:
            upload = upload or begin(key, content_type)
            tags.append(part(key, upload, len(tags) + 1, kept))
            kept = b""
    if not upload:
        put(key, kept, content_type)
        return
    if kept:
        tags.append(part(key, upload, len(tags) + 1, kept))
    complete(key, upload, tags)


def get(key: str, start: int = 0, length: int | None = None) -> bytes:
    """The object's bytes from `start`, at most `length` of them; none beyond its end. Raises Missing."""
    return b"".join(_store(key).stream(key, start, length))


def open_stream(key: str, start: int = 0) -> Iterator[bytes]:
    """The object's bytes from `start` in pieces of at most 1 MB, read as they are asked for. Raises Missing."""
    return _store(key).stream(key, start, None)


def size(key: str) -> int | None:
    """The object's bytes, None if there is no such object."""
    return _store(key).size(key)


def exists(key: str) -> bool:
    """Whether there is such an object."""
    return size(key) is not None


def delete_all(prefix: str) -> None:
    """Remove every object whose key begins with `prefix`, which ends with a `/`."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"not a prefix of keys: {prefix!r}")
    _backend().delete_all(prefix)


def upload_url(key: str, max_age: int = AGE) -> str:
    """Where a client PUTs this object without a token, for `max_age` seconds. A folder's is a file: url."""
    return _store(key).upload_url(key, max_age)


def download_url(key: str, filename: str, max_age: int = AGE) -> str:
    """Where a client reads this object without a token, for `max_age` seconds; a browser saves it as `filename`."""
    return _store(key).download_url(key, filename, max_age)


def begin(key: str, content_type: str = BINARY) -> str:
    """Begin an object that is written in parts, and becomes visible when complete; the id of the upload."""
    return _store(key).begin(key, content_type)


def part(key: str, upload_id: str, number: int, data: bytes) -> str:
    """Write part `number` (from 1), at least `_objects.PART` bytes unless the last; the tag that `complete` asks for.

    Written again it replaces what it was. Raises Missing.
    """
    return _store(key).part(key, upload_id, number, data)


def complete(key: str, upload_id: str, parts: Sequence[str]) -> None:
    """Make the object of the parts with these tags, in their order. Once more does no harm. Raises Missing."""
    _store(key).complete(key, upload_id, parts)


def abort(key: str, upload_id: str) -> None:
    """Forget an upload; also one that is complete or forgotten already."""
    _store(key).abort(key, upload_id)


def _store(key: str) -> _objects.Store:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of an object: {key!r}")
    return _backend()


def _backend() -> _objects.Store:
    return _made(*config.storage())


@cache
def _made(backend: str, place: str) -> _objects.Store:
    # Loaded here: most functions never touch a file.
    if backend == "s3":
        from chalicelib.adapters._bucket import Bucket

        return Bucket(place)
    if backend == "file":
        from chalicelib.adapters._folder import Folder

        return Folder(place)
    raise ValueError(f"STORAGE names no known backend (s3, file): {backend!r}")
