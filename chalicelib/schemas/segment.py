"""Segments on the wire: lists that somebody makes, and rules."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Name, Stamp, View, patch_of
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.rule import Rule

Kind = Literal["static", "dynamic"]


class SegmentDraft(Draft):
    """Contacts that belong together: a `static` list into which somebody puts them, or all those whom the rule of a
    `dynamic` one fits, by themselves.
    """

    name: Name
    kind: Kind
    rule: Rule | None = None
    description: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None


SegmentPatch = patch_of(SegmentDraft)


class SegmentView(View):
    """A segment as a client reads it. While it is `building`, the job `job_id` is going through all contacts, and not
    all who belong to it are in it.
    """

    id: str
    name: str
    kind: Kind
    rule: dict[str, Any] | None
    description: str | None
    size: Annotated[int, Meta(description="How many contacts are in it")]
    building: bool
    job_id: str | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class SegmentQuery(ListQuery):
    """Which segments: those whose name begins so."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class MemberQuery(ListQuery):
    """Which members: a page of them."""


class MemberView(View):
    """A contact in a segment: since when, and why."""

    id: Annotated[str, Meta(description="The contact's id")]
    name: str
    email: str | None
    at: Stamp
    reason: str | None


class MembersDraft(Draft):
    """Contacts to put into a static list."""

    contact_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]
    reason: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class MembersView(View):
    """What became of it: how many came in, and how many were there already."""

    added: int
    unchanged: int
    size: int


class SegmentPreviewDraft(Draft):
    """A rule to be tried."""

    rule: Rule


class SampleView(View):
    """One of those whom a rule fits."""

    id: str
    name: str
    email: str | None
    reason: str


class SegmentPreviewView(View):
    """How many a rule fits, and the first of them by name. Of a large firm a job finds out: then `id` is the job's,
    whose `counts` tell the size in the end, and behind its `result_url` is this again.
    """

    id: str | None
    size: int | None
    contacts: Annotated[int | None, Meta(description="How many there are in all")]
    sample: list[SampleView]
