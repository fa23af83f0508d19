"""Two records that may be one: what a scan has found, or what a person has said that they are not."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.models.table import Item

OPEN, DISMISSED = "open", "dismissed"


class Pair(Item, discriminator="pair"):
    """Kept beside the one whose id sorts first, so that finding it twice is finding it once.

    In the list, by score (0 to 1), while it is open. `through` is the id of the third record by which they were found,
    if it was by one.
    """

    noun = UnicodeAttribute()
    one = UnicodeAttribute()
    other = UnicodeAttribute()
    score = NumberAttribute(default=0)
    reasons = JSONAttribute(default=list)
    status = UnicodeAttribute(default=OPEN)
    through = UnicodeAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)

    @classmethod
    def of(
        cls,
        tenant: str,
        noun: str,
        ids: tuple[str, str],
        score: float,
        reasons: list[str],
        through: str | None = None,
    ) -> "Pair":
        """An open pair of two records, in whatever order they are given."""
        one, other = sorted(ids)
        pair = cls(noun=noun, one=one, other=other, score=score, reasons=reasons, through=through)
        pair.place("pair", "gsi1", tenant=tenant, noun=noun, one=one, other=other, score=f"{score:.3f}")
        return pair

    @classmethod
    def no_pair(cls, tenant: str, noun: str, ids: tuple[str, str], by: str) -> "Pair":
        """The same, dismissed by a user (an id): it stands in no list."""
        pair = cls.of(tenant, noun, ids, 0, [])
        pair.status, pair.decided_by = DISMISSED, by
        pair.place("pair", tenant=tenant, noun=noun, one=pair.one, other=pair.other)
        return pair
