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
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors, observability
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.ledger import Tally
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Belonging, Member
from chalicelib.models.table import Item, LastKey, page, several
from chalicelib.models.writes import Step, transact
from chalicelib.services import absorbed, hints, ledger, rulebooks, rules
from chalicelib.services.rulebooks import Book
from chalicelib.services.rules import Facts, Verdict

WHAT: Final = "segments"  # the moment at which time alone may change who is where
AGAIN: Final = "segments_again"  # a contact that could not be seen to
SIZE: Final = "members"  # the tally of a segment

_TRIES: Final = 12
_MOVES: Final = 40  # segments that a contact enters and leaves in one write: a transaction has a hundred steps
_STEPS: Final = 90
_DAY: Final = 24 * 3600
_ALMOST: Final = timedelta(microseconds=999)  # a stamp has milliseconds: what comes between two of them comes after


class Edit(NamedTuple):
    """Somebody puts contacts into a static list (since when, and why), or takes them out: then there is no reason."""

    segment_id: str
    at: str
    reason: str | None


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
        plans = _Planner(tenant, book, only, edit, check).plans(pending, seen, came)
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
    _moment(moment.tenant, moment.subject_id, moment.what, clock.stamp(clock.after(_DAY)), transact)


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
        _moment(tenant, contact_ids[0], AGAIN, clock.stamp(), transact)


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


@dataclass
class _Plan:
    """What is to be done for one contact. Without steps all is as it should be."""

    contact_id: str
    merged_into: str | None
    holds: set[str]
    enters: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    sizes: Counter[str] = field(default_factory=Counter)
    steps: list[Step] = field(default_factory=list)


class _Seen(NamedTuple):
    """A contact as it is: its card, itself (None for one that is gone), the cards of those in it."""

    contact_id: str
    card: Belonging
    contact: Contact | None
    others: list[Belonging]
    stands: bool | None  # whether it is a member of the segment that is checked

    @property
    def live(self) -> bool:
        return self.contact is not None and self.contact.live


class _Planner:
    """One look at several contacts."""

    def __init__(
        self, tenant: str, book: Book | None, only: Collection[str] | None, edit: Edit | None, check: str | None
    ) -> None:
        self.tenant, self.book, self.edit, self.check = tenant, book, edit, check
        known = book.rules if book else {}
        self.judged = {one: rule for one, rule in known.items() if only is None or one in only}
        self.everything = only is None and book is not None
        self.now = clock.now()

    def plans(self, contact_ids: Sequence[str], seen: Sequence[Any], due: Collection[str]) -> list[_Plan]:
        """What is to be done for each of them."""
        found = self._read(contact_ids)
        living = [one.contact for one in found if one.contact is not None and one.live] if self.judged else []
        needs = frozenset[str]().union(*(rule.needs for rule in self.judged.values()))
        known = rules.facts.many(self.tenant, living, needs, seen=seen, consistent=True) if living else []
        facts = {one.contact.id: one for one in known}
        return [self._plan(one, facts.get(one.contact_id), one.contact_id in due) for one in found]

    def _read(self, contact_ids: Sequence[str]) -> list[_Seen]:
        cards = _cards(self.tenant, contact_ids)
        places = [keys.key("contact", tenant=self.tenant, id=one) for one in contact_ids]
        contacts = [one if isinstance(one, Contact) else None for one in several(places, consistent=True)]
        stands: list[bool | None] = [None] * len(contact_ids)
        if self.check is not None:
            members = [Member.of(self.tenant, self.check, one) for one in contact_ids]
            there = several([(one.pk, one.sk) for one in members], consistent=True)
            stands = [one is not None for one in there]
        merged = {one.id: absorbed.ids_of(one)[1:] for one in contacts if one is not None and one.layers}
        others = [other for several_ids in merged.values() for other in several_ids]
        known = dict(zip(others, _cards(self.tenant, others), strict=True))
        inside = {one: [known[other] for other in several_ids] for one, several_ids in merged.items()}
        return [
            _Seen(contact_id, card, contact, inside.get(contact_id, []), stand)
            for contact_id, card, contact, stand in zip(contact_ids, cards, contacts, stands, strict=True)
        ]

    def _plan(self, one: _Seen, facts: Facts | None, due: bool) -> _Plan:
        cards = self._edited(one)
        lists = dict(one.card.lists)
        wanted, until = self._wanted(one, facts)
        current: dict[str, str] = dict(one.card.segments)
        moves = sorted(wanted.keys() ^ current.keys())[:_MOVES]
        plan = _Plan(one.contact_id, one.contact.merged_into if one.contact else None, set(wanted))
        for segment_id in moves:
            member = Member.of(self.tenant, segment_id, one.contact_id)
            if segment_id in wanted:
                member.at, member.reason = wanted[segment_id]
                current[segment_id] = member.at
                plan.enters.append(segment_id)
                plan.steps.append(Step("save", member))
            else:
                del current[segment_id]
                plan.leaves.append(segment_id)
                plan.steps.append(Step("delete", member))
            plan.sizes[segment_id] += 1 if segment_id in wanted else -1
        self._put_right(one, plan, wanted)
        placed = until != one.card.until or (due and (until or one.card.version))
        if placed:
            plan.steps.append(_moment_step(self.tenant, one.contact_id, until))
        if plan.steps or cards:
            one.card.segments, one.card.lists, one.card.until = current, lists, until
            others = [card for card in cards if card is not one.card]
            plan.steps += [Step("save", card) for card in (one.card, *others)]
        return plan

    def _edited(self, one: _Seen) -> list[Belonging]:
        """Do what somebody asks for to the card, and to those of contacts in it; the cards that change."""
        if one.contact is None and one.card.version and one.card.lists:
            one.card.lists = {}  # of a contact that is gone for good
            return [one.card]
        if self.edit is None or not one.live:
            return []
        segment_id, at, reason = self.edit
        holding = [card for card in (one.card, *one.others) if segment_id in card.lists]
        if reason is None:
            for card in holding:
                card.lists = {name: said for name, said in card.lists.items() if name != segment_id}
            return holding
        if holding:
            return []
        one.card.lists = {**one.card.lists, segment_id: [at, reason]}
        return [one.card]

    def _wanted(self, one: _Seen, facts: Facts | None) -> tuple[dict[str, tuple[str, str]], str | None]:
        """In which segments it belongs, since when and why; and until when that holds while only time passes."""
        if not one.live:
            return {}, None
        wanted = {name: (said[0], said[1]) for card in (*one.others, one.card) for name, said in card.lists.items()}
        moments: list[datetime] = []
        for segment_id in self._kept(one.card):
            wanted.setdefault(segment_id, (one.card.segments[segment_id], ""))
        for segment_id, verdict in self._verdicts(facts):
            if verdict.matches:
                since = one.card.segments.get(segment_id)
                is_known = since and (segment_id != self.check or one.stands)
                wanted[segment_id] = (since or clock.stamp(self.now), "" if is_known else verdict.reason)
            if verdict.until is not None:
                moments.append(verdict.until)
        soonest = min((_stamp_at(one_moment) for one_moment in moments), default=None)
        if not self.everything and one.card.until is not None:
            # What was not asked may change by then, so it is looked at again; then the moment is placed exactly.
            soonest = min(soonest or one.card.until, one.card.until)
        return wanted, soonest

    def _verdicts(self, facts: Facts | None) -> list[tuple[str, Verdict]]:
        if facts is None:
            return []
        return [(segment_id, rule.verdict(facts, self.now)) for segment_id, rule in self.judged.items()]

    def _kept(self, card: Belonging) -> list[str]:
        """The segments it stands in that are not judged now, and stay what they are."""
        if self.book is None:  # nothing but a list is at stake
            return [one for one in card.segments if self.edit is None or one != self.edit.segment_id]
        standing = {*self.book.rules, *self.book.broken} - self.judged.keys()
        return [one for one in card.segments if one in standing]

    def _put_right(self, one: _Seen, plan: _Plan, wanted: dict[str, tuple[str, str]]) -> None:
        """Let the checked segment have the contact as a member exactly if its card is about to say so."""
        name = self.check
        if name is None or one.stands is None or name in (*plan.enters, *plan.leaves):
            return
        if (name in wanted) == one.stands:
            return
        member = Member.of(self.tenant, name, one.contact_id)
        if name in wanted:
            member.at, member.reason = wanted[name]
            plan.enters.append(name)
            plan.steps.append(Step("save", member))
        else:
            plan.leaves.append(name)
            plan.steps.append(Step("delete", member))


