"""Going through all contacts for one segment, as jobs: to fill it when its rule is new, to empty it when it is gone,
and to work it out anew when somebody wants to be sure.

Contacts are gone through in the order in which they were made, in which none of them moves meanwhile. Whoever is made,
changed or comes back meanwhile is told by the change feed, which knows the new rule by then.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.ledger import Tally
from chalicelib.models.segment import Segment
from chalicelib.models.table import LastKey, fetch, page
from chalicelib.models.term import place_of
from chalicelib.models.writes import Step, transact
from chalicelib.services import lists, membership, rulebooks, segments

REFRESH: Final = "segment_refresh"
_PAGE: Final = 50  # contacts looked at together
_SECONDS: Final = 1.5  # of one step
_COUNTED: Final = 1000  # members counted at once

Page = Callable[[LastKey | None], tuple[list[str], LastKey | None]]
Act = Callable[[list[str]], membership.Settled]


def build(job: Job) -> bool:
    """Fill a segment whose rule is new. As `steps.STEPS` says."""
    segment = _segment(job)
    if segment is None or segment.building != job.id:
        return True  # it is gone, or has another rule by now, whose job does all this
    over = _go_on(job, _everybody(job.tenant), _judging(job.tenant, segment.id))
    if over:
        segments.completed(job.tenant, segment.id, job.id)
    return over


def rebuild(job: Job) -> bool:
    """Work out anew who is in a segment, whatever its members, cards and size say by now. As `steps.STEPS` says."""
    segment = _segment(job)
    if segment is None:
        return True
    checking = _judging(job.tenant, segment.id, check=segment.id)
    phase = job.state.get("phase", "contacts")
    if phase == "contacts":
        if _go_on(job, _everybody(job.tenant), checking):
            job.state = {"phase": "members"}
        return False
    if phase == "members":  # of those who are no contacts any more
        if _go_on(job, _members(job.tenant, segment.id), checking, quiet=True):
            job.state = {"phase": "size"}
        return False
    over = _counted(job, segment.id)
    if over:
        segments.completed(job.tenant, segment.id, job.id)
    return over


def clear(job: Job) -> bool:
    """Take everybody out of a segment that is in the trash. As `steps.STEPS` says."""
    segment_id = job.params["segment_id"]
    return _go_on(job, _members(job.tenant, segment_id), _judging(job.tenant, segment_id, judge=False))


def refresh(job: Job) -> bool:
    """A company has changed: look at its contacts. As `steps.STEPS` says."""
    book = rulebooks.load(job.tenant)
    only = frozenset(one for one, rule in book.rules.items() if any(kind == "company" for kind, _ in rule.fields))

    def act(contact_ids: list[str]) -> membership.Settled:
        return membership.settle(job.tenant, contact_ids, only=only)

    def found(start: LastKey | None) -> tuple[list[str], LastKey | None]:
        return lists.walk("contact", job.tenant, {"company_id": job.params["company_id"]}, start, _PAGE)

    return not only or _go_on(job, found, act)


def _everybody(tenant: str) -> Page:
    """The ids of all contacts in the order in which they were made. One unit for some sixty."""
    partition = keys.partition("term", tenant=tenant, space="contact.created_at")

    def found(start: LastKey | None) -> tuple[list[str], LastKey | None]:
        entries = page(partition, limit=_PAGE, start=start, consistent=True)
        return [place_of(one.sk)[1] for one in entries.items], entries.last

    return found


def _members(tenant: str, segment_id: str) -> Page:
    return lambda start: membership.walk(tenant, segment_id, start, _PAGE)


def _judging(tenant: str, segment_id: str, *, judge: bool = True, check: str | None = None) -> Act:
    only = (segment_id,) if judge else ()
    return lambda contact_ids: membership.settle(tenant, contact_ids, only=only, check=check)


def _go_on(job: Job, pages: Page, act: Act, *, quiet: bool = False) -> bool:
    """Some pages more; whether that was the last. `quiet`: what is looked at was counted before."""
    began, last = clock.ticks(), job.state.get("last")
    segment_id = job.params.get("segment_id")
    while True:
        found, last = pages(last)
        done = act(found)
        added, removed, holds = (
            {contact_id for contact_id, one in pairs if segment_id in (None, one)}
            for pairs in (done.added, done.removed, done.holds)
        )
        job.tally("added", len(added))
        job.tally("removed", len(removed))
        if not quiet:
            job.tally("unchanged", len(holds - added))
            job.done = int(job.done) + len(found)
        job.state = {**job.state, "last": last}
        if last is None or clock.ticks() - began > _SECONDS:
            return last is None


def _counted(job: Job, segment_id: str) -> bool:
    """Count the members, and correct the size if it is another: only if it is so twice, and nobody moved it meanwhile.

    Members come and go while they are counted, each with the size; what two counts tell alike is none of these.
    """
    state, began = dict(job.state), clock.ticks()
    while True:
        found, state["last"] = membership.walk(job.tenant, segment_id, state.get("last"), _COUNTED)
        state["count"] = state.get("count", 0) + len(found)
        if state["last"] is None:
            break
        if clock.ticks() - began > _SECONDS:
            job.state = state
            return False
    tally = fetch(Tally, *_tally(job.tenant, segment_id), consistent=True)
    size = int(tally.amount) if tally else 0
    missing = state["count"] - size
    if not missing or state.get("said", [size, missing]) != [size, missing]:
        return True
    if "said" not in state:
        job.state = {"phase": "size", "said": [size, missing]}
        return False
    _correct(job, segment_id, tally, missing)
    return True


def _correct(job: Job, segment_id: str, tally: Tally | None, missing: int) -> None:
    place = Tally(*_tally(job.tenant, segment_id))
    steady = Tally.pk.does_not_exist() if tally is None else Tally.amount == int(tally.amount)
    with suppress(errors.Stale):  # somebody came or went: it is not so certain any more
        transact(Step("update", place, steady, [Tally.amount.add(missing), Tally.kind.set(Tally)]))
        job.tally("recounted", abs(missing))


def _tally(tenant: str, segment_id: str) -> tuple[str, str]:
    return keys.key("tally", tenant=tenant, record=segment_id, name=membership.SIZE)


def _segment(job: Job) -> Segment | None:
    try:
        return segments.load(job.tenant, job.params["segment_id"], consistent=True)
    except errors.NotFound:
        return None


STEPS: Final[dict[str, Callable[[Any], bool]]] = {
    segments.BUILD: build,
    segments.REBUILD: rebuild,
    segments.CLEAR: clear,
    REFRESH: refresh,
}
