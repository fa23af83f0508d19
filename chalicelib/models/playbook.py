"""What is to be done whenever a deal enters a stage, and what became of that for one deal."""

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.models.subject import NAMELESS, Json
from chalicelib.models.table import Item, Record


class Playbook(Record, discriminator="playbook"):
    """While it is active it stands in the list of its stage; `since` says from when on it holds there."""

    name = UnicodeAttribute()
    pipeline_id = UnicodeAttribute()
    stage_id = UnicodeAttribute()
    active = BooleanAttribute(default=True)
    since = UnicodeAttribute(null=True)
    tasks = Json()

    def keys(self) -> None:
        """Stand in the table, and in the lists unless in the trash."""
        listed = () if self.deleted_at else ("gsi1", "gsi2") if self.active else ("gsi1",)
        parts = {"tenant": self.tenant, "id": self.id, "stage": self.stage_id}
        self.place("playbook", *listed, **parts, name=self.name.casefold() or NAMELESS)


class Play(Item, discriminator="play"):
    """The tasks of one playbook for one stay of a deal in its stage, as they were planned when it entered.

    Written once, before the tasks: whoever goes on with them makes the same ones.
    """

    entered = UnicodeAttribute()  # when the deal entered the stage
    playbook_id = UnicodeAttribute()
    tasks = Json()  # [{id, title, kind, priority, due_at, assignee_id, remind_before}]
