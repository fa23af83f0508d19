"""What an access pattern is: a name, its price, and what it is paid for."""

from typing import NamedTuple


class Pattern(NamedTuple):
    """One thing the house does with the table: units consumed, and what they go into."""

    name: str
    read: float
    write: float
    why: str
