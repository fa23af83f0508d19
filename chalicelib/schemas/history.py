"""Field history on the wire: what changed, who did it, and how long each stage took."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Moment, Stamp, View
from chalicelib.schemas.page import ListQuery


class FieldChange(msgspec.Struct, kw_only=True):
    """One field before and after."""

    field: str
    old: Any
    new: Any


class ChangeView(View):
    """One version of a record: what it changed against the one before. The first one tells what the record began
    with. `actor` is a user's or token's id, or `system`.
    """

    version: int
    at: Stamp
    actor: str
    changes: list[FieldChange]


class HistoryQuery(ListQuery):
    """Which changes: all, or those of one field; the newest first."""

    field: Annotated[str, Meta(pattern=r"^[a-z_]{1,40}$(?!\n)", examples=["lifecycle"])] | None = None


class AsOfQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The record as it is, or exactly as it was read at a moment."""

    as_of: Moment | None = None


class StageView(View):
    """One stage of a contact's lifecycle: from when until when, for how many seconds so far, and who set it."""

    stage: str
    entered_at: Stamp
    left_at: Stamp | None
    seconds: float
    by: str | None
