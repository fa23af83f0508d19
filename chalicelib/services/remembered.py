"""What was looked up a moment ago, for work that writes many records in a row: owners, companies, mail domains.

Outside of `remembering` every question goes to the table.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_known: ContextVar[dict[Any, Any] | None] = ContextVar("known", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Ask each question once while this lasts. For a chunk of rows, not for a minute: what is known grows old."""
    token = _known.set({}) if _known.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _known.reset(token)


def ask(question: Any, answer: Callable[[], T]) -> T:
    """What `answer` says, or said before to the same (hashable) question. What it raises is not remembered."""
    known = _known.get()
    if known is None:
        return answer()
    if question not in known:
        known[question] = answer()
    found: T = known[question]
    return found
