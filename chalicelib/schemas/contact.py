"""Contacts on the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.schemas.duplicate import DuplicateView
from chalicelib.schemas.fields import Id, Language, Name, Stamp, Title, Zone, patch_of
from chalicelib.schemas.parts import (
    INNER,
    Anniversary,
    Email,
    Employment,
    Key,
    PartyDraft,
    PartyView,
    Preferences,
)

Stage = Annotated[
    Key,
    Meta(
        description="Where the contact stands on the way to a customer, such as `subscriber`, `lead`, "
        "`marketing_qualified_lead`, `sales_qualified_lead`, `opportunity`, `customer`, `evangelist`",
        examples=["lead"],
    ),
]


class ContactDraft(PartyDraft, kw_only=True):
    """A contact as a client writes it, in at most 100 KB. At least a name, a mail address or a phone number is needed.

    Without `company_id` it is linked to the company that has the domain of one of its addresses.
    """

    first_name: Name | None = None
    last_name: Name | None = None
    emails: Annotated[list[Email], Meta(max_length=10)] = []
    company_id: Id | None = None
    companies: Annotated[list[Employment], Meta(max_length=20)] = []
    title: Title | None = None
    birthday: Anniversary | None = None
    time_zone: Zone | None = None
    language: Language | None = None
    lifecycle: Stage | None = None
    preferences: Preferences | None = None


ContactPatch = patch_of(ContactDraft, **INNER)


class ContactView(PartyView, kw_only=True):
    """A contact as a client reads it."""

    first_name: str | None
    last_name: str | None
    emails: list[Email]
    company_id: str | None
    company_name: str | None
    companies: list[Employment]
    title: str | None
    birthday: str | None
    time_zone: str | None
    language: str | None
    lifecycle: str | None
    lifecycle_since: Stamp | None
    preferences: Preferences


class ContactCreated(ContactView, kw_only=True):
    """A new contact, and if there are any the records that it may be a duplicate of, the likeliest first."""

    duplicates: list[DuplicateView] | msgspec.UnsetType = msgspec.UNSET
