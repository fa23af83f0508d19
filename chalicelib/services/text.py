"""Text as people compare it: without case, accents and stray spaces."""

import unicodedata


def line(text: str) -> str:
    """The text as one line, as it can stand in the header of a mail: line breaks, and NUL, become spaces."""
    return " ".join(text.replace("\0", " ").split())


def folded(text: str, length: int = 100) -> str:
    """The form in which names are sorted and compared, cut to `length` characters (index keys are limited to 1 KB).

    Compatibility decomposition without the combining marks, then full case folding (Unicode standard, sections 3.13
    and 15).
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return " ".join(plain.casefold().split())[:length].rstrip()
