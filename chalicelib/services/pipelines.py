"""Pipelines: the stages that deals go through, in their order.

Whatever would leave deals in a stage that is not there, or counted as what they are not, is refused: the table is asked
whether there are such deals, as a total may still be on its way.
"""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import every, fetch, find, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.pipeline import PipelineDraft, PipelineQuery, PipelineView, Stage
from chalicelib.services import text
from chalicelib.services.remembered import ask

MOST: Final = 10  # of a firm, as forecast and home read each
_CUSTOM: Final = "custom."
STAGE: Final = "stg"  # what ids of stages begin with
CLOSING: Final = ("won", "lost")  # what a stage counts as that ends a deal
_SYSTEM: Final = "system"
_SURE: Final = {"won": 1.0, "lost": 0.0}  # chances that are none
# What a new firm begins with: the stages of most CRMs, with their usual chances.
SALES: Final = (
    Stage(name="Qualified", probability=0.1),
    Stage(name="Meeting", probability=0.2, rotting_days=14),
    Stage(name="Proposal", probability=0.4, forecast="best_case", rotting_days=14),
    Stage(name="Negotiation", probability=0.7, forecast="commit", rotting_days=14),
    Stage(name="Won", forecast="won"),
    Stage(name="Lost", forecast="lost"),
)


def create(actor: Actor, draft: PipelineDraft) -> PipelineView:
    """A new pipeline. Raises `Invalid`, and `Conflict` for one too many."""
    if any(stage.id is not None for stage in draft.stages):
        number = next(number for number, stage in enumerate(draft.stages) if stage.id is not None)
        raise errors.invalid(f"/stages/{number}/id", "unknown", "A new pipeline has new stages: leave out `id`.")
    _check(draft)
    _check_gates(actor.tenant, draft, frozenset())
    _room(actor.tenant)
    pipeline = Pipeline(id=ids.new("pip"), tenant=actor.tenant, last_code=0)
    _write(pipeline, draft)
    transact(Step("save", _saved(actor, pipeline), absent()))
    return view(pipeline)


def get(actor: Actor, pipeline_id: str) -> PipelineView:
    """One pipeline. Raises `NotFound`."""
    return view(load(actor.tenant, pipeline_id))


def listing(actor: Actor, query: PipelineQuery, wanted: Page) -> Listing[PipelineView]:
    """The firm's pipelines, by name."""
    partition = keys.partition("pipeline", "gsi1", tenant=actor.tenant)
    found = page(partition, index="gsi1", limit=wanted.limit, start=wanted.start)
    return Listing([view(pipeline) for pipeline in found.items], found.last)


def update(actor: Actor, pipeline_id: str, patch: dict[str, Any], expected: int | None) -> PipelineView:
    """Another name, other stages, or stages in another order; a stage without `id` is new, one left out is removed.

    Raises `NotFound`, `Stale`, `Invalid`, and `Conflict` for a stage with deals that would be removed, or would close
    or open them by what it counts as. Half a unit for each such stage.
    """

    def apply(pipeline: Pipeline) -> list[Step]:
        current = {"name": pipeline.name, "stages": _shown(pipeline)}
        draft = decoding.convert(merged(current, patch), PipelineDraft)
        _check(draft)
        asked = frozenset(field for stage in pipeline.stages for field in stage.get("required_fields", ()))
        _check_gates(pipeline.tenant, draft, asked)
        _keep_deals(pipeline, draft.stages)
        _write(pipeline, draft)
        return [Step("save", _saved(actor, pipeline))]

    return view(change(lambda again: load(actor.tenant, pipeline_id, consistent=again), apply, expected))


def delete(actor: Actor, pipeline_id: str, expected: int | None) -> None:
    """Put the pipeline into the trash. Raises `NotFound`, `Stale`, and `Conflict` while it has deals, also closed ones:
    what was won there would be in no forecast any more. Half a unit for each stage.
    """

    def apply(pipeline: Pipeline) -> list[Step]:
        for stage in pipeline.stages:
            if has_deals(pipeline.tenant, stage["id"]):
                sentence = (
                    f"There are deals in the stage {stage['name']}: move them elsewhere, or put them into the trash."
                )
                raise errors.Conflict(sentence, stage_id=stage["id"])
        pipeline.deleted_at = clock.stamp()
        return [Step("save", _saved(actor, pipeline))]

    change(lambda again: load(actor.tenant, pipeline_id, consistent=again), apply, expected)


