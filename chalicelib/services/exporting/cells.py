"""Cells of a CSV file: values as text that spreadsheets leave alone, and that our own import turns back without loss.

A cell that a spreadsheet would take for a formula gets an apostrophe, and so does one that looks as if it had got one
(OWASP, "CSV Injection"). A list of plain words is joined by semicolons; whatever has more structure is JSON.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

FORMULA: Final = "=+-@\t\r"
_MARKED: Final = re.compile(rf"'*[{re.escape(FORMULA)}]")
_JOINT: Final = re.compile(r"[;,|\n\r\[\]{}]|^\s|\s$|^$")


def harmless(text: str) -> str:
    """The text as a cell in which nothing is calculated."""
    return f"'{text}" if _MARKED.match(text) else text


def plain(cell: str) -> str:
    """The inverse of `harmless`."""
    return cell[1:] if cell.startswith("'") and _MARKED.match(cell) else cell


def written(value: Any) -> str:
    """A value as the text of a cell, not yet harmless; nothing for what is empty."""
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list) and all(isinstance(one, str) and not _JOINT.search(one) for one in value):
        return "; ".join(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)


def structured(text: str) -> Any:
    """What a cell in JSON says, None for one that is not. The inverse of `written` for lists and objects."""
    if text[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: float) -> str:
    """Without an exponent, which other programs may not read."""
    return format(Decimal(repr(value)), "f")
