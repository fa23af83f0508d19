"""That a contact was converted: into which deal."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models import keys
from chalicelib.models.table import Item


class Converted(Item, discriminator="converted"):
    """Beside the contact, one for each title, so that the same lead sent twice does not become two deals."""

    deal_id = UnicodeAttribute()

    @classmethod
    def at(cls, tenant: str, contact_id: str, title: str) -> "Converted":
        """The mark of a title, given as a digest; its deal is still to be named."""
        return cls(*keys.key("converted", tenant=tenant, contact=contact_id, title=title))
