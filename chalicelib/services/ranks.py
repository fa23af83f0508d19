"""Places in an order that people arrange by hand, as text: one is found between any two without touching the others.

A rank is a whole number of fixed width and, where two neighbours leave none between them, a fraction behind it; both in
digits that sort as ASCII does. Appending or putting first counts on in steps, so that ranks do not grow by that. Where
many are put into one and the same gap, ranks grow by a digit for every few of them, until those around are spread anew.
"""

import random
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE: Final = len(_DIGITS)
_WIDTH: Final = 8
_LAST: Final = _BASE**_WIDTH - 1
_MIDDLE: Final = _BASE**_WIDTH // 2
STEP: Final = 1 << 24  # six million cards can be appended, and as many be put first, before fractions begin
LONGEST: Final = 32  # characters, beyond which the cards around are to be given fresh ranks


def between(low: str | None, high: str | None) -> str:
    """A rank after `low` and before `high` (None: there is none). Raises ValueError unless `low` sorts before `high`.

    Two who ask for the same place at once get different ranks, but for one in millions, or one in a few where ranks
    are crowded already: whoever keeps ranks has to take two equal ones.
    """
    if low is not None and high is not None and low >= high:
        raise ValueError("there is nothing between them")
    if low is None and high is None:
        return _whole(_MIDDLE)
    # What lies beyond the first and the last card is as wide as two steps, but not wider than there are numbers.
    first = max(0, _number(high or "") - 2 * STEP) if low is None else _number(low)
    last = min(_LAST + 1, first + 2 * STEP) if high is None else _number(high)
    if last - first > 1:
        return _whole(first + _about((last - first) // 2, within=last - first - 1))
    start = _whole(first)
    return start + _fraction(low[_WIDTH:] if low else "", high[_WIDTH:] if high and first == last else None)


def spread(count: int, low: str | None = None, high: str | None = None) -> list[str]:
    """So many ranks in order after `low` and before `high`, as far apart and so as short as can be.

    With neither of the two they stand a step apart around the middle. Raises ValueError unless `low` sorts before
    `high`.
    """
    if low is not None and high is not None and low >= high:
        raise ValueError("there is nothing between them")
    if low is None or high is None:
        return _beyond(count, low, high)
    digits = _WIDTH
    while (room := _digits(high, digits) - (first := _digits(low, digits))) <= count:
        digits += 1
    return [_text(first + number * room // (count + 1), digits) for number in range(1, count + 1)]


def _beyond(count: int, low: str | None, high: str | None) -> list[str]:
    """As `spread`, where the board ends on one side or on both: a step apart while there are numbers."""
    if low is not None:
        first = _number(low) + STEP
    elif high is not None:
        first = _number(high) - count * STEP  # the last of them a step before it
    else:
        first = _MIDDLE - count // 2 * STEP
    if first > 0 and first + count * STEP <= _LAST:
        return [_whole(first + number * STEP) for number in range(count)]
    return spread(count, low or _DIGITS[0] * _WIDTH, high or _DIGITS[-1] * (_WIDTH + LONGEST))


def _about(number: int, within: int) -> int:
    """The number give or take a quarter of it, at least 1, and at most `within`."""
    found = number + random.randint(-(number // 4), number // 4)  # noqa: S311 - to avoid ties, no secret
    return max(1, min(found, within))


def _number(rank: str) -> int:
    return _digits(rank, _WIDTH)


def _digits(rank: str, count: int) -> int:
    """The number that the first so many digits make, as if zeros followed."""
    number = 0
    for digit in rank[:count].ljust(count, _DIGITS[0]):
        number = number * _BASE + _VALUES[digit]
    return number


def _whole(number: int) -> str:
    return _text(number, _WIDTH)


def _text(number: int, digits: int) -> str:
    """The number in so many digits; zeros at the end of its fraction say nothing, and are left out."""
    found = ""
    for _ in range(digits):
        number, digit = divmod(number, _BASE)
        found = _DIGITS[digit] + found
    return found[:_WIDTH] + found[_WIDTH:].rstrip(_DIGITS[0])


def _fraction(low: str, high: str | None) -> str:
    """Digits that sort after `low` and, if there is one, before `high`; the last of them is never the lowest digit."""
    found = ""
    while True:
        first = _VALUES[low[0]] if low else 0
        last = _VALUES[high[0]] if high else _BASE
        if last - first > 1:
            return found + _DIGITS[first + _about((last - first) // 2, within=last - first - 1)]
        found += _DIGITS[first]
        low, high = low[1:], (high[1:] or None) if high and last == first else None
