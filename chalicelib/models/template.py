"""What mails are made of."""

from typing import Any

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Template(Record, discriminator="template"):
    """What a list shows of a template, and the digest of its body, which is an item of its own: indexes copy all."""

    name = UnicodeAttribute()  # folded, which lists sort by
    label = UnicodeAttribute()
    what = UnicodeAttribute(default="full")  # or partial
    subject = UnicodeAttribute(null=True)
    preheader = UnicodeAttribute(null=True)
    defaults = Json(null=True)  # {variable: value}
    uses = Json(null=True)  # {name of a partial: its id}, of those that it renders itself
    body = UnicodeAttribute(null=True)  # digest

    # {id: {name, body, uses}} of all partials below it, of a template that shall no longer change
    pins: dict[str, dict[str, Any]] | None = None

    def keys(self) -> None:
        """In the list while not in the trash."""
        indexes = () if self.deleted_at else ("gsi1",)
        self.place("template", *indexes, tenant=self.tenant, id=self.id, name=self.name)


class Body(Item, discriminator="template_body"):
    """HTML, text and MJML, packed. It never changes: another text is another item, so what runs keeps what it has."""

    packed = BinaryAttribute(legacy_encoding=False)

    @classmethod
    def of(cls, tenant: str, template_id: str, digest: str, packed: bytes) -> "Body":
        """The body of a template under its digest."""
        return cls(*keys.key("template_body", tenant=tenant, id=template_id, digest=digest), packed=packed)
