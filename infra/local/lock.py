"""One machine per data folder: a lock that the kernel drops when its holder and the holder's children are gone."""

import fcntl
import os
import time
from pathlib import Path

from infra.local.children import end_leftovers

LEAVE_SECONDS = 5  # a killed machine's children may need this long to save and go


class LockedError(Exception):
    """Another machine runs on the folder. The text is one line, fit for a terminal."""


class Lock:
    """Holds `folder`; its `descriptor` may be inherited by children, which then hold it too."""

    def __init__(self, folder: Path, leftovers: Path) -> None:
        """Take the lock. Raises LockedError. `leftovers` is where the children of a killed machine left their pids."""
        folder.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take(folder, leftovers)
        except BaseException:
            os.close(self.descriptor)
            raise
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let the next one in."""
        os.close(self.descriptor)

    def _take(self, folder: Path, leftovers: Path) -> None:
        deadline = time.monotonic() + LEAVE_SECONDS
        while not self._try():
            if holder := self._holder():
                raise LockedError(f"another machine (process {holder}) runs on {folder}; set DATA_DIR for a second one")
            if time.monotonic() > deadline:
                end_leftovers(leftovers)
                deadline += LEAVE_SECONDS
            time.sleep(0.05)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int | None:
        """The process that wrote its id into the lock, if it lives; else only its children are left."""
        written = os.pread(self.descriptor, 20, 0)
        try:
            os.kill(int(written), 0)
        except (ValueError, ProcessLookupError):
            return None
        except PermissionError:
            pass
        return int(written)
