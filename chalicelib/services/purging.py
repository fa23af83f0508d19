"""What is kept beside a record goes when the record is removed for good: timeline, history, mails, moments, all of it.

The feed tells of the removal, a moment sees to the rest in pieces, however long the collection is. What stays for two
weeks is how the record counted in totals, which has no personal data: without it a late event would count the record
anew. After that, when no event can be late any more, the collection is swept a last time.
"""

from typing import Any, Final

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.moment import Moment
from chalicelib.models.party import Tombstone
from chalicelib.models.table import fetch, page
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.services import hints

WHAT: Final = "purge"
LAST: Final = "purge_last"

_LATE: Final = 14 * 24 * 3600  # seconds; longer than an event can wait in a dead-letter queue
_PIECE: Final = 200  # items read and removed at once
_PIECES: Final = 10  # in one go, some seconds
_STONE: Final = "#"  # the sort key of the record itself, by now a tombstone


def purged(before: Any, after: Any) -> None:
    """A record is gone for good: a moment sees to what was kept beside it. Two write units."""
    if before is not None and after is None:
        _later(before.tenant, before.id, WHAT, 0)


def sweep(moment: Moment) -> float | None:
    """Remove what has personal data. As `due.DUE` says."""
    kept = {_STONE, *(_moment(moment.tenant, moment.subject_id, what).sk for what in (WHAT, LAST))}
    if not _swept(moment, kept, keys.prefix("contribution")):
        _later(moment.tenant, moment.subject_id, WHAT, 0)
        return hints.SETTLED
    _later(moment.tenant, moment.subject_id, LAST, _LATE)
    return None


def sweep_last(moment: Moment) -> float | None:
    """Remove the rest, and what late events have brought since. As `due.DUE` says."""
    if not _swept(moment, {_STONE, moment.sk}):
        _later(moment.tenant, moment.subject_id, LAST, 0)
        return hints.SETTLED
    return None


def give_up(moment: Moment) -> None:
    """There is no giving up: it comes again in a day."""
    _later(moment.tenant, moment.subject_id, moment.what, 24 * 3600)


def _swept(moment: Moment, kept: set[str], prefix: str | None = None) -> bool:
    """Remove the collection but for these sort keys and those with this prefix; whether all of it is gone."""
    place = keys.key("contact", tenant=moment.tenant, id=moment.subject_id)
    if fetch(Tombstone, *place, consistent=True) is None:
        return True  # there is a record, or there never was one: nothing of it is ours to remove
    start = None
    for _ in range(_PIECES):
        found = page(place[0], limit=_PIECE, start=start, consistent=True)
        gone = [one for one in found.items if one.sk not in kept and not (prefix and one.sk.startswith(prefix))]
        put_all((), gone)
        start = found.last
        if start is None:
            return True
    return False


def _later(tenant: str, record_id: str, what: str, seconds: float) -> None:
    moment = _moment(tenant, record_id, what, seconds)
    transact(Step("save", moment))


def _moment(tenant: str, record_id: str, what: str, seconds: float = 0) -> Moment:
    moment = Moment(tenant=tenant, subject_id=record_id, what=what, at=clock.stamp(clock.after(seconds)))
    moment.keys()
    return moment
