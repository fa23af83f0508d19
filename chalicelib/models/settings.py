"""What a firm has settled for itself: its currency, its clock, its days."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, VersionAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Settings(Item, discriminator="settings"):
    """One per tenant; a firm that never settled anything has none."""

    tenant = UnicodeAttribute()
    version = VersionAttribute()
    updated_at = UnicodeAttribute()
    currency = UnicodeAttribute(null=True)
    time_zone = UnicodeAttribute(null=True)
    hours = Json(null=True)  # {mon … sun: [[from, to], ...]}, times as HH:MM
    holidays = Json(null=True)  # [day]
    campaign_approval = BooleanAttribute(null=True)
    campaign_share = NumberAttribute(null=True)  # percent
    address = UnicodeAttribute(null=True)  # postal
    frequency_cap = Json(null=True)  # {count, days}
    soft_bounces = Json(null=True)  # {count, days}
    tracking = Json(null=True)  # {opens, clicks}


class Rate(Item, discriminator="rate"):
    """What one unit of a currency is worth in the firm's own from a day on, as a decimal."""

    day = UnicodeAttribute()
    currency = UnicodeAttribute()
    rate = UnicodeAttribute()
