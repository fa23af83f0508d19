"""Lines of a byte stream, decoded one at a time, that know at which byte they are: reading can be taken up again there.

The bytes are split before they are decoded, so that a place in the file is a number of bytes, and one line that is
broken does not spoil the next. That works for every encoding in which the byte of a line end means nothing else.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from chalicelib.services.importing.encodings import Encoding
from chalicelib.services.importing.rows import refused

LONGEST: Final = 1024 * 1024  # bytes of one line, which is what memory may grow by
BROKEN: Final = "\ufffd"  # stands where bytes meant nothing in this encoding


class Lines:
    """An iterator of lines, each with its line end. `offset` and `number` tell what was handed out so far.

    `blocks` begin at the byte `offset` of the file, which has to be one of those told before (0 for the beginning).
    """

    def __init__(
        self, blocks: Iterable[bytes], encoding: Encoding, *, offset: int = 0, number: int = 0, end: str = "\n"
    ) -> None:
        self.offset = offset
        self.number = number
        self._encoding = encoding
        self._raw = _split(iter(blocks), end.encode(encoding.name), encoding.width, self)
        self._skip = encoding.skip if offset == 0 else 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = next(self._raw)
        self.offset += len(raw)
        self.number += 1
        if self._skip:
            raw, self._skip = raw[self._skip :], 0
        return raw.decode(self._encoding.name, "replace")


def line_end(head: bytes, encoding: Encoding) -> str:
    r"""`\n`, or `\r` for the old files of Macs, by the first bytes of a file."""
    text = head[: len(head) - len(head) % encoding.width].decode(encoding.name, "replace")
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _split(blocks: Iterator[bytes], end: bytes, width: int, lines: Lines) -> Iterator[bytes]:
    kept = b""
    for block in blocks:
        kept += block
        *whole, kept = kept.split(end) if width == 1 else _split_wide(kept, end, width)
        for line in whole:
            yield line + end
        if len(kept) > LONGEST:
            raise refused("line_too_long", f"Line {lines.number + 1} is longer than {LONGEST} bytes.")
    if kept:
        yield kept


def _split_wide(data: bytes, end: bytes, width: int) -> list[bytes]:
    """As `split`, but only where a code unit begins."""
    parts, start, at = [], 0, data.find(end)
    while at >= 0:
        if at % width == 0:
            parts.append(data[start:at])
            start = at + width
            at = data.find(end, start)
        else:
            at = data.find(end, at + 1)
    return [*parts, data[start:]]
