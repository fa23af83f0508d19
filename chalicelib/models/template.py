"""What mails are made of."""

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record


class Template(Record, discriminator="template"):
    """Subject, html and text with Liquid variables; MJML as written and as compiled. Bodies are packed."""

    name = UnicodeAttribute()  # folded, which lists sort by
    label = UnicodeAttribute()
    what = UnicodeAttribute(default="full")  # or partial
    subject = UnicodeAttribute(null=True)
    preheader = UnicodeAttribute(null=True)
    defaults = Json(null=True)
    bodies = BinaryAttribute(legacy_encoding=False, null=True)  # {html, text, mjml, compiled}

    def keys(self) -> None:
        """In the list while not in the trash."""
        indexes = () if self.deleted_at else ("gsi1",)
        self.place("template", *indexes, tenant=self.tenant, id=self.id, name=self.name)
