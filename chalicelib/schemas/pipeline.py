"""Pipelines and their stages on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Name, Stamp, View, patch_of
from chalicelib.schemas.page import ListQuery

Forecast = Literal["pipeline", "best_case", "commit", "won", "lost", "omitted"]
Required = Annotated[
    str,
    Meta(
        pattern=r"^(value|expected_close|owner_id|company_id|contact_ids|next_step|competitor|source|items|tags"
        r"|recurring|custom\.[a-z][a-z0-9_]{0,39})$(?!\n)",
        description="A field that must be filled before a deal enters the stage, `custom.<name>` for a custom one",
        examples=["expected_close"],
    ),
]


class Stage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A stage. Without `id` it is new; `forecast` says how its deals count: `won` and `lost` close them, and then its
    `probability` is 1 or 0, whatever is given.
    """

    id: Id | None = None
    name: Name
    probability: Annotated[float, Meta(ge=0, le=1, examples=[0.4])] | None = None
    forecast: Forecast = "pipeline"
    rotting_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    required_fields: Annotated[list[Required], Meta(max_length=20)] = []


class PipelineDraft(Draft):
    """A pipeline: its stages in their order, each with a name of its own, at least one of them open."""

    name: Name
    stages: Annotated[list[Stage], Meta(min_length=1, max_length=30)]


PipelinePatch = patch_of(PipelineDraft)


class PipelineView(View):
    """A pipeline as a client reads it."""

    id: str
    name: str
    stages: list[Stage]
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class PipelineQuery(ListQuery):
    """Pipelines, by name."""
