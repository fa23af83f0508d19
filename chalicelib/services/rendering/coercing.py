"""Any value as a text, a number or a list: what Liquid makes of it where one of these is needed, within bounds."""

import math
from collections.abc import Callable
from typing import Any, Final

from liquid.undefined import Undefined

from chalicelib.services.rendering.limits import VALUE, bounded, checked

Filter = Callable[..., Any]  # of a template

_DIGITS: Final = 18  # characters of a text that is read as a number


def text_of(value: Any) -> str:
    """A value as it is printed. Records and what is missing print nothing. Raises `Limit`."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | Undefined):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return "".join(text_of(one) for one in checked(value))
    if isinstance(value, range):
        return f"{value.start}..{value.stop - 1}"
    return str(value)


def number_of(value: Any) -> int | float:
    """A value as a number, 0 if it is none."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else 0
    if isinstance(value, str) and len(value) <= _DIGITS:
        for kind in (int, float):
            try:
                number: int | float = kind(value)
            except ValueError:
                continue
            return number if math.isfinite(number) else 0
    return 0


def list_of(value: Any) -> list[Any]:
    """A value as a list: one that is none is its only item. Raises `Limit`."""
    if isinstance(value, list | tuple | range):
        bounded(value)
        return list(value)
    if value is None or isinstance(value, Undefined):
        return []
    return [value]


def whole(value: Any, otherwise: int) -> int:
    """A value as a whole number that a text can have places for; `otherwise` if it is missing."""
    number = number_of(value) if not isinstance(value, Undefined) and value is not None else otherwise
    return max(-VALUE, min(VALUE, int(number)))
