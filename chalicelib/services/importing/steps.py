"""The steps of an import's job: the file as a whole, then chunk by chunk, then the report.

A step may be called twice with the same state, and ends the same: what it writes has names that follow from the state,
and what it does to records follows from a plan that is written first.
"""

from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.models.job import Job
from chalicelib.schemas.row import RowError, RowView
from chalicelib.services import duplicates, jobs
from chalicelib.services import rows as job_rows
from chalicelib.services.importing import doing, files, planning, reading, report
from chalicelib.services.importing.doing import Done
from chalicelib.services.importing.planning import Entry, Plan, Seen
from chalicelib.services.importing.rows import Row
from chalicelib.services.remembered import remembering

KIND: Final = "import"
STATUSES: Final = ("created", "updated", "skipped", "failed")
_ROUNDS: Final = 4  # times a row is planned when others keep interfering
# The keys that a dry run would have made so far, kept between the steps of one process: (import, chunk) -> keys.
_seen: dict[str, tuple[int, Seen]] = {}


class Kept(msgspec.Struct, array_like=True):
    """What stays of a chunk beside its rows: what a revert has to know, what failed, and the keys of a dry run."""

    prints: dict[str, str]
    after: list[dict[str, dict[str, Any]]]  # by round
    failed: dict[int, list[dict[str, str]]]
    keys: list[tuple[str, str, str]]


def step(job: Job) -> bool:
    """One step of an import; whether it is finished. Raises `Invalid` for a file that cannot be imported."""
    state = job.state = dict(job.state or {"phase": "check"})
    match state["phase"]:
        case "check":
            _check(job)
        case "read":
            _read(job)
        case "import":
            with remembering():
                _chunk(job)
        case _:
            report.finish(job)
            _look_for_duplicates(job)
            return True
    return False


def close(job: Job) -> None:
    """What is left when it is cancelled or fails: the report of what was done until then."""
    if job.state and job.state.get("phase") in ("import", "report"):
        report.finish(job)


def _check(job: Job) -> None:
    try:
        about = reading.examine(job)
    except errors.CrmError as error:
        files.put(job, "about", {"errors": reading.flaws(error)})
        raise
    files.put(job, "about", about)
    job.state = {"phase": "read", "offset": about["offset"], "line": about["line"], "chunks": 0, "read": 0}


def _read(job: Job) -> None:
    about = files.get(job, "about")
    try:
        finished = reading.go_on(job, about)
    except errors.CrmError as error:
        files.put(job, "about", {**about, "errors": reading.flaws(error)})
        raise
    if finished:
        job.total = job.state["read"]
        job.counts = dict.fromkeys(STATUSES, 0)
        job.state = {"phase": "import", "chunk": 0, "chunks": job.state["chunks"], "failing": []}
        _past_the_last(job)


def _chunk(job: Job) -> None:
    number, about = job.state["chunk"], files.get(job, "about")
    rows = files.rows(job, number)
    entries, kept = _worked(job, about, number, rows)
    files.put(job, f"done/{number:05}", kept)
    job_rows.append(job, [_row(entries[row.line]) for row in rows])
    for entry in entries.values():
        job.tally(entry.status)
    job.done = int(job.done) + len(rows)
    failing = [*job.state["failing"], number] if kept.failed else job.state["failing"]
    job.state = {**job.state, "chunk": number + 1, "failing": failing}
    _past_the_last(job)


def _look_for_duplicates(job: Job) -> None:
    """Let the whole base be looked through, since a file often says what is there in another spelling.

    Begun again by a step that is done again, it finds the same pairs.
    """
    if job.counts.get("created") and not job.params["dry_run"]:
        duplicates.scan(jobs.actor_of(job), job.params["noun"])


def _past_the_last(job: Job) -> None:
    if job.state["chunk"] >= job.state["chunks"]:
        job.state = {**job.state, "phase": "report"}


def _worked(job: Job, about: dict[str, Any], number: int, rows: list[Row]) -> tuple[dict[int, Entry], Kept]:
    """Plan and do until no row is left; what became of each, by line."""
    dry, seen = bool(job.params["dry_run"]), _before(job, number)
    known = frozenset(seen)
    entries: dict[int, Entry] = {}
    kept = Kept({}, [], {}, [])
    for turn in range(_ROUNDS):
        left = [row for row in rows if row.line not in entries]
        if not left:
            break
        plan = _plan(job, about, f"plan/{number:05}-{turn}", left, seen, surely=turn > 0)
        if dry:
            doing.rehearse(job, plan, frozenset(seen.values()))
            done = Done()
        else:
            done = doing.do(job, plan, last=turn + 1 == _ROUNDS)
        entries |= {entry.line: entry for entry in plan.entries if entry.line not in done.again}
        kept.prints |= done.prints
        kept.after.append(done.after)
    kept.failed = {line: entry.errors for line, entry in entries.items() if entry.status == "failed"}
    if dry:
        kept.keys = [(*value, found) for value, found in seen.items() if value not in known]
        _seen.clear()
        _seen[job.id] = (number + 1, seen)
    return entries, kept


def _plan(job: Job, about: dict[str, Any], name: str, rows: list[Row], seen: Seen, *, surely: bool) -> Plan:
    """The plan that was written for this round, or else a new one, written before anything of it is done."""
    written: Plan | None = files.get(job, name, Plan)
    if written is not None:
        return written
    plan = planning.make(job, about, rows, seen, surely=surely)
    if not job.params["dry_run"]:
        jobs.keep_hold(job)
        files.put(job, name, plan)
    return plan


def _before(job: Job, number: int) -> Seen:
    """The keys of the chunks before, for a dry run, in which they are in no table."""
    if not job.params["dry_run"]:
        return {}
    chunk, seen = _seen.get(job.id, (0, {}))
    if chunk == number:
        return dict(seen)
    found: Seen = {}
    for before in range(number):
        for field, value, made in files.get(job, f"done/{before:05}", Kept).keys:
            found[field, value] = made
    return found


def _row(entry: Entry) -> RowView:
    return RowView(
        line=entry.line, id=entry.id, status=entry.status, errors=[RowError(**flaw) for flaw in entry.errors]
    )
