"""Merging on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Id

Choices = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=120)], Literal["winner", "loser"]],
    Meta(
        max_length=300,
        description="Whose value counts, by field (`title`), object (`custom`) or key of an object (`custom.tier`). "
        "Without a choice the winner's counts unless it is empty; a no in `preferences` stays a no. Lists keep the "
        "entries of both; a choice for `emails` or `phones` says whose primary one it is",
    ),
]


class MergeDraft(Draft):
    """Another record of the same kind, which becomes a part of this one."""

    loser_id: Id
    fields: Choices = {}


class UnmergeDraft(Draft):
    """Which record is taken out again: without `loser_id` the one in the path, if it was merged, or else the last one
    that was merged into it.
    """

    loser_id: Id | None = None
