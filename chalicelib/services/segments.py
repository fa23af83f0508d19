"""Segments: contacts that belong together, because somebody put them into a list or because a rule fits them.

Who fits a rule is found out by a job when the rule is new (`rebuilding.py`), and kept right by itself from then on
(`concerns.py`, `membership.py`).
"""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.segment import Member, Segment
from chalicelib.models.table import Item, every, fetch, several
from chalicelib.models.writes import Step, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.segment import (
    MembersDraft,
    MembersView,
    MemberView,
    SegmentDraft,
    SegmentQuery,
    SegmentView,
)
from chalicelib.services import addresses, belonging, jobs, ledger, membership, rulebooks, rules, text, titles
from chalicelib.services.shelf import Shelf, written

SHELF: Final[Shelf[Segment]] = Shelf(Segment, "segment", "seg", "segment")
BUILD: Final = "segment_build"
REBUILD: Final = "segment_rebuild"
CLEAR: Final = "segment_clear"
_BUSY: Final = ("scheduled", "running", "paused")  # campaigns that are about to ask who is in their segment
_TRIES: Final = 8


def create(actor: Actor, draft: SegmentDraft) -> SegmentView:
    """A new segment; a job fills a dynamic one. Raises `Invalid` at `/rule`, `Conflict` if there are too many."""
    _check(draft)
    if draft.rule is not None:
        rules.parse(actor.tenant, draft.rule)
    for attempt in range(_TRIES):
        segment = Segment(id=ids.new("seg"), tenant=actor.tenant, what=draft.kind)
        _write(segment, draft)
        also = _begun(actor, segment) if draft.kind == "dynamic" else []
        try:
            SHELF.add(actor, segment, also)
        except errors.Stale:  # another segment came into the firm's book meanwhile
            if attempt + 1 == _TRIES:
                raise
        else:
            return view(segment)
    raise AssertionError("unreachable")


def get(actor: Actor, segment_id: str) -> SegmentView:
    """One segment. Raises `NotFound`."""
    return _sized(load(actor.tenant, segment_id))


def listing(actor: Actor, query: SegmentQuery, wanted: Page) -> Listing[SegmentView]:
    """Segments by name, or those whose name begins so."""
    where = Item.gsi1sk.startswith(text.folded(query.name)) if query.name and text.folded(query.name) else None
    found = SHELF.page(keys.partition("segment", "gsi1", tenant=actor.tenant), "gsi1", wanted, where)
    sizes = membership.sizes(actor.tenant, [one.id for one in found.items])
    return Listing([view(one, sizes[one.id]) for one in found.items], found.last)


def update(actor: Actor, segment_id: str, patch: dict[str, Any], expected: int | None) -> SegmentView:
    """Change some fields (RFC 7396; a rule as a whole, as half of one means nothing). Another rule begins a job.

    Raises `NotFound`, `Stale`, `Invalid`, also for another kind.
    """
    parsed: list[Any] = []

    def edit(segment: Segment) -> list[Step]:
        plain = merged(written(view(segment), SegmentDraft), {**patch, "rule": None} if "rule" in patch else patch)
        plain |= {"rule": patch["rule"]} if patch.get("rule") is not None else {}
        draft = decoding.convert(plain, SegmentDraft)
        if draft.kind != segment.what:
            raise errors.invalid("/kind", "unsupported", "A segment stays what it is: make another one.")
        _check(draft)
        changed = _wording(draft.rule) != _wording(segment.rule)
        if changed and draft.rule is not None and draft.rule not in parsed:
            rules.parse(actor.tenant, draft.rule)
            parsed.append(draft.rule)
        _write(segment, draft)
        return _begun(actor, segment) if changed else []

    return _sized(SHELF.edit(actor, segment_id, edit, expected))


