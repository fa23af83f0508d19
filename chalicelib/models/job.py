"""Long work: a record that says what is to be done, how far it is, and who is at it."""

from typing import Any

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Record

FINISHED = frozenset({"succeeded", "partial", "failed", "cancelled"})


class Job(Record, discriminator="job"):
    """`params` is what was asked for, `state` how far the steps are; both are the kind's own.

    It stands in the due index by its moment until it is finished. `lease` is `{until}#{nonce}` of the worker that has
    it; `tries` counts how often a worker took it up since the last step that was saved.
    """

    what = UnicodeAttribute()  # the job's kind on the wire; `kind` here tells entities apart
    status = UnicodeAttribute(default="queued")
    done = NumberAttribute(default=0)
    total = NumberAttribute(null=True)
    counts = JSONAttribute(default=dict)
    params = JSONAttribute(default=dict)
    state = JSONAttribute(default=dict)
    started_by = UnicodeAttribute()
    role = UnicodeAttribute()
    scopes: ListAttribute[str] = ListAttribute(default=list)  # of an API token; a role's are in its table
    permission = UnicodeAttribute()  # who reads what it made must hold this
    result_key = UnicodeAttribute(null=True)
    errors_key = UnicodeAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    tries = NumberAttribute(default=0)
    failure = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, in the tenant's list and in that of the kind."""
        self.place("job", "gsi1", "gsi2", tenant=self.tenant, id=self.id, what=self.what)

    def tally(self, name: str, by: int = 1) -> None:
        """One more of what `counts` tells, such as `created` or `failed`."""
        counts: dict[str, Any] = self.counts
        counts[name] = counts.get(name, 0) + by
