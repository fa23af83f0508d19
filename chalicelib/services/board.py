"""The board of a stage: its deals in the order that people gave them."""

from typing import Any, NamedTuple

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.table import page
from chalicelib.services import ranks

_FURTHEST = 200  # cards that are counted through to find a place by its number


class Where(NamedTuple):
    """A place on a board: by number, before or after a card, or (with none of them) behind all others."""

    position: int | None = None
    before_id: str | None = None
    after_id: str | None = None


def rank(tenant: str, stage_id: str, deal_id: str, where: Where) -> str:
    """The rank at which a deal stands in this place. Raises `Invalid` for a card that is not there.

    One query: of one card to stand behind all, of one more than its number to stand at a place.
    """
    if where.position is None and where.before_id is None and where.after_id is None:
        last = _cards(tenant, stage_id, 1, newest_first=True)
        return ranks.between(last[0].rank if last else None, None)
    return _placed(tenant, stage_id, deal_id, where)


def _placed(tenant: str, stage_id: str, deal_id: str, where: Where) -> str:
    if where.position is None:
        raise errors.invalid("/before_id", "unsupported", "Not yet.")
    if where.position > _FURTHEST:
        raise errors.invalid("/position", "range", f"Beyond {_FURTHEST} say behind which card, by `after_id`.")
    cards = [card for card in _cards(tenant, stage_id, where.position + 2) if card.id != deal_id]
    before, after = cards[: where.position], cards[where.position : where.position + 1]
    return ranks.between(before[-1].rank if before else None, after[0].rank if after else None)


def _cards(tenant: str, stage_id: str, limit: int, *, newest_first: bool = False) -> list[Any]:
    partition = keys.partition("deal", "gsi1", tenant=tenant, stage=stage_id)
    return page(partition, index="gsi1", limit=limit, newest_first=newest_first).items
