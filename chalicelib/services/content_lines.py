"""Content lines, of which vCards (RFC 2426, 2.6) and calendars (RFC 5545, 3.1) are made."""

from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 75  # octets of a line
_SPECIAL: Final = str.maketrans(
    {
        **{number: None for number in (*range(0x20), 0x7F) if chr(number) not in "\t\n"},  # which neither allows
        "\\": "\\\\",
        ";": "\\;",
        ",": "\\,",
        "\n": "\\n",
    }
)


def text(value: str) -> str:
    """A value of type TEXT."""
    return value.translate(_SPECIAL)


def parameter(value: str) -> str:
    """A parameter's value within quotes, which it cannot have; line breaks and quotes as RFC 6868 has them."""
    return '"' + value.replace("^", "^^").replace("\n", "^n").replace('"', "^'") + '"'


def written(lines: Iterable[str]) -> str:
    """The lines as a file, with line ends as the standards have them."""
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _folded(line: str) -> str:
    """Broken into lines of at most 75 octets, never within a character."""
    pieces, piece, size = [], "", 0
    for sign in line:
        width = len(sign.encode(errors="replace"))
        if size + width > _LONGEST:
            pieces.append(piece)
            piece, size = " ", 1
        piece += sign
        size += width
    return "\r\n".join([*pieces, piece])
