"""A plan into records, through the same verbs as HTTP. Done again after a crash it does only what is still to be done.

What others did meanwhile - somebody else has the address by now - sends a row back to be planned anew.
"""

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.models.job import Job
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.services import jobs, nouns, parties
from chalicelib.services.importing import policy
from chalicelib.services.importing.drafting import Drafted
from chalicelib.services.importing.planning import Change, Entry, Plan

_TAKEN: Final = (errors.Conflict, errors.Stale)
# That somebody was called, or is to be, counts as a touch; the name of a company that was renamed does not.
_COMPUTED: Final = frozenset(
    {"pk", "sk", "kind", "version", "created_at", "updated_at", "updated_by", "name", "company_name"}
    | {"gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk", "due_pk", "due_sk", "ttl"}
)


class Done(msgspec.Struct):
    """What a revert needs to know, and the lines to be planned anew.

    `prints` are those of the records that were made, by id; `after` says of those that were changed what they say now.
    """

    prints: dict[str, str] = {}
    after: dict[str, dict[str, Any]] = {}
    again: list[int] = []


def do(job: Job, plan: Plan, *, last: bool) -> Done:
    """Do what is planned, and write into the entries what went wrong. `last`: nothing will be planned anew.

    Write units as for making and changing the records by hand.
    """
    actor, noun, done = jobs.actor_of(job), job.params["noun"], Done()
    instead = _companies(actor, plan)
    refused: dict[str, errors.CrmError] = {}
    for made, outcome in zip(plan.creates, _created(actor, noun, plan, instead), strict=True):
        if isinstance(outcome, errors.CrmError):
            refused[made] = outcome
        else:
            done.prints[made] = fingerprint(outcome)
    for found, change in plan.changes.items():
        try:
            done.after[found] = _update(actor, noun, found, change, instead)
        except errors.Unready:
            raise
        except errors.CrmError as error:
            refused[found] = error
    for entry in plan.entries:
        if entry.id in refused and entry.status in ("created", "updated", "skipped"):
            _refuse(entry, refused[entry.id], done, last)
    return done


def rehearse(job: Job, plan: Plan, made: Collection[str]) -> None:
    """Check what is planned as if it were done, without writing; what would go wrong goes into the entries.

    `made` are records that are not there, but would be by now.
    """
    actor, noun = jobs.actor_of(job), job.params["noun"]
    verbs = parties.of(noun)
    for entry in plan.entries:
        draft = plan.creates.get(entry.id or "")
        if draft is None or entry.status != "created":
            continue
        unmade = {"company_id": plan.companies.keys(), "parent_id": made}
        there = {name: value for name, value in draft.items() if name not in unmade or value not in unmade[name]}
        try:
            verbs.build(actor, decoding.convert(there, verbs.noun.draft), record_id=entry.id)
        except errors.CrmError as error:
            _refuse(entry, error, Done(), last=True)


def fingerprint(record: Any) -> str:
    """What tells whether somebody has touched a record since: what is kept of it but for what is computed."""
    said = {name: value for name, value in record.attribute_values.items() if name not in _COMPUTED and value}
    return hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()[:16]


def _companies(actor: Actor, plan: Plan) -> dict[str, str]:
    """Make the companies. Where another one has the domain by now, that one's id instead."""
    instead = {}
    verbs = parties.of("company")
    drafts = [(one, decoding.convert(draft, verbs.noun.draft)) for one, draft in plan.companies.items()]
    for (one, _), outcome in zip(drafts, verbs.create_many(actor, drafts), strict=True):
        if isinstance(outcome, errors.Conflict) and "existing_id" in outcome.extra:
            instead[one] = outcome.extra["existing_id"]
    return instead


def _created(actor: Actor, noun: str, plan: Plan, instead: dict[str, str]) -> Sequence[Any]:
    """Each record, or why it was not made; companies level by level, as one has to be there for those below."""
    verbs = parties.of(noun)
    found: dict[str | None, Any] = {}
    left = plan.creates
    while left:
        level = [one for one, draft in left.items() if draft.get("parent_id") not in left] or list(left)
        found |= dict.fromkeys(level, errors.Conflict("The company above could not be made."))
        fit = [one for one in level if not isinstance(found.get(left[one].get("parent_id")), errors.CrmError)]
        drafts = [(one, decoding.convert(_with(left[one], instead), verbs.noun.draft)) for one in fit]
        found |= dict(zip(fit, verbs.create_many(actor, drafts), strict=True))
        left = {one: draft for one, draft in left.items() if one not in found}
    return [found[one] for one in plan.creates]


def _update(actor: Actor, noun: str, found: str, change: Change, instead: dict[str, str]) -> dict[str, Any]:
    """Change the record unless it is changed already; what it says then. Raises `Stale` if it says something else."""
    verbs = parties.of(noun)
    current = nouns.written(verbs.load(actor.tenant, found, consistent=True))
    now = policy.part(current, change.patch)
    if policy.same(now, _with(change.after, instead)):
        return now
    if not policy.same(now, change.before):
        raise errors.Stale("The record was changed meanwhile.")
    view = verbs.update(actor, found, _with(change.patch, instead), None)
    return policy.part(msgspec.to_builtins(view), change.patch)


def _with(draft: dict[str, Any], instead: dict[str, str]) -> dict[str, Any]:
    company = draft.get("company_id")
    return {**draft, "company_id": instead[company]} if company in instead else draft


def _refuse(entry: Entry, error: errors.CrmError, done: Done, last: bool) -> None:
    if isinstance(error, (*_TAKEN, errors.NotFound, errors.Merged, errors.Gone)) and not last:
        done.again.append(entry.line)
        return
    origins = Drafted({}, {}, [], entry.origins)
    flaws = error.flaws or (errors.Flaw("", type(error).__name__.lower(), error.detail),)
    entry.status, entry.id = "failed", error.extra.get("existing_id")
    entry.errors = [origins.placed(flaw)._asdict() for flaw in flaws]
