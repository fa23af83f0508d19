"""A firm one deals with: customer, prospect, reseller, partner or supplier."""

from typing import ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.party import Party
from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Company(Party, discriminator="company"):
    """A firm. Its `name` on the wire is `display_name` here, as `name` is what lists sort by."""

    NOUN: ClassVar[str] = "company"

    display_name = UnicodeAttribute()
    domains = Json(null=True)  # [str]
    parent_id = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)


class Tree(Item, discriminator="tree"):
    """One per tenant, counted up whenever a company gets another parent: two such changes cannot make a cycle."""

    turns = NumberAttribute(default=0)
