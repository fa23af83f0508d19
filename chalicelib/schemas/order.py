"""Orders on the wire."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Moment, Stamp, View, patch_of
from chalicelib.schemas.lines import LineItem, Totals
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import INNER, ExternalIds

Status = Literal["open", "paid", "fulfilled", "cancelled", "refunded"]


class OrderDraft(Draft):
    """What somebody bought: at least one line. Without `ordered_at` it was ordered now."""

    items: Annotated[list[LineItem], Meta(min_length=1, max_length=100)]
    number: Annotated[str, Meta(min_length=1, max_length=100, examples=["2026-0042"])] | None = None
    external_ids: ExternalIds = {}
    contact_id: Id | None = None
    company_id: Id | None = None
    deal_id: Id | None = None
    quote_id: Id | None = None
    pricebook_id: Id | None = None
    ordered_at: Moment | None = None
    status: Status = "open"


OrderPatch = patch_of(OrderDraft, external_ids=INNER["external_ids"])


class OrderView(View):
    """An order as a client reads it. `base_value` is its net sum in the firm's currency, at the rate of the day."""

    id: str
    number: str | None
    external_ids: dict[str, str]
    contact_id: str | None
    company_id: str | None
    deal_id: str | None
    quote_id: str | None
    pricebook_id: str | None
    items: list[LineItem]
    totals: Totals
    base_value: dict[str, Any] | None
    rate: str | None
    ordered_at: Stamp
    status: Status
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class OrderQuery(ListQuery):
    """Which orders: all, or those of one contact or of one company; the last ordered first."""

    contact_id: Id | None = None
    company_id: Id | None = None


class PurchasesView(View):
    """What a contact has bought in all, in the firm's currency. Orders cancelled or refunded do not count."""

    id: str
    orders: int
    total: Money
    first_at: Stamp | None
    last_at: Stamp | None
