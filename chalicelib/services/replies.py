"""What in a timeline counts as an answer: a table of kinds, and whether somebody answered since a moment."""

from collections.abc import Iterable
from typing import Final

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.table import Item, every

# Activities by which people talk, if they came from outside: `data.direction` says so.
_SPOKEN: Final = frozenset({"call", "email", "meeting", "message"})
_FROM_OUTSIDE: Final = "inbound"
# Events of mail systems, by what they mean.
_EVENTS: Final[dict[str, str]] = {
    "mail.replied": "reply",
    "mail.bounced": "bounce",
    "mail.complained": "opt_out",
    "mail.unsubscribed": "opt_out",
}
_RANDOM: Final = 16  # characters of an id behind its time


def meaning(entry: Activity) -> str | None:
    """`reply`, `bounce` or `opt_out`, if the entry is one of these."""
    if entry.what in _SPOKEN and (entry.data or {}).get("direction") == _FROM_OUTSIDE:
        return "reply"
    return _EVENTS.get(entry.what)


def since(tenant: str, records: Iterable[str], at: str) -> str | None:
    """What the first answer since `at` (a stamp) means, of those in the timelines of these records (ids), if any.

    A read unit a record, and one for each further 4 KB of what happened there since.
    """
    first = keys.prefix("activity") + ids.derived("act", clock.parse(at), "")[:-_RANDOM]
    where = Item.sk.between(first, f"{keys.prefix('activity')}~")
    found: list[Activity] = []
    for record in records:
        entries = every(keys.partition("activity", tenant=tenant, subject=record), where=where)
        found += next(([entry] for entry in entries if meaning(entry)), [])
    return meaning(min(found, key=lambda entry: entry.at)) if found else None