def delete(actor: Actor, segment_id: str, expected: int | None) -> None:
    """Put it into the trash. A job takes the members out of a dynamic one; a static one keeps them to be restored.

    Raises `NotFound`, `Stale`, and `Conflict` while a campaign is about to be sent to it.
    """
    for campaign in every(keys.partition("campaign", "gsi1", tenant=actor.tenant), index="gsi1"):
        if isinstance(campaign, Campaign) and campaign.segment_id == segment_id and campaign.status in _BUSY:
            reason = f"The campaign {campaign.label} is {campaign.status} and sent to this segment."
            raise errors.Conflict(reason, campaign_id=campaign.id)

    def edit(segment: Segment) -> list[Step]:
        segment.deleted_at, segment.building = clock.stamp(), None
        if segment.what == "static":
            return []
        _, steps = _job(actor, CLEAR, segment.id)
        return [rulebooks.struck(actor.tenant, segment.id), *steps]

    SHELF.edit(actor, segment_id, edit, expected)


def restore(actor: Actor, segment_id: str, expected: int | None = None) -> SegmentView:
    """Take it out of the trash; a job fills a dynamic one. Raises `NotFound`, and `Conflict` if it is not in there."""

    def edit(segment: Segment) -> list[Step]:
        if not segment.deleted_at:
            raise errors.Conflict("This segment is not in the trash.")
        segment.deleted_at = None
        return _begun(actor, segment) if segment.what == "dynamic" else []

    return _sized(SHELF.edit(actor, segment_id, edit, expected, deleted=True))


def rebuild(actor: Actor, segment_id: str) -> JobView:
    """Begin to work out anew who is in it. Seven write units, and what the segment costs if it is not complete yet.

    Raises `NotFound`.
    """
    segment = load(actor.tenant, segment_id)
    if segment.building is None:
        job, steps = _job(actor, REBUILD, segment.id)
        transact(*steps)
        return jobs.view(actor, job)
    begun: list[Any] = []

    def edit(segment: Segment) -> list[Step]:
        job, steps = _job(actor, REBUILD, segment.id)
        segment.building = job.id if segment.building else None
        begun[:] = [job]
        return steps

    SHELF.edit(actor, segment_id, edit, None)
    return jobs.view(actor, begun[0])


def members(actor: Actor, segment_id: str, wanted: Page) -> Listing[MemberView]:
    """Who is in it, since when and why, by id. Raises `NotFound`.

    Half a unit for the segment, one for each 4 KB of members and half a one for each contact.
    """
    load(actor.tenant, segment_id)
    found, last = membership.members(actor.tenant, segment_id, wanted.start, wanted.limit)
    contacts = several([keys.key("contact", tenant=actor.tenant, id=one.contact_id) for one in found])
    shown = [
        MemberView(
            id=one.contact_id, name=titles.of(contact), email=addresses.primary(contact), at=one.at, reason=one.reason
        )
        for one, contact in zip(found, contacts, strict=True)
        if isinstance(contact, Contact) and contact.live
    ]
    return Listing(shown, last)


def add(actor: Actor, segment_id: str, draft: MembersDraft) -> MembersView:
    """Put contacts into a static list.

    Raises `NotFound`, `Conflict` for a dynamic segment, `Invalid` for a contact that is not there.
    """
    segment = _static(actor.tenant, segment_id)
    wanted = list(dict.fromkeys(draft.contact_ids))
    there = several([keys.key("contact", tenant=actor.tenant, id=one) for one in draft.contact_ids], consistent=True)
    strangers = [
        Flaw(f"/contact_ids/{number}", "unknown", "There is no such contact.")
        for number, (contact_id, found) in enumerate(zip(draft.contact_ids, there, strict=True))
        if not ids.is_id("con", contact_id) or not isinstance(found, Contact) or not found.live
    ]
    if strangers:
        raise errors.Invalid("Some of these contacts are not there.", *strangers)
    done = enlist(actor, segment.id, wanted, draft.reason)
    added = sum(1 for _, name in done.added if name == segment.id)
    return MembersView(added=added, unchanged=len(wanted) - added, size=size(actor.tenant, segment.id))


def remove(actor: Actor, segment_id: str, contact_id: str) -> None:
    """Take a contact out of a static list. Raises `NotFound`, also if it is not in it; `Conflict` for a dynamic one."""
    segment = _static(actor.tenant, segment_id)
    absent = errors.NotFound("This contact is not in the segment.")
    if not ids.is_id("con", contact_id):
        raise absent
    done = enlist(actor, segment.id, [contact_id], leave=True)
    if (contact_id, segment.id) not in done.removed:
        raise absent


