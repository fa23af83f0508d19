"""Several operations in one request on the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.errors import CrmError
from chalicelib.schemas.fields import Draft, Id

Ref = Annotated[str, Meta(min_length=1, max_length=100, examples=["row-17"], description="The caller's own, unique")]


class Operation(Draft, kw_only=True):
    """One of them: `create` takes `body`, `update` `id` and `body`, `upsert` `by`, `value` and `body`, `delete` `id`.

    The body is what the route for one record takes.
    """

    op: Literal["create", "update", "upsert", "delete"]
    ref: Ref
    id: Id | None = None
    by: Literal["email", "domain", "external_id"] | None = None
    value: Annotated[str, Meta(min_length=1, max_length=260)] | None = None
    body: dict[str, Any] | None = None


class BatchDraft(Draft, kw_only=True):
    """At most 100 operations, done in their order; with `all_or_none` all of them or none."""

    operations: Annotated[list[Operation], Meta(min_length=1, max_length=100)]
    all_or_none: bool = False


class Outcome(msgspec.Struct, kw_only=True):
    """What became of one operation: with which record, or why not. `waived` is one that others kept from being done."""

    ref: str
    id: str | None = None
    done: Literal["created", "updated", "deleted", "refused", "waived"]
    error: CrmError | None = None


class BatchError(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Why an operation was not done, as the route for one record would say it."""

    title: str
    detail: str
    errors: list[dict[str, str]] = []
    existing_id: str | None = None
    merged_into: str | None = None


class BatchResult(msgspec.Struct, kw_only=True):
    """What became of one operation, with the status that the route for one record would answer."""

    ref: str
    status: int
    id: str | None
    error: BatchError | None


class BatchView(msgspec.Struct):
    """One result for each operation, in their order."""

    results: list[BatchResult]
