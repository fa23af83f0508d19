"""Which contacts a change concerns, and in which segments: asked of the change feed once for a batch.

A batch is looked at as a whole when everything else that follows from it is done - the index knows the records, the
sheets what was bought. Then the rules of the firm are read once, and whatever no rule asks for is done with. So a
million mails of a campaign cost one read unit for each batch of their news, unless somebody wants to know who opened
them.
"""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, ids
from chalicelib.models.company import Company
from chalicelib.models.table import several
from chalicelib.models.writes import transact
from chalicelib.schemas.actor import Actor
from chalicelib.services import jobs, lists, membership, rebuilding, rulebooks
from chalicelib.services.gathering import Gathering
from chalicelib.services.rulebooks import Book

_STANDING: Final = ("deleted_at", "merged_into", "layers")  # of a contact: everything may be another then
_LAGGING: Final = ("order", "activity")  # rules find them by an index, which may not know of them yet
_FEW: Final = 25  # contacts of a company that are looked at here; of more a job does it
_TOGETHER: Final = 50

Only = frozenset[str] | None  # the segments that may change for a contact; None: all


class Change(NamedTuple):
    """One record as it was and as it is; either may be None."""

    kind: str
    before: Any
    after: Any

    def differs(self, attribute: str) -> bool:
        """Whether it has another value by now, where none is one too."""
        return bool(getattr(self.before, attribute, None) != getattr(self.after, attribute, None))


def changed(before: Any, after: Any) -> None:
    """Something of which rules can ask was made, changed or removed."""
    record = after or before
    change = Change(type(record).kind.get_discriminator(type(record)), before, after)
    gathering.say(record.tenant, change)


def _settle(tenant: str, changes: Iterable[Change]) -> None:
    """See to the contacts concerned. One read unit, another for each order and activity that matters, and what
    `membership.settle` costs.

    Raises what keeps even that from being put off.
    """
    book = rulebooks.load(tenant)
    watched = _Watched(book)
    concerned: dict[str, Only] = {}
    lagging: dict[tuple[str, str], None] = {}
    for change in changes:
        only = watched.only(change)
        if only is not None and not only:
            continue
        if change.kind in _LAGGING and change.after is not None:
            lagging[(change.after.pk, change.after.sk)] = None
        for contact_id in _contacts(change):
            known = concerned.get(contact_id, frozenset())
            concerned[contact_id] = None if known is None or only is None else known | only
    # As they are, not as they were told: they may have gone since, or moved to somebody else.
    seen = [one for one in several(list(lagging), consistent=True) if one is not None] if lagging else []
    alike: dict[Only, list[str]] = defaultdict(list)
    for contact_id, only in concerned.items():
        alike[only].append(contact_id)
    for only, contact_ids in alike.items():
        for start in range(0, len(contact_ids), _TOGETHER):
            chunk = contact_ids[start : start + _TOGETHER]
            membership.settle_or_later(tenant, chunk, only=only, seen=seen, book=book)


gathering: Final = Gathering("concerned", _settle)


class _Watched:
    """What the rules of a firm ask for, by kind and attribute."""

    def __init__(self, book: Book) -> None:
        self.some = bool(book.rules)
        self.by_kind: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for segment_id, rule in book.rules.items():
            for kind, attribute in rule.fields:
                self.by_kind[kind][attribute].add(segment_id)

    def only(self, change: Change) -> Only:
        """The segments whose rules the change may concern."""
        if change.kind == "contact":
            if change.before is None:
                return None if self.some else frozenset()
            if change.after is None or any(change.differs(one) for one in _STANDING):
                return None
        asked = self.by_kind.get(change.kind, {})
        return frozenset(one for attribute, those in asked.items() if change.differs(attribute) for one in those)


def _contacts(change: Change) -> list[str]:
    """The contacts that a change concerns. Those of a large company are a job's."""
    if change.kind == "contact":
        return [(change.after or change.before).id]
    if change.kind == "company":
        return _employees(change.after or change.before, removed=change.after is None)
    found: dict[str, None] = {}
    for record in (change.before, change.after):
        if record is not None:
            found |= dict.fromkeys(_NAMED[change.kind](record))
    return [one for one in found if one and ids.is_id("con", one)]


_NAMED: Final[dict[str, Any]] = {
    "deal": lambda deal: deal.contact_ids or (),
    "order": lambda order: (order.contact_id,),
    "activity": lambda activity: (activity.subject_id,),
    "task": lambda task: (task.subject_id,),
    "mailing": lambda mailing: (mailing.contact_id,),
}


def _employees(company: Company, *, removed: bool) -> list[str]:
    few, last = lists.walk("contact", company.tenant, {"company_id": company.id}, None, _FEW)
    if last is None:
        return few
    actor = Actor(company.tenant, company.updated_by or "system", "system", frozenset({"contacts:read"}))
    version = int(company.version) + removed
    job_id = ids.derived("job", clock.parse(company.updated_at), f"{company.id}/{version}/{rebuilding.REFRESH}")
    _, steps = jobs.plan(actor, rebuilding.REFRESH, {"company_id": company.id}, job_id=job_id)
    with suppress(errors.Stale):  # it was begun when this was told before
        transact(*steps)
    return []
