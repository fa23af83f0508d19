"""How much one rendering may do. Counted, not timed: the same text ends the same on a fast machine and on a busy one.

A step is about a microsecond or two, so the most there are end within a second; a mail of a few screens takes some
hundred. What no step sees - the size of a value, of all that is written - has bounds of its own.
"""

from typing import Any, Final

from liquid.exceptions import ResourceLimitError

STEPS: Final = 50_000
OUTPUT: Final = 512_000  # characters of a part of a mail
WRITTEN: Final = 2_000_000  # characters, with what is captured on the way
VALUE: Final = 100_000  # characters of one value
ITEMS: Final = 1_000  # of one list or range
NAMES: Final = 500  # that a text may assign
NUMBER: Final = 10**15
_CHUNK: Final = 256  # characters of a value that are handled in a step


class Limit(ResourceLimitError):
    """A bound was hit."""

    def __init__(self, message: str) -> None:
        super().__init__(message, token=None)


class Meter:
    """What is left of the steps, and what was written."""

    __slots__ = ("names", "steps", "written")

    def __init__(self) -> None:
        self.steps, self.written, self.names = STEPS, WRITTEN, NAMES

    def spend(self, steps: int) -> None:
        """Raises `Limit` when there are not so many left."""
        self.steps -= steps
        if self.steps < 0:
            raise Limit(f"The text takes more than {STEPS} steps.")

    def write(self, count: int) -> None:
        """Raises `Limit` when too much is written."""
        self.written -= count
        if self.written < 0:
            raise Limit(f"More than {WRITTEN} characters are written.")

    def handle(self, value: Any) -> None:
        """Spend what a filter takes for this value."""
        self.steps -= 1 + size(value) // _CHUNK
        if self.steps < 0:
            raise Limit(f"The text takes more than {STEPS} steps.")


def size(value: Any) -> int:
    """About how many characters a value has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(len(one) if isinstance(one, str) else 64 for one in value)
    if isinstance(value, range):
        return 8 * bounded(value)
    return 8


def bounded(several: Any) -> int:
    """How many items. Raises `Limit` for too many, before anybody walks them."""
    try:
        count = len(several)
    except OverflowError:
        count = ITEMS + 1
    if count > ITEMS:
        raise Limit(f"A list or a range has more than {ITEMS} items.")
    return count


def checked(value: Any) -> Any:
    """The value, if it is not too large. Raises `Limit`."""
    if isinstance(value, str):
        if len(value) > VALUE:
            raise Limit(f"A value has more than {VALUE} characters.")
    elif isinstance(value, list | tuple | range):
        bounded(value)
        if size(value) > VALUE:
            raise Limit(f"A list has more than {VALUE} characters.")
    elif isinstance(value, int | float) and not isinstance(value, bool) and not -NUMBER <= value <= NUMBER:
        raise Limit(f"A number is larger than {NUMBER}.")
    return value
