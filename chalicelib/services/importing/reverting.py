"""Taking an import back, the last row first: what it made goes to the trash, what it changed gets back what it said.

Only where nobody has touched it since. Each decision is made by comparing what the record says now, so a step that is
done again finds its work done.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.table import every
from chalicelib.models.term import place_of
from chalicelib.schemas.row import RowError, RowView
from chalicelib.services import jobs, nouns, parties
from chalicelib.services import rows as job_rows
from chalicelib.services.importing import doing, files, lookups, policy
from chalicelib.services.importing.planning import Entry, Plan
from chalicelib.services.importing.steps import Kept

KIND: Final = "import_revert"
_ROUNDS: Final = 4  # as an import plans at most
_KEPT: Final = {
    "changed": "Somebody has changed it since.",
    "gone": "It is in the trash, or was removed or merged, already.",
    "used": "Other contacts belong to it.",
}


def step(job: Job) -> bool:
    """One chunk of an import, from the last to the first, then the companies it made; whether it is finished."""
    imported = jobs.load(job.tenant, job.params["import_id"])
    left = int((job.state or {}).get("left", _chunks(imported)))
    if left == 0:
        job_rows.finish(job)
        return True
    number = left - 1
    views = _chunk(job, imported, number) + _companies(job, imported, number)
    job_rows.append(job, views)
    for view in views:
        job.tally(view.status)
    job.total, job.done = int(imported.done), min(int(job.done) + files.CHUNK, int(imported.done))
    job.state = {**(job.state or {}), "left": number}
    return False


def _chunk(job: Job, imported: Job, number: int) -> list[RowView]:
    """The records of one chunk: first the changes back, then what was made into the trash."""
    plans = _plans(imported, number)
    kept = files.get(imported, f"done/{number:05}", Kept) or _begun(plans)
    told: dict[str, str] = {}
    for plan, after in reversed(list(zip(plans, kept.after, strict=False))):
        for found, said in after.items():
            told[found] = _change_back(job, imported, found, plan.changes[found].before, said)
    for made, seen in kept.prints.items():
        told[made] = _remove(job, imported.params["noun"], made, seen)
    entries = {entry.line: entry for plan in plans for entry in plan.entries if entry.id in told}
    return [_view(entry, told[entry.id or ""]) for _, entry in sorted(entries.items()) if _did(entry)]


def _companies(job: Job, imported: Job, number: int) -> list[RowView]:
    """The companies that this chunk was the first to name, unless contacts belong to them that are still there."""
    found = []
    for plan in _plans(imported, number):
        for made, draft in plan.companies.items():
            state = _remove_company(job, made, draft)
            line = next((e.line for e in plan.entries if plan.creates.get(e.id or "", {}).get("company_id") == made), 0)
            found.append(_view(Entry(line, "created", made), state))
    return found


def _plans(imported: Job, number: int) -> list[Plan]:
    found = (files.get(imported, f"plan/{number:05}-{turn}", Plan) for turn in range(_ROUNDS))
    return [plan for plan in found if plan is not None]


def _chunks(imported: Job) -> int:
    """How many chunks were done, or at least begun when the import failed."""
    done = int(imported.state.get("chunk", 0))
    return done + 1 if files.get(imported, f"plan/{done:05}-0") is not None else done


def _begun(plans: list[Plan]) -> Kept:
    """What may have been done of a chunk that broke off."""
    after = [{found: change.after for found, change in plan.changes.items()} for plan in plans]
    return Kept({made: "" for plan in plans for made in plan.creates}, after, {}, [])


def _change_back(job: Job, imported: Job, found: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    verbs, actor = parties.of(imported.params["noun"]), jobs.actor_of(job)
    try:
        current = nouns.written(verbs.load(job.tenant, found, consistent=True))
        patch = policy.undone(current, before, after)
        if patch:
            verbs.update(actor, found, patch, None)
    except (errors.NotFound, errors.Merged, errors.Gone):
        return "gone"
    except errors.Unready:
        raise
    except errors.CrmError:
        return "changed"  # what it said is taken by another one, or does not fit any more
    now = {**current, **patch}
    return "reverted" if patch or policy.same(policy.part(now, before), before) else "changed"


def _remove(job: Job, noun: str, made: str, seen: str) -> str:
    """Into the trash, if it still says what the import said, and nothing has happened with it."""
    verbs = parties.of(noun)
    try:
        record = nouns.peek(verbs.noun, job.tenant, made, consistent=True)
        if record is None or record.merged_into:
            return "gone"
        if record.deleted_at:
            return "reverted"
        if (record.updated_at != record.created_at) if not seen else doing.fingerprint(record) != seen:
            return "changed"
        verbs.delete(jobs.actor_of(job), made, int(record.version))
    except (errors.Stale, errors.NotFound, errors.Merged, errors.Gone):
        return "changed"
    return "reverted"


def _remove_company(job: Job, made: str, draft: dict[str, Any]) -> str:
    verbs = parties.of("company")
    try:
        record = nouns.peek(verbs.noun, job.tenant, made, consistent=True)
        if record is None or record.merged_into:
            return "gone"
        if record.deleted_at:
            return "reverted"
        if nouns.written(record) != draft or record.next_activity_at:
            return "changed"
        if _belong(job.tenant, made):
            return "used"
        verbs.delete(jobs.actor_of(job), made, int(record.version))
    except (errors.Stale, errors.NotFound, errors.Merged, errors.Gone):
        return "changed"
    return "reverted"


def _belong(tenant: str, company_id: str) -> bool:
    """Whether a live contact, or a company below, is there that belongs to the company.

    The index may still hold those that did a moment ago, so each is looked at.
    """
    for noun, field in (("contact", "company_id"), ("company", "parent_id")):
        terms = every(keys.partition("term", tenant=tenant, space=f"{noun}.{field}.{company_id}"))
        for few in _in_fews(place_of(term.sk)[1] for term in terms):
            if any(_names(one, company_id) for one in lookups.records(tenant, noun, few, surely=True).values()):
                return True
    return False


def _names(record: dict[str, Any], company_id: str) -> bool:
    employers = (one["company_id"] for one in record.get("companies", ()))
    return company_id in (record.get("company_id"), record.get("parent_id"), *employers)


def _in_fews(several: Iterator[str]) -> Iterator[list[str]]:
    while few := list(islice(several, lookups.MANY)):
        yield few


def _did(entry: Entry) -> bool:
    return entry.status in ("created", "updated")


def _view(entry: Entry, state: str) -> RowView:
    if state == "reverted":
        return RowView(line=entry.line, id=entry.id, status="reverted")
    return RowView(line=entry.line, id=entry.id, status="kept", errors=[RowError("", state, _KEPT[state])])
