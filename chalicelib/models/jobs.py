"""Jobs in the table: claimed by one worker, saved by it step by step, ended once.

A worker holds a job by a lease, which each of its writes proves and renews. Whoever asks for an end only leaves a
word for it, so that nothing stops in the middle of a step.
"""

from collections.abc import Sequence
from typing import Any, Final

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.table import fetch, is_conditional

# What a step may change.
PROGRESS: Final = ("state", "done", "total", "counts", "result_key", "errors_key")


def load(tenant: str, job_id: str) -> Job | None:
    """The job as it is now. One read unit."""
    return fetch(Job, *keys.key("job", tenant=tenant, id=job_id), consistent=True)


def claim(job: Job, lease: str) -> bool:
    """Take the job up, if nobody did so since it was read. Three write units."""
    free = Job.lease == job.lease if job.lease else Job.lease.does_not_exist()
    actions = [Job.lease.set(lease), Job.status.set("running"), Job.tries.set(int(job.tries) + 1)]
    return _update(job, actions, free & Job.finished_at.does_not_exist())


def save(job: Job, lease: str | None) -> bool:
    """Keep what a step did and renew the lease, or give it back with None; whether the job was still ours.

    Afterwards the job is as it is in the table, so also `cancelled_by`. Three write units for each KB.
    """
    actions = [*_set(job, *PROGRESS), Job.tries.set(0), _put(Job.lease, lease)]
    return _update(job, actions, Job.lease == job.lease)


def release(job: Job) -> bool:
    """Give the lease back and keep nothing of the last step. Three write units."""
    return _update(job, [Job.lease.remove()], Job.lease == job.lease)


def end(job: Job, status: str, failure: str | None = None) -> bool:
    """Write down how it ended, and what the last step did; whether the job was still ours. Three write units."""
    actions = [*_set(job, *PROGRESS), *_ending(status, failure)]
    return _update(job, actions, Job.lease == job.lease)


def abandon(job: Job, failure: str) -> bool:
    """End it as failed, whoever holds it; whether it had not ended before. Three write units."""
    return _update(job, _ending("failed", failure), Job.finished_at.does_not_exist())


def stop(job: Job, by: str) -> bool:
    """Ask for its end, or end it at once if nobody took it up yet; whether it was still unfinished."""
    at_once = [*_ending("cancelled", None), Job.cancelled_by.set(by)]
    return _update(job, at_once, Job.status == "queued") or _update(
        job, [Job.cancelled_by.set(by)], Job.finished_at.does_not_exist()
    )


def _ending(status: str, failure: str | None) -> list[Action]:
    return [
        Job.status.set(status),
        _put(Job.failure, failure),
        Job.finished_at.set(clock.stamp()),
        Job.lease.remove(),
    ]


def _set(job: Job, *names: str) -> list[Action]:
    return [_put(getattr(Job, name), getattr(job, name)) for name in names]


def _put(attribute: Any, value: Any) -> Action:
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def _update(job: Job, actions: Sequence[Action], condition: Condition) -> bool:
    # Not on condition of the version: a word left for the worker must not make it lose its step.
    try:
        job.update([*actions, Job.updated_at.set(clock.stamp())], condition, add_version_condition=False)
    except UpdateError as error:
        if is_conditional(error):
            return False
        raise
    return True
