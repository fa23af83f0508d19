"""A follow-up: something somebody has to do until a moment."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record

UNDATED = "~"  # sorts after every date


class Task(Record, discriminator="task"):
    """In the lists while not deleted; `remind_before` is in seconds, None for no reminder.

    One that recurs is the only one of its series that is there: it says what the following one is made of.
    """

    title = UnicodeAttribute()
    what = UnicodeAttribute()  # call, email, meeting or todo
    status = UnicodeAttribute(default="open")
    due_at = UnicodeAttribute(null=True)
    remind_before = NumberAttribute(null=True)
    snoozed_until = UnicodeAttribute(null=True)  # when the reminder comes instead
    assignee_id = UnicodeAttribute()
    subject_id = UnicodeAttribute(null=True)
    priority = UnicodeAttribute(default="normal")
    outcome = UnicodeAttribute(null=True)
    completed_at = UnicodeAttribute(null=True)
    next_id = UnicodeAttribute(null=True)  # the task that was made when this one was closed
    time_zone = UnicodeAttribute(null=True)
    recurrence = UnicodeAttribute(null=True)
    series_id = UnicodeAttribute(null=True)
    occurrence = NumberAttribute(null=True)  # the how manieth of its series, from 1
    series = Json(null=True)  # {wall: its time as the series has it, fields: {of the series where this one differs}}

    def keys(self) -> None:
        """Stand in the table, and in the lists unless deleted."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        due, who = self.due_at or UNDATED, self.assignee_id
        self.place("task", *listed, tenant=self.tenant, id=self.id, status=self.status, assignee=who, due_at=due)