def _cards(tenant: str, contact_ids: Sequence[str]) -> list[Belonging]:
    empty = [Belonging.of(tenant, one) for one in contact_ids]
    found = several([(one.pk, one.sk) for one in empty], consistent=True) if empty else []
    return [one if isinstance(one, Belonging) else other for one, other in zip(found, empty, strict=True)]


def _winners(plans: Sequence[_Plan], known: Sequence[str]) -> list[str]:
    """The contacts into which these were merged, as far as nobody looks at them yet."""
    return list(dict.fromkeys(one.merged_into for one in plans if one.merged_into and one.merged_into not in known))


def _written(tenant: str, plans: Sequence[_Plan]) -> list[_Plan]:
    """Write several contacts in one transaction, as many as it takes; those that were written. Raises `Unready`."""
    done: list[_Plan] = []
    together: list[_Plan] = []
    for plan in plans:
        if together and _weight([*together, plan]) > _STEPS:
            done += _committed(tenant, together)
            together = []
        together.append(plan)
    return done + (_committed(tenant, together) if together else [])


def _committed(tenant: str, together: Sequence[_Plan]) -> list[_Plan]:
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


def _weight(plans: Sequence[_Plan]) -> int:
    return sum(len(plan.steps) for plan in plans) + len({name for plan in plans for name in plan.sizes})


def _size_step(tenant: str, segment_id: str, by: int) -> Step:
    tally = Tally(*keys.key("tally", tenant=tenant, record=segment_id, name=SIZE))
    return Step("update", tally, actions=[Tally.amount.add(by), Tally.kind.set(Tally)])


def _stamp_at(moment: datetime) -> str:
    """The first stamp that is not before this moment."""
    try:
        return clock.stamp(moment + _ALMOST)
    except OverflowError:
        return clock.stamp(moment)


def _moment_step(tenant: str, contact_id: str, at: str | None) -> Step:
    moment = Moment(tenant=tenant, subject_id=contact_id, what=WHAT, at=at or clock.stamp())
    moment.keys()
    return Step("save" if at else "delete", moment)


def _moment(tenant: str, contact_id: str, what: str, at: str, write: Any) -> None:
    moment = Moment(tenant=tenant, subject_id=contact_id, what=what, at=at)
    moment.keys()
    write(Step("save", moment))
