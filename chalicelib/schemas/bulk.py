"""Changes of many records at once on the wire."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib.schemas.fields import Draft, Id
from chalicelib.schemas.parts import Tags
from chalicelib.schemas.view import Filter

Action = Literal["update", "tag", "untag", "assign", "delete", "restore", "add_to_segment", "remove_from_segment"]


class BulkDraft(Draft, kw_only=True):
    """What to do with which records: those of `ids`, or those that a list with the parameters of `filter` shows.

    `update` takes `fields` (a merge patch), `tag` and `untag` take `tags`, `assign` takes `owner_id` (null: nobody's),
    `add_to_segment` and `remove_from_segment` take the `segment_id` of a static list of contacts.
    An empty filter means every record, and has to say so by `all`.
    """

    action: Action
    ids: Annotated[list[Id], Meta(min_length=1, max_length=10_000)] | None = None
    filter: Filter | None = None
    all: bool = False
    fields: dict[str, Any] | None = None
    tags: Tags | None = None
    owner_id: Id | UnsetType | None = UNSET
    segment_id: Id | None = None


class ReassignDraft(Draft):
    """Who takes over."""

    to_user_id: Id
