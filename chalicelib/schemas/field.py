"""Custom fields on the wire: what a firm keeps of its records beyond the fields that everybody has."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Name, Stamp, View, patch_of
from chalicelib.schemas.page import ListQuery

Of = Literal["contact", "company", "deal"]
Type = Literal["text", "number", "money", "date", "enum", "multi", "bool", "reference", "url"]
Option = Annotated[str, Meta(min_length=1, max_length=100)]
FieldName = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)", description="By which values are kept under `custom`; for good")
]


class FieldDraft(Draft):
    """A field of the firm's own. `enum` and `multi` choose from `options`; a `reference` is the id of a `refers_to`."""

    noun: Of
    name: FieldName
    label: Name
    type: Type
    options: Annotated[list[Option], Meta(max_length=200)] = []
    refers_to: Of | None = None
    description: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


FieldPatch = patch_of(FieldDraft)


class FieldView(View):
    """A custom field as a client reads it."""

    id: str
    noun: Of
    name: str
    label: str
    type: Type
    options: list[str]
    retired: Annotated[list[str], Meta(description="Options that were removed, which records may still have")]
    refers_to: Of | None
    description: str | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class FieldQuery(ListQuery):
    """Which fields: all, or those of one noun."""

    noun: Of | None = None
