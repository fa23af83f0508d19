"""People who work together: a manager, members, and the hours in which they work."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import NAMELESS, Json
from chalicelib.models.table import Record


class Team(Record, discriminator="team"):
    """A user is a member of one team at most: a guard for each holds the team's id. What is null is as in the firm."""

    name = UnicodeAttribute()
    manager_id = UnicodeAttribute(null=True)
    member_ids = Json(null=True)
    time_zone = UnicodeAttribute(null=True)
    hours = Json(null=True)
    holidays = Json(null=True)
    escalate_after_hours = NumberAttribute(null=True)  # hours of working time that a task may be overdue

    def keys(self) -> None:
        """Stand in the table, and in the list of teams unless in the trash."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("team", *listed, tenant=self.tenant, id=self.id, name=self.name.casefold() or NAMELESS)
