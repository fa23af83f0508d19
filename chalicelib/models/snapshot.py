"""What a forecast was at the beginning of a week."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Snapshot(Item, discriminator="snapshot"):
    """One item for each month that the forecast speaks of, by month and week, so that the weeks of a month are one
    query; and one for the week as a whole, which lies under `ALL`.

    Sums are exact: text of a whole number or a fraction, in minor units of the currency.
    """

    ALL = "all"  # sorts after every month
    UNDATED = "-"  # before every month: open deals of which nobody says when they are closed

    id = UnicodeAttribute(null=True)  # of the week as a whole
    week = UnicodeAttribute()  # its Monday
    at = UnicodeAttribute()
    currency = UnicodeAttribute()
    rows = Json(null=True)  # [[pipeline, owner or "-", category, deals, value, weighted]]
    months = Json(null=True)  # those that it speaks of
    open = NumberAttribute(null=True)  # deals that are not omitted
    value = UnicodeAttribute(null=True)
    weighted = UnicodeAttribute(null=True)
