"""Contacts on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import (
    Address,
    Draft,
    Id,
    Language,
    Moment,
    Name,
    Stamp,
    Tag,
    Title,
    View,
    Zone,
    patch_of,
)
from chalicelib.schemas.page import ListQuery

Line = Annotated[str, Meta(max_length=200)]


class Email(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A mail address of a contact. One of them is primary: the one that says so, or else the first."""

    address: Address
    kind: Literal["work", "home", "other"] = "work"
    primary: bool = False


class Phone(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A phone number of a contact, as given."""

    number: Annotated[str, Meta(pattern=r"^[+0-9][0-9 ()./\-]{2,39}$(?!\n)", examples=["+43 1 5880 10"])]
    kind: Literal["work", "mobile", "home", "fax", "other"] = "work"
    primary: bool = False


class PostalAddress(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a contact is found or written to."""

    street: Line | None = None
    city: Line | None = None
    region: Line | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    country: (
        Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2", examples=["AT"])] | None
    ) = None


Profiles = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=30)], Line], Meta(max_length=20)]

ProfilesPatch = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=30)], Line | None],
    Meta(max_length=20, description="null removes"),
]


class ContactDraft(Draft):
    """A contact as a client writes it. At least a name, a mail address or a phone number is needed."""

    first_name: Name | None = None
    last_name: Name | None = None
    emails: Annotated[list[Email], Meta(max_length=10)] = []
    phones: Annotated[list[Phone], Meta(max_length=10)] = []
    title: Title | None = None
    address: PostalAddress | None = None
    social: Profiles = {}
    time_zone: Zone | None = None
    language: Language | None = None
    tags: Annotated[list[Tag], Meta(max_length=50)] = []
    owner_id: Id | None = None


ContactPatch = patch_of(ContactDraft, social=ProfilesPatch)


class ContactView(View):
    """A contact as a client reads it."""

    id: str
    first_name: str | None
    last_name: str | None
    emails: list[Email]
    phones: list[Phone]
    title: str | None
    address: PostalAddress | None
    social: dict[str, str]
    time_zone: str | None
    language: str | None
    tags: list[str]
    owner_id: str | None
    last_contacted_at: Stamp | None
    next_activity_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class ContactQuery(ListQuery):
    """Which contacts: by name, by last change, changed since, or the one with an address."""

    sort: Literal["name", "-updated_at"] | None = None
    email: Address | None = None
    updated_since: Moment | None = None
