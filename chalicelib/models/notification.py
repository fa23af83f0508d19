"""What somebody is told inside the house: an item for each piece of news, and one that says up to where all is read."""

from pynamodb.attributes import UnicodeAttribute

from chalicelib.models.subject import Json
from chalicelib.models.table import Item


class Notification(Item, discriminator="notification"):
    """In its user's own collection, in the order in which things happened: the id begins with that time."""

    id = UnicodeAttribute()
    what = UnicodeAttribute()  # one of the kinds in `preferences.py`
    title = UnicodeAttribute()
    at = UnicodeAttribute()  # when what it tells of happened
    told_at = UnicodeAttribute()  # when it came here, which may be later: after an outage
    subject_id = UnicodeAttribute(null=True)
    data = Json(null=True)
    read_at = UnicodeAttribute(null=True)


class Inbox(Item, discriminator="inbox"):
    """All that happened by `read_until` and was told by `read_at` is read; one write for however many there are."""

    read_until = UnicodeAttribute()
    read_at = UnicodeAttribute()
