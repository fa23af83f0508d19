"""A campaign, and the shards its audience was cut into when it was launched."""

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item, Record


class Campaign(Record, discriminator="campaign"):
    """What is sent to whom, by whom, when and how fast; `run` is there from its launch on.

    `status`: draft, scheduled, running, paused, finished, cancelled. What a client writes as an object is JSON.
    """

    label = UnicodeAttribute()
    status = UnicodeAttribute(default="draft")
    segment_id = UnicodeAttribute(null=True)
    template_id = UnicodeAttribute(null=True)
    sender = UnicodeAttribute(null=True)  # `from` on the wire
    reply_to = UnicodeAttribute(null=True)
    topic = UnicodeAttribute(null=True)
    window = Json(null=True)  # {hours, holidays, zone: contact | a fixed one}
    rate = NumberAttribute(null=True)  # mails a second
    concurrency = NumberAttribute(null=True)  # lanes at once
    max_cost = NumberAttribute(null=True)  # micro-dollars
    priority = NumberAttribute(default=0)
    tracking = Json(null=True)  # {opens, clicks, utm}
    seeds = Json(null=True)  # [address]
    ab = Json(null=True)
    approval = Json(null=True)  # {state, by, at, reason; template and rule: digests of what was approved}
    edited_by = UnicodeAttribute(null=True)  # who wrote it last, other than by a step of its life
    base_url = UnicodeAttribute(null=True)  # where the links in its mails lead
    run = UnicodeAttribute(null=True)
    scheduled_at = UnicodeAttribute(null=True)
    launched_at = UnicodeAttribute(null=True)
    launched_by = UnicodeAttribute(null=True)
    paused_reason = UnicodeAttribute(null=True)
    finished_at = UnicodeAttribute(null=True)
    audience = NumberAttribute(null=True)  # how many, once it is cut into shards
    shards = NumberAttribute(null=True)
    frozen = Json(null=True)  # what was launched: template version, defaults of the firm

    def keys(self) -> None:
        """In the list while not in the trash, the newest last."""
        self.place("campaign", *(() if self.deleted_at else ("gsi1",)), tenant=self.tenant, id=self.id)


class Shard(Item, discriminator="shard"):
    """A part of an audience: contact ids with digests of the addresses they had, packed; and what became of them.

    `results` has one character a recipient, in the same order, once settled. `of_version` grows with each count.
    """

    tenant = UnicodeAttribute()
    campaign_id = UnicodeAttribute()
    number = NumberAttribute()
    zone = UnicodeAttribute(null=True)
    size = NumberAttribute(default=0)
    packed = BinaryAttribute(legacy_encoding=False, null=True)
    results = UnicodeAttribute(null=True)
    reasons = Json(null=True)  # {position: reason} of those who got none
    settled = BooleanAttribute(default=False)
    not_before = UnicodeAttribute(null=True)
    of_version = NumberAttribute(default=0)

    @classmethod
    def at(cls, tenant: str, campaign_id: str, number: int) -> "Shard":
        """The shard's place, still empty."""
        place = keys.key("shard", tenant=tenant, campaign=campaign_id, number=f"{number:05}")
        return cls(*place, tenant=tenant, campaign_id=campaign_id, number=number)
