"""Exports: everything a firm has, or a part of it, as one file that it takes away. An export is a job."""

import csv
import io
from typing import Any, Final

import msgspec

from chalicelib.models.job import Job
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.exports import ExportDraft
from chalicelib.schemas.job import JobView
from chalicelib.services import counts, fields, jobs
from chalicelib.services.exporting import columns, outlet, sources, zipped
from chalicelib.services.nouns import NOUNS

KIND: Final = "export"
PERMISSION: Final = "exports:write"
# Companies first, so that who imports the file again finds them when their people come.
KINDS: Final = ("company", "contact", "deal", "task", "activity")
NAMES: Final = {
    "company": "companies",
    "contact": "contacts",
    "deal": "deals",
    "task": "tasks",
    "activity": "activities",
    "recipient": "recipients",
}
_TYPES: Final = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8", "zip": "application/zip"}
_READ: Final = {
    "company": "companies:read",
    "contact": "contacts:read",
    "deal": "deals:read",
    "task": "tasks:read",
    "activity": "contacts:read",
    "recipient": "campaigns:read",
}
_COUNTED: Final = {"contact": "contacts", "company": "companies", "deal": "deals"}


def start(actor: Actor, draft: ExportDraft) -> JobView:
    """Begin an export.

    Raises `Forbidden` for kinds that the caller may not read, `Invalid` for a filter that the kind's list has not.
    """
    for kind in KINDS if draft.kind == "all" else (draft.kind,):
        actor.needs(_READ[kind])
    if draft.filter or draft.kind == sources.RECIPIENT:
        sources.check(actor, draft.kind, draft.filter)
    params = {"kind": draft.kind, "format": draft.format, "filter": draft.filter}
    counted = _COUNTED.get(draft.kind) if not draft.filter else None
    total = counts.totals(actor.tenant)[counted] if counted else None
    return jobs.start(actor, KIND, params, total=total, permission=PERMISSION)


def step(job: Job) -> bool:
    """A page of records into the file; after the last one the file is finished, and then tidied up behind."""
    state = job.state = dict(job.state) or _begin(job)
    if state["at"] == len(state["kinds"]):
        return _end(job)
    kind = state["kinds"][state["at"]]
    found = sources.read(job, kind, state["place"])
    jobs.keep_hold(job)
    outlet.write(state["out"], _data(job, kind, found))
    job.done += len(found.records)
    job.tally(NAMES[kind], len(found.records))
    if found.place is not None:
        state["place"] = found.place
        if found.place.get("gathered") and len(state["kinds"]) == 1:
            job.total = found.place["count"]
    else:
        state.update(at=state["at"] + 1, place={}, headed=False)
    return False


def close(job: Job) -> None:
    """It will not be finished: nothing is left of it."""
    if "out" in job.state:
        outlet.clean(job.state["out"])


def _begin(job: Job) -> dict[str, Any]:
    every = job.params["kind"] == "all"
    form = "zip" if every and job.params["format"] == "csv" else job.params["format"]
    name = "everything" if every else NAMES[job.params["kind"]]
    out = outlet.begin(sources.folder(job), f"{job.tenant}/jobs/{job.id}/{name}.{form}", _TYPES[form])
    kinds = list(KINDS) if every else [job.params["kind"]]
    state = {"kinds": kinds, "at": 0, "place": {}, "headed": False, "out": out}
    return {**state, "zip": zipped.begin()} if form == "zip" else state


def _end(job: Job) -> bool:
    """In two steps, since what the file is made of is needed until it is certain that the file is there."""
    state = job.state
    if not state.get("finished"):
        if "zip" in state:
            outlet.write(state["out"], zipped.finish(state["zip"]))
        outlet.finish(state["out"])
        job.result_key, job.total = state["out"]["key"], job.done
        state["finished"] = True
        return False
    outlet.clean(state["out"])
    return True


def _data(job: Job, kind: str, found: sources.Found) -> bytes:
    """The bytes that these records are in the file, with what stands before and behind those of a kind."""
    state = job.state
    text = _lines(job, kind, found.records) if job.params["format"] == "jsonl" else _csv(job, kind, found.records)
    if "zip" not in state:
        return text
    opened = b"" if state.get("open") else zipped.open_file(state["zip"], f"{NAMES[kind]}.csv")
    data = opened + zipped.piece(state["zip"], text)
    state["open"] = found.place is not None
    return data if state["open"] else data + zipped.close_file(state["zip"])


def _lines(job: Job, kind: str, records: list[dict[str, Any]]) -> bytes:
    if job.params["kind"] == "all":
        records = [_labelled(kind, one) for one in records]
    return b"".join(msgspec.json.encode(one) + b"\n" for one in records)


def _labelled(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    """The record with what it is in front; its own kind, if it has one, is its `type`."""
    own = {"type": record["kind"]} if "kind" in record else {}
    return {"kind": kind, **own, **{name: value for name, value in record.items() if name != "kind"}}


def _csv(job: Job, kind: str, records: list[dict[str, Any]]) -> bytes:
    state = job.state
    file = io.StringIO()
    writer = csv.writer(file)
    if not state["headed"]:
        state["custom"] = sorted(fields.definitions(job.tenant, kind)) if kind in NOUNS else []
        state["headed"] = True
        writer.writerow(columns.headers(kind, state["custom"]))
    writer.writerows(columns.row(kind, state["custom"], one) for one in records)
    return file.getvalue().encode()
