"""Who is in which segment, kept right contact by contact.

A contact's card says in which segments it stands. It is worked out anew from what is so now - the contact, its facts,
the rules of the firm - never from what an event says, and one transaction writes the card, the members that come and
go, the sizes and the contact's moment, if the card still is as it was read. Then it is worked out once more: whoever
writes last has seen everything that was so before. So an event that comes twice, late or out of order changes nothing,
and whoever is cut off is told again.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib import clock, errors, observability
from chalicelib.models import keys
from chalicelib.models.ledger import Tally
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Member
from chalicelib.models.table import Item, LastKey, page
from chalicelib.models.writes import Step, transact
from chalicelib.services import belonging, hints, ledger, rulebooks
from chalicelib.services.belonging import Edit, Plan, Planner
from chalicelib.services.rulebooks import Book

WHAT: Final = belonging.WHAT
AGAIN: Final = "segments_again"  # a contact that could not be seen to
SIZE: Final = "members"  # the tally of a segment

_TRIES: Final = 12
_STEPS: Final = 90
_DAY: Final = 24 * 3600


@dataclass
class Settled:
    """What was found and done: pairs of a contact and a segment."""

    added: set[tuple[str, str]] = field(default_factory=set)
    removed: set[tuple[str, str]] = field(default_factory=set)
    holds: set[tuple[str, str]] = field(default_factory=set)  # as it is in the end
    written: set[str] = field(default_factory=set)  # contacts whose card was written


def settle(
    tenant: str,
    contact_ids: Iterable[str],
    *,
    only: Collection[str] | None = None,
    seen: Sequence[Any] = (),
    book: Book | None = None,
    edit: Edit | None = None,
    due: Collection[str] = (),
    check: str | None = None,
) -> Settled:
    """Let these contacts stand in exactly the segments that fit them.

    `only` these segments are judged, the others stay (None: all). `seen` are records as a change left them, where an
    index may lag behind. `book` is what was read of the rules just now. `due` are contacts whose moment has come, which
    is placed anew. With `check`, the members of that segment are compared with the cards and put right.

    Two read units a contact and what its facts cost, at consistent prices; twice that for one that changes, and two
    write units each for its card, each segment it enters or leaves, that one's size, and three or four for its moment.
    Raises `Stale` if others kept interfering, `Unready`.
    """
    found, pending, came = Settled(), list(dict.fromkeys(contact_ids)), set(due)
    for _ in range(_TRIES):
        if not pending:
            return found
        if edit is None:
            book = book or rulebooks.load(tenant)
        plans = Planner(tenant, book, only, edit, check).plans(pending, seen, came)
        book = None
        pending = [*(one.contact_id for one in plans if one.steps), *_winners(plans, pending)]
        for one in plans:
            found.holds |= {(one.contact_id, segment_id) for segment_id in one.holds}
        found.holds -= {pair for pair in found.holds if pair[0] in pending}
        for one in _written(tenant, [one for one in plans if one.steps]):
            found.written.add(one.contact_id)
            came.discard(one.contact_id)
            found.added |= {(one.contact_id, segment_id) for segment_id in one.enters}
            found.removed |= {(one.contact_id, segment_id) for segment_id in one.leaves}
    raise errors.Stale("The contact kept changing.")


def come(moment: Moment) -> float | None:
    """Time may have changed who is where. As `due.DUE` says."""
    done = settle(moment.tenant, [moment.subject_id], due=[moment.subject_id])
    return hints.SETTLED if moment.subject_id in done.written else None


def come_again(moment: Moment) -> float | None:
    """See to a contact that could not be seen to before. As `due.DUE` says."""
    settle(moment.tenant, [moment.subject_id])
    return None


def give_up(moment: Moment) -> None:
    """There is no giving up: it comes again in a day."""
    transact(belonging.moment(moment.tenant, moment.subject_id, clock.stamp(clock.after(_DAY)), moment.what))


def settle_or_later(tenant: str, contact_ids: Sequence[str], **how: Any) -> None:
    """As `settle`; a contact that cannot be seen to now has a moment of its own, so that it holds up nobody else.

    Raises whatever keeps that moment from being written.
    """
    try:
        settle(tenant, contact_ids, **how)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        if len(contact_ids) > 1:
            for one in contact_ids:
                settle_or_later(tenant, [one], **how)
            return
        observability.failure("segments of a contact not settled", error)
        transact(belonging.moment(tenant, contact_ids[0], clock.stamp(), AGAIN))


def walk(
    tenant: str, segment_id: str, start: LastKey | None = None, limit: int = 200
) -> tuple[list[str], LastKey | None]:
    """A page of the contact ids in a segment, by id, and where to go on. One unit for each 4 KB, some 20 members."""
    found, last = members(tenant, segment_id, start, limit, consistent=True)
    return [one.contact_id for one in found], last


def members(
    tenant: str, segment_id: str, start: LastKey | None, limit: int, *, consistent: bool = False
) -> tuple[list[Member], LastKey | None]:
    """A page of the members of a segment, by contact id, and where to go on."""
    found = page(
        keys.partition("member", tenant=tenant, segment=segment_id),
        where=Item.sk.startswith(keys.prefix("member")),
        limit=limit,
        start=start,
        consistent=consistent,
    )
    return found.items, found.last


def sizes(tenant: str, segment_ids: Sequence[str]) -> dict[str, int]:
    """How many members these segments have. Half a unit each."""
    return ledger.tallies(tenant, SIZE, segment_ids)


def _winners(plans: Sequence[Plan], known: Sequence[str]) -> list[str]:
    """The contacts into which these were merged, as far as nobody looks at them yet."""
    return list(dict.fromkeys(one.merged_into for one in plans if one.merged_into and one.merged_into not in known))


def _written(tenant: str, plans: Sequence[Plan]) -> list[Plan]:
    """Write several contacts in one transaction, as many as it takes; those that were written. Raises `Unready`."""
    done: list[Plan] = []
    together: list[Plan] = []
    for plan in plans:
        if together and _weight([*together, plan]) > _STEPS:
            done += _committed(tenant, together)
            together = []
        together.append(plan)
    return done + (_committed(tenant, together) if together else [])


def _committed(tenant: str, together: Sequence[Plan]) -> list[Plan]:
    added: Counter[str] = Counter()
    for plan in together:
        added.update(plan.sizes)
    steps = [step for plan in together for step in plan.steps]
    steps += [_size_step(tenant, name, by) for name, by in sorted(added.items()) if by]
    try:
        transact(*steps)
    except (errors.Stale, errors.Unready) as error:
        if len(together) > 1:
            middle = len(together) // 2
            return [*_committed(tenant, together[:middle]), *_committed(tenant, together[middle:])]
        if isinstance(error, errors.Unready):
            raise
        return []
    return list(together)


def _weight(plans: Sequence[Plan]) -> int:
    return sum(len(plan.steps) for plan in plans) + len({name for plan in plans for name in plan.sizes})


def _size_step(tenant: str, segment_id: str, by: int) -> Step:
    tally = Tally(*keys.key("tally", tenant=tenant, record=segment_id, name=SIZE))
    return Step("update", tally, actions=[Tally.amount.add(by), Tally.kind.set(Tally)])
