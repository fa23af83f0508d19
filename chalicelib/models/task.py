"""A follow-up: something somebody has to do until a moment."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Record

UNDATED = "~"  # sorts after every date


class Task(Record, discriminator="task"):
    """In the lists while not deleted; `remind_before` is in seconds, None for no reminder."""

    title = UnicodeAttribute()
    what = UnicodeAttribute()  # call, email, meeting or todo
    status = UnicodeAttribute(default="open")
    due_at = UnicodeAttribute(null=True)
    remind_before = NumberAttribute(null=True)
    assignee_id = UnicodeAttribute()
    subject_id = UnicodeAttribute(null=True)
    priority = UnicodeAttribute(default="normal")
    outcome = UnicodeAttribute(null=True)
    completed_at = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        due, who = self.due_at or UNDATED, self.assignee_id
        self.place("task", *listed, tenant=self.tenant, id=self.id, status=self.status, assignee=who, due_at=due)
