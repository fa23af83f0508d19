"""Keeps events flowing on one machine: threads that deliver stream records, queue messages and minutes to handlers."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local import minutes
from infra.local.activity import Activity
from infra.local.calls import Handler
from infra.local.feed import Feed
from infra.local.work import Worker

log = logging.getLogger("tendril.local")

LOOK_SECONDS = 0.5  # between looks at stream and queue when nobody reports a write; a look costs a few ms
# Least time between two looks at the queue. No long polling: the emulated cloud looks into its queue every 100 ms only,
# and does not end before a waiting request is answered; this process knows itself when something may have been sent.
QUEUE_SECONDS = 0.05
TROUBLE_SECONDS = 1.0  # pause after an emulator did not answer
STATUS_SECONDS = 0.03  # between two looks of somebody who waits for idle


class Pump:
    """Runs `feed`, `worker` and the schedule until `stop()`."""

    def __init__(
        self, feed: Feed, worker: Worker, on_minute: Handler, activity: Activity, now: Callable[[], datetime]
    ) -> None:
        self._feed, self._worker, self._on_minute = feed, worker, on_minute
        self._activity, self._now = activity, now
        self._stopping = threading.Event()
        self._stream_wakes, self._queue_wakes = threading.Event(), threading.Event()
        activity.on_write(self._wake)
        loops = {"stream": self._stream, "queue": self._queue, "minute": self._minute}
        self._threads = [
            threading.Thread(target=self._forever, args=(loop,), name=name, daemon=True) for name, loop in loops.items()
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 3) -> None:
        """Stop; handlers that run may end, but not for longer than `seconds`."""
        self._stopping.set()
        self._wake()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def tick(self) -> bool:
        """Run the minute schedule now; returns whether it succeeded."""
        with self._activity.handler():
            return minutes.fire(self._on_minute, self._now)

    def status(self) -> dict[str, Any]:
        """Whether nothing is left to do, and if not, what."""
        running, begun = self._activity.snapshot()
        lag = self._feed.lag()
        queued, hidden = self._worker.depth()
        # Counted one after the other, the numbers only belong together if no handler ran meanwhile.
        quiet = (running, begun) == self._activity.snapshot()
        counts = {"stream_lag": lag, "queued": queued, "in_flight": max(running, hidden)}
        return {"idle": quiet and not any(counts.values()), **counts}

    def wait(self, seconds: float) -> dict[str, Any]:
        """The status as soon as it is idle, at the latest after `seconds`."""
        deadline = time.monotonic() + seconds
        while not (status := self.status())["idle"] and time.monotonic() < deadline:
            time.sleep(STATUS_SECONDS)
        return status

    def _wake(self) -> None:
        self._stream_wakes.set()
        self._queue_wakes.set()

    def _stream(self) -> None:
        self._stream_wakes.wait(LOOK_SECONDS)
        self._stream_wakes.clear()
        if not self._stopping.is_set():
            self._feed.drain()

    def _queue(self) -> None:
        self._queue_wakes.wait(LOOK_SECONDS)
        self._queue_wakes.clear()
        while not self._stopping.is_set() and self._worker.step_aside():
            pass
        self._stopping.wait(QUEUE_SECONDS)

    def _minute(self) -> None:
        if not self._stopping.wait(minutes.until_next()):
            self.tick()

    def _forever(self, step: Callable[[], object]) -> None:
        """Repeat `step`; an emulator that is gone for a moment must not end the thread."""
        while not self._stopping.is_set():
            try:
                step()
            except Exception:
                if not self._stopping.is_set():
                    log.exception("the pump stumbled and goes on")
                self._stopping.wait(TROUBLE_SECONDS)
