"""Addresses that are not mailed any more, on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.topic import TopicName

Reason = Literal["erased", "complaint", "hard_bounce", "soft_bounces", "manual", "unsubscribed"]
_ADDRESS = Annotated[
    str | None, Meta(description="null if whoever had it asked to be forgotten", examples=["ada@example.com"])
]
_TOPIC = Annotated[str | None, Meta(description="The topic it is about; null for all mail", examples=["news"])]
_SOURCE = Annotated[str, Meta(description="Who told it: a provider, a link in a mail, a user", examples=["user"])]


class SuppressionDraft(Draft):
    """Why an address is not to be mailed: of one topic, or of anything. As firms bring it from elsewhere, too."""

    reason: Annotated[
        Literal["manual", "unsubscribed", "hard_bounce", "complaint"],
        Meta(description="Why not, if it is known from elsewhere", examples=["manual"]),
    ] = "manual"
    topic: TopicName | None = None


class SuppressionReason(View):
    """One reason, in one scope. `at` is when it was said last."""

    reason: Reason
    topic: _TOPIC
    source: _SOURCE
    at: Stamp
    campaign_id: str | None


class SuppressionView(View):
    """An address that is not mailed, with all reasons; `reason`, `topic`, `source` and `at` are those of the strongest.

    `digest` stands for the address where that is not kept.
    """

    address: _ADDRESS
    digest: Annotated[str, Meta(examples=["9f2c0d7bb8a14c6f9f0e2a51c3d4e5f6"])]
    reason: Reason
    topic: _TOPIC
    source: _SOURCE
    at: Stamp
    reasons: list[SuppressionReason]
    created_at: Stamp
    updated_at: Stamp
    version: int


class SuppressionQuery(ListQuery):
    """Which ones: all by address, or those whose address begins so."""

    starts_with: Annotated[str, Meta(min_length=1, max_length=254, examples=["ada@"])] | None = None
