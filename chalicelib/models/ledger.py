"""Counters that are right: what each record contributed last, and the totals of those contributions."""

from pynamodb.attributes import MapAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Item


class Contribution(Item, discriminator="contribution"):
    """What one record adds to totals, as of one of its versions."""

    of_version = NumberAttribute()
    amounts: MapAttribute[str, int] = MapAttribute(default=dict)


class Total(Item, discriminator="total"):
    """The sum of all contributions under one name."""

    amount = NumberAttribute(default=0)


class Tally(Item, discriminator="tally"):
    """As a total, but of one record and beside it: how many contacts a company has."""

    amount = NumberAttribute(default=0)


class OpenTask(Item, discriminator="open_task"):
    """What one task says to its subject's `next_activity_at`: a due time while open, none when not."""

    of_version = NumberAttribute()
    due_at = UnicodeAttribute(null=True)


class Usage(Item, discriminator="usage"):
    """What a tenant consumed in one day for one purpose. Whole numbers, which add without rounding:
    `rru`, `wru` and `ms` in thousandths, money in billionths of a dollar.
    """

    calls = NumberAttribute(default=0)
    rru = NumberAttribute(default=0)
    wru = NumberAttribute(default=0)
    ms = NumberAttribute(default=0)
    mails = NumberAttribute(default=0)
    nano_usd = NumberAttribute(default=0)
