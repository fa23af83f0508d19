"""Several calls that wait for a network at once, as one call of the house: its meter is counted by the one who asked.

The threads stay, as a connection that a thread keeps open is worth more than the thread.
"""

import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final, TypeVar

from chalicelib import observability
from chalicelib.observability import Meter

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 25  # at once in one process
_COUNTED: Final = ("rru", "wru", "mails", "messages", "http")
_busy: ContextVar[bool] = ContextVar("busy", default=False)
_lock = threading.Lock()
_pools: "list[ThreadPoolExecutor]" = []  # none or one


def each(do: Callable[[T], R], items: Sequence[T]) -> list[R | Exception]:
    """What `do` answers for each, or the `Exception` it raised, in their order."""
    if len(items) < 2:
        return _counted([copy_context().run(_tried, do, one) for one in items])
    from concurrent.futures import wait  # loaded by those who have several at once

    pool = _pool()
    waiting: list[Future[tuple[R | Exception, Meter]]] = [
        pool.submit(copy_context().run, _tried, do, one) for one in items
    ]
    wait(waiting)  # also where one of them ends everything, so that none goes on behind our back
    return _counted([one.result() for one in waiting])


def busy() -> bool:
    """Whether this is one of several calls, with more to come: then a connection is worth keeping."""
    return _busy.get()


def _tried(do: Callable[[T], R], one: T) -> tuple[R | Exception, Meter]:
    """With a meter of its own: adding to one from several threads would lose some."""
    _busy.set(True)  # in the context of this call alone
    with observability.measured(observability.meter().purpose) as meter:
        try:
            return do(one), meter
        except Exception as error:  # noqa: BLE001 - told to the caller, one by one
            return error, meter


def _counted(found: Sequence[tuple[R | Exception, Meter]]) -> list[R | Exception]:
    ours = observability.meter()
    for _, meter in found:
        for name in _COUNTED:
            setattr(ours, name, getattr(ours, name) + getattr(meter, name))
    return [answer for answer, _ in found]


def _pool() -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor

    with _lock:
        if not _pools:
            _pools.append(ThreadPoolExecutor(MOST, thread_name_prefix="hand"))
        return _pools[0]
