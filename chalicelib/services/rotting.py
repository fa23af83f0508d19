"""How long deals have been in their stage, and whether that is too long: green, amber from half of what the stage
allows on, red once that is over.

Nothing is kept for it, as nothing happens when a deal begins to rot: it follows from the deal, its stage and the time.
"""

from datetime import datetime
from typing import Any, Final, Literal

from chalicelib import clock

_DAY: Final = 86400


def days(since: str, now: datetime) -> int:
    """Whole days from a stamp until now, none for one that lies ahead."""
    return max(0, int((now - clock.parse(since)).total_seconds() // _DAY))


def age(stage: dict[str, Any], since: str, now: datetime) -> Literal["green", "amber", "red"]:
    """`green`, `amber` or `red` for a deal that entered the stage, as it is kept, at this stamp.

    Closed stages, and those that say nothing of it, are always green.
    """
    allowed = stage["rotting_days"]
    if not allowed or stage["forecast"] in ("won", "lost"):
        return "green"
    share = (now - clock.parse(since)).total_seconds() / (allowed * _DAY)
    return "red" if share >= 1 else "amber" if share >= 0.5 else "green"
