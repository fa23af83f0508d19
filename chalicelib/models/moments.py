"""Moments in the table: found when due, claimed by one, finished or put off.

Only the one who holds the present claim may do the latter two. Of a crowd a stretch of the index is leased as a whole.
"""

import secrets

from pynamodb.exceptions import DeleteError, PutError, UpdateError

from chalicelib.models import keys
from chalicelib.models.moment import Handed, Moment
from chalicelib.models.table import Item, LastKey, PageOf, fetch, is_conditional, page

_PAGE = 100
_STRETCH = 1000  # keys of one query of a crowd, a quarter of a megabyte


def due(shard: str, now: str, start: LastKey | None) -> PageOf:
    """The keys of what is due in one shard by `now` (a stamp), the longest overdue first."""
    upto = Item.due_sk <= f"{now}~"  # `~` sorts after whatever follows the time in the key
    return page(keys.partition("moment", "due", shard=shard), index="due", where=upto, limit=_PAGE, start=start)


def stretch(shard: str, now: str, behind: str) -> list[Item]:
    """As `due`, a thousand at once, from behind this place in the index (or the first) on."""
    # A blank sorts before whatever a key may go on with.
    where = Item.due_sk.between(f"{behind} ", f"{now}~") if behind else Item.due_sk <= f"{now}~"
    found = page(keys.partition("moment", "due", shard=shard), index="due", where=where, limit=_STRETCH)
    return list(found.items)


def handed(shard: str) -> Handed | None:
    """What workers were last told of in this shard. One read unit."""
    return fetch(Handed, *keys.key("handed", shard=shard), consistent=True)


def hand(shard: str, before: Handed | None, since: str, upto: str, until: str) -> bool:
    """Note that workers are told of this stretch, unless another tick noted something meanwhile. One write unit."""
    said = Handed(*keys.key("handed", shard=shard), since=since, upto=upto, until=until, mark=secrets.token_hex(8))
    try:
        said.save(Handed.mark == before.mark if before else Handed.pk.does_not_exist())
    except PutError as error:
        if is_conditional(error):
            return False
        raise
    return True


def load(tenant: str, subject_id: str, what: str) -> Moment | None:
    """The moment, if it is still to come. One read unit."""
    return fetch(Moment, *keys.key("moment", tenant=tenant, subject=subject_id, what=what), consistent=True)


def claim(seen: Item, until: str) -> Moment | None:
    """The moment, ours until `until` (a stamp), if nobody claimed or moved it since it was seen. Three write units."""
    moment = Moment(seen.pk, seen.sk)
    behind = (seen.due_sk or "").partition("#")[2]
    return moment if _update(moment, f"{until}#{behind}", seen.due_sk, count=1) else None


def postpone(moment: Moment, until: str) -> None:
    """Let the moment come up again at `until` (a stamp). Three write units."""
    behind = (moment.due_sk or "").partition("#")[2]
    _update(moment, f"{until}#{behind}", moment.due_sk, count=0)


def renew(moment: Moment, until: str) -> None:
    """As `postpone`, and its attempts count anew: what it stands for goes on. Three write units."""
    behind = (moment.due_sk or "").partition("#")[2]
    _update(moment, f"{until}#{behind}", moment.due_sk, count=-int(moment.attempts))


def finish(moment: Moment) -> None:
    """It has happened. Two write units."""
    try:
        moment.delete(Moment.due_sk == moment.due_sk)
    except DeleteError as error:
        if not is_conditional(error):
            raise


def _update(moment: Moment, due_sk: str, seen: str | None, count: int) -> bool:
    try:
        moment.update([Moment.due_sk.set(due_sk), Moment.attempts.add(count)], Moment.due_sk == seen)
    except UpdateError as error:
        if is_conditional(error):
            return False
        raise
    return True
