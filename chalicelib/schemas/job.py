"""Jobs (long work) on the wire."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Stamp, View
from chalicelib.schemas.page import ListQuery

JobStatus = Literal["queued", "running", "succeeded", "partial", "failed", "cancelled"]


class Progress(msgspec.Struct, frozen=True):
    """How far a job is, in whatever it works through; `total` is null while nobody knows."""

    done: int
    total: int | None


class JobView(View):
    """A job as a client reads it. `partial` means it is through, and something of it failed: see `errors_url`.

    The two urls are good for an hour, need no token, and are shown to those only who may read what is behind them.
    """

    id: str
    kind: str
    status: JobStatus
    progress: Progress
    counts: dict[str, int]
    result_url: str | None
    errors_url: str | None
    error: Annotated[str, Meta(description="Why it failed")] | None
    created_at: Stamp
    updated_at: Stamp
    finished_at: Stamp | None
    version: int


class JobQuery(ListQuery):
    """Which jobs: all, or those of one kind; the newest first."""

    kind: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
