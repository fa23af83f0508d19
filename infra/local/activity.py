"""Counts the handlers that run, so that the machine can tell for sure when nothing is left to do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """What runs now, and how many runs there were; wakes those who wait for something to have run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._begun = 0
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def handler(self, writes: bool = True) -> Iterator[None]:
        """Around one handler call. When it ends, who waits for writes is woken, unless it only read."""
        with self._lock:
            self._running += 1
            self._begun += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= 1
            if writes:
                for listener in self._listeners:
                    listener()

    def snapshot(self) -> tuple[int, int]:
        """How many handlers run, and how many have begun since the start."""
        with self._lock:
            return self._running, self._begun

    def settle(self, seconds: float) -> None:
        """Wait until no handler runs, at most `seconds`."""
        deadline = time.monotonic() + seconds
        while self.snapshot()[0] and time.monotonic() < deadline:
            time.sleep(0.02)

    def on_write(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever a handler that may have written has ended."""
        self._listeners.append(listener)
