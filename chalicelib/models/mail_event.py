"""What a provider, or our own pixel and links, told of a mail."""

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item


class MailEvent(Item, discriminator="mail_event"):
    """One event of one message, under a digest of what the provider knows it by: told twice it is the same item.

    Kept for ninety days, with what the provider sent (packed), so that it can be read anew.
    """

    id = UnicodeAttribute()
    tenant = UnicodeAttribute()
    what = UnicodeAttribute()  # the event's type on the wire
    bounce = UnicodeAttribute(null=True)  # hard, soft
    recipient = UnicodeAttribute(null=True)
    message_id = UnicodeAttribute(null=True)
    at = UnicodeAttribute()
    provider = UnicodeAttribute()
    event_id = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    url = UnicodeAttribute(null=True)
    send = UnicodeAttribute(null=True)  # our own id of the mail, if it came back
    machine = BooleanAttribute(null=True)
    agent = UnicodeAttribute(null=True)
    raw = BinaryAttribute(legacy_encoding=False, null=True)

    def enlist(self, message: str, digest: str, mailbox: str) -> None:
        """Stand beside the other events of the message, in the list of the mailbox and in that of the firm."""
        self.place(
            "mail_event",
            "gsi1",
            "gsi2",
            tenant=self.tenant,
            message=message,
            digest=digest,
            mailbox=mailbox,
            at=self.at,
        )


def partition(tenant: str, message: str) -> str:
    """Where the events of a message lie."""
    return keys.partition("mail_event", tenant=tenant, message=message)
