"""The board of a stage: its deals in the order that people gave them.

A deal is put somewhere by a rank between those of its two neighbours, so nothing else is written. Where that cannot be
- two cards that came to one place at the same moment have the same rank - or where ranks have grown long, the cards
around get fresh ones, as few as will do, in one transaction that no change of one of them passes.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.table import Item, find, page
from chalicelib.models.writes import Step, transact
from chalicelib.services import ranks

_FURTHEST: Final = 200  # cards that are counted through to find a place by its number
_AROUND: Final = (1, 2, 4, 8, 16, 32, 48)  # cards on each side that are tried in turn, all in one transaction
_TRIES: Final = 5


class Where(NamedTuple):
    """A place on a board: by number, before or after a card, or (with none of them) behind all others."""

    position: int | None = None
    before_id: str | None = None
    after_id: str | None = None


class _Gap(NamedTuple):
    """Between which two cards, None where the board ends."""

    before: Any
    after: Any


def rank(tenant: str, stage_id: str, deal_id: str, where: Where) -> str:
    """The rank at which a deal stands in this place; the deal itself is not counted there.

    Half a unit to stand behind all, a whole one before or after a card, half a unit for each 4 KB of the cards that
    are counted. Raises `Invalid` for a card that is not there and for two places at once, `Stale` if the cards there
    kept changing.
    """
    _check(deal_id, where)
    gap = _gap(tenant, stage_id, deal_id, where)
    low, high = (one.rank if one else None for one in gap)
    if low is not None and low == high:
        fresh = _untied(tenant, stage_id, deal_id, gap)
        low, high = (fresh.get(one.id, one.rank) for one in gap)
    return ranks.between(low, high)


def crowded(_before: Deal | None, after: Deal | None) -> None:
    """A deal has got another rank: if it is a long one, the cards around it get fresh ranks.

    Nothing for others. Done twice it finds nothing to do; a card that was moved since has a change of its own. Raises
    `Stale` if the cards there kept changing.
    """
    if after is None or not after.live or len(after.rank) <= ranks.LONGEST:
        return
    for attempt in range(_TRIES):
        right = _cards(after.tenant, after.stage_id, _AROUND[-1] + 1, Item.gsi1sk >= after.gsi1sk)
        if not right or right[0].id != after.id:
            return
        left = _cards(after.tenant, after.stage_id, _AROUND[-1] + 1, Item.gsi1sk < after.gsi1sk, newest_first=True)
        try:
            _shortened(left[::-1], right)
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return


# Where --------------------------------------------------------------------------------------------------------------


def _check(deal_id: str, where: Where) -> None:
    given = [name for name, value in where._asdict().items() if value is not None]
    if len(given) > 1:
        raise errors.invalid(f"/{given[-1]}", "unsupported", f"A card stands in one place: drop `{given[-1]}`.")
    for name in given:
        if getattr(where, name) == deal_id:
            raise errors.invalid(f"/{name}", "unsupported", "A card cannot stand before or after itself.")


def _gap(tenant: str, stage_id: str, deal_id: str, where: Where) -> _Gap:
    if where.position is not None:
        counted = min(where.position, _FURTHEST) + 2  # one may be the deal itself, one is to stand behind it
        cards = [one for one in _cards(tenant, stage_id, counted) if one.id != deal_id]
        if where.position > _FURTHEST < len(cards):
            raise errors.invalid("/position", "range", f"Beyond {_FURTHEST} say behind which card, by `after_id`.")
        return _Gap(_first(cards[: where.position][::-1]), _first(cards[where.position :]))
    # Of two cards one is not the deal itself.
    if where.before_id is not None:
        card = _card(tenant, stage_id, where.before_id, "/before_id")
        return _Gap(
            _next(_cards(tenant, stage_id, 2, Item.gsi1sk < card.gsi1sk, newest_first=True), deal_id),
            card,
        )
    if where.after_id is not None:
        card = _card(tenant, stage_id, where.after_id, "/after_id")
        return _Gap(card, _next(_cards(tenant, stage_id, 2, Item.gsi1sk > card.gsi1sk), deal_id))
    return _Gap(_first(_cards(tenant, stage_id, 1, newest_first=True)), None)


def _card(tenant: str, stage_id: str, deal_id: str, pointer: str) -> Any:
    """The card of this id on this board. Raises `Invalid`."""
    found = find(Item, *keys.key("deal", tenant=tenant, id=deal_id))
    if not isinstance(found, Deal) or not found.live:
        raise errors.invalid(pointer, "unknown", "There is no such deal.")
    if found.stage_id != stage_id:
        raise errors.invalid(pointer, "unknown", "This deal is not in the stage.")
    return found


def _cards(tenant: str, stage_id: str, limit: int, where: Any = None, *, newest_first: bool = False) -> list[Any]:
    partition = keys.partition("deal", "gsi1", tenant=tenant, stage=stage_id)
    return page(partition, index="gsi1", where=where, limit=limit, newest_first=newest_first).items


def _first(cards: Sequence[Any]) -> Any:
    return cards[0] if cards else None


def _next(cards: Sequence[Any], deal_id: str) -> Any:
    return _first([one for one in cards if one.id != deal_id])


# Fresh ranks --------------------------------------------------------------------------------------------------------


def _untied(tenant: str, stage_id: str, deal_id: str, gap: _Gap) -> dict[str, str]:
    """Give the two cards, which have the same rank, ranks of their own; by id. Raises `Stale`."""
    left = _cards(tenant, stage_id, _AROUND[-1] + 2, Item.gsi1sk <= gap.before.gsi1sk, newest_first=True)
    right = _cards(tenant, stage_id, _AROUND[-1] + 2, Item.gsi1sk >= gap.after.gsi1sk)
    before, after = ([one for one in cards if one.id != deal_id] for cards in (left[::-1], right))
    for count in _AROUND:
        run = _run(before, after, count)
        if run.low is None or run.high is None or run.low.rank < run.high.rank:
            return _written(run, run.fresh())
    raise errors.Stale("The cards there kept changing.")


def _shortened(before: Sequence[Any], after: Sequence[Any]) -> None:
    """Give the fewest cards around fresh ranks that are half as long as they may be, or else as short as can be.

    Raises `Stale`.
    """
    run = _run(before, after, _AROUND[0])
    for count in _AROUND:
        run = _run(before, after, count)
        if run.open and run.longest() <= ranks.LONGEST // 2:
            break
    if run.open and run.longest() < max(len(one.rank) for one in run.cards):
        _written(run, run.fresh())


class _Run(NamedTuple):
    """Cards side by side, and those that stay where they are on either side of them."""

    low: Any
    cards: list[Any]
    high: Any

    @property
    def open(self) -> bool:
        """Whether there is room between the two."""
        return self.low is None or self.high is None or self.low.rank < self.high.rank

    def fresh(self) -> list[str]:
        """A rank for each card, in their order."""
        ends = (one.rank if one else None for one in (self.low, self.high))
        return ranks.spread(len(self.cards), *ends)

    def longest(self) -> int:
        """The length of the longest of those."""
        return max(map(len, self.fresh()))


def _run(before: Sequence[Any], after: Sequence[Any], count: int) -> _Run:
    """So many cards on each side of a gap, or all there are."""
    first = max(0, len(before) - count)
    low, high = before[first - 1] if first else None, after[count] if count < len(after) else None
    return _Run(low, [*before[first:], *after[:count]], high)


def _written(run: _Run, fresh: Sequence[str]) -> dict[str, str]:
    """All of the cards or none, while each is as it was seen and the two beside them are where they were seen.

    Four units a card in each KB, two for each of those beside. Raises `Stale`.
    """
    seen = [one.id for one in (run.low, *run.cards, run.high) if one is not None]
    if len(set(seen)) < len(seen):  # it went from one side to the other between the two queries
        raise errors.Stale("The cards there kept changing.")
    stay = [
        Step("check", one, (Item.gsi1pk == one.gsi1pk) & (Item.gsi1sk == one.gsi1sk))
        for one in (run.low, run.high)
        if one is not None
    ]
    # The version goes up with it, so that whoever has read the card before and saves it does not put it back.
    changes = [
        Step("update", card, actions=[Deal.rank.set(rank), Item.gsi1sk.set(_place(card, rank))])
        for card, rank in zip(run.cards, fresh, strict=True)
    ]
    transact(*stay, *changes)
    return {card.id: rank for card, rank in zip(run.cards, fresh, strict=True)}


def _place(card: Any, rank: str) -> str:
    return keys.index("deal", "gsi1", tenant=card.tenant, id=card.id, stage=card.stage_id, rank=rank)[1]
