"""Which of several addresses or numbers counts. They stand in the order in which somebody gave them."""

from collections.abc import Sequence
from typing import Any


def of(several: Sequence[Any] | None, part: str) -> str | None:
    """This part of the primary entry, wherever it stands, as every list that is kept has one; None of no list."""
    chosen = next((one for one in several or () if one.get("primary")), several[0] if several else {})
    return str(chosen.get(part) or "") or None
