"""Which addresses a mail may lead to."""

import re
from html import unescape
from typing import Final

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
_NOISE: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]+")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*):")


def scheme(value: str) -> str:
    """The scheme of an address as it stands in HTML, in lower case, "" if it has none.

    Browsers ignore blanks and control characters in it, however many there are (WHATWG URL, 4.4), and so do we.
    """
    found = _SCHEME.match(_bare(value))
    return found[1].lower() if found else ""


def safe(value: str) -> bool:
    """Whether the address, as it stands in HTML, leads nowhere that a mail may not."""
    found = scheme(value)
    if found:
        return found in SCHEMES
    # Without a scheme it leads to a place of the page it is on, whatever colon comes later.
    return ":" not in re.split(r"[/?#]", _bare(value), maxsplit=1)[0]


def _bare(value: str) -> str:
    return _NOISE.sub("", unescape(value))
