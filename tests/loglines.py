"""The log as tests read it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib import observability


class Lines(logging.Handler):
    """Keeps log records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def fields(self, message: str, level: int = logging.INFO) -> list[dict[str, Any]]:
        """The fields of each line with this message at this level."""
        return [
            vars(line).get("fields", {})
            for line in self.records
            if line.getMessage() == message and line.levelno == level
        ]


@contextmanager
def heard() -> Iterator[Lines]:
    """What the house logs inside."""
    lines = Lines()
    observability.log.addHandler(lines)
    try:
        yield lines
    finally:
        observability.log.removeHandler(lines)
