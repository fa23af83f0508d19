"""The index follows the records: what stands in it for a record is what its newest version wants, and nothing else.

Entries are written one by one, and a change may be told twice, late, out of order, or be cut off between any two
writes; the card beside the record keeps it right. Whoever writes claims the card first: it says what is wanted, and
what may stand in the index and must not. Whoever finds on finishing that the card is no longer his, may have written
after the one who took it, and does that one's work again. And if he never comes to that, because he is cut off, his
change is told again: that is why a card keeps in mind who was overtaken.
"""

from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models.table import fetch
from chalicelib.models.term import Card, Term, Terms, packed
from chalicelib.models.writes import Step, absent, put_all, transact
from chalicelib.services import nouns, terms

_TRIES: Final = 8
_MADE: Final = 0  # stands for the event that a record was made, which writes before there is a card
_REMEMBERED: Final = 8  # overtaken events
_KEEP_EMPTY: Final = 14 * 24 * 3600  # seconds; longer than an event can wait in a dead-letter queue


def follow(before: Any, after: Any) -> None:
    """A contact, a company or a deal was made, changed or removed for good. Raises `Stale` if others interfered."""
    old, new = wanted(before), wanted(after)
    if before is not None and after is not None and old == new:
        return
    record = after or before
    version = int(after.version) if after is not None else int(before.version) + 1
    _Worker(record.tenant, record.id, version, new, made=before is None, removed=after is None).run()


def wanted(record: Any) -> Terms:
    """What is to stand in the index for the record: nothing for one in the trash, merged or gone."""
    if record is None or not record.live:
        return frozenset()
    return frozenset(terms.terms_of(record.NOUN, nouns.plain(record)))


class _Worker:
    """One attempt to bring one version into the index."""

    def __init__(self, tenant: str, record_id: str, version: int, new: Terms, *, made: bool, removed: bool) -> None:
        self.tenant, self.record_id, self.version, self.new = tenant, record_id, version, new
        self.event = _MADE if made else version
        self.removed = removed
        self.wrote = False  # whether entries may have been written that whoever has the card does not know of

    def run(self) -> None:
        """Until the card says that nothing is left to do. Raises `Stale`."""
        for attempt in range(_TRIES):
            seen = self._card(consistent=attempt > 0 or self.event != _MADE)
            if seen is None and self.event == _MADE:
                if self._make():
                    return
                continue
            if seen is not None and self._settled(seen):
                return
            if self._bring(seen):
                return
        raise errors.Stale("The record kept changing.")

    def _make(self) -> bool:
        """Entries first, then the card: nothing can be left over of a record that has just been made."""
        self._write(self.new, frozenset())
        card = self._new_card()
        card.packed, card.of_version, card.done = packed(self.new), self.version, True
        return _saved(card, None)

    def _settled(self, seen: Card) -> bool:
        """Whether nothing is left to do for this event: the card has its version or a later one, and knows of all."""
        overtaken = self.event in (seen.behind or ()) or self.wrote
        return bool(seen.of_version >= self.version and seen.done and not overtaken)

    def _bring(self, seen: Card | None) -> bool:
        """Claim the card, write, and give it back; False if somebody else came between."""
        card, puts, dirty = self._claim(seen)
        if not _saved(card, seen):
            return False
        self._write(puts, dirty)
        card.dirty, card.done, card.turn = None, True, card.turn + 1
        return _saved(card, None, turn=int(card.turn) - 1)

    def _claim(self, seen: Card | None) -> tuple[Card, Terms, Terms]:
        """The card as it is to be claimed, what to write and what to remove."""
        card = self._new_card()
        card.holder, card.turn, card.done = self.event, 1, False
        if seen is None:  # the event that it was made has not come yet, or was cut off while it wrote
            card.of_version, card.packed, card.behind = self.version, packed(self.new), [_MADE]
            return card, self.new, frozenset()
        behind, repeats = list(seen.behind or ()), self.wrote or self.event in (seen.behind or ())
        if not seen.done and seen.holder not in behind:
            behind.append(int(seen.holder))
        card.turn, card.behind, card.ttl = int(seen.turn) + 1, behind[-_REMEMBERED:] or None, card.ttl or seen.ttl
        known, stray = seen.terms, seen.leftovers
        echoes = seen.echoes if seen.done else seen.echoes | known
        card.echo = packed(echoes)
        if seen.of_version < self.version:
            card.of_version, target = self.version, self.new
            dirty = (known | stray) - target
            puts = target - known if seen.done else target
        else:
            card.of_version, target = seen.of_version, known
            dirty = (stray | self.new | echoes if repeats else stray) - target
            puts = target
        card.packed, card.dirty = packed(target), packed(dirty)
        return card, puts, dirty

    def _write(self, puts: Terms, dirty: Terms) -> None:
        self.wrote = True
        put_all(self._items(puts), self._items(dirty))

    def _items(self, several: Terms) -> list[Term]:
        return [Term.of(self.tenant, space, value, self.record_id) for space, value in sorted(several)]

    def _card(self, *, consistent: bool) -> Card | None:
        empty = Card.at(self.tenant, self.record_id)
        return fetch(Card, empty.pk, empty.sk, consistent=consistent)

    def _new_card(self) -> Card:
        card = Card.at(self.tenant, self.record_id)
        card.ttl = int(clock.epoch()) + _KEEP_EMPTY if self.removed else None
        return card


def _saved(card: Card, seen: Card | None, *, turn: int | None = None) -> bool:
    """Write the card if it is still as it was seen (None: not there), or in this turn."""
    expected = seen.turn if seen is not None else turn
    try:
        transact(Step("save", card, absent() if expected is None else Card.turn == expected))
    except errors.Stale:
        return False
    return True
