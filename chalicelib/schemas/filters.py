"""What lists of contacts, companies and deals can be asked for. What can be asked together: `services/lists.py`."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.deal import Status
from chalicelib.schemas.fields import Address, Id, Moment, Tag
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import Day, Key, Relationship

Days = Annotated[int, Meta(ge=0, le=3650)]


class PartyQuery(ListQuery, kw_only=True):
    """What contacts and companies can be asked for. `custom.<name>` of a query is gathered under `custom`."""

    q: Annotated[str, Meta(min_length=1, max_length=200, examples=["lovel ada"])] | None = None
    view_id: Id | None = None
    sort: Literal["name", "-updated_at", "last_contacted_at", "next_activity_at"] | None = None
    updated_since: Moment | None = None
    created_since: Moment | None = None
    owner_id: Id | None = None
    tag: Tag | None = None
    relationship: Relationship | None = None
    external_id: Annotated[str, Meta(max_length=260, examples=["hubspot:1201"])] | None = None
    phone: Annotated[str, Meta(max_length=40, examples=["+43 1 5880 10"])] | None = None
    not_contacted_since: Moment | None = None
    no_contact_days: Days | None = None
    next_activity_before: Moment | None = None
    deleted: Literal["true"] | None = None
    custom: Annotated[dict[str, Annotated[str, Meta(max_length=2000)]], Meta(max_length=10)] = {}


class ContactQuery(PartyQuery, kw_only=True):
    """Which contacts."""

    email: Address | None = None
    lifecycle: Key | None = None
    company_id: Id | None = None
    birthday_within: Annotated[int, Meta(ge=0, le=365)] | None = None


class CompanyQuery(PartyQuery, kw_only=True):
    """Which companies."""

    domain: Annotated[str, Meta(max_length=253)] | None = None
    parent_id: Id | None = None


class DealQuery(ListQuery, kw_only=True):
    """Which deals. All of them, and those of a pipeline or a stage, come in the order of the board; of others the next
    to close first.
    """

    q: Annotated[str, Meta(min_length=1, max_length=200, examples=["fleet ren"])] | None = None
    view_id: Id | None = None
    pipeline_id: Id | None = None
    stage_id: Id | None = None
    rotting: Literal["amber", "red"] | None = None
    status: Status | None = None
    owner_id: Id | None = None
    company_id: Id | None = None
    contact_id: Id | None = None
    close_before: Day | None = None
    close_after: Day | None = None
    created_since: Moment | None = None
    tag: Tag | None = None
    external_id: Annotated[str, Meta(max_length=260, examples=["hubspot:1201"])] | None = None
    deleted: Literal["true"] | None = None
    custom: Annotated[dict[str, Annotated[str, Meta(max_length=2000)]], Meta(max_length=10)] = {}
