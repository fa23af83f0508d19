"""Companies on the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.schemas.duplicate import DuplicateView
from chalicelib.schemas.fields import Id, View, patch_of
from chalicelib.schemas.money import Money
from chalicelib.schemas.parts import INNER, Domain, PartyDraft, PartyView, Url

CompanyName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Lovelace & Daughters"])]


class CompanyDraft(PartyDraft, kw_only=True):
    """A company as a client writes it, in at most 100 KB.

    Contacts whose mail addresses end in one of its `domains` belong to it."""

    name: CompanyName
    domains: Annotated[list[Domain], Meta(max_length=20)] = []
    parent_id: Id | None = None
    website: Url | None = None


CompanyPatch = patch_of(CompanyDraft, **INNER)


class CompanyView(PartyView, kw_only=True):
    """A company as a client reads it."""

    name: str
    domains: list[str]
    parent_id: str | None
    website: str | None


class CompanyCreated(CompanyView, kw_only=True):
    """A new company, and if there are any the records that it may be a duplicate of, the likeliest first."""

    duplicates: list[DuplicateView] | msgspec.UnsetType = msgspec.UNSET


class RollupView(View, kw_only=True):
    """What a company and all companies below it have together."""

    id: str
    companies: int
    contacts: int
    open_deals: int
    open_value: Annotated[Money, Meta(description="Of open deals, in the firm's currency at today's rates")]
    without_rate: Annotated[list[str], Meta(description="Currencies that have no rate, and so are not in it")]