def restore(actor: Actor, pipeline_id: str, expected: int | None = None) -> PipelineView:
    """Take the pipeline out of the trash.

    Raises `NotFound`, `Stale`, and `Conflict` if it is not in there, or for one too many.
    """

    def apply(pipeline: Pipeline) -> list[Step]:
        if not pipeline.deleted_at:
            raise errors.Conflict("This pipeline is not in the trash.")
        _room(actor.tenant)
        pipeline.deleted_at = None
        return [Step("save", _saved(actor, pipeline))]

    return view(change(lambda again: load(actor.tenant, pipeline_id, consistent=again, deleted=True), apply, expected))


def came(before: Any, after: Any) -> None:
    """A deal came into a pipeline, told by the feed: one that was thrown away in the same moment is taken back.

    Half a unit. Raises `Stale` if somebody changes the pipeline just then.
    """
    if after is None or not after.live or _was_there(before, after):
        return
    pipeline = fetch(Pipeline, *keys.key("pipeline", tenant=after.tenant, id=after.pipeline_id))
    if pipeline is None or not pipeline.deleted_at:
        return
    if any(has_deals(after.tenant, stage["id"]) for stage in pipeline.stages):
        pipeline.deleted_at = None
        pipeline.touch(_SYSTEM)
        pipeline.keys()
        transact(Step("save", pipeline))


def first_of(tenant: str, by: str) -> Pipeline:
    """The pipeline of a new firm, not yet in the table. Its id follows from the firm's, so that it is found by it."""
    pipeline = Pipeline(id=_first_id(tenant), tenant=tenant, name="Sales", last_code=0)
    pipeline.touch(by)
    arrange(pipeline, SALES)
    pipeline.keys()
    return pipeline


def arrange(pipeline: Pipeline, stages: Any) -> None:
    """Give the pipeline these stages; new ones get an id and a code."""
    codes = {one["id"]: one["code"] for one in pipeline.stages or ()}
    arranged = []
    for stage in stages:
        stage_id = stage.id or ids.new(STAGE)
        if stage_id not in codes:
            pipeline.last_code = codes[stage_id] = int(pipeline.last_code) + 1
        chance = _SURE.get(stage.forecast, stage.probability or 0.0)
        kept = {**msgspec.to_builtins(stage), "id": stage_id, "code": codes[stage_id], "probability": chance}
        arranged.append({**kept, "required_fields": list(dict.fromkeys(stage.required_fields))})
    pipeline.stages = arranged


def of(tenant: str, pipeline_id: str | None, pointer: str = "/pipeline_id") -> Pipeline:
    """The pipeline; without an id that of the sign-up, or once it is gone the oldest. Half a unit.

    Raises `Invalid` at `pointer` if it is not there, or in the trash.
    """
    found = ask(("pipeline", tenant, pipeline_id), lambda: _of(tenant, pipeline_id))
    if found is None or found.deleted_at:
        raise errors.invalid(pointer, "unknown", "There is no such pipeline.")
    return found


