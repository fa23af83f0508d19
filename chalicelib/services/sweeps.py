"""One change made to many records, as a job: first it writes down which, then it changes them a few at a time.

Whom it concerns is settled once, so that it does not move while it is being changed, and the total is known. Before a
few records are changed, it writes down which of them need it: a step that was cut off and is done again then says the
same of each of them as if it had never been cut off.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import msgspec

from chalicelib import errors
from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.schemas.row import RowView, failed
from chalicelib.services import jobs, rows
from chalicelib.services.remembered import remembering

# A page of ids behind a key (None: from the start), and the key to go on from, if there may be more.
Source = Callable[[Any], tuple[list[str], Any]]

AT_ONCE: Final = 25  # records of one step
_GATHERED: Final = 1000  # ids after which a step of the first phase is over
_PAGES: Final = 20  # pages after which it is over too, whatever they had
_TRIES: Final = 5
_ID: Final = 31  # bytes of an id and its line break: ids have one length, so that some can be read from the middle
_SKIPPED: Final = "skipped"


class Change(Protocol):
    """What is to be done, to which records."""

    def sources(self) -> Sequence[Source]:
        """Where the ids come from, one after the other."""

    def look(self, record_ids: Sequence[str]) -> list[Any]:
        """The records, None for one that is not there."""

    def again(self, record_id: str) -> Any:
        """The record as it is now, None if it is not there."""

    def due(self, record: Any) -> bool:
        """Whether it is to be changed at all. Raises `CrmError` for one that cannot be."""

    def do(self, record: Any) -> None:
        """Change it. Raises `Stale` if it is not as it was seen, or another `CrmError`."""


def given(job: Job, record_ids: Sequence[str]) -> None:
    """Let the job, which is not in the table yet, be about these records."""
    storage.put(_chosen(job, 0), _lines(record_ids))
    job.state, job.total = {"sizes": [len(record_ids)], "at": [0, 0]}, len(record_ids)


def step(job: Job, change: Change) -> bool:
    """As `steps.STEPS` says."""
    if "at" not in job.state:
        _gather(job, change)
        return False
    if _here(job) is None:
        close(job)
        return True
    _few(job, change)
    return False


def close(job: Job) -> None:
    """Say of what was not reached that it was not, and hand over the report. As `steps.CLOSING` says."""
    job.state = {"sizes": [], "at": [0, 0], **job.state}
    while (ids := _here(job, rows.FULL)) is not None:
        _advance(job, ids, [RowView(line=line, id=one, status=_SKIPPED) for line, one in _numbered(job, ids)])
    rows.finish(job)


def _gather(job: Job, change: Change) -> None:
    state, sources = {"source": 0, "key": None, "sizes": [], **job.state}, change.sources()
    number, key, found = state["source"], state["key"], list[str]()
    for _ in range(_PAGES):
        if number == len(sources) or len(found) >= _GATHERED:
            break
        ids, key = sources[number](key)
        found += ids
        number += key is None
    sizes = list(state["sizes"])
    if found:
        jobs.keep_hold(job)
        storage.put(_chosen(job, len(sizes)), _lines(found))
        sizes.append(len(found))
    job.state = {**state, "source": number, "key": key, "sizes": sizes}
    if number == len(sources):
        job.state, job.total = {"sizes": sizes, "at": [0, 0]}, sum(sizes)


def _few(job: Job, change: Change) -> None:
    ids = _here(job) or []
    records = change.look(ids)
    planned = _planned(job) or _plan(job, change, records)
    done = []
    with remembering():
        for (line, record_id), record, due in zip(_numbered(job, ids), records, planned, strict=True):
            try:
                status = "updated" if _done(change, record_id, record) or due else "unchanged"
                done.append(RowView(line=line, id=record_id, status=status))
            except errors.Unready:
                raise
            except errors.CrmError as error:
                done.append(failed(line, error, record_id))
    _advance(job, ids, done)


def _done(change: Change, record_id: str, record: Any) -> bool:
    """Change the record if that is due, once more if somebody else changed it meanwhile; whether it was due."""
    for attempt in range(_TRIES):
        if attempt or record is None:
            record = change.again(record_id)
        if record is None:
            raise errors.NotFound("There is no such record.")
        if not change.due(record):
            return False
        try:
            change.do(record)
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return True
    raise AssertionError("unreachable")


def _plan(job: Job, change: Change, records: Sequence[Any]) -> list[bool]:
    """Write down which of these are due. What cannot be told will be told when it is tried."""

    def is_due(record: Any) -> bool:
        try:
            return record is not None and change.due(record)
        except errors.CrmError:
            return False

    planned = [is_due(record) for record in records]
    jobs.keep_hold(job)
    storage.put(_plan_key(job), msgspec.json.encode({"at": job.state["at"], "due": planned}))
    return planned


def _planned(job: Job) -> list[bool] | None:
    """What this step wrote down when it was tried before."""
    try:
        plan = msgspec.json.decode(storage.get(_plan_key(job)))
    except storage.Missing:
        return None
    return list(plan["due"]) if plan["at"] == list(job.state["at"]) else None


def _advance(job: Job, ids: Sequence[str], done: Sequence[RowView]) -> None:
    rows.append(job, done)
    for row in done:
        job.tally(row.status)
    number, first = job.state["at"]
    first += len(ids)
    over = first >= job.state["sizes"][number]
    job.state = {**job.state, "at": [number + 1, 0] if over else [number, first]}
    job.done = int(job.done) + sum(row.status != _SKIPPED for row in done)


def _here(job: Job, most: int = AT_ONCE) -> list[str] | None:
    """The next few ids, None behind the last."""
    number, first = job.state.get("at", [0, 0])
    if number >= len(job.state.get("sizes", ())):
        return None
    return storage.get(_chosen(job, number), first * _ID, most * _ID).decode().split()


def _numbered(job: Job, ids: Sequence[str]) -> list[tuple[int, str]]:
    """The ids with their places among all that were chosen, from 1."""
    number, first = job.state["at"]
    return list(enumerate(ids, sum(job.state["sizes"][:number]) + first + 1))


def _lines(record_ids: Sequence[str]) -> bytes:
    return "".join(f"{one}\n" for one in record_ids).encode()


def _chosen(job: Job, number: int) -> str:
    return f"{job.tenant}/jobs/{job.id}/chosen-{number:06}"


def _plan_key(job: Job) -> str:
    return f"{job.tenant}/jobs/{job.id}/plan.json"
