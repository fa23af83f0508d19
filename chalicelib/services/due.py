"""What happens when a moment comes, as one table, and the minute that looks for such moments.

A tick claims each moment by moving its place in the due index to the end of a lease, then sends a hint to the work
queue. If the hint is lost or its worker dies, the moment comes up again when the lease ends. Two ticks at once, a
hint delivered twice, an outage of hours: each moment is claimed by one, and what it does is itself done once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import clock, observability
from chalicelib.adapters import queue
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.models.table import Item, LastKey
from chalicelib.services import dates, hints, jobs, mentions, plays, purging, reminders, snapshots, tasks, turns

# What a moment of each kind does: None when it is done, the seconds after which to try again, or `hints.SETTLED`.
DUE: Final[dict[str, Callable[[Moment], float | None]]] = {
    tasks.REMINDER: reminders.remind,
    mentions.WHAT: mentions.notify,
    dates.WHAT: dates.remind,
    plays.WHAT: plays.play,
    purging.WHAT: purging.sweep,
    purging.LAST: purging.sweep_last,
    jobs.WHAT: turns.turn,
    snapshots.WHAT: snapshots.take,
}

# What is done about one that is not tried any more.
GIVEN_UP: Final[dict[str, Callable[[Moment], None]]] = {
    tasks.REMINDER: reminders.give_up,
    mentions.WHAT: mentions.give_up,
    dates.WHAT: dates.give_up,
    plays.WHAT: plays.give_up,
    purging.WHAT: purging.give_up,
    purging.LAST: purging.give_up,
    jobs.WHAT: turns.give_up,
    snapshots.WHAT: snapshots.give_up,
}

LEASE: Final = 300  # seconds the first claim holds before the moment comes up again; longer with each further one
ATTEMPTS: Final = 12  # with the pauses below, a day and a half of a provider, or of a queue, that is away
DOUBLINGS: Final = 6  # a pause grows at most 64-fold
BUDGET: Final = 40.0  # seconds one tick goes on claiming, below its function's time limit; the next one goes on


def run() -> int:
    """Hand over whatever is due by now, for `BUDGET` seconds. Returns how many moments this tick claimed.

    An idle one costs half a read unit per shard.
    """
    started, now, claimed = clock.ticks(), clock.stamp(), 0
    unfinished: dict[str, LastKey | None] = {str(number): None for number in range(keys.DUE_SHARDS)}
    while unfinished:
        # A page of each in turn, so that a crowded shard does not keep the others waiting.
        for shard, start in list(unfinished.items()):
            found = moments.due(shard, now, start)
            claimed += _claimed(found.items)
            if found.last is None:
                del unfinished[shard]
            else:
                unfinished[shard] = found.last
        if clock.ticks() - started > BUDGET:
            break
    return claimed


def hand_over(message: Mapping[str, Any]) -> None:
    """Do what one hint of the work queue asks for, if it is still to be done.

    Raises whatever keeps it from being done.
    """
    moment = moments.load(message["tenant"], message["subject_id"], message["what"])
    if moment is None or moment.at != message["at"]:
        return  # done, dropped or moved to another time: that one will have a hint of its own
    observability.charge_to(moment.tenant)
    again = DUE[moment.what](moment)
    if again is None:
        moments.finish(moment)
    elif again != hints.SETTLED:
        moments.postpone(moment, _later(again, moment))


def _claimed(items: list[Item]) -> int:
    """Claim what is not another tick's, and send the hints; how many there were."""
    ours = [moment for moment in map(_claim, items) if moment is not None]
    queue.send_all([hints.of(moment) for moment in ours])
    return len(ours)


def _claim(item: Item) -> Moment | None:
    moment = moments.claim(item, clock.stamp(clock.after(LEASE)))
    if moment is None or moment.attempts == 1:
        return moment
    if moment.attempts <= ATTEMPTS:
        # Its hint may be waiting in a long queue: without growing leases an hour of that would use up all attempts.
        moments.postpone(moment, _later(LEASE, moment))
        return moment
    observability.alert("moment given up", moment_kind=moment.what, tenant=moment.tenant, subject_id=moment.subject_id)
    GIVEN_UP[moment.what](moment)
    moments.finish(moment)
    return None


def _later(seconds: float, moment: Moment) -> str:
    """So many seconds from now, doubled with each attempt."""
    return clock.stamp(clock.after(seconds * 2 ** max(0, min(int(moment.attempts) - 1, DOUBLINGS))))
