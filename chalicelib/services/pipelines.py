"""Pipelines: the stages that deals go through, in their order."""

from typing import Any, Final

import msgspec

from chalicelib import errors, ids
from chalicelib.models import keys
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import every, fetch, find
from chalicelib.schemas.pipeline import PipelineView, Stage
from chalicelib.services.remembered import ask

# What a new firm begins with: the stages of most CRMs, with their usual chances.
SALES: Final = (
    Stage(name="Qualified", probability=0.1),
    Stage(name="Meeting", probability=0.2, rotting_days=14),
    Stage(name="Proposal", probability=0.4, forecast="best_case", rotting_days=14),
    Stage(name="Negotiation", probability=0.7, forecast="commit", rotting_days=14),
    Stage(name="Won", probability=1, forecast="won"),
    Stage(name="Lost", probability=0, forecast="lost"),
)


def first_of(tenant: str, by: str) -> Pipeline:
    """The pipeline of a new firm, not yet in the table."""
    pipeline = Pipeline(id=ids.new("pip"), tenant=tenant, name="Sales", last_code=0)
    pipeline.touch(by)
    arrange(pipeline, SALES)
    pipeline.keys()
    return pipeline


def arrange(pipeline: Pipeline, stages: Any) -> None:
    """Give the pipeline these stages; new ones get an id and a code."""
    codes = {one["id"]: one["code"] for one in pipeline.stages or ()}
    arranged = []
    for stage in stages:
        stage_id = stage.id or ids.new("stg")
        if stage_id not in codes:
            pipeline.last_code = codes[stage_id] = int(pipeline.last_code) + 1
        arranged.append({**msgspec.to_builtins(stage), "id": stage_id, "code": codes[stage_id]})
    pipeline.stages = arranged


def of(tenant: str, pipeline_id: str | None, pointer: str = "/pipeline_id") -> Pipeline:
    """The pipeline, or the firm's first one by age. Half a unit. Raises `Invalid` at `pointer` if it is not there."""
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
    """A stage as it is kept, the first one if none is named.

    Raises `Invalid` at `pointer` for a stage of another pipeline.
    """
    stages: list[dict[str, Any]] = pipeline.stages
    if stage_id is None:
        return stages[0]
    for stage in stages:
        if stage["id"] == stage_id:
            return stage
    raise errors.invalid(pointer, "unknown", f"The pipeline {pipeline.name} has no such stage.")


def view(pipeline: Pipeline) -> PipelineView:
    """The pipeline as a client reads it."""
    stages = [{name: value for name, value in stage.items() if name != "code"} for stage in pipeline.stages]
    plain = {name: getattr(pipeline, name) for name in PipelineView.__struct_fields__}
    return msgspec.convert({**plain, "stages": stages, "version": int(pipeline.version)}, PipelineView)


def _of(tenant: str, pipeline_id: str | None) -> Pipeline | None:
    if pipeline_id is None:
        return min(everyone(tenant), key=lambda one: one.id, default=None)
    if not ids.is_id("pip", pipeline_id):
        return None
    return find(Pipeline, *keys.key("pipeline", tenant=tenant, id=pipeline_id))
