"""Imports: files of contacts or companies that become records, with a report for each row, and a way back.

An import is a job of kind `import`, known by the job's id from the moment it is asked for; until it is started there is
only its request in storage. What the steps do is in `importing/`.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.adapters import storage
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.job import FINISHED, Job
from chalicelib.models.table import fetch, find, page, several
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.imports import ImportDraft, ImportView
from chalicelib.schemas.job import JobView, Progress
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.row import RowError, RowQuery, RowView
from chalicelib.services import fields, jobs, rows
from chalicelib.services.importing import encodings, files, lookups, mapping, reading, reverting, steps
from chalicelib.services.importing.mapping import escaped

_REQUEST: Final = "request"
_GUESSED: Final = "The encoding of the file was guessed. If letters with accents look wrong, name it by `encoding`."


def create(actor: Actor, draft: ImportDraft) -> ImportView:
    """A new import: begun, if the content is there; else with a place to upload it to.

    Raises `Invalid` for a key, a mapping or an encoding that cannot be, and for content that is no such file;
    `Forbidden` without the right to write these records. Seven write units if it is begun, else none.
    """
    _allowed(actor, draft.kind)
    request = _request(actor, draft)
    job = _unsaved(actor, ids.new("job"), request)
    if draft.content is None:
        files.put(job, _REQUEST, request)
        return _view(actor, job, request, pending=True)
    data = _encoded(draft.content)
    reading.check(actor.tenant, {**request["params"], "encoding": "utf-8"}, data, draft.mapping)
    request["params"]["encoding"] = "utf-8"
    storage.put(files.key(job, "source"), data)
    files.put(job, _REQUEST, request)
    return _view(actor, _begin(actor, job.id, request), request)


def start(actor: Actor, import_id: str) -> ImportView:
    """Begin an import whose file has been uploaded.

    Raises `NotFound`, and `Conflict` if it was started before or has no file. Seven write units.
    """
    request = _asked(actor, import_id)
    _allowed(actor, request["params"]["noun"])
    job = _unsaved(actor, import_id, request)
    if _job(actor.tenant, import_id) is not None:
        raise errors.Conflict("This import has been started already.")
    if not storage.exists(files.key(job, "source")):
        raise errors.Conflict("Nothing has been uploaded yet.")
    return _view(actor, _begin(actor, import_id, request), request)


def get(actor: Actor, import_id: str) -> ImportView:
    """One import. Raises `NotFound`. One read unit."""
    job = _job(actor.tenant, import_id)
    if job is None:
        request = _asked(actor, import_id)
        return _view(actor, _unsaved(actor, import_id, request), request, pending=True)
    about = files.get(job, "about") or {}
    return _view(actor, job, {"params": job.params}, about=about, taken_back=_taken_back(actor.tenant, job))


def listing(actor: Actor, wanted: Page) -> Listing[ImportView]:
    """All imports that were started, the newest first, without what was understood of each file.

    One query, and half a unit for each: was it taken back.
    """
    where = keys.partition("job", "gsi2", tenant=actor.tenant, what=steps.KIND)
    found = page(where, index="gsi2", limit=wanted.limit, start=wanted.start, newest_first=True)
    held = several([_revert_key(actor.tenant, job.id) for job in found.items])
    views = [
        _view(actor, job, {"params": job.params}, about={}, taken_back=guard.holder if guard else None)
        for job, guard in zip(found.items, held, strict=True)
    ]
    return Listing(views, found.last)


def row_listing(actor: Actor, import_id: str, query: RowQuery, wanted: Page) -> Listing[RowView]:
    """What became of each row so far, in the order of the file, or of those with one status.

    Raises `NotFound`, and `Gone` when storage has forgotten them.
    """
    if _job(actor.tenant, import_id) is None:
        _asked(actor, import_id)
        return Listing([])
    return rows.listing(actor, import_id, query, wanted)


def revert(actor: Actor, import_id: str) -> JobView:
    """Take an import back: a job, whose rows say what was kept and why.

    Raises `NotFound`, and `Conflict` for one that is not finished, was a dry run, is too old, or was taken back before.
    """
    job = _job(actor.tenant, import_id)
    if job is None or job.status not in FINISHED:
        if job is None:
            _asked(actor, import_id)
        raise errors.Conflict("Only an import that has ended can be taken back.")
    _allowed(actor, job.params["noun"])
    if job.started_by != actor.user and not actor.may("jobs:write"):
        raise errors.Forbidden("Only who made an import, or somebody with the permission jobs:write, may take it back.")
    if job.params["dry_run"]:
        raise errors.Conflict("A dry run has changed nothing.")
    if clock.before(clock.stamp(), storage.KEPT) > job.created_at:
        raise errors.Conflict("What was done is remembered for thirty days only.")
    backwards, begun = jobs.plan(actor, reverting.KIND, {"import_id": job.id}, permission="imports:read")
    claim = Guard.of(actor.tenant, "import", "revert", job.id, backwards.id)
    transact(*begun, Step("save", claim, absent(), refusal=partial(_reverted, actor, job.id)))
    return jobs.view(actor, backwards)


def _request(actor: Actor, draft: ImportDraft) -> dict[str, Any]:
    own = any((target or "").startswith("custom.") for target in draft.mapping.values())
    defined = fields.definitions(actor.tenant, draft.kind) if own else {}
    for header, target in draft.mapping.items():
        group, _, name = (target or "").partition(".")
        there = mapping.valid(draft.kind, target or "") and (group != "custom" or name in defined)
        if target and not there and not mapping.dropped(target):
            sentence = f"There is no field {target!r} to import into."
            raise errors.invalid(f"/mapping/{escaped(header)}", "unknown_field", sentence)
    if draft.kind == "company" and draft.source == "vcard":
        raise errors.invalid("/source", "unsupported", "vCards are imported as contacts.")
    params = {
        "noun": draft.kind,
        "source": draft.source,
        "policy": draft.policy,
        "key": lookups.checked_key(draft.kind, draft.key),
        "keyed": draft.key is not None,
        "dry_run": draft.dry_run,
        "country": draft.country,
        "encoding": encodings.named(draft.encoding) if draft.encoding else None,
    }
    return {"params": params, "mapping": draft.mapping, "created_at": clock.stamp(), "by": actor.user}


def _begin(actor: Actor, import_id: str, request: dict[str, Any]) -> Job:
    job, begun = jobs.plan(actor, steps.KIND, request["params"], permission="imports:read", job_id=import_id)
    begun = [step._replace(refusal=_started) for step in begun]
    transact(*begun)
    return job


def _started() -> errors.Conflict:
    return errors.Conflict("This import has been started already.")


def _reverted(actor: Actor, import_id: str) -> errors.Conflict:
    held = fetch(Guard, *_revert_key(actor.tenant, import_id), consistent=True)
    extra = {"existing_id": held.holder} if held else {}
    return errors.Conflict("This import has been taken back already.", **extra)


def _revert_key(tenant: str, import_id: str) -> tuple[str, str]:
    return keys.key("guard", tenant=tenant, noun="import", field="revert", value=import_id)


def _unsaved(actor: Actor, import_id: str, request: dict[str, Any]) -> Job:
    """The job that the import will be."""
    job = Job(id=import_id, tenant=actor.tenant, what=steps.KIND, params=request["params"])
    job.created_at = job.updated_at = request["created_at"]
    return job


def _job(tenant: str, import_id: str) -> Job | None:
    if not ids.is_id("job", import_id):
        raise errors.NotFound("There is no such import.")
    job = find(Job, *keys.key("job", tenant=tenant, id=import_id))
    if job is not None and job.what != steps.KIND:
        raise errors.NotFound("There is no such import.")
    return job


def _asked(actor: Actor, import_id: str) -> dict[str, Any]:
    """What an import that was not started asks for. Raises `NotFound`."""
    known = ids.is_id("job", import_id)  # what is none may be no name of a file either
    request: dict[str, Any] | None = files.get(Job(id=import_id, tenant=actor.tenant), _REQUEST) if known else None
    if request is None:
        raise errors.NotFound("There is no such import.")
    return request


def _allowed(actor: Actor, noun: str) -> None:
    permission = {"contact": "contacts:write", "company": "companies:write"}[noun]
    actor.needs(permission, "companies:write")  # contacts bring the companies they belong to


def _encoded(content: str) -> bytes:
    try:
        return content.removeprefix("\ufeff").encode()
    except UnicodeEncodeError:
        raise errors.invalid("/content", "format", "The content has characters that are none.") from None


def _view(
    actor: Actor,
    job: Job,
    request: dict[str, Any],
    *,
    pending: bool = False,
    about: Mapping[str, Any] = MappingProxyType({}),
    taken_back: str | None = None,
) -> ImportView:
    params = request["params"]
    shown = None if pending else jobs.view(actor, job)
    columns = about.get("columns", {})
    encoding = about.get("encoding")
    return ImportView(
        id=job.id,
        job_id=None if pending else job.id,
        kind=params["noun"],
        source=params["source"],
        policy=params["policy"],
        key=params["key"],
        dry_run=params["dry_run"],
        status=shown.status if shown else "pending",
        progress=shown.progress if shown else Progress(0, None),
        counts={**dict.fromkeys(steps.STATUSES, 0), **(shown.counts if shown else {})},
        headers=about.get("headers", []),
        mapping={header: target for header, target in columns.items() if target},
        unmapped=[header for header, target in columns.items() if not target],
        encoding=encoding[0] if encoding else None,
        warnings=[*([_GUESSED] if encoding and encoding[2] else []), *about.get("warnings", ())],
        errors=_errors(about, shown),
        upload_url=storage.upload_url(files.key(job, "source")) if pending else None,
        result_url=shown.result_url if shown else None,
        errors_url=shown.errors_url if shown else None,
        revert_job_id=taken_back,
        created_at=job.created_at,
        updated_at=job.updated_at,
        version=shown.version if shown else 0,
    )


def _taken_back(tenant: str, job: Job) -> str | None:
    """The id of the job that takes the import back, if there is one."""
    if job.status not in FINISHED:
        return None
    held = fetch(Guard, *_revert_key(tenant, job.id))
    return held.holder if held else None


def _errors(about: Mapping[str, Any], shown: JobView | None) -> list[RowError]:
    said = [RowError(**flaw) for flaw in about.get("errors", ())]
    if not said and shown is not None and shown.error:
        return [RowError("", "failed", shown.error)]
    return said
