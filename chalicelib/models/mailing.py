"""One mail of a campaign to one contact: the claim before it is handed over, what became of it, and what it brought.

It lies in the contact's own collection, so that it is also the history of what the contact was mailed, and goes when
the contact does. Its key is the whole of "at most once": whoever writes it first may send, nobody else.
"""

import json
import re
from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib import ids
from chalicelib.models import keys
from chalicelib.models.subject import Json
from chalicelib.models.table import Item

FIRST_STEP: Final = "0"  # of a campaign, which has no other
_SEND_ID: Final = re.compile(r"(run_[0-9A-Z]{26})-(con_[0-9A-Z]{26})(?:-([0-9]{1,3}))?")


class Mailing(Item, discriminator="mailing"):
    """`claimed -> sent | failed | unknown | deferred`, or `suppressed` at once. A deferred one was certainly not sent.

    `outcome` is None while claimed, else JSON text {status, reason, at, message_id}: one attribute, as that is what one
    statement of a batch sets. `seen` and `counted` are what the events of the mail say, and what of it the campaign's
    sheet holds.
    """

    tenant = UnicodeAttribute()
    contact_id = UnicodeAttribute()
    campaign_id = UnicodeAttribute()
    run = UnicodeAttribute()
    step = UnicodeAttribute(default=FIRST_STEP)
    shard = NumberAttribute(default=0)
    address = UnicodeAttribute(null=True)
    claim = UnicodeAttribute()  # whose claim it is
    claimed_at = UnicodeAttribute()
    lease_until = UnicodeAttribute(null=True)
    outcome = UnicodeAttribute(null=True)
    seen = Json(null=True)  # {delivered, opened, opened_human, ...: stamp}
    counted = Json(null=True)  # {cell of the campaign's sheet: amount}

    @classmethod
    def at(cls, tenant: str, contact_id: str, run: str, step: str = FIRST_STEP) -> "Mailing":
        """The mailing's place, still empty."""
        place = keys.key("mailing", tenant=tenant, contact=contact_id, run=run, step=step)
        return cls(*place, tenant=tenant, contact_id=contact_id, run=run, step=step)

    @property
    def result(self) -> dict[str, Any]:
        """The outcome as it was recorded; nothing while claimed."""
        return json.loads(self.outcome) if self.outcome else {}

    @property
    def status(self) -> str:
        """`claimed`, or the status of the outcome."""
        return str(self.result.get("status", "claimed"))

    @property
    def send_id(self) -> str:
        """How the mail is called at the provider, and in what comes back from there."""
        return send_id(self.run, self.contact_id, self.step)


def outcome(status: str, at: str, *, reason: str | None = None, message_id: str | None = None) -> str:
    """The text of an outcome, without what there is not."""
    said = {"status": status, "at": at, "reason": reason, "message_id": message_id}
    return json.dumps({name: value for name, value in said.items() if value is not None}, separators=(",", ":"))


def send_id(run: str, contact_id: str, step: str = FIRST_STEP) -> str:
    """The tag of a mail: letters, digits, `_` and `-` only, as every provider gives them back."""
    return f"{run}-{contact_id}" + (f"-{step}" if step != FIRST_STEP else "")


def parse_send_id(text: str) -> tuple[str, str, str] | None:
    """The (run, contact id, step) of a send id; None for anything else."""
    match = _SEND_ID.fullmatch(text)
    if match is None or not (ids.is_id("run", match[1]) and ids.is_id("con", match[2])):
        return None
    return match[1], match[2], match[3] or FIRST_STEP
