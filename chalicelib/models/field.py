"""A field that a firm adds to its contacts or companies."""

from pynamodb.attributes import JSONAttribute, UnicodeAttribute

from chalicelib.models.table import Record


class Field(Record, discriminator="field"):
    """A definition. Values are kept in the records themselves, under `name`, which therefore never changes."""

    noun = UnicodeAttribute()
    name = UnicodeAttribute()
    label = UnicodeAttribute()
    type = UnicodeAttribute()
    options = JSONAttribute(null=True)  # [str]
    retired = JSONAttribute(null=True)  # [str]: options that were removed, which records may still have
    refers_to = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)

    def keys(self) -> None:
        """Stand in the table, and in the list of all fields unless deleted."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("field", *listed, tenant=self.tenant, id=self.id, noun=self.noun, name=self.name)
