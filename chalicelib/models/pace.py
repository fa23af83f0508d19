"""What holds a campaign back and what it was when it was launched: how fast a firm sends, what is spent, the text."""

from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item
from chalicelib.models.template import Template

_KEPT: Final = ("tenant", "id", "what", "name", "label", "subject", "preheader", "defaults", "uses", "body", "pins")


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
    """Beside a campaign: its template as it was launched. Bodies never change, so their digests are enough."""

    template = Json()

    @classmethod
    def of(cls, campaign_id: str, template: Template) -> "Frozen":
        """What this campaign takes of this template."""
        kept: dict[str, Any] = {name: getattr(template, name, None) for name in _KEPT}
        said = {**kept, "version": int(template.version or 0)}
        return cls(*keys.key("frozen", tenant=template.tenant, campaign=campaign_id), template=said)

    def thawed(self) -> Template:
        """The template as it was."""
        said = dict(self.template)
        pins = said.pop("pins", None)
        found = Template(**said)
        found.pins = pins
        return found
