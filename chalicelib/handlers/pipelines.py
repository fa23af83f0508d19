"""Pipelines and their stages over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.pipeline import PipelineDraft, PipelinePatch, PipelineQuery, PipelineView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/pipelines", permission="pipelines:write", body=PipelineDraft, returns=PipelineView)
def create_pipeline(actor: Actor, body: PipelineDraft) -> PipelineView:
    """Create a pipeline with its stages."""
    from chalicelib.services import pipelines

    return pipelines.create(actor, body)


@routes.get(
    "/v1/pipelines", permission="pipelines:read", query=PipelineQuery, returns=Listing[PipelineView], paged=True
)
def list_pipelines(actor: Actor, query: PipelineQuery, page: Page) -> Listing[PipelineView]:
    """List pipelines by name."""
    from chalicelib.services import pipelines

    return pipelines.listing(actor, query, page)


@routes.get("/v1/pipelines/{pipeline_id}", permission="pipelines:read", returns=PipelineView)
def get_pipeline(actor: Actor, pipeline_id: str) -> PipelineView:
    """Read a pipeline with its stages."""
    from chalicelib.services import pipelines

    return pipelines.get(actor, pipeline_id)


@routes.patch(
    "/v1/pipelines/{pipeline_id}",
    permission="pipelines:write",
    body=PipelinePatch,
    returns=PipelineView,
    errors=(409,),
)
def patch_pipeline(actor: Actor, pipeline_id: str, body: dict[str, Any], expected: int | None) -> PipelineView:
    """Rename a pipeline, or change its stages and their order: `stages` replaces them all."""
    from chalicelib.services import pipelines

    return pipelines.update(actor, pipeline_id, body, expected)


@routes.delete("/v1/pipelines/{pipeline_id}", permission="pipelines:write", errors=(409,))
def delete_pipeline(actor: Actor, pipeline_id: str, expected: int | None) -> None:
    """Put a pipeline without open deals into the trash."""
    from chalicelib.services import pipelines

    pipelines.delete(actor, pipeline_id, expected)


@routes.post("/v1/pipelines/{pipeline_id}/restore", permission="pipelines:write", returns=PipelineView, status=200)
def restore_pipeline(actor: Actor, pipeline_id: str, expected: int | None) -> PipelineView:
    """Take a pipeline out of the trash."""
    from chalicelib.services import pipelines

    return pipelines.restore(actor, pipeline_id, expected)
