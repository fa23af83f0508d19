"""Places in an order that people arrange by hand, as text: one is found between any two without touching the others.

A rank is a whole number of fixed width and, where two neighbours leave none between them, a fraction behind it; both in
digits that sort as ASCII does. Appending or putting first counts on in steps, so that ranks do not grow by that.
"""

import random
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE: Final = len(_DIGITS)
_WIDTH: Final = 8
_MIDDLE: Final = _BASE**_WIDTH // 2
STEP: Final = 1 << 24  # six million cards can be appended, and as many be put first
LONGEST: Final = 32  # characters, beyond which the cards around are to be given fresh ranks


def between(low: str | None, high: str | None) -> str:
    """A rank after `low` and before `high` (None: there is none). Raises ValueError unless `low` sorts before `high`.

    Two who ask for the same place at once get different ranks, but for one in millions.
    """
    if low is not None and high is not None and low >= high:
        raise ValueError("there is nothing between them")
    if low is None and high is None:
        return _whole(_MIDDLE)
    if high is None:
        return _whole(_number(low or "") + _about(STEP))
    if low is None:
        return _whole(_number(high) - _about(STEP))
    first, last = _number(low), _number(high)
    if last - first > 1:
        return _whole(first + _about((last - first) // 2, within=last - first - 1))
    return low[:_WIDTH] + _fraction(low[_WIDTH:], high[_WIDTH:] if first == last else None)


def spread(count: int) -> list[str]:
    """So many ranks in order, a step apart, around the middle."""
    first = _MIDDLE - count // 2 * STEP
    return [_whole(first + number * STEP) for number in range(count)]


def _about(number: int, within: int | None = None) -> int:
    """The number give or take a quarter of it, at least 1, and at most `within`."""
    found = number + random.randint(-(number // 4), number // 4)  # noqa: S311 - to avoid ties, no secret
    return max(1, found if within is None else min(found, within))


def _number(rank: str) -> int:
    number = 0
    for digit in rank[:_WIDTH]:
        number = number * _BASE + _DIGITS.index(digit)
    return number


def _whole(number: int) -> str:
    number = min(max(number, 0), _BASE**_WIDTH - 1)
    found = ""
    for _ in range(_WIDTH):
        number, digit = divmod(number, _BASE)
        found = _DIGITS[digit] + found
    return found


def _fraction(low: str, high: str | None) -> str:
    """Digits that sort after `low` and, if there is one, before `high`; the last of them is never the lowest digit."""
    found = ""
    while True:
        first = _DIGITS.index(low[0]) if low else 0
        last = _DIGITS.index(high[0]) if high else _BASE
        if last - first > 1:
            return found + _DIGITS[(first + last) // 2]
        found += _DIGITS[first]
        low, high = low[1:], (high[1:] or None) if high and last == first else None
