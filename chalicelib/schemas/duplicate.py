"""Possible duplicates on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id, View
from chalicelib.schemas.page import ListQuery


class DuplicateView(View):
    """Two records that may be one: how likely (0 to 1), and what speaks for and against it, the strongest first."""

    ids: list[str]
    score: float
    reasons: list[str]


class DuplicateQuery(ListQuery):
    """The likeliest first."""


class DismissalDraft(Draft):
    """Two records that are not one, whatever they have in common."""

    ids: Annotated[list[Id], Meta(min_length=2, max_length=2)]
