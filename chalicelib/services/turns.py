"""A worker's turn at a job: it takes the job up, does steps for a while, and passes it on to the next turn.

Whatever happens between - two hints at once, a hint that never comes, a worker that dies, a cancel - the job's moment
stands in the due index until the job has ended, one worker has it at a time, and what a step did is kept once.
"""

import secrets
from typing import Final

from chalicelib import clock, errors, observability
from chalicelib.adapters import queue
from chalicelib.models import jobs as store
from chalicelib.models import moments
from chalicelib.models.job import Job
from chalicelib.models.moment import Moment
from chalicelib.services import hints
from chalicelib.services.steps import CLOSING, STEPS

SLICE: Final = 15.0  # seconds of one turn, so that others who wait in the queue have theirs
LEASE: Final = 60  # seconds without a saved step after which a job is free for another worker
AWAY: Final = 120  # seconds after which a tick looks whether a turn still goes on; longer than slice and lease
ASTRAY: Final = 60  # seconds by which clocks of two workers may differ
TRIES: Final = 8  # turns without a saved step after which a job has failed: with the pauses below, half an hour
PAUSE: Final = 10.0  # seconds before the second of them; doubled with each further one
LAST: Final = TRIES + 3  # turns after which it ends, also if what it leaves behind could not be tidied up

# Refusals that another try may not meet, unlike all others.
_PASSING: Final = (errors.Stale, errors.TooMany, errors.Unready)


def turn(moment: Moment) -> float | None:
    """Work on the job of this moment for a slice of time. As `due.DUE` says."""
    job = store.load(moment.tenant, moment.subject_id)
    if job is None or job.finished_at:
        return None
    if _held(job) or not store.claim(job, _lease()):
        return LEASE
    moments.renew(moment, clock.stamp(clock.after(AWAY)))
    if job.tries > TRIES and not job.cancelled_by:
        return _end(job, "failed", f"It was tried {TRIES} times in vain.")
    return _work(job, moment)


def give_up(moment: Moment) -> None:
    """Nobody came to work on it for more than a day: it has failed."""
    job = store.load(moment.tenant, moment.subject_id)
    if job is not None and not job.finished_at:
        _tidy(job)
        store.abandon(job, "Nobody came to work on it.")


def _work(job: Job, moment: Moment) -> float | None:
    began = clock.ticks()
    while not job.cancelled_by:
        try:
            finished = STEPS[job.what](job)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must end, or be tried again
            return _failed(job, error)
        if isinstance(finished, float):
            return _rest(job, moment, finished)
        if finished:
            return _end(job, "partial" if job.counts.get("failed") else "succeeded")
        over = clock.ticks() - began >= SLICE
        if not store.save(job, None if over else _lease()):
            return hints.SETTLED  # it took longer than its lease, and another goes on from the step before
        if over:
            _pass_on(moment)
            return hints.SETTLED
    return _end(job, "cancelled")


def _rest(job: Job, moment: Moment, seconds: float) -> float:
    """There is nothing to do for so long: the job is free, and its moment comes up again by then."""
    if store.save(job, None):
        moments.renew(moment, clock.stamp(clock.after(seconds)))
    return hints.SETTLED


def _failed(job: Job, error: Exception) -> float | None:
    ours = job.lease
    job.refresh(consistent_read=True)  # what the step had begun to edit is not kept
    if job.lease != ours:
        return hints.SETTLED
    if isinstance(error, errors.CrmError) and not isinstance(error, _PASSING):
        return _end(job, "failed", error.detail)
    observability.failure("job step failed", error)
    return _later(job)


def _later(job: Job) -> float:
    """Free the job; after how many seconds it is tried again."""
    store.release(job)
    doubled: float = PAUSE * 2 ** max(0, min(int(job.tries), TRIES) - 1)
    return doubled


def _end(job: Job, status: str, failure: str | None = None) -> float | None:
    # Neither a worker that dies of tidying up nor one that cannot must keep the job from its end.
    left = status in {"cancelled", "failed"} and job.tries <= LAST and not _tidy(job)
    if left and job.tries < LAST:
        return _later(job)
    return None if store.end(job, status, failure) else hints.SETTLED


def _tidy(job: Job) -> bool:
    """Whether nothing is left to do."""
    try:
        CLOSING.get(job.what, _nothing)(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again, and the job has to end
        observability.failure("job closing failed", error)
        return False
    return True


def _nothing(_job: Job) -> None:
    """Most kinds leave nothing behind."""


def _pass_on(moment: Moment) -> None:
    try:
        queue.send(hints.of(moment))
    except queue.NotQueued:
        observability.note("job waits for the minute", job=moment.subject_id)


def _held(job: Job) -> bool:
    """Whether a worker has it. One that ends much later than any given now was given by a clock that was set back."""
    until = (job.lease or "").partition("#")[0]
    return clock.stamp() < until <= clock.stamp(clock.after(LEASE + ASTRAY))


def _lease() -> str:
    return f"{clock.stamp(clock.after(LEASE))}#{secrets.token_hex(8)}"