def load(tenant: str, pipeline_id: str, *, consistent: bool = False, deleted: bool = False) -> Pipeline:
    """The pipeline. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    found = None
    if ids.is_id("pip", pipeline_id):
        place = keys.key("pipeline", tenant=tenant, id=pipeline_id)
        found = fetch(Pipeline, *place, consistent=True) if consistent else find(Pipeline, *place)
    if found is None or (found.deleted_at and not deleted):
        raise errors.NotFound("There is no such pipeline.")
    return found


def everyone(tenant: str) -> list[Pipeline]:
    """All pipelines of the firm, by name. Half a unit for each 4 KB."""
    return list(every(keys.partition("pipeline", "gsi1", tenant=tenant), index="gsi1"))


def stage_of(pipeline: Pipeline, stage_id: str | None, pointer: str = "/stage_id") -> dict[str, Any]:
    """A stage as it is kept, the first open one if none is named.

    Raises `Invalid` at `pointer` for a stage of another pipeline.
    """
    for stage in pipeline.stages:
        if stage["id"] == stage_id or (stage_id is None and kind_of(stage) == "open"):
            found: dict[str, Any] = stage
            return found
    raise errors.invalid(pointer, "unknown", f"The pipeline {pipeline.name} has no such stage.")


def kind_of(stage: dict[str, Any]) -> str:
    """What a deal is in this stage: open, won or lost."""
    return str(stage["forecast"]) if stage["forecast"] in CLOSING else "open"


def has_deals(tenant: str, stage_id: str) -> bool:
    """Whether a deal stands in the stage. Half a unit."""
    return bool(page(keys.partition("deal", "gsi1", tenant=tenant, stage=stage_id), index="gsi1", limit=1).items)


def view(pipeline: Pipeline) -> PipelineView:
    """The pipeline as a client reads it."""
    plain = {name: getattr(pipeline, name) for name in PipelineView.__struct_fields__}
    return msgspec.convert({**plain, "stages": _shown(pipeline), "version": int(pipeline.version)}, PipelineView)


def _shown(pipeline: Pipeline) -> list[dict[str, Any]]:
    return [{name: value for name, value in stage.items() if name != "code"} for stage in pipeline.stages]


def _first_id(tenant: str) -> str:
    return f"pip_{tenant.partition('_')[2]}"


def _of(tenant: str, pipeline_id: str | None) -> Pipeline | None:
    first = pipeline_id or _first_id(tenant)
    if not ids.is_id("pip", first):
        return None
    found = find(Pipeline, *keys.key("pipeline", tenant=tenant, id=first))
    if pipeline_id is None and (found is None or found.deleted_at):
        return min(everyone(tenant), key=lambda one: one.created_at, default=None)
    return found


def _was_there(before: Any, after: Any) -> bool:
    return bool(before is not None and before.live and before.pipeline_id == after.pipeline_id)


def _room(tenant: str) -> None:
    """Raises `Conflict` if the firm has as many pipelines as there can be."""
    if len(everyone(tenant)) >= MOST:
        raise errors.Conflict(f"A firm has at most {MOST} pipelines.")


def _check(draft: PipelineDraft) -> None:
    """Raises `Invalid` for what a struct cannot see."""
    if not draft.name.strip():
        raise errors.invalid("/name", "required", "A pipeline needs a name.")
    names: set[str] = set()
    for number, stage in enumerate(draft.stages):
        name = text.folded(stage.name)
        if not name:
            raise errors.invalid(f"/stages/{number}/name", "required", "A stage needs a name.")
        if name in names:
            raise errors.invalid(f"/stages/{number}/name", "repeated", "Two stages have this name.")
        names.add(name)
    if all(stage.forecast in CLOSING for stage in draft.stages):
        raise errors.invalid("/stages", "required", "A pipeline needs a stage that is neither won nor lost.")


def _check_gates(tenant: str, draft: PipelineDraft, known: frozenset[str]) -> None:
    """Raises `Invalid` for a custom field that there is not: no deal could ever pass. One asked before may be gone.

    Half a unit if there is a new one.
    """
    places = [
        (f"/stages/{number}/required_fields/{place}", field)
        for number, stage in enumerate(draft.stages)
        for place, field in enumerate(stage.required_fields)
        if field.startswith(_CUSTOM) and field not in known
    ]
    if not places:
        return
    from chalicelib.services import fields  # only for those who have fields of their own

    defined = fields.definitions(tenant, "deal")
    for pointer, field in places:
        if field.removeprefix(_CUSTOM) not in defined:
            raise fields.unknown(pointer, field.removeprefix(_CUSTOM), defined)


def _keep_deals(pipeline: Pipeline, stages: list[Stage]) -> None:
    """Raises `Invalid` for a stage that it has not, `Conflict` for one with deals that would lose or close them."""
    known = {one["id"]: one for one in pipeline.stages}
    wanted: dict[str, Stage] = {}
    for number, stage in enumerate(stages):
        if stage.id is None:
            continue
        if stage.id not in known:
            raise errors.invalid(f"/stages/{number}/id", "unknown", "This pipeline has no such stage.")
        if stage.id in wanted:
            raise errors.invalid(f"/stages/{number}/id", "repeated", "This stage is in the list twice.")
        wanted[stage.id] = stage
    for stage_id, old in known.items():
        new = wanted.get(stage_id)
        stays = new is not None and kind_of({"forecast": new.forecast}) == kind_of(old)
        if not stays and has_deals(pipeline.tenant, stage_id):
            what = f"cannot count as {new.forecast}" if new else "cannot be removed"
            raise errors.Conflict(f"There are deals in the stage {old['name']}, so it {what}.", stage_id=stage_id)


def _write(pipeline: Pipeline, draft: PipelineDraft) -> None:
    pipeline.name = draft.name
    arrange(pipeline, draft.stages)


def _saved(actor: Actor, pipeline: Pipeline) -> Pipeline:
    pipeline.touch(actor.user)
    pipeline.keys()
    return pipeline
