"""Segments over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Begun, Listing, Page
from chalicelib.schemas.segment import (
    MemberQuery,
    MembersDraft,
    MembersView,
    MemberView,
    SegmentDraft,
    SegmentPatch,
    SegmentPreviewDraft,
    SegmentPreviewView,
    SegmentQuery,
    SegmentView,
)

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/segments", permission="segments:write", body=SegmentDraft, returns=SegmentView, errors=(409,))
def create_segment(actor: Actor, body: SegmentDraft) -> SegmentView:
    """Create a segment; a job fills a dynamic one."""
    from chalicelib.services import segments

    return segments.create(actor, body)


@routes.get("/v1/segments", permission="segments:read", query=SegmentQuery, returns=Listing[SegmentView], paged=True)
def list_segments(actor: Actor, query: SegmentQuery, page: Page) -> Listing[SegmentView]:
    """List segments by name."""
    from chalicelib.services import segments

    return segments.listing(actor, query, page)


@routes.post(
    "/v1/segments/preview",
    permission="segments:write",
    body=SegmentPreviewDraft,
    returns=SegmentPreviewView,
    status=200,
    begins=True,
)
def preview_segment(actor: Actor, body: SegmentPreviewDraft) -> SegmentPreviewView | Begun[SegmentPreviewView]:
    """Say whom a rule would fit: at once, or of a large firm by a job (202)."""
    from chalicelib.services import previews

    return previews.preview(actor, body)


@routes.get("/v1/segments/{segment_id}", permission="segments:read", returns=SegmentView)
def get_segment(actor: Actor, segment_id: str) -> SegmentView:
    """Read a segment."""
    from chalicelib.services import segments

    return segments.get(actor, segment_id)


@routes.patch(
    "/v1/segments/{segment_id}", permission="segments:write", body=SegmentPatch, returns=SegmentView, errors=(409,)
)
def patch_segment(actor: Actor, segment_id: str, body: dict[str, Any], expected: int | None) -> SegmentView:
    """Change some fields of a segment; for another rule a job goes through all contacts."""
    from chalicelib.services import segments

    return segments.update(actor, segment_id, body, expected)


@routes.delete("/v1/segments/{segment_id}", permission="segments:write", errors=(409,))
def delete_segment(actor: Actor, segment_id: str, expected: int | None) -> None:
    """Put a segment into the trash, unless a campaign is about to be sent to it."""
    from chalicelib.services import segments

    segments.delete(actor, segment_id, expected)


@routes.post("/v1/segments/{segment_id}/restore", permission="segments:write", returns=SegmentView, status=200)
def restore_segment(actor: Actor, segment_id: str, expected: int | None) -> SegmentView:
    """Take a segment out of the trash; a job fills a dynamic one."""
    from chalicelib.services import segments

    return segments.restore(actor, segment_id, expected)


@routes.post("/v1/segments/{segment_id}/rebuild", permission="segments:write", returns=JobView, status=202)
def rebuild_segment(actor: Actor, segment_id: str) -> JobView:
    """Work out anew who is in a segment: a job that says how many came in, left and stayed."""
    from chalicelib.services import segments

    return segments.rebuild(actor, segment_id)


@routes.get(
    "/v1/segments/{segment_id}/members",
    permission="contacts:read",
    query=MemberQuery,
    returns=Listing[MemberView],
    paged=True,
)
def list_segment_members(actor: Actor, segment_id: str, page: Page) -> Listing[MemberView]:
    """List who is in a segment, since when and why."""
    from chalicelib.services import segments

    return segments.members(actor, segment_id, page)


@routes.post(
    "/v1/segments/{segment_id}/members",
    permission="segments:write",
    body=MembersDraft,
    returns=MembersView,
    status=200,
    errors=(409,),
)
def add_segment_members(actor: Actor, segment_id: str, body: MembersDraft) -> MembersView:
    """Put contacts into a static list."""
    from chalicelib.services import segments

    return segments.add(actor, segment_id, body)


@routes.delete("/v1/segments/{segment_id}/members/{contact_id}", permission="segments:write", errors=(409,))
def remove_segment_member(actor: Actor, segment_id: str, contact_id: str) -> None:
    """Take a contact out of a static list."""
    from chalicelib.services import segments

    segments.remove(actor, segment_id, contact_id)
