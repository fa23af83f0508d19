"""Rows of files without columns: JSON lines, one object to a line, and vCards, one to a block of lines.

Only cut apart here; what is inside is read row by row later, so that one broken row fails alone.
"""

import re
from collections.abc import Iterator
from typing import Final

from chalicelib.services.importing.lines import BROKEN, Lines
from chalicelib.services.importing.rows import Row, refused

_MAX_CARD: Final = 128 * 1024  # characters, pictures not counted
_PICTURE: Final = re.compile(r"(?i)(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:]")
_NUL: Final = "\x00"


def jsonl(lines: Lines) -> Iterator[Row]:
    """Each line that is not empty."""
    for line in lines:
        if text := line.strip():
            yield _checked(lines.number, text)


def vcards(lines: Lines) -> Iterator[Row]:
    """Each card without its pictures. Raises `Invalid` for what is no card, and for a card that does not end."""
    card: list[str] = []
    began, size, picture = 0, 0, False
    for line in lines:
        sign = line.strip().upper()
        if not card:
            if sign == "BEGIN:VCARD":
                card, began, size, picture = [line], lines.number, 0, False
            elif sign:
                raise refused("not_a_vcard", f"Line {lines.number} does not belong to a vCard.")
            continue
        if sign == "BEGIN:VCARD":
            break
        picture = bool(_PICTURE.match(line)) or (picture and _goes_on(line))
        if not picture:
            card.append(line)
            size += len(line)
        if size > _MAX_CARD:
            sentence = f"The vCard that begins in line {began} has more than {_MAX_CARD} characters."
            raise refused("card_too_long", sentence)
        if sign == "END:VCARD":
            yield _checked(began, "".join(card))
            card = []
    if card:
        raise refused("unclosed_card", f"The vCard that begins in line {began} does not end.")


def _goes_on(line: str) -> bool:
    """Whether it belongs to the picture above: folded, or base64 of version 2.1, which ends with an empty line."""
    return line[:1] in (" ", "\t") or not line.strip() or ":" not in line


def _checked(line: int, text: str) -> Row:
    if _NUL in text:
        return Row(line, text.replace(_NUL, ""), ("nul", "There is a NUL byte in this row."))
    if BROKEN in text:
        sentence = "There are bytes in this row that mean nothing in the encoding of the file."
        return Row(line, text, ("encoding", sentence))
    return Row(line, text)
