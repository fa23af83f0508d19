"""One machine per data folder, by locks that the kernel drops when their holders are gone, however they went."""

import fcntl
import os
import sys
import time
from pathlib import Path

from infra.local.children import end_leftovers

DYING_SECONDS = 0.5  # a process that was killed a moment ago still holds its lock
# Its children may need this long to save and go; where no kernel tells them to, waiting is of no use.
LEAVE_SECONDS = 5.0 if sys.platform.startswith("linux") else 0.0


class LockedError(Exception):
    """Another machine runs on the folder. The text is one line, fit for a terminal."""


class Lock:
    """Holds `folder` by two locks: one is this process's alone, `descriptor` is for the children to inherit."""

    def __init__(self, folder: Path, leftovers: Path) -> None:
        """Take the locks. Raises LockedError. `leftovers` is where the children of a killed machine left their pids."""
        folder.mkdir(parents=True, exist_ok=True)
        self._machine = _open(folder / "machine.lock")
        self.descriptor = _open(folder / "children.lock")
        try:
            self._take_machine(folder)
            self._take_children(folder, leftovers)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let the next one in."""
        os.close(self.descriptor)
        os.close(self._machine)

    def _take_machine(self, folder: Path) -> None:
        if not _taken(self._machine, DYING_SECONDS):
            holder = os.pread(self._machine, 20, 0).decode(errors="replace")
            raise LockedError(f"another machine (process {holder}) runs on {folder}; set DATA_DIR for a second one")
        os.ftruncate(self._machine, 0)
        os.pwrite(self._machine, str(os.getpid()).encode(), 0)

    def _take_children(self, folder: Path, leftovers: Path) -> None:
        if not _taken(self.descriptor, LEAVE_SECONDS):
            end_leftovers(leftovers)
            if not _taken(self.descriptor, LEAVE_SECONDS):
                raise LockedError(f"an emulator of an earlier run still uses {folder} and cannot be ended")


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)


def _taken(descriptor: int, seconds: float) -> bool:
    """Try to lock for `seconds`; returns whether that succeeded."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        else:
            return True
