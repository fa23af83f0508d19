"""Whom a rule would fit, before anybody saves it: found out at once in a small firm, by a job in a large one.

Contacts are read by name out of the list's index, which holds them as a whole: a quarter of what reading each of them
would cost. So a preview may miss what changed a moment ago, and somebody whose name changes while a job goes on.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chalicelib import clock
from chalicelib.adapters import storage
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.table import page
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Begun
from chalicelib.schemas.segment import SampleView, SegmentPreviewDraft, SegmentPreviewView
from chalicelib.services import addresses, jobs, ledger, rules, titles
from chalicelib.services.rules import Rule

KIND: Final = "segment_preview"
AT_ONCE: Final = 500  # contacts of a firm up to which the answer does not wait for a job
SAMPLE: Final = 10
_PAGE: Final = 200
_PAGES: Final = 10  # read at once at most, if the firm has grown unnoticed
_SECONDS: Final = 1.5  # of one step


def preview(actor: Actor, draft: SegmentPreviewDraft) -> SegmentPreviewView | Begun[SegmentPreviewView]:
    """How many contacts a rule fits, and the first of them; of more than `AT_ONCE` contacts as a job.

    Raises `Invalid` at `/rule`, and `Forbidden` for who may not see contacts. Half a unit for each 4 KB of contacts,
    and what their facts cost.
    """
    actor.needs("contacts:read")
    rule = rules.parse(actor.tenant, draft.rule)
    contacts = ledger.totals(actor.tenant).get("contacts", 0)
    if contacts <= AT_ONCE:
        state: dict[str, Any] = {}
        for _ in range(_PAGES):
            if _further(actor.tenant, rule, state):
                return _view(state, None)
    job = jobs.start(actor, KIND, {"rule": draft.rule}, total=contacts, permission="contacts:read")
    return Begun(SegmentPreviewView(id=job.id, size=None, contacts=contacts, sample=[]))


def step(job: Job) -> bool:
    """Some pages of contacts. As `steps.STEPS` says."""
    rule, state = rules.parse(job.tenant, job.params["rule"], kept=True), dict(job.state)
    began = clock.ticks()
    while not (over := _further(job.tenant, rule, state)) and clock.ticks() - began < _SECONDS:
        pass
    job.state, job.done = state, state["contacts"]
    job.counts = {"size": state["size"]}
    if over:
        jobs.keep_hold(job)
        job.total, job.result_key = job.done, f"{job.tenant}/jobs/{job.id}/preview.json"
        storage.put(job.result_key, msgspec.json.encode(_view(state, job.id)))
        close(job)
    return over


def close(job: Job) -> None:
    """Storage forgets the names of those in the sample, the job would not. As `steps.CLOSING` says."""
    job.state = {}


def _further(tenant: str, rule: Rule, state: dict[str, Any]) -> bool:
    """One page more, counted into `state`; whether it was the last."""
    found = page(keys.partition("contact", "gsi1", tenant=tenant), index="gsi1", limit=_PAGE, start=state.get("last"))
    contacts = [one for one in found.items if isinstance(one, Contact) and one.live]
    sample, now = list(state.get("sample", ())), clock.now()
    fitting = _fitting(tenant, rule, contacts, now)
    for contact, verdict in fitting[: SAMPLE - len(sample)]:
        shown = SampleView(
            id=contact.id, name=titles.of(contact), email=addresses.primary(contact), reason=verdict.reason
        )
        sample.append(msgspec.to_builtins(shown))
    state["contacts"] = state.get("contacts", 0) + len(contacts)
    state["size"] = state.get("size", 0) + len(fitting)
    state["sample"], state["last"] = sample, found.last
    return found.last is None


def _fitting(tenant: str, rule: Rule, contacts: Sequence[Contact], now: Any) -> list[tuple[Contact, Any]]:
    known = rules.look(tenant, contacts, [rule], now)
    judged = [(facts.contact, rule.verdict(facts, now)) for facts in known]
    return [(contact, verdict) for contact, verdict in judged if verdict.matches]


def _view(state: dict[str, Any], job_id: str | None) -> SegmentPreviewView:
    plain = {"id": job_id, "size": state["size"], "contacts": state["contacts"], "sample": state["sample"]}
    return msgspec.convert(plain, SegmentPreviewView)
