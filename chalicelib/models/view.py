"""A saved view: a list of records that somebody wants to see again."""

from typing import Final

from pynamodb.attributes import BooleanAttribute, JSONAttribute, UnicodeAttribute

from chalicelib.models.table import Record

EVERYBODY: Final = "*"


class View(Record, discriminator="view"):
    """In its owner's list, or once shared in everybody's; `name` is the folded form that lists sort by."""

    noun = UnicodeAttribute()
    name = UnicodeAttribute()
    label = UnicodeAttribute()  # the name as people read it
    owner_id = UnicodeAttribute()
    filter = JSONAttribute(null=True)  # parameters of the list, by their names in a query
    columns = JSONAttribute(null=True)  # [str]
    sort = UnicodeAttribute(null=True)
    shared = BooleanAttribute(default=False)

    def keys(self) -> None:
        """Stand in the table, and in the list of those who may read it unless deleted."""
        listed = () if self.deleted_at else ("gsi1",)
        reader = EVERYBODY if self.shared else self.owner_id
        self.place("view", *listed, tenant=self.tenant, id=self.id, reader=reader, noun=self.noun, name=self.name)
