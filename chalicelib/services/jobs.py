"""Jobs: long work that goes on in steps while the client looks on, or does not.

A job is a record and a moment, written together: the moment keeps it coming up until it is finished, whatever becomes
of hints and workers. `turns.py` works on it, `steps.py` knows what each kind does.
"""

from typing import Any, Final

from chalicelib import clock, errors, ids, observability
from chalicelib.adapters import queue, storage
from chalicelib.models import jobs as store
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.moment import Moment
from chalicelib.models.table import find, found_or_404, page
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobQuery, JobView, Progress
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import hints, permissions

WHAT: Final = "job"  # the kind of its moment
URL_AGE: Final = 3600  # seconds a link to a result is good for


def start(
    actor: Actor, kind: str, params: dict[str, Any], *, total: int | None = None, permission: str = "contacts:read"
) -> JobView:
    """A new job of a kind in `steps.STEPS`, which begins as soon as a worker hears of it.

    Whoever reads what it makes must hold `permission`. Seven write units.
    """
    job, steps = plan(actor, kind, params, total=total, permission=permission)
    transact(*steps)
    return view(actor, job)


def plan(
    actor: Actor,
    kind: str,
    params: dict[str, Any],
    *,
    total: int | None = None,
    permission: str = "contacts:read",
    job_id: str | None = None,
) -> tuple[Job, list[Step]]:
    """As `start`, but only says what to write, for those who write more in the same transaction.

    `job_id` is for those who have told somebody of the job already.
    """
    job = Job(
        id=job_id or ids.new("job"), tenant=actor.tenant, what=kind, params=params, total=total, permission=permission
    )
    job.started_by, job.role = actor.user, actor.role
    job.scopes = [] if actor.role in permissions.ROLES else sorted(actor.scopes)
    job.touch(actor.user)
    job.keys()
    moment = Moment(tenant=job.tenant, subject_id=job.id, what=WHAT, at=job.created_at)
    moment.keys()
    return job, [Step("save", job, absent()), Step("save", moment, absent())]


def get(actor: Actor, job_id: str) -> JobView:
    """One job. Raises `NotFound`."""
    return view(actor, load(actor.tenant, job_id))


def listing(actor: Actor, query: JobQuery, wanted: Page) -> Listing[JobView]:
    """The firm's jobs, or those of one kind, the newest first."""
    index, parts = ("gsi2", {"what": query.kind}) if query.kind else ("gsi1", {})
    found = page(
        keys.partition("job", index, tenant=actor.tenant, **parts),
        index=index,
        limit=wanted.limit,
        start=wanted.start,
        newest_first=True,
    )
    return Listing([view(actor, job) for job in found.items], found.last)


def cancel(actor: Actor, job_id: str) -> JobView:
    """Let it end after the step it is at. What is done stays done.

    Raises `NotFound`, `Conflict` if it has ended, `Forbidden` for another's job without `jobs:write`.
    """
    job = load(actor.tenant, job_id)
    if job.started_by != actor.user and not actor.may("jobs:write"):
        raise errors.Forbidden("Only who started a job, or somebody with the permission jobs:write, may cancel it.")
    if job.finished_at or not store.stop(job, actor.user):
        raise errors.Conflict("This job has ended already.")
    return view(actor, job)


def hurry(_before: Job | None, after: Job | None) -> None:
    """A job was made, or is to be cancelled: let a worker see to it now, and not at the next minute."""
    if after is None or after.finished_at:
        return
    try:
        queue.send(hints.about(after.tenant, after.id, WHAT, after.created_at))
    except queue.NotQueued:
        observability.note("job waits for the minute", job=after.id)


def actor_of(job: Job) -> Actor:
    """Who the job's steps act for: whoever started it, with the rights of then."""
    return Actor(job.tenant, job.started_by, job.role, permissions.ROLES.get(job.role, frozenset(job.scopes)))


def keep_hold(job: Job) -> None:
    """For a step that is about to write what another worker's step would write under the same name.

    Raises `Stale` if the lease ran out meanwhile and another worker has the job. Nothing while it lasts, else a unit.
    """
    until = (job.lease or "").partition("#")[0]
    if until and until < clock.stamp():
        current = store.load(job.tenant, job.id)
        if current is None or current.lease != job.lease:
            raise errors.Stale("Another worker has this job by now.")


def load(tenant: str, job_id: str) -> Job:
    """The job. Raises `NotFound`."""
    if not ids.is_id("job", job_id):
        raise errors.NotFound("There is no such job.")
    return found_or_404(find(Job, *keys.key("job", tenant=tenant, id=job_id)), "job")


def view(actor: Actor, job: Job) -> JobView:
    """The job as this actor reads it."""
    mine = actor.may(job.permission) and (job.started_by == actor.user or actor.may("exports:write"))
    return JobView(
        id=job.id,
        kind=job.what,
        status=job.status,  # type: ignore[arg-type]  # one of them
        progress=Progress(int(job.done), None if job.total is None else int(job.total)),
        counts=dict(job.counts),
        result_url=_url(job, job.result_key) if mine else None,
        errors_url=_url(job, job.errors_key) if mine else None,
        error=job.failure,
        created_at=job.created_at,
        updated_at=job.updated_at,
        finished_at=job.finished_at,
        version=int(job.version),
    )


def _url(job: Job, key: str | None) -> str | None:
    """A link to what a job has made, as long as storage keeps it; none before the job has ended."""
    if key is None or job.finished_at is None or job.finished_at < clock.stamp(clock.after(-storage.KEPT)):
        return None
    name = f"{job.what}-{job.created_at[:10]}-{key.rpartition('/')[2]}"
    return storage.download_url(key, name, URL_AGE)
