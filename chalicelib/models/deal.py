"""Something that may be sold: where it stands on its way, what it is worth, and who is part of it."""

from typing import Any, ClassVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import Json, Subject


class Deal(Subject, discriminator="deal"):
    """A deal stands on the board of its stage, in the order of `rank`. `name` is the folded title.

    What reports need of its way is kept with it, so that what it contributes to them follows from the deal alone:
    since when it is in its stage, how often it entered each stage and how many seconds it stayed there in all, by the
    stage's code.
    """

    NOUN: ClassVar[str] = "deal"

    title = UnicodeAttribute()
    pipeline_id = UnicodeAttribute()
    stage_id = UnicodeAttribute()
    stage_code = NumberAttribute()
    rank = UnicodeAttribute()
    status = UnicodeAttribute()  # open, won, lost
    value = Json(null=True)  # {amount, currency}
    recurring = Json(null=True)  # {amount, currency, every}
    contact_ids = Json(null=True)
    contact_roles = Json(null=True)  # {contact id: role}
    company_id = UnicodeAttribute(null=True)
    expected_close = UnicodeAttribute(null=True)  # a day
    items = Json(null=True)  # line items
    pricebook_id = UnicodeAttribute(null=True)
    next_step = UnicodeAttribute(null=True)
    competitor = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    stage_since = UnicodeAttribute()
    entered = Json(null=True)  # {stage code: times}
    stayed = Json(null=True)  # {stage code: seconds}, of stays that have ended
    lost_reason = UnicodeAttribute(null=True)
    closed_at = UnicodeAttribute(null=True)
    rate = UnicodeAttribute(null=True)  # at close: what one unit of the currency was worth in the firm's, a decimal
    base_value = Json(null=True)  # at close: the value in the firm's currency

    def enlist(self, parts: dict[str, Any]) -> None:
        """Stand on the board of the stage; all other lists are in the index of terms, which a move does not touch."""
        self.place("deal", "gsi1", **parts, stage=self.stage_id, rank=self.rank)
