"""What became of one row of a job, on the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.errors import CrmError, Flaw
from chalicelib.schemas.fields import View
from chalicelib.schemas.page import ListQuery

RowStatus = Annotated[str, Meta(pattern=r"^[a-z_]{1,20}$(?!\n)", examples=["failed"])]


class RowError(msgspec.Struct):
    """One thing that kept a row from being done: where, a code that stays the same, and a sentence for people."""

    pointer: str
    code: str
    message: str


class RowView(View, kw_only=True):
    """One row: its line in the file, or its place among the records chosen; what was done, and with which record."""

    line: int
    id: str | None = None
    status: RowStatus
    errors: list[RowError] = []


class RowQuery(ListQuery):
    """Which rows: all in their order, or those of one status."""

    status: RowStatus | None = None


def failed(line: int, error: CrmError, record_id: str | None = None) -> RowView:
    """The row that met this refusal."""
    flaws = error.flaws or (Flaw("", type(error).__name__.lower(), error.detail),)
    return RowView(line=line, id=record_id, status="failed", errors=[RowError(*flaw) for flaw in flaws])
