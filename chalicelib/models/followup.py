"""Waiting for an answer: the task that comes by itself if there is none."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Followup(Record, discriminator="followup"):
    """In the lists of its status and of its subject unless deleted."""

    subject_id = UnicodeAttribute()
    watched = Json()  # the ids at which its waits lie: the subject's, and those of the contacts that the deal had
    after_days = NumberAttribute()
    task = Json()  # {title, kind, priority, assignee_id}
    since = UnicodeAttribute()
    due_at = UnicodeAttribute()
    status = UnicodeAttribute(default="waiting")  # waiting, done, cancelled
    reason = UnicodeAttribute(null=True)
    task_id = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        parts = {"tenant": self.tenant, "id": self.id, "status": self.status, "subject": self.subject_id}
        self.place("followup", *listed, **parts, due_at=self.due_at)


class Wait(Item, discriminator="wait"):
    """Beside a record: a follow-up waits to hear from it. Goes when the follow-up ends."""

    followup_id = UnicodeAttribute()
    since = UnicodeAttribute()

    @classmethod
    def of(cls, followup: Followup, subject_id: str) -> "Wait":
        """The wait of a follow-up at one record."""
        place = keys.key("wait", tenant=followup.tenant, subject=subject_id, followup=followup.id)
        return cls(*place, followup_id=followup.id, since=followup.since)