def enlist(
    actor: Actor, segment_id: str, contact_ids: list[str], reason: str | None = None, *, leave: bool = False
) -> membership.Settled:
    """Let contacts that are there be in a static list, or leave it. What it costs: `membership.settle`."""
    edit = belonging.Edit(segment_id, clock.stamp(), None if leave else reason or f"added by {actor.user}")
    return membership.settle(actor.tenant, contact_ids, only=(), edit=edit)


def lists(tenant: str, contact_id: str, segment_id: str) -> bool:
    """Whether a contact is in a segment. One unit."""
    place = Member.of(tenant, segment_id, contact_id)
    return fetch(Member, place.pk, place.sk, consistent=True) is not None


def load(tenant: str, segment_id: str, *, consistent: bool = False) -> Segment:
    """The segment, for half a unit. Raises `NotFound`."""
    return SHELF.load(tenant, segment_id, consistent=consistent)


def size(tenant: str, segment_id: str) -> int:
    """How many contacts are in it. Half a unit."""
    return membership.sizes(tenant, [segment_id])[segment_id]


def view(segment: Segment, members: int = 0) -> SegmentView:
    """The segment as a client reads it."""
    own = {"name", "kind", "size", "building", "job_id"}
    plain = {name: getattr(segment, name) for name in SegmentView.__struct_fields__ if name not in own}
    plain |= {"name": segment.label, "kind": segment.what, "size": members}
    plain |= {"building": segment.building is not None, "job_id": segment.building}
    return msgspec.convert(plain, SegmentView, strict=False)


def completed(tenant: str, segment_id: str, job_id: str) -> None:
    """This job has seen all contacts: if nobody else is filling the segment, it is complete."""

    def edit(segment: Segment) -> None:
        segment.building = None if segment.building == job_id else segment.building

    try:
        if load(tenant, segment_id, consistent=True).building == job_id:
            SHELF.edit(Actor(tenant, "system", "system", frozenset()), segment_id, edit, None)
    except errors.NotFound:
        return  # it went to the trash meanwhile


def _sized(segment: Segment) -> SegmentView:
    return view(segment, size(segment.tenant, segment.id))


def _static(tenant: str, segment_id: str) -> Segment:
    segment = load(tenant, segment_id)
    if segment.what != "static":
        raise errors.Conflict("Who is in a dynamic segment is said by its rule.")
    return segment


def _begun(actor: Actor, segment: Segment) -> list[Step]:
    """Let a new wording of the rule hold, and the job begin that goes through all contacts."""
    segment.revision = int(segment.revision) + 1
    job, steps = _job(actor, BUILD, segment.id)
    segment.building = job.id
    return [rulebooks.entered(segment.tenant, segment.id, int(segment.revision)), *steps]


def _job(actor: Actor, kind: str, segment_id: str) -> tuple[Any, list[Step]]:
    total = None if kind == CLEAR else ledger.totals(actor.tenant).get("contacts", 0)
    return jobs.plan(actor, kind, {"segment_id": segment_id}, total=total, permission="segments:read")


def _check(draft: SegmentDraft) -> None:
    """Raises `Invalid` for what a struct cannot see."""
    if not draft.name.strip():
        raise errors.invalid("/name", "required", "A segment needs a name.")
    if draft.kind == "dynamic" and draft.rule is None:
        raise errors.invalid("/rule", "required", "A dynamic segment needs a rule.")
    if draft.kind == "static" and draft.rule is not None:
        raise errors.invalid("/rule", "unsupported", "A static segment has members, and no rule.")


def _wording(rule: Any) -> bytes:
    """What tells rules apart: to Python `true` would be 1."""
    return msgspec.json.encode(rule, order="sorted")


def _write(segment: Segment, draft: SegmentDraft) -> None:
    segment.label, segment.name = draft.name.strip(), text.folded(draft.name)
    segment.rule, segment.description = draft.rule, draft.description
