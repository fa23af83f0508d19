"""Saved views on the wire: a list that somebody wants to see again."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Name, Stamp, View, patch_of
from chalicelib.schemas.page import ListQuery

Listed = Literal["contact", "company", "deal"]
Filter = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=60)], Any],
    Meta(max_length=20, description="Parameters of the list, by their names, such as `owner_id` or `custom.tier`"),
]
Column = Annotated[str, Meta(min_length=1, max_length=60)]


class ViewDraft(Draft, kw_only=True):
    """A view: which records in which order, and the fields shown of each. Shared ones are everybody's to read."""

    noun: Listed
    name: Name
    filter: Filter = {}
    columns: Annotated[
        list[Column], Meta(max_length=50, description="Fields of the noun, or `custom.` and a name")
    ] = []
    sort: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    shared: bool = False


ViewPatch = patch_of(ViewDraft)


class ViewView(View, kw_only=True):
    """A saved view as a client reads it."""

    id: str
    noun: Listed
    name: str
    filter: dict[str, Any]
    columns: list[str]
    sort: str | None
    shared: bool
    owner_id: str
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class ViewQuery(ListQuery):
    """Which views: all one may read, or those of one noun."""

    noun: Listed | None = None
