"""Bulk changes: one change for many contacts, companies or deals, by the same verbs as one for one, as a job.

Everything that can be told beforehand is told before it begins; what only a record can tell fails that record's row.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.table import several
from chalicelib.models.writes import transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.bulk import BulkDraft
from chalicelib.schemas.company import CompanyPatch
from chalicelib.schemas.contact import ContactPatch
from chalicelib.schemas.deal import DealPatch
from chalicelib.schemas.fields import merged
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Page
from chalicelib.services import jobs, lists, nouns, parties, segments, selections, sweeps, users
from chalicelib.services.nouns import Noun

KIND: Final = "bulk"
PATCHES: Final[dict[str, Any]] = {"contact": ContactPatch, "company": CompanyPatch, "deal": DealPatch}
_PAGE: Final = 200
_LARGEST: Final = 10_000  # bytes of a patch: the job, which holds it, is written at each step
# What each action takes besides the records.
_TAKES: Final = {
    "update": "fields",
    "tag": "tags",
    "untag": "tags",
    "assign": "owner_id",
    "add_to_segment": "segment_id",
    "remove_from_segment": "segment_id",
}
_LISTED: Final = {"add_to_segment": True, "remove_from_segment": False}  # whether somebody is in the list afterwards
# A record on which a patch is tried: a change that it cannot take, none can.
_SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "contact": {
        "first_name": "A",
        "last_name": "B",
        "emails": [{"address": "a@b.example"}],
        "phones": [{"number": "+12025550123"}],
    },
    "company": {"name": "A"},
    "deal": {"title": "A"},
}
_MISSING: Final = "required"  # what the sample may lack, and the records themselves need not


def start(actor: Actor, noun_name: str, draft: BulkDraft) -> JobView:
    """Begin. Raises `Invalid` for a selection, an action or a patch that cannot be. Seven write units."""
    noun = nouns.NOUNS[noun_name]
    _check_action(actor, noun, draft)
    chosen = _chosen(actor, noun, draft)
    params = {"noun": noun.name, "action": draft.action, "filter": draft.filter}
    params |= {name: getattr(draft, name) for name in set(_TAKES.values()) if _TAKES.get(draft.action) == name}
    job, steps = jobs.plan(actor, KIND, params, permission=f"{noun.plural}:read")
    if chosen is not None:
        sweeps.given(job, chosen)
    transact(*steps)
    return jobs.view(actor, job)


def step(job: Job) -> bool:
    """One step of the job. As `steps.STEPS` says."""
    return sweeps.step(job, _Bulk(job))


def found(actor: Actor, noun: str, parameters: dict[str, Any]) -> sweeps.Source:
    """The ids that a list with these parameters shows."""
    query = selections.query(noun, parameters)

    def page(key: Any) -> tuple[list[str], Any]:
        records, last = lists.page(noun, actor.tenant, query, Page(_PAGE, key))
        return [record.id for record in records], last

    return page


def look(noun: Noun, tenant: str, record_ids: Sequence[str]) -> list[Any]:
    """The records, None for one that is not there. Half a unit each."""
    places = [keys.key(noun.name, tenant=tenant, id=one) for one in record_ids]
    return [record if isinstance(record, noun.model) else None for record in several(places)]


class _Bulk:
    """The change that a job is about."""

    def __init__(self, job: Job) -> None:
        self.params: dict[str, Any] = job.params
        self.actor, self.noun = jobs.actor_of(job), nouns.NOUNS[job.params["noun"]]
        self.verbs, self.action = parties.of(self.noun.name), job.params["action"]

    def sources(self) -> list[sweeps.Source]:
        """The list with the filter."""
        return [found(self.actor, self.noun.name, self.params["filter"] or {})]

    def look(self, record_ids: Sequence[str]) -> list[Any]:
        """As they were a moment ago."""
        return look(self.noun, self.actor.tenant, record_ids)

    def again(self, record_id: str) -> Any:
        """As it is. Raises `Gone`."""
        return nouns.peek(self.noun, self.actor.tenant, record_id, consistent=True)

    def due(self, record: Any) -> bool:
        """Whether it is not so yet. Raises `Merged`, and `NotFound` for one in the trash that is to be changed."""
        if record.merged_into:
            raise errors.Merged(record.id, record.merged_into)
        if self.action in ("delete", "restore"):
            return bool(record.deleted_at) is (self.action == "restore")
        if record.deleted_at:
            raise errors.NotFound(f"This {self.noun.name} is in the trash.")
        if self.action in _LISTED:
            listed = segments.lists(record.tenant, record.id, self.params["segment_id"])
            return listed is not _LISTED[self.action]
        written = nouns.written(record)
        return bool(_filled(merged(written, self._patch(written))) != written)

    def do(self, record: Any) -> None:
        """By the verb that does it to one."""
        version = int(record.version)
        if self.action == "delete":
            self.verbs.delete(self.actor, record.id, version)
        elif self.action == "restore":
            self.verbs.restore(self.actor, record.id, version)
        elif self.action in _LISTED:
            segments.enlist(self.actor, self.params["segment_id"], [record.id], leave=not _LISTED[self.action])
        else:
            self.verbs.update(self.actor, record.id, self._patch(nouns.written(record)), version)

    def _patch(self, written: dict[str, Any]) -> dict[str, Any]:
        if self.action == "update":
            return dict(self.params["fields"])
        if self.action == "assign":
            return {"owner_id": self.params["owner_id"]}
        tags, given = written.get("tags", []), self.params["tags"]
        kept = [tag for tag in tags if tag not in given]
        return {"tags": [*tags, *(tag for tag in given if tag not in tags)] if self.action == "tag" else kept}


def _filled(plain: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plain.items() if value not in (None, [], {})}


def _chosen(actor: Actor, noun: Noun, draft: BulkDraft) -> list[str] | None:
    """The ids that were given, each once; None for a filter, which is tried. Raises `Invalid`."""
    if (draft.ids is None) == (draft.filter is None):
        raise errors.invalid("/filter", "required", "Say which records: by `ids` or by `filter`, not by both.")
    if draft.all != (draft.filter == {}):
        sentence = "An empty filter means every record: say so by `all`; a filter or ids say otherwise."
        raise errors.invalid("/all", "unsupported" if draft.all else "required", sentence)
    for number, one in enumerate(draft.ids or ()):
        if not ids.is_id(noun.prefix, one):
            raise errors.invalid(f"/ids/{number}", "format", f"This is not the id of a {noun.name}.")
    if draft.filter is None:
        return list(dict.fromkeys(draft.ids or ()))
    selections.query(noun.name, draft.filter)
    try:
        lists.fitting(noun.name, actor.tenant, draft.filter)  # the lists say themselves whether there is such a one
    except errors.Invalid as error:
        raise selections.below("/filter", error) from None
    return None


def _check_action(actor: Actor, noun: Noun, draft: BulkDraft) -> None:
    """Raises `Invalid` unless the action has what it takes, and that is acceptable."""
    wanted = _TAKES.get(draft.action)
    for name in sorted(set(_TAKES.values())):
        is_given = getattr(draft, name) is not (msgspec.UNSET if name == "owner_id" else None)
        if is_given and name != wanted:
            raise errors.invalid(f"/{name}", "unsupported", f"`{draft.action}` does not take `{name}`.")
        if name == wanted and not (is_given if name == "owner_id" else getattr(draft, name)):
            raise errors.invalid(f"/{name}", "required", f"`{draft.action}` needs `{name}`.")
    if draft.action == "assign" and draft.owner_id:
        users.exists(actor.tenant, str(draft.owner_id), "/owner_id")
    if draft.fields is not None:
        _try(actor, noun, draft.fields)
    if draft.segment_id is not None:
        _check_segment(actor, noun, draft.segment_id)


def _check_segment(actor: Actor, noun: Noun, segment_id: str) -> None:
    if noun.name != "contact":
        raise errors.invalid("/action", "unsupported", "A segment is of contacts.")
    actor.needs("segments:write")
    try:
        segment = segments.load(actor.tenant, segment_id)
    except errors.NotFound as error:
        raise errors.invalid("/segment_id", "unknown", error.detail) from None
    if segment.what != "static":
        raise errors.invalid("/segment_id", "unsupported", "Who is in a dynamic segment is said by its rule.")


def _try(actor: Actor, noun: Noun, patch: dict[str, Any]) -> None:
    """Raises `Invalid` at `/fields` for a patch that no record could take."""
    if len(msgspec.json.encode(patch)) > _LARGEST:
        raise errors.invalid("/fields", "length", f"At most {_LARGEST} bytes of JSON.")
    try:
        decoding.convert(patch, PATCHES[noun.name])
        draft = decoding.convert(merged(_SAMPLES[noun.name], patch), noun.draft)
    except errors.Invalid as error:
        raise selections.below("/fields", error) from None
    try:
        parties.of(noun.name).build(actor, draft)
    except errors.Invalid as error:
        # A stage asks for fields that the deals may have, or not: that is told of each.
        if noun.name != "deal" or any(flaw.code != _MISSING for flaw in error.flaws):
            raise selections.below("/fields", error) from None
