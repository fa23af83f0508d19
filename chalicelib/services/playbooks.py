"""Playbooks: the tasks that a deal brings with it whenever it enters a stage. `plays.py` makes them."""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.playbook import Playbook
from chalicelib.models.table import every, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.playbook import PlaybookDraft, PlaybookQuery, PlaybookView
from chalicelib.services import pipelines, users

OWNER: Final = "owner"


def create(actor: Actor, draft: PlaybookDraft) -> PlaybookView:
    """A new playbook. Raises `Invalid` for a stage or a user that is not there."""
    playbook = Playbook(id=ids.new("plb"), tenant=actor.tenant)
    _write(actor, playbook, draft)
    transact(Step("save", playbook, absent()))
    return view(playbook)


def get(actor: Actor, playbook_id: str) -> PlaybookView:
    """One playbook. Raises `NotFound`."""
    return view(load(actor.tenant, playbook_id))


def listing(actor: Actor, query: PlaybookQuery, wanted: Page) -> Listing[PlaybookView]:
    """All playbooks by name, or the active ones of a stage."""
    index, parts = ("gsi2", {"stage": query.stage_id}) if query.stage_id else ("gsi1", {})
    partition = keys.partition("playbook", index, tenant=actor.tenant, **parts)
    found = page(partition, index=index, limit=wanted.limit, start=wanted.start)
    return Listing([view(playbook) for playbook in found.items], found.last)


def update(actor: Actor, playbook_id: str, patch: dict[str, Any], expected: int | None) -> PlaybookView:
    """Change some fields (RFC 7396); what deals have got already stays. Raises `NotFound`, `Stale`, `Invalid`."""

    def apply(playbook: Playbook) -> list[Step]:
        shown = msgspec.to_builtins(view(playbook))
        current = {name: shown[name] for name in PlaybookDraft.__struct_fields__}
        _write(actor, playbook, decoding.convert(merged(current, patch), PlaybookDraft))
        return [Step("save", playbook)]

    return view(change(lambda again: load(actor.tenant, playbook_id, consistent=again), apply, expected))


def delete(actor: Actor, playbook_id: str, expected: int | None) -> None:
    """Put the playbook into the trash; no deal gets its tasks any more. Raises `NotFound`, `Stale`."""

    def apply(playbook: Playbook) -> list[Step]:
        playbook.deleted_at = clock.stamp()
        return [_stood(actor, playbook)]

    change(lambda again: load(actor.tenant, playbook_id, consistent=again), apply, expected)


def restore(actor: Actor, playbook_id: str, expected: int | None = None) -> PlaybookView:
    """Take the playbook out of the trash; it holds from now on. Raises `NotFound`, `Stale`, `Conflict`."""

    def apply(playbook: Playbook) -> list[Step]:
        if not playbook.deleted_at:
            raise errors.Conflict("This playbook is not in the trash.")
        playbook.deleted_at = None
        playbook.since = clock.stamp() if playbook.active else None
        return [_stood(actor, playbook)]

    return view(change(lambda again: load(actor.tenant, playbook_id, consistent=again, deleted=True), apply, expected))


def of_stage(tenant: str, stage_id: str) -> list[Playbook]:
    """The active playbooks of a stage. Half a unit for each 4 KB."""
    return list(every(keys.partition("playbook", "gsi2", tenant=tenant, stage=stage_id), index="gsi2"))


def any_of_stage(tenant: str, stage_id: str) -> bool:
    """Whether the stage has an active playbook. Half a unit."""
    return bool(page(keys.partition("playbook", "gsi2", tenant=tenant, stage=stage_id), index="gsi2", limit=1).items)


def load(tenant: str, playbook_id: str, *, consistent: bool = False, deleted: bool = False) -> Playbook:
    """The playbook. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    if not ids.is_id("plb", playbook_id):
        raise errors.NotFound("There is no such playbook.")
    place = keys.key("playbook", tenant=tenant, id=playbook_id)
    playbook = fetch(Playbook, *place, consistent=True) if consistent else find(Playbook, *place)
    if deleted and playbook is not None:
        return playbook
    return found_or_404(playbook, "playbook")


def view(playbook: Playbook) -> PlaybookView:
    """The playbook as a client reads it."""
    plain = {name: getattr(playbook, name) for name in PlaybookView.__struct_fields__}
    return msgspec.convert({**plain, "version": int(playbook.version)}, PlaybookView)


def _write(actor: Actor, playbook: Playbook, draft: PlaybookDraft) -> None:
    """Raises `Invalid` for a stage or a user that is not there; those it had may be gone by now."""
    if (draft.pipeline_id, draft.stage_id) != (playbook.pipeline_id, playbook.stage_id):
        pipelines.stage_of(pipelines.of(actor.tenant, draft.pipeline_id), draft.stage_id)
    known = {line["assignee"] for line in playbook.tasks or ()} | {OWNER, actor.user}
    for number, line in enumerate(draft.tasks):
        if line.assignee not in known:
            users.exists(actor.tenant, line.assignee, f"/tasks/{number}/assignee")
            known.add(line.assignee)
    holds = playbook.active and playbook.stage_id == draft.stage_id and playbook.since
    playbook.name, playbook.active = draft.name, draft.active
    playbook.pipeline_id, playbook.stage_id = draft.pipeline_id, draft.stage_id
    playbook.tasks = msgspec.to_builtins(draft.tasks)
    _stood(actor, playbook)
    playbook.since = (holds or playbook.updated_at) if draft.active else None


def _stood(actor: Actor, playbook: Playbook) -> Step:
    playbook.touch(actor.user)
    playbook.keys()
    return Step("save", playbook)
