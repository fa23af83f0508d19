"""One row of an upload, before anybody knows what it means, and how a whole file is refused."""

from typing import NamedTuple

from chalicelib import errors


class Row(NamedTuple):
    """`line` is the first physical line (from 1) of a row; `data` its cells, or its text if it has no columns.

    `flaw` is (code, sentence) of what keeps the row from being understood; others may still be imported.
    """

    line: int
    data: list[str] | str
    flaw: tuple[str, str] | None = None


def refused(code: str, sentence: str) -> errors.Invalid:
    """The file as a whole cannot be taken; nothing of it is imported."""
    return errors.invalid("/content", code, sentence)
