"""The environment's secret store: SSM parameters in the cloud, files that only their owner reads on one machine."""

import os
import re
from pathlib import Path
from typing import Final, Protocol

from chalicelib import config
from chalicelib.adapters import _aws

_NAME = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")  # no dots, so no way out of the folder


class Store(Protocol):
    """What a backend does. `place` is the prefix of the parameters, or the folder of the files."""

    def __init__(self, place: str) -> None: ...
    def read(self, name: str) -> str | None: ...  # noqa: D102 - as the public functions below
    def write(self, name: str, value: str) -> None: ...  # noqa: D102 - as the public functions below
    def create(self, name: str, value: str) -> bool: ...  # noqa: D102 - as the public functions below


def read(name: str) -> str | None:
    """The secret of this name, or None. Raises ValueError for a name not made of letters, digits, `_`, `-` and `/`."""
    return _store(name).read(name)


def write(name: str, value: str) -> None:
    """Set the secret. Readers see the old value or the new one, never a part. Raises ValueError as `read`."""
    _store(name).write(name, value)


def create(name: str, value: str) -> bool:
    """Set the secret if there is none, and say whether that was so: of many callers at once exactly one gets True.

    Raises ValueError as `read`.
    """
    return _store(name).create(name, value)


class _Parameters:
    """SecureString parameters under the account's own free key; up to 4 KB each, free of charge."""

    def __init__(self, place: str) -> None:
        self._prefix = place.rstrip("/")
        self._ssm = _aws.client("ssm")

    def read(self, name: str) -> str | None:
        try:
            answer = self._ssm.get_parameter(Name=self._path(name), WithDecryption=True)
        except self._ssm.exceptions.ParameterNotFound:
            return None
        return str(answer["Parameter"]["Value"])

    def write(self, name: str, value: str) -> None:
        self._ssm.put_parameter(Name=self._path(name), Value=value, Type="SecureString", Overwrite=True)

    def create(self, name: str, value: str) -> bool:
        try:
            self._ssm.put_parameter(Name=self._path(name), Value=value, Type="SecureString", Overwrite=False)
        except self._ssm.exceptions.ParameterAlreadyExists:
            return False
        return True

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{name}"


class _Files:
    """One file a secret, mode 0600. It appears under its name only when whole and on disk."""

    def __init__(self, place: str) -> None:
        self._folder = Path(place)

    def read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_bytes().decode()
        except FileNotFoundError:
            return None

    def write(self, name: str, value: str) -> None:
        path = self._folder / name
        self._draft(path, value).replace(path)
        _flush(path.parent)

    def create(self, name: str, value: str) -> bool:
        path = self._folder / name
        draft = self._draft(path, value)
        try:
            path.hardlink_to(draft)  # unlike a rename, fails if the name is taken
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        _flush(path.parent)
        return True

    def _draft(self, path: Path, value: str) -> Path:
        import tempfile

        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # mkstemp gives mode 0600; the dot keeps a draft that a crash left behind from ever being read as a secret.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value.encode())
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            Path(draft).unlink()
            raise
        return Path(draft)


def _flush(folder: Path) -> None:
    """Have the folder's entries on disk too, so that a secret once acknowledged survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


BACKENDS: Final[dict[str, type[Store]]] = {"ssm": _Parameters, "file": _Files}


def _store(name: str) -> Store:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of a secret: {name!r}")
    backend, place = config.secrets()
    if backend not in BACKENDS:
        raise ValueError(f"SECRETS names no known backend ({', '.join(BACKENDS)}): {backend!r}")
    return BACKENDS[backend](place)
