"""Imports on the wire."""

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.schemas.fields import SINGULAR, Draft, Stamp, View
from chalicelib.schemas.job import JobStatus, Progress
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.row import RowError

Source = Literal["csv", "hubspot", "salesforce", "pipedrive", "vcard", "jsonl"]
Policy = Literal["skip", "update", "fill_empty"]
Header = Annotated[str, Meta(min_length=1, max_length=200)]
Target = Annotated[str, Meta(max_length=100)]


class ImportDraft(Draft):
    """A file of contacts or companies. With `content` it is imported at once; without, it is uploaded first."""

    kind: Annotated[
        Literal["contact", "company", "contacts", "companies"],
        Meta(description="What the rows are; in the plural it is the same"),
    ] = "contact"
    source: Source = "csv"
    mapping: Annotated[
        dict[Header, Target | None],
        Meta(max_length=250, description="Field by header, where a guess would be wrong; null for none", examples=[{}]),
    ] = {}
    policy: Annotated[Policy, Meta(description="What is done with a record that is there already")] = "skip"
    key: (
        Annotated[
            str,
            Meta(
                max_length=60,
                description="By what such a record is found: `email` (of contacts the default), `domain` (of "
                "companies), `name`, `phone`, `id`, `external_id:<source>`. An id of our own form that names a "
                "record of this firm is that record, whatever the key",
                examples=["email"],
            ),
        ]
        | None
    ) = None
    dry_run: Annotated[bool, Meta(description="Only say what would be done")] = False
    content: (
        Annotated[
            str,
            Meta(
                description="The file itself, if it is small",
                examples=["First Name,Last Name,Email\nAda,Lovelace,ada@example.com\n"],
            ),
        ]
        | None
    ) = None
    encoding: (
        Annotated[str, Meta(max_length=30, description="If it should not be guessed", examples=["utf-8"])] | None
    ) = None
    country: (
        Annotated[
            str,
            Meta(
                pattern=r"^[A-Z]{2}$(?!\n)",
                description="Where phone numbers and dates come from that do not say so themselves (ISO 3166-1)",
                examples=["AT"],
            ),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Say it in the singular, which is what all others know."""
        self.kind = SINGULAR.get(self.kind, self.kind)  # type: ignore[assignment]  # still one of them


class ImportView(View):
    """An import: what was asked for, how the file was understood, and how far it is. It is the job of the same id.

    `pending` waits for its upload and for `start`. The urls are good for an hour and need no token.
    """

    id: str
    job_id: str | None
    kind: str
    source: str
    policy: str
    key: str
    dry_run: bool
    status: Literal["pending"] | JobStatus
    progress: Progress
    counts: dict[str, int]
    headers: list[str]
    mapping: Annotated[dict[str, str], Meta(description="Field by header, as it is used")]
    unmapped: Annotated[list[str], Meta(description="Headers that go nowhere")]
    encoding: str | None
    warnings: list[str]
    errors: Annotated[list[RowError], Meta(description="Why the file as a whole was refused")]
    upload_url: Annotated[str, Meta(description="Where to PUT the file")] | None
    result_url: str | None
    errors_url: Annotated[str, Meta(description="The rows that failed, to be corrected and imported again")] | None
    revert_job_id: str | None
    created_at: Stamp
    updated_at: Stamp
    version: int


class ImportQuery(ListQuery):
    """Which imports: all that were started, the newest first."""
