"""Which encoding a file is in: its byte order mark, strict UTF-8, the look of UTF-16, then a guess that is owned up to.

Files come from Excel (Windows code pages, UTF-16), from other systems (UTF-8) and from people who do not know. Who
does may name the encoding; then nothing is guessed.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from chalicelib import errors

# Byte order marks, the longer ones first: that of UTF-32 begins like that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What may be named: encodings of text whose line ends can be told from the bytes alone.
_WIDE: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_KNOWN: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "ascii", "mac_roman", "koi8-r", "koi8-u", "cp437", "cp850", "cp852"),
        *(f"cp125{number}" for number in range(9)),
        *(f"iso8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16)),
        *("shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "gb18030", "gbk", "gb2312", "big5", "cp950"),
        *_WIDE,
    )
)
_FALLBACK: Final = "cp1252"
# Where the code page of the West makes nonsense: what files of other regions are in, one of each.
_REGIONS: Final = ("cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp932", "gb18030", "big5")
_SAMPLE: Final = 64 * 1024  # bytes that a guess looks at
_LOOK: Final = 8 * 1024  # bytes that charset-normalizer looks at: it takes a second for a hundred times as many
_NUL_SHARE: Final = 0.3  # of every second byte: text in a Latin alphabet as UTF-16
_FOREIGN: Final = re.compile(r"[^\W\d_a-zA-Z]{3,}")  # letters with accents in a row, as no Western language has them
_ODD: Final = re.compile(r"[\x80-\x9f¡-¦¨ª¬¯±-¶¸-º¼-¾×÷ÐÞðþ¿]")  # what stands in a name only by mistake


class Encoding(NamedTuple):
    """`name` as Python knows it, `skip` bytes of byte order mark, and whether it was only guessed."""

    name: str
    skip: int = 0
    guessed: bool = False

    @property
    def width(self) -> int:
        """Bytes of one code unit."""
        return {"utf-16": 2, "utf-32": 4}.get(self.name[:6], 1)


def named(name: str) -> str:
    """The encoding that the caller named, as Python knows it. Raises `Invalid` for one that is not read here."""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        known = ""
    if known == "utf-8-sig":
        return "utf-8"
    if known in ("utf-16", "utf-32"):  # the byte order is in the mark, or else the one of Windows
        return f"{known}-le"
    if known not in _KNOWN:
        raise errors.invalid("/encoding", "unknown", "Text in this encoding cannot be read here.")
    return known


def detect(blocks: Iterable[bytes], wanted: str | None = None) -> Encoding:
    """The encoding of a stream. One pass, in constant memory; `wanted` is what the caller named."""
    stream = iter(blocks)
    head = b""
    for block in stream:
        head += block
        if len(head) >= 4096:
            break
    for mark, name in _MARKS:
        if head.startswith(mark) and (wanted is None or _same_family(wanted, name)):
            return Encoding(name, len(mark))
    if wanted is not None:
        return Encoding(wanted)
    if wide := _wide(head[:4096]):
        return Encoding(wide)
    strange = _beyond_utf8(chain([head], stream))
    return Encoding("utf-8") if strange is None else Encoding(_guess(strange), guessed=True)


def _same_family(wanted: str, name: str) -> bool:
    """Whether the mark fits what was named; UTF-16 of whichever order is what the mark says."""
    return wanted[:6] == name[:6]


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL in every second byte."""
    pairs = len(head) // 2
    if pairs == 0:
        return None
    even, odd = head[: 2 * pairs : 2].count(0) / pairs, head[1 : 2 * pairs : 2].count(0) / pairs
    if odd >= _NUL_SHARE and even < odd / 4:
        return "utf-16-le"
    return "utf-16-be" if even >= _NUL_SHARE and odd < even / 4 else None


def _beyond_utf8(blocks: Iterable[bytes]) -> bytes | None:
    """None if all of it is UTF-8; else lines of it that are not ASCII, for a guess."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream, seen = iter(blocks), bytearray()
    for block in stream:
        _collect(seen, block)
        try:
            decoder.decode(block)
        except UnicodeDecodeError:
            return bytes(_more(seen, stream))
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return bytes(seen)
    return None


def _more(seen: bytearray, stream: Iterator[bytes]) -> bytearray:
    for block in stream:
        if len(seen) >= _SAMPLE:
            break
        _collect(seen, block)
    return seen


def _collect(seen: bytearray, block: bytes) -> None:
    if len(seen) < _SAMPLE and not block.isascii():
        for line in block.splitlines(keepends=True):
            if not line.isascii():
                seen += line[:1000]
                if len(seen) >= _SAMPLE:
                    return


def _guess(strange: bytes) -> str:
    """The Windows code page of the West unless it makes nonsense; only then is charset-normalizer asked (40 ms)."""
    try:
        text = strange.decode(_FALLBACK)
    except UnicodeDecodeError:
        text = ""
    odd = len(_ODD.findall(text)) + sum(map(len, _FOREIGN.findall(text)))
    beyond = sum(not sign.isascii() for sign in text)
    if text and odd <= beyond / 10:
        return _FALLBACK
    from charset_normalizer import from_bytes

    best = from_bytes(strange[:_LOOK], cp_isolation=[*_REGIONS, "cp949"]).best()
    return codecs.lookup(best.encoding).name if best is not None else _FALLBACK
