"""Where one contact belongs by now: what of its card, its members and its moment is to be written.

Nothing is written here. Several contacts are looked at together, each by itself.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.moment import Moment
from chalicelib.models.segment import Belonging, Member
from chalicelib.models.table import several
from chalicelib.models.writes import Step
from chalicelib.services import absorbed, rules
from chalicelib.services.rulebooks import Book
from chalicelib.services.rules import Facts, Verdict

WHAT: Final = "segments"  # the moment at which time alone may change who is where
_MOVES: Final = 40  # segments that a contact enters and leaves in one write: a transaction has a hundred steps
_ALMOST: Final = timedelta(microseconds=999)  # a stamp has milliseconds: what comes between two of them comes after


class Edit(NamedTuple):
    """Somebody puts contacts into a static list (since when, and why), or takes them out: then there is no reason."""

    segment_id: str
    at: str
    reason: str | None


@dataclass
class Plan:
    """What is to be done for one contact. Without steps all is as it should be."""

    contact_id: str
    merged_into: str | None
    holds: set[str]
    enters: list[str] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)
    sizes: Counter[str] = field(default_factory=Counter)
    steps: list[Step] = field(default_factory=list)


class Seen(NamedTuple):
    """A contact as it is: its card, itself (None for one that is gone), the cards of those in it."""

    contact_id: str
    card: Belonging
    contact: Contact | None
    others: list[Belonging]
    stands: bool | None  # whether it is a member of the segment that is checked

    @property
    def live(self) -> bool:
        """Whether it can be in a segment at all."""
        return self.contact is not None and self.contact.live


class Planner:
    """One look at several contacts."""

    def __init__(
        self, tenant: str, book: Book | None, only: Collection[str] | None, edit: Edit | None, check: str | None
    ) -> None:
        self.tenant, self.book, self.edit, self.check = tenant, book, edit, check
        known = book.rules if book else {}
        self.judged = {one: rule for one, rule in known.items() if only is None or one in only}
        self.everything = only is None and book is not None
        self.now = clock.now()

    def plans(self, contact_ids: Sequence[str], seen: Sequence[Any], due: Collection[str]) -> list[Plan]:
        """What is to be done for each of them."""
        found = self._read(contact_ids)
        living = [one.contact for one in found if one.contact is not None and one.live] if self.judged else []
        asked = list(self.judged.values())
        known = rules.look(self.tenant, living, asked, self.now, seen=seen, consistent=True) if living else []
        facts = {one.contact.id: one for one in known}
        return [self._plan(one, facts.get(one.contact_id), one.contact_id in due) for one in found]

    def _read(self, contact_ids: Sequence[str]) -> list[Seen]:
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
            Seen(contact_id, card, contact, inside.get(contact_id, []), stand)
            for contact_id, card, contact, stand in zip(contact_ids, cards, contacts, stands, strict=True)
        ]

    def _plan(self, one: Seen, facts: Facts | None, due: bool) -> Plan:
        cards = self._edited(one)
        lists = dict(one.card.lists)
        wanted, until = self._wanted(one, facts)
        current: dict[str, str] = dict(one.card.segments)
        moves = sorted(wanted.keys() ^ current.keys())[:_MOVES]
        plan = Plan(one.contact_id, one.contact.merged_into if one.contact else None, set(wanted))
        for segment_id in moves:
            self._move(plan, segment_id, wanted)
            plan.sizes[segment_id] += 1 if segment_id in wanted else -1
            if segment_id in wanted:
                current[segment_id] = wanted[segment_id][0]
            else:
                del current[segment_id]
        if self.check is not None and self.check not in moves and (self.check in wanted) is not one.stands:
            self._move(plan, self.check, wanted)  # its card was right, its place among the members was not
        placed = until != one.card.until or (due and (until or one.card.version))
        if placed:
            plan.steps.append(moment(self.tenant, one.contact_id, until))
        if plan.steps or cards:
            one.card.segments, one.card.lists, one.card.until = current, lists, until
            others = [card for card in cards if card is not one.card]
            plan.steps += [Step("save", card) for card in (one.card, *others)]
        return plan

    def _edited(self, one: Seen) -> list[Belonging]:
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

    def _wanted(self, one: Seen, facts: Facts | None) -> tuple[dict[str, tuple[str, str]], str | None]:
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

    def _move(self, plan: Plan, segment_id: str, wanted: dict[str, tuple[str, str]]) -> None:
        """Let the segment have the contact as a member exactly if it is wanted there."""
        member = Member.of(self.tenant, segment_id, plan.contact_id)
        if segment_id in wanted:
            member.at, member.reason = wanted[segment_id]
            plan.enters.append(segment_id)
            plan.steps.append(Step("save", member))
        else:
            plan.leaves.append(segment_id)
            plan.steps.append(Step("delete", member))


def moment(tenant: str, contact_id: str, at: str | None, what: str = WHAT) -> Step:
    """The write that lets the contact be looked at again at this time (a stamp), or without one not any more."""
    placed = Moment(tenant=tenant, subject_id=contact_id, what=what, at=at or clock.stamp())
    placed.keys()
    return Step("save" if at else "delete", placed)


def _cards(tenant: str, contact_ids: Sequence[str]) -> list[Belonging]:
    empty = [Belonging.of(tenant, one) for one in contact_ids]
    found = several([(one.pk, one.sk) for one in empty], consistent=True) if empty else []
    return [one if isinstance(one, Belonging) else other for one, other in zip(found, empty, strict=True)]


def _stamp_at(moment: datetime) -> str:
    """The first stamp that is not before this moment."""
    try:
        return clock.stamp(moment + _ALMOST)
    except OverflowError:
        return clock.stamp(moment)
