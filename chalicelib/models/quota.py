"""What somebody is to win in a period."""

from typing import Final

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Record

FIRM: Final = "firm"


class Quota(Record, discriminator="quota"):
    """Of a user, of a team, or with neither of the firm; in one pipeline, or with none in all of them."""

    user_id = UnicodeAttribute(null=True)
    team_id = UnicodeAttribute(null=True)
    pipeline_id = UnicodeAttribute(null=True)
    period = UnicodeAttribute()  # 2026, 2026-Q4, 2026-11
    amount = Json()  # {amount, currency}

    @property
    def subject(self) -> str:
        """Whose it is."""
        return self.user_id or self.team_id or FIRM

    def keys(self) -> None:
        """Stand in the table; in the list of all and in that of its subject by period, unless in the trash."""
        listed = () if self.deleted_at else ("gsi1", "gsi2")
        parts = {"tenant": self.tenant, "id": self.id, "subject": self.subject, "period": self.period}
        self.place("quota", *listed, **parts)
