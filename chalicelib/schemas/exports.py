"""Exports on the wire: what is asked for. What comes of it is a job."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.schemas.fields import SINGULAR, Draft

ExportKind = Annotated[
    Literal[
        "contact",
        "company",
        "deal",
        "task",
        "activity",
        "recipient",
        "all",
        "contacts",
        "companies",
        "deals",
        "tasks",
        "activities",
        "recipients",
    ],
    Meta(
        description="Of what; in the plural it is the same. Of recipients it is those of one campaign, which `filter` "
        "names by `campaign_id`, and are not in `all`"
    ),
]
Filter = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=60)], Any],
    Meta(max_length=20, description="The query parameters of the kind's list; without it everything outside the trash"),
]


class ExportDraft(Draft):
    """What to take away, and in which form: JSON lines, or CSV (of all kinds: a zip of one CSV file for each).

    JSON lines of all kinds begin with `kind`; a task's or an activity's own kind is then its `type`.
    """

    kind: ExportKind = "all"
    all: Annotated[bool, Meta(description="Another way to say `kind: all`")] = False
    format: Literal["jsonl", "csv"] = "jsonl"
    filter: Filter = {}

    def __post_init__(self) -> None:
        """Say it in the one way that all others know."""
        self.kind = "all" if self.all else SINGULAR.get(self.kind, self.kind)  # type: ignore[assignment]  # one of them
