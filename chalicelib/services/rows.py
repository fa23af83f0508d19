"""What became of each row of a job: written while it goes on, read page by page, and handed over as files at its end.

Rows lie in storage, as many to an object as are read at once. `job.state["rows"]` says how much of the last object is
good, so that a step that is done again writes the same again; and which objects hold rows of which status, so that the
few that failed among many are found.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.row import RowQuery, RowView
from chalicelib.services import jobs

FULL: Final = 2000  # rows after which another object is begun
_AT_ONCE: Final = 3  # objects that one page reads at most
_JSONL: Final = "application/x-ndjson"


def append(job: Job, rows: Sequence[RowView]) -> None:
    """Put these rows behind those of the steps before. To be called by a step.

    One object is read and written. Raises `Stale` if another worker has the job by now.
    """
    if not rows:
        return
    jobs.keep_hold(job)
    state = _state(job)
    key, number = _key(job, state["object"]), state["object"]
    before = storage.get(key, 0, state["bytes"]) if state["bytes"] else b""
    data = before + b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    storage.put(key, data, _JSONL)
    for status in {row.status for row in rows}:
        holding = state["holding"].setdefault(status, [])
        if number not in holding:
            holding.append(number)
    state["bytes"], state["lines"] = len(data), state["lines"] + len(rows)
    if state["lines"] >= FULL:
        state.update(object=number + 1, bytes=0, lines=0)
    job.state = {**job.state, "rows": state}


def page(job: Job, status: str | None, wanted: Page) -> Listing[RowView]:
    """The rows so far in their order, or those of one status. A page may be short though there are more."""
    objects = _objects(job, status)
    start = wanted.start or {"object": 0, "line": 0}
    found: list[RowView] = []
    for count, number in enumerate(one for one in objects if one >= start["object"]):
        if count == _AT_ONCE:
            return Listing(found, {"object": number, "line": 0})
        first = start["line"] if number == start["object"] else 0
        for line, row in enumerate(_rows(job, number, first), first):
            if status is not None and row.status != status:
                continue
            if len(found) == wanted.limit:
                return Listing(found, {"object": number, "line": line})
            found.append(row)
    return Listing(found)


def listing(actor: Actor, job_id: str, query: RowQuery, wanted: Page) -> Listing[RowView]:
    """The rows of a job. Raises `NotFound`, `Forbidden` for rows about what the caller may not read, `Gone` after
    storage has forgotten them.
    """
    job = jobs.load(actor.tenant, job_id)
    actor.needs(job.permission)
    try:
        return page(job, query.status, wanted)
    except storage.Missing:
        raise errors.Gone("What became of each row is kept for thirty days only.") from None


def finish(job: Job) -> None:
    """Hand the rows over as files of JSON lines: all of them, and those that failed. Once more does no harm."""
    job.result_key = f"{_folder(job)}/result.jsonl"
    storage.put_pieces(job.result_key, (_good(job, number) for number in _objects(job, None)), _JSONL)
    if failed := _objects(job, "failed"):
        job.errors_key = f"{_folder(job)}/errors.jsonl"
        storage.put_pieces(job.errors_key, (_only(job, number, "failed") for number in failed), _JSONL)


def _state(job: Job) -> dict[str, Any]:
    known = job.state.get("rows") or {"object": 0, "bytes": 0, "lines": 0, "holding": {}}
    return {**known, "holding": {status: list(objects) for status, objects in known["holding"].items()}}


def _objects(job: Job, status: str | None) -> list[int]:
    """The objects that hold rows of this status, or any."""
    state = _state(job)
    if status is not None:
        return list(state["holding"].get(status, ()))
    return list(range(state["object"] + (1 if state["bytes"] else 0)))


def _good(job: Job, number: int) -> bytes:
    """An object as far as saved steps wrote it: behind that may stand what a step wrote that was cut off."""
    state = _state(job)
    return storage.get(_key(job, number), 0, state["bytes"] if number == state["object"] else None)


def _rows(job: Job, number: int, first: int = 0) -> Iterator[RowView]:
    for line in _good(job, number).splitlines()[first:]:
        yield msgspec.json.decode(line, type=RowView)


def _only(job: Job, number: int, status: str) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in _rows(job, number) if row.status == status)


def _folder(job: Job) -> str:
    return f"{job.tenant}/jobs/{job.id}"


def _key(job: Job, number: int) -> str:
    return f"{_folder(job)}/rows-{number:06}.jsonl"
