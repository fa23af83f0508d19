"""Rows of a CSV file: read as a stream, checked as strictly as a file can be that people made.

What makes the rest of the file doubtful - a quote that never closes, a header twice - refuses the file. What is wrong
with one row only fails that row.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from chalicelib.services.importing.lines import BROKEN, Lines
from chalicelib.services.importing.rows import Row, refused

MAX_COLUMNS: Final = 250
MAX_HEADER: Final = 200  # characters
DELIMITERS: Final = (",", ";", "\t")
_SAMPLE: Final = 25  # lines
_NUL: Final = "\x00"


def delimiter(lines: Iterable[str]) -> str:
    r"""What separates the cells: the sign by which the first lines fall into equally many. `sep=;` says so itself."""
    sample = list(islice(lines, _SAMPLE))
    if sample and (said := _said(sample[0])):
        return said

    def score(sign: str) -> tuple[bool, float, int]:
        try:
            found = [len(row) for row in csv.reader(sample, delimiter=sign) if row]
        except csv.Error:
            return False, 0.0, 0
        columns = found[0] if found else 0
        return columns > 1, sum(count == columns for count in found) / max(len(found), 1), columns

    return max(DELIMITERS, key=score)


def header(lines: Lines, sign: str) -> list[str]:
    """The names of the columns, trimmed. Raises `Invalid` for a header that does not name each column once."""
    reader = _Records(lines, sign)
    first = next(reader, None)
    if first is not None and isinstance(first.data, list) and _said(sign.join(first.data)):
        first = next(reader, None)
    if first is None:
        raise refused("empty", "The file is empty.")
    if first.flaw is not None:
        raise refused(first.flaw[0], f"The header cannot be read: {first.flaw[1]}")
    names = [name.strip() for name in first.data]
    if len(names) > MAX_COLUMNS:
        raise refused("too_many_columns", f"The file has {len(names)} columns; at most {MAX_COLUMNS} are taken.")
    for number, name in enumerate(names, 1):
        if not name:
            raise refused("empty_header", f"Column {number} has no name in the header.")
        if len(name) > MAX_HEADER:
            raise refused("header_too_long", f"The name of column {number} has more than {MAX_HEADER} characters.")
    for name, times in Counter(names).items():
        if times > 1:
            columns = ", ".join(str(number) for number, one in enumerate(names, 1) if one == name)
            raise refused("repeated_header", f"The header {name!r} stands over more than one column: {columns}.")
    return names


def rows(lines: Lines, sign: str, columns: int) -> Iterator[Row]:
    """The rows below the header; empty ones are left out. Raises `Invalid` where the file is broken."""
    for row in _Records(lines, sign):
        if row.flaw is not None:
            yield row
        elif any(map(str.strip, row.data)):
            yield row if len(row.data) == columns else _uneven(row, columns)


class _Records:
    """Records of the csv module, each with the line it begins in."""

    def __init__(self, lines: Lines, sign: str) -> None:
        self._lines = lines
        self._taken: list[str] = []
        self._reader = csv.reader(self._noting(), delimiter=sign, strict=True)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        start = self._lines.number + 1
        self._taken.clear()
        try:
            cells = next(self._reader)
        except csv.Error as error:
            return self._broken(start, str(error))
        return Row(start, cells, _unreadable(cells))

    def _noting(self) -> Iterator[str]:
        for line in self._lines:
            self._taken.append(line)
            yield line

    def _broken(self, start: int, said: str) -> Row:
        ended = "unexpected end" in said or "field larger" in said
        opened = start + _line_of_open_quote(self._taken if ended else self._taken[:-1])
        if "field larger" in said:
            raise refused("cell_too_long", f"A cell that begins in line {opened} has more than 131072 characters.")
        if "unexpected end" in said or len(self._taken) > 1:
            # Nobody can tell any more where the next row begins.
            raise refused("unclosed_quote", f"A quote that opens in line {opened} is never closed.")
        return Row(start, [self._taken[0].rstrip("\r\n")], ("quote", "A quote stands where none can be."))


def _line_of_open_quote(lines: list[str]) -> int:
    """How many lines after the first of a record the quote opens that is still open at the end of these lines.

    A doubled quote closes and opens in the same place, which comes to the same.
    """
    opened, inside = 0, False
    for number, line in enumerate(lines):
        for _ in range(line.count('"')):
            inside = not inside
            opened = number if inside else opened
    return opened


def _unreadable(cells: list[str]) -> tuple[str, str] | None:
    together = "".join(cells)
    if _NUL in together:
        return "nul", "There is a NUL byte in this row."
    if BROKEN in together:
        return "encoding", "There are bytes in this row that mean nothing in the encoding of the file."
    return None


def _uneven(row: Row, columns: int) -> Row:
    few = "too_few_cells" if len(row.data) < columns else "too_many_cells"
    return row._replace(flaw=(few, f"The row has {len(row.data)} cells; the header names {columns} columns."))


def _said(line: str) -> str | None:
    """The delimiter of Excel's own first line, such as `sep=;`."""
    text = line.strip('\r\n "')
    return text[4] if len(text) == 5 and text.lower().startswith("sep=") else None
