"""What contacts and companies are made of on the wire, each part with its limits."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Address, Draft, Id, Stamp, Tag, View

Line = Annotated[str, Meta(max_length=200)]
Key = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", examples=["2026-03-01"])]
# A day whose year need not be known, in the two forms of vCard (RFC 6350, 6.2.5).
Anniversary = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$(?!\n)",
        description="`YYYY-MM-DD`, or `--MM-DD` if the year is not known",
        examples=["1815-12-10"],
    ),
]
Url = Annotated[
    str, Meta(max_length=500, pattern=r"^https?://[^\s/]+(/\S*)?$(?!\n)", examples=["https://www.example.com"])
]
Domain = Annotated[
    str,
    Meta(max_length=253, pattern=r"^[^\s@/:.]{1,63}(\.[^\s@/:.]{1,63})+$(?!\n)", examples=["example.com"]),
]
Relationship = Literal[
    "customer", "prospect", "reseller", "partner", "supplier", "internal", "unregistered", "contracted"
]


class Part(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A part of a record: a member that is not listed is refused."""


class Email(Part):
    """A mail address of a contact. One of them is primary: the one that says so, or else the first."""

    address: Address
    kind: Literal["work", "home", "other"] = "work"
    primary: bool = False


Number = Annotated[str, Meta(pattern=r"^[+0-9(][0-9 ()./\-]{2,39}$(?!\n)", examples=["+43 1 5880 10"])]


class Phone(Part):
    """A phone number: in E.164 (`+4315880100`) if country code or `address.country` tell how, else as given."""

    number: Number
    kind: Literal["work", "mobile", "home", "fax", "other"] = "work"
    primary: bool = False


class PostalAddress(Part, omit_defaults=True):
    """Where somebody is found or written to."""

    street: Line | None = None
    city: Line | None = None
    region: Line | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    country: (
        Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2", examples=["AT"])] | None
    ) = None


class ImportantDate(Part):
    """A date that comes every year. With `remind_days` the owner is reminded by mail so many days before."""

    label: Annotated[str, Meta(min_length=1, max_length=50, examples=["Contract renewal"])]
    date: Anniversary
    remind_days: Annotated[int, Meta(ge=0, le=90)] | None = None


class Employment(Part):
    """Another firm of a contact: in which role, from when until when."""

    company_id: Id
    role: Line | None = None
    since: Day | None = msgspec.field(default=None, name="from")
    until: Day | None = msgspec.field(default=None, name="to")


Choices = Annotated[dict[Annotated[str, Meta(min_length=1, max_length=50)], bool], Meta(max_length=50)]


class Preferences(Part):
    """How somebody wants to be contacted, and about what: true for yes, false for no."""

    channels: Choices = {}
    topics: Choices = {}


_Word = Annotated[str, Meta(min_length=1, max_length=30)]
Profiles = Annotated[dict[_Word, Line], Meta(max_length=20)]
ProfilesPatch = Annotated[dict[_Word, Line | None], Meta(max_length=20, description="null removes")]
ExternalId = Annotated[str, Meta(min_length=1, max_length=200)]
ExternalIds = Annotated[
    dict[Key, ExternalId], Meta(max_length=20, description="The record's id in other systems, by the system's name")
]
ExternalIdsPatch = Annotated[dict[Key, ExternalId | None], Meta(max_length=20, description="null removes")]
Custom = Annotated[dict[Key, Any], Meta(max_length=100, description="Values of the firm's own fields, by their names")]
Tags = Annotated[list[Tag], Meta(max_length=50)]


class PartyDraft(Draft, kw_only=True):
    """What contacts and companies have in common, as a client writes it."""

    phones: Annotated[list[Phone], Meta(max_length=10)] = []
    address: PostalAddress | None = None
    social: Profiles = {}
    dates: Annotated[list[ImportantDate], Meta(max_length=10)] = []
    tags: Tags = []
    owner_id: Id | None = None
    relationship: Relationship | None = None
    custom: Custom = {}
    external_ids: ExternalIds = {}


class PartyView(View, kw_only=True):
    """What contacts and companies have in common, as a client reads it."""

    id: str
    phones: list[Phone]
    address: PostalAddress | None
    social: dict[str, str]
    dates: list[ImportantDate]
    tags: list[str]
    owner_id: str | None
    relationship: str | None
    custom: dict[str, Any]
    external_ids: dict[str, str]
    last_contacted_at: Stamp | None
    next_activity_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


INNER: dict[str, Any] = {"social": ProfilesPatch, "external_ids": ExternalIdsPatch}
"""The types in a merge patch of fields whose own members may be null there."""
