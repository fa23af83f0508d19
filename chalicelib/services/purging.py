"""What is kept beside a record goes when the record is removed for good: timeline, history, mails, moments, all of it.

The feed tells of the removal, a moment sees to the rest in pieces, however long the collection is. What stays for two
weeks is by which version the record counted, and stood in the index: without that a late event would count it and
index it anew. After that, when no event can be late any more, the collection is swept a last time.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.ledger import Contribution, OpenTask
from chalicelib.models.mailing import Mailing
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Belonging
from chalicelib.models.subject import Tombstone
from chalicelib.models.table import Item, fetch, page
from chalicelib.models.term import Card
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.services import absorbed, hints, nouns, striking

WHAT: Final = "purge"
LAST: Final = "purge_last"

_LATE: Final = 14 * 24 * 3600  # seconds; longer than an event can wait in a dead-letter queue
_PAGE: Final = 200  # items read at once
_MOST: Final = 2000  # items removed in one go, some seconds
_PAUSE: Final = 60  # seconds, doubled each time, until the feed has told what others were with it
_PATIENCE: Final = 6  # attempts, together an hour; then what was told by then is all that is struck
# What late events are told by, emptied by those who keep it; and that somebody was mailed: a worker that was held up
# since before he was erased would else find nothing, and mail him again.
_VERSIONS: Final = (Contribution, OpenTask, Card, Belonging, Mailing)


def purged(before: Any, after: Any) -> None:
    """A record is gone for good: a moment sees to what was kept beside it, and who had become a part of it goes too.

    Two write units; for each of those a read unit and one write unit, and what their own going costs.
    """
    if before is None or after is not None:
        return
    for part_id in absorbed.ids_of(before)[1:]:
        _remove(before, part_id)
    _later(before.tenant, before.id, WHAT, 0)


def sweep(moment: Moment) -> float | None:
    """Remove what has personal data, here and in the history of others. As `due.DUE` says."""
    if _is_gone(moment) and not striking.strike(moment.tenant, moment.subject_id) and moment.attempts < _PATIENCE:
        return _PAUSE
    if not _swept(moment, _VERSIONS):
        _later(moment.tenant, moment.subject_id, WHAT, 0)
        return hints.SETTLED
    _later(moment.tenant, moment.subject_id, LAST, _LATE)
    return None


def sweep_last(moment: Moment) -> float | None:
    """Remove the rest, and what late events have brought since. As `due.DUE` says."""
    if not _swept(moment):
        _later(moment.tenant, moment.subject_id, LAST, 0)
        return hints.SETTLED
    return None


def give_up(moment: Moment) -> None:
    """There is no giving up: it comes again in a day."""
    _later(moment.tenant, moment.subject_id, moment.what, 24 * 3600)


def _remove(whole: Any, part_id: str) -> None:
    """Put a tombstone where a record is that was merged, if it still is; the feed tells of that one in its turn."""
    noun = nouns.NOUNS[whole.NOUN]
    try:
        part = nouns.peek(noun, whole.tenant, part_id, consistent=True)
    except errors.Gone:
        return
    if part is not None and part.merged_into:
        transact(Step("save", Tombstone(part.pk, part.sk), noun.model.version == part.version))


def _swept(moment: Moment, kept: tuple[type[Item], ...] = ()) -> bool:
    """Remove the collection but for items of these kinds; whether all of it is gone."""
    if not _is_gone(moment):
        return True  # there is a record, or there never was one: nothing of it is ours to remove
    place, start, removed = _place(moment), None, 0
    while removed < _MOST:
        found = page(place[0], limit=_PAGE, start=start, consistent=True)
        gone = [one for one in found.items if not isinstance(one, (Tombstone, *kept)) and not _is_ours(one)]
        put_all((), gone)
        _blot([one for one in found.items if isinstance(one, Mailing) and kept])
        removed, start = removed + len(gone), found.last
        if start is None:
            return True
    return False


def _blot(mailings: Iterable[Mailing]) -> None:
    """Leave of these only that they were. A unit each, if somebody could be told from it."""
    for one in mailings:
        if one.address or one.seen:
            with suppress(errors.Stale):
                gone = [Mailing.address.remove(), Mailing.seen.remove()]
                transact(Step("update", Mailing(one.pk, one.sk), Mailing.pk.exists(), gone))


def _is_gone(moment: Moment) -> bool:
    return fetch(Tombstone, *_place(moment), consistent=True) is not None


def _place(moment: Moment) -> tuple[str, str]:
    return keys.key("contact", tenant=moment.tenant, id=moment.subject_id)


def _is_ours(item: Item) -> bool:
    return isinstance(item, Moment) and item.what in (WHAT, LAST)


def _later(tenant: str, record_id: str, what: str, seconds: float) -> None:
    moment = _moment(tenant, record_id, what, seconds)
    transact(Step("save", moment))


def _moment(tenant: str, record_id: str, what: str, seconds: float = 0) -> Moment:
    moment = Moment(tenant=tenant, subject_id=record_id, what=what, at=clock.stamp(clock.after(seconds)))
    moment.keys()
    return moment
