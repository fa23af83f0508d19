"""Storage in a folder, for tests: what the bucket does, and as strict about the parts of an upload."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from chalicelib.adapters import _objects
from chalicelib.adapters._objects import PIECE, Missing


class Folder:
    """A key is a path below the folder; unfinished uploads lie in `.uploads`."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def put(self, key: str, data: bytes, _content_type: str) -> None:
        """It appears whole."""
        path = self._path(key)
        draft = self._drafts / secrets.token_hex(8)
        draft.write_bytes(data)
        draft.replace(path)

    def stream(self, key: str, start: int, length: int | None) -> Iterator[bytes]:
        """Pieces of the file."""
        try:
            file = (self._folder / key).open("rb")
        except FileNotFoundError:
            raise Missing(key) from None
        with file:
            file.seek(start)
            left = length if length is not None else os.fstat(file.fileno()).st_size
            while left > 0 and (piece := file.read(min(left, PIECE))):
                left -= len(piece)
                yield piece

    def size(self, key: str) -> int | None:
        """Of the file."""
        path = self._folder / key
        return path.stat().st_size if path.is_file() else None

    def delete_all(self, prefix: str) -> None:
        """The folder of this name."""
        shutil.rmtree(self._folder / prefix, ignore_errors=True)

    def upload_url(self, key: str, _max_age: int) -> str:
        """The file, whose folder is there."""
        return self._path(key).absolute().as_uri()

    def download_url(self, key: str, _filename: str, _max_age: int) -> str:
        """The file."""
        return (self._folder / key).absolute().as_uri()

    def begin(self, _key: str, _content_type: str) -> str:
        """A folder for the parts."""
        upload_id = secrets.token_hex(8)
        (self._drafts / f"{upload_id}.parts").mkdir()
        return upload_id

    def part(self, _key: str, upload_id: str, number: int, data: bytes) -> str:
        """A file."""
        folder = self._parts(upload_id)
        if not folder.is_dir():
            raise Missing(upload_id)
        (folder / str(number)).write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def complete(self, key: str, upload_id: str, parts: Sequence[str]) -> None:
        """The parts one after the other, if they are what the tags say."""
        folder = self._parts(upload_id)
        if not folder.is_dir():
            if self.size(key) is None:
                raise Missing(upload_id)
            return
        written = [(folder / str(number)).read_bytes() for number in range(1, len(parts) + 1)]
        if [hashlib.sha256(data).hexdigest() for data in written] != list(parts) or not parts:
            raise ValueError("the tags are not those of the parts")
        if any(len(data) < _objects.PART for data in written[:-1]):
            raise ValueError(f"a part below {_objects.PART} bytes that is not the last one")
        self.put(key, b"".join(written), "")
        self.abort(key, upload_id)

    def abort(self, _key: str, upload_id: str) -> None:
        """The parts are gone."""
        shutil.rmtree(self._parts(upload_id), ignore_errors=True)

    @property
    def _drafts(self) -> Path:
        folder = self._folder / ".uploads"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _parts(self, upload_id: str) -> Path:
        return self._drafts / f"{upload_id}.parts"

    def _path(self, key: str) -> Path:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
