"""Deals on the wire."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Stamp, Title, View, patch_of
from chalicelib.schemas.lines import LineItem, Lines, Worth, WorthPatch
from chalicelib.schemas.money import Money
from chalicelib.schemas.parts import INNER, Custom, Day, ExternalIds, Line, Part, Tags

Status = Literal["open", "won", "lost"]
Roles = Annotated[dict[Id, Line], Meta(max_length=50, description="What each contact is in this deal, by its id")]
RolesPatch = Annotated[dict[Id, Line | None], Meta(max_length=50, description="null removes")]


class Recurring(Part):
    """What the deal brings again and again."""

    amount: Annotated[int, Meta(ge=0, le=10**12, examples=[4900])]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217", examples=["EUR"])]
    every: Literal["month", "quarter", "year"] = "month"


class DealDraft(Draft):
    """A deal as a client writes it. Without `pipeline_id` it is in the firm's first pipeline, without `stage_id` in the
    first stage, and a new one without `owner_id` is the caller's. With `items` its value is what they add up to;
    those that come without a price have that of the price book, which has to hold today, or of the product.
    """

    title: Title
    pipeline_id: Id | None = None
    stage_id: Id | None = None
    value: Worth | None = None
    recurring: Recurring | None = None
    contact_ids: Annotated[list[Id], Meta(max_length=50)] = []
    contact_roles: Roles = {}
    company_id: Id | None = None
    owner_id: Id | None = None
    expected_close: Day | None = None
    items: Lines = []
    pricebook_id: Id | None = None
    next_step: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    competitor: Line | None = None
    source: Annotated[str, Meta(min_length=1, max_length=60, examples=["fair"])] | None = None
    lost_reason: Annotated[str, Meta(min_length=1, max_length=100, examples=["price"])] | None = None
    tags: Tags = []
    custom: Custom = {}
    external_ids: ExternalIds = {}


DealPatch = patch_of(
    DealDraft,
    value=WorthPatch,
    recurring=patch_of(Recurring),
    contact_roles=RolesPatch,
    external_ids=INNER["external_ids"],
)


class DealView(View):
    """A deal as a client reads it. `rate` and `base_value` are what its value was worth in the firm's currency when it
    was closed.
    """

    id: str
    title: str
    pipeline_id: str
    stage_id: str
    status: Status
    value: Worth | None
    recurring: Recurring | None
    contact_ids: list[str]
    contact_roles: dict[str, str]
    company_id: str | None
    owner_id: str | None
    expected_close: str | None
    items: list[LineItem]
    pricebook_id: str | None
    next_step: str | None
    competitor: str | None
    source: str | None
    lost_reason: str | None
    stage_since: Stamp
    closed_at: Stamp | None
    rate: str | None
    base_value: Money | None
    tags: list[str]
    custom: dict[str, Any]
    external_ids: dict[str, str]
    last_contacted_at: Stamp | None
    next_activity_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class Move(Draft):
    """Where to: a stage, and a place on its board - a number from 0 on, or before or after another card. Without a
    place it comes behind all others if it enters the stage, and stays where it is if it does not; without `stage_id`
    it stays within its stage. A stage that counts as lost needs a `lost_reason`.
    """

    stage_id: Id | None = None
    position: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    before_id: Id | None = None
    after_id: Id | None = None
    lost_reason: Annotated[str, Meta(min_length=1, max_length=100, examples=["price"])] | None = None
