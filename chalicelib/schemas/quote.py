"""Quotes on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, Stamp, Title, View, patch_of
from chalicelib.schemas.lines import LineItem, Lines, Totals
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import Day

Status = Literal["draft", "sent", "accepted", "declined", "expired"]


class QuoteDraft(Draft):
    """An offer for a deal. Without `items` and `title` those of the deal, without `contact_id` the deal's first one;
    the company is the deal's; without `valid_until` it holds for 30 days. The day ends in the firm's time zone.
    """

    deal_id: Id
    title: Title | None = None
    contact_id: Id | None = None
    pricebook_id: Id | None = None
    terms: Annotated[str, Meta(min_length=1, max_length=5000)] | None = None
    items: Lines = []
    valid_until: Day | None = None


QuotePatch = patch_of(QuoteDraft)


class QuoteView(View):
    """A quote as a client reads it. `answered_by` is the name that the customer gave, if any."""

    id: str
    deal_id: str
    title: str
    contact_id: str | None
    company_id: str | None
    pricebook_id: str | None
    terms: str | None
    items: list[LineItem]
    totals: Totals
    valid_until: str
    expires_at: Stamp
    status: Status
    sent_at: Stamp | None
    answered_at: Stamp | None
    answered_by: str | None
    order_id: str | None
    owner_id: str | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class QuoteSent(QuoteView):
    """A quote that was sent, with the link to the page on which the customer answers. Whoever has it may answer."""

    url: Annotated[str, Meta(examples=["https://crm.example.com/q/eyJhbGciOiJIUzI1NiJ9.eyJxIjoicXVvXzAxIn0.c2ln"])]


class QuoteQuery(ListQuery):
    """Which quotes: all, or those of one deal; the newest first."""

    deal_id: Id | None = None


class QuoteAnswer(Draft):
    """The customer's answer, as the page sends it: who gives it, if he says so."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Ada Lovelace"])] | None = None
