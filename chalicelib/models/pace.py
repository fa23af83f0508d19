"""What holds a campaign back and what it was when it was launched: how fast a firm sends, what is spent, the text."""

from typing import Any

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item
from chalicelib.models.template import Template

_KEPT = ("id", "label", "what", "name", "subject", "preheader", "defaults", "bodies", "version")


class Pace(Item, discriminator="pace"):
    """One per firm: until when its sends are spoken for. Times are in microseconds since 1970, rates in mails a second.

    `slowed` is the rate it was cut to, `slowed_at` when; before `closed_until` (a stamp) nothing is sent at all.
    """

    until = NumberAttribute(default=0)
    slowed = NumberAttribute(null=True)
    slowed_at = NumberAttribute(null=True)
    closed_until = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, tenant: str) -> "Pace":
        """The firm's place, still empty."""
        return cls(*keys.key("pace", tenant=tenant))


class Spending(Item, discriminator="spending"):
    """Beside a campaign with a limit: what its mails may have cost so far, in billionths of a dollar."""

    nano = NumberAttribute(default=0)

    @classmethod
    def at(cls, tenant: str, campaign_id: str) -> "Spending":
        """The campaign's place, still empty."""
        return cls(*keys.key("spending", tenant=tenant, campaign=campaign_id))


class Frozen(Item, discriminator="frozen"):
    """Beside a campaign: its template as it was launched. What is edited later changes nothing of a run."""

    tenant = UnicodeAttribute()
    id = UnicodeAttribute()
    version = NumberAttribute()
    what = UnicodeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    label = UnicodeAttribute(null=True)
    subject = UnicodeAttribute(null=True)
    preheader = UnicodeAttribute(null=True)
    defaults = Json(null=True)
    bodies = BinaryAttribute(legacy_encoding=False, null=True)

    @classmethod
    def of(cls, campaign_id: str, template: Template) -> "Frozen":
        """What this campaign takes of this template."""
        kept: dict[str, Any] = {name: getattr(template, name) for name in _KEPT}
        return cls(*keys.key("frozen", tenant=template.tenant, campaign=campaign_id), tenant=template.tenant, **kept)

    def thawed(self) -> Template:
        """The template as it was."""
        return Template(tenant=self.tenant, **{name: getattr(self, name) for name in _KEPT})
