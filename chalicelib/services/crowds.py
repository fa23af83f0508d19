"""Many moments at once, such as ten thousand reminders of nine o'clock: told of in bundles, and claimed by the workers.

To claim each of them would take a tick longer than it has. So it reads the keys a thousand at a time, notes which
stretch of the index it has read, and sends the keys in bundles; a worker claims each one just before it does it. Until
the note's lease ends no other tick tells of that stretch. Then whatever still stands there - its message was lost, its
worker died - is told of again. A message that comes twice finds nothing to claim.
"""

from collections.abc import Callable, Sequence
from typing import Final

from chalicelib import clock
from chalicelib.adapters import queue
from chalicelib.models import moments
from chalicelib.models.moment import Handed
from chalicelib.models.table import Item

BUNDLE: Final = 10  # moments of one message: some seconds of a worker
LEASE: Final = 300  # seconds until what was told of is told of again
ASTRAY: Final = 60  # seconds by which clocks of two ticks may differ

Claim = Callable[[list[Item]], int]


class Crowd:
    """How far a tick has come in a crowded shard: behind this place in the due index.

    `quick` are the kinds that go into bundles. Others may take a worker long: each is claimed, and has its own message.
    """

    def __init__(self, behind: str, quick: frozenset[str]) -> None:
        self._behind, self._quick = behind, quick

    def go_on(self, shard: str, now: str, claim: Claim) -> tuple[int, "Crowd | None"]:
        """Tell of the next thousand. Answers of how many, and where to go on; None at the end."""
        while items := moments.stretch(shard, now, self._behind):
            held = moments.handed(shard)
            fresh = [one for one in items if not _covers(held, _place(one))]
            if fresh and not _note(shard, held, fresh):
                continue  # another tick was faster: look again at what it left
            end = _place(items[-1])
            self._behind = held.upto if held is not None and _covers(held, end) else end
            if fresh:
                return self._tell(fresh, claim), self
        return 0, None

    def _tell(self, items: Sequence[Item], claim: Claim) -> int:
        quick = [[one.pk, one.sk, one.due_sk] for one in items if _what(one) in self._quick]
        queue.send_all(
            [{"task": "crowd", "moments": quick[start : start + BUNDLE]} for start in range(0, len(quick), BUNDLE)]
        )
        return len(quick) + claim([one for one in items if _what(one) not in self._quick])


def _note(shard: str, held: Handed | None, items: Sequence[Item]) -> bool:
    """Add the stretch of these to the one that is leased already; its lease is not made longer by that."""
    since, upto = _place(items[0]), _place(items[-1])
    if held is None or not _lasts(held):
        return moments.hand(shard, held, since, upto, clock.stamp(clock.after(LEASE)))
    return moments.hand(shard, held, min(since, held.since), max(upto, held.upto), held.until)


def _covers(held: Handed | None, place: str) -> bool:
    return held is not None and _lasts(held) and held.since <= place <= held.upto


def _lasts(held: Handed) -> bool:
    """One that ends much later than any given now was given by a clock that was set back."""
    return clock.stamp() < held.until <= clock.stamp(clock.after(LEASE + ASTRAY))


def _what(item: Item) -> str:
    return item.sk.partition("#")[2]


def _place(item: Item) -> str:
    return item.due_sk or ""
