"""What happens when a moment comes, as one table, and the minute that looks for such moments.

A tick claims each moment by moving its place in the due index to the end of a lease, then sends a hint to the work
queue. If the hint is lost or its worker dies, the moment comes up again when the lease ends. Two ticks at once, a
hint delivered twice, an outage of hours: each moment is claimed by one, and what it does is itself done once.

Of a crowd only the keys are read, and the workers claim: see `crowds.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import clock, observability
from chalicelib.adapters import queue
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.models.table import Item, LastKey
from chalicelib.services import (
    dates,
    digests,
    escalation,
    followups,
    hints,
    jobs,
    launching,
    membership,
    mentions,
    optin,
    plays,
    purging,
    reminders,
    snapshots,
    tasks,
    turns,
    usage,
)
from chalicelib.services.crowds import Crowd
from chalicelib.services.remembered import remembering

# What a moment of each kind does: None when it is done, the seconds after which to try again, or `hints.SETTLED`.
DUE: Final[dict[str, Callable[[Moment], float | None]]] = {
    tasks.REMINDER: reminders.remind,
    mentions.WHAT: mentions.notify,
    dates.WHAT: dates.remind,
    digests.WHAT: digests.come,
    escalation.WHAT: escalation.come,
    followups.WHAT: followups.come,
    plays.WHAT: plays.play,
    purging.WHAT: purging.sweep,
    purging.LAST: purging.sweep_last,
    jobs.WHAT: turns.turn,
    optin.WHAT: optin.come,
    membership.WHAT: membership.come,
    membership.AGAIN: membership.come_again,
    launching.WHAT: launching.come,
    snapshots.WHAT: snapshots.take,
}

# What is done about one that is not tried any more.
GIVEN_UP: Final[dict[str, Callable[[Moment], None]]] = {
    tasks.REMINDER: reminders.give_up,
    mentions.WHAT: mentions.give_up,
    dates.WHAT: dates.give_up,
    digests.WHAT: digests.give_up,
    escalation.WHAT: escalation.give_up,
    followups.WHAT: followups.give_up,
    plays.WHAT: plays.give_up,
    purging.WHAT: purging.give_up,
    purging.LAST: purging.give_up,
    jobs.WHAT: turns.give_up,
    optin.WHAT: optin.give_up,
    membership.WHAT: membership.give_up,
    membership.AGAIN: membership.give_up,
    launching.WHAT: launching.give_up,
    snapshots.WHAT: snapshots.give_up,
}

# Kinds of which a worker does several in a few seconds, so that a crowd of them goes to the queue in bundles.
QUICK: Final = frozenset(
    {
        tasks.REMINDER,
        mentions.WHAT,
        dates.WHAT,
        digests.WHAT,
        escalation.WHAT,
        followups.WHAT,
        membership.WHAT,
        membership.AGAIN,
    }
)

LEASE: Final = 300  # seconds the first claim holds before the moment comes up again; longer with each further one
ATTEMPTS: Final = 12  # with the pauses below, a day and a half of a provider, or of a queue, that is away
DOUBLINGS: Final = 6  # a pause grows at most 64-fold
CROWD: Final = 100  # moments of one shard that are due at once from which on workers claim them
BUDGET: Final = 40.0  # seconds one tick goes on claiming, below its function's time limit; the next one goes on


def run() -> int:
    """Hand over whatever is due by now, for `BUDGET` seconds. Returns of how many moments workers were told.

    An idle one costs half a read unit per shard.
    """
    started, now, claimed = clock.ticks(), clock.stamp(), 0
    unfinished: dict[str, LastKey | Crowd | None] = {str(number): None for number in range(keys.DUE_SHARDS)}
    while unfinished:
        # A page of each in turn, so that a crowded shard does not keep the others waiting.
        for shard, start in list(unfinished.items()):
            count, more = _page(shard, now, start)
            claimed += count
            if more is None:
                del unfinished[shard]
            else:
                unfinished[shard] = more
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
    _do(moment)


def sweep(message: Mapping[str, Any]) -> None:
    """Claim and do what one message of a crowd names, each moment metered by itself.

    One that fails has a hint of its own sent, so that the queue has it tried again; the others go on.
    """
    with remembering():
        for pk, sk, due_sk in message["moments"]:
            with observability.measured("sqs") as meter:
                moment = _claim(Item(pk, sk, due_sk=due_sk))
                if moment is not None:
                    _try(moment)
            usage.record(meter)


def _try(moment: Moment) -> None:
    try:
        _do(moment)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others of the crowd go on
        observability.failure("moment of a crowd failed", error)
        queue.send_all([hints.of(moment)])


def _do(moment: Moment) -> None:
    observability.charge_to(moment.tenant)
    again = DUE[moment.what](moment)
    if again is None:
        moments.finish(moment)
    elif again != hints.SETTLED:
        moments.postpone(moment, _later(again, moment))


def _page(shard: str, now: str, start: LastKey | Crowd | None) -> tuple[int, LastKey | Crowd | None]:
    """Of how many moments of this shard workers were told now, and where to go on."""
    if isinstance(start, Crowd):
        return start.go_on(shard, now, _claimed)
    found = moments.due(shard, now, start)
    if len(found.items) >= CROWD:
        return Crowd(str(start["due_sk"]["S"]) if start else "", QUICK).go_on(shard, now, _claimed)
    return _claimed(found.items), found.last


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
