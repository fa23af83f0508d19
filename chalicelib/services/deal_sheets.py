"""What deals add up to: each deal's contribution to the sheets of its pipeline, and how those are read.

A deal's contribution follows from the deal alone - not from what happened to it - so it can be computed at any time
and in any order. A book is a pipeline, its sheets are

    O#{owner}#{month of expected_close}   open deals
    C#{month of closed_at}#{owner}        closed ones
    K                                     all closed ones, for the last columns of a board

with `-` for what a deal has not. Cells begin with the stage's code: `n` deals, `v.EUR` their values in minor units,
`b` the same in the firm's currency as of the closing, `d` seconds from made to closed; and for stages that the deals
were in before: `e` deals that ever were, `w` those of them that were won, `x` deals that have left, `t` seconds they
stayed. `n` alone counts the deals of a sheet.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from chalicelib import clock
from chalicelib.models.deal import Deal
from chalicelib.services import ledger
from chalicelib.services.ledger import OF, Sheets

LEDGER: Final = "deal"
CLOSED: Final = "K"
NOBODY: Final = "-"  # no owner, no month
Cells = Mapping[str, int]
_CELL: Final = re.compile(r"(\d+)([a-z])(?:\.([A-Z]{3}))?")
_MONTH: Final = len("2026-11")
_LAST_OPEN: Final = "O"  # with whatever it goes on


class Place(NamedTuple):
    """What the name of a sheet says: whether its deals are open, whose they are, and of which month."""

    open: bool
    owner: str | None
    month: str | None


@dataclass(slots=True)
class Figures:
    """What sheets say of one stage. `sums` are minor units by currency, `base` of the firm's own; times in seconds."""

    count: int = 0
    sums: Counter[str] = field(default_factory=Counter)
    base: int = 0
    entered: int = 0
    won: int = 0
    left: int = 0
    stayed: int = 0
    age: int = 0


class Mine(NamedTuple):
    """One owner's deals in a pipeline by stage code: the open ones, and those closed in a month."""

    open: dict[int, Figures]
    closed: dict[int, Figures]


# The letter of a cell and what it adds to; values are by currency.
_FIGURES: Final = {"n": "count", "b": "base", "e": "entered", "w": "won", "x": "left", "t": "stayed", "d": "age"}


def contribution(deal: Deal) -> Sheets:
    """What a deal adds to the sheets of its pipeline: nothing while in the trash."""
    if not deal.live:
        return {}
    owner, code = deal.owner_id or NOBODY, int(deal.stage_code)
    worth = {f"{code}n": 1}
    if deal.value:
        worth[f"{code}v.{deal.value['currency']}"] = deal.value["amount"]
    way = {"n": 1, **worth, **_way(deal)}
    if deal.status == "open":
        month = deal.expected_close[:_MONTH] if deal.expected_close else NOBODY
        return {_sheet(deal, f"O#{owner}#{month}"): way}
    if deal.base_value:
        worth[f"{code}b"] = deal.base_value["amount"]
    age = round((clock.parse(deal.closed_at) - clock.parse(deal.created_at)).total_seconds())
    closed = {**way, **worth, f"{code}d": max(0, age)}
    if deal.status == "won":
        closed |= {f"{one}w": 1 for one in deal.entered or ()}
    return {_sheet(deal, f"C#{deal.closed_at[:_MONTH]}#{owner}"): closed, _sheet(deal, CLOSED): worth}


def contributed(before: Any, after: Any) -> None:
    """A deal was made, moved, changed, put into the trash or removed for good: its contribution follows.

    Nothing is written for a change after which it adds what it did before.
    """
    # Which version says it does not matter then: the one that brought the last difference says the same.
    adds = contribution(after) if after is not None else {}
    if (contribution(before) if before is not None else {}) == adds:
        return
    record = after or before
    version = int(after.version) if after is not None else int(before.version) + 1
    ledger.settle(record.tenant, record.id, LEDGER, version, {}, adds)


def place(name: str) -> Place:
    """What the name of a sheet of open deals, or of a month's closed ones, says."""
    kind, first, second = name.split("#")
    owner, month = (first, second) if kind == "O" else (second, first)
    return Place(kind == "O", None if owner == NOBODY else owner, None if month == NOBODY else month)


def stage_sums(sheets: Iterable[Cells]) -> dict[int, Figures]:
    """The cells of several sheets added up by stage code."""
    found: dict[int, Figures] = {}
    for cells in sheets:
        for name, amount in cells.items():
            cell = _CELL.fullmatch(name)
            if cell is None:  # `n`, the deals of all stages
                continue
            figures = found.setdefault(int(cell[1]), Figures())
            if cell[2] == "v":
                figures.sums[cell[3]] += amount
            else:
                setattr(figures, _FIGURES[cell[2]], getattr(figures, _FIGURES[cell[2]]) + amount)
    return found


def board(tenant: str, pipeline_id: str) -> dict[int, Figures]:
    """What stands on a pipeline's board by stage code, of closed stages everything that was ever closed there.

    One query, half a unit for each 4 KB: it grows with owners and months of open deals, not with deals.
    """
    return stage_sums(ledger.sheets(tenant, pipeline_id, CLOSED, _LAST_OPEN).values())


def open_deals(tenant: str, pipeline_id: str) -> dict[Place, dict[int, Figures]]:
    """The open deals of a pipeline by owner and month of expected close. One query, as `board`."""
    found = ledger.sheets(tenant, pipeline_id, "O#", "O#")
    return {place(name): stage_sums([cells]) for name, cells in found.items()}


def closed_deals(tenant: str, pipeline_id: str, first: str, last: str) -> dict[Place, dict[int, Figures]]:
    """The deals that were closed in these months (`YYYY-MM`, both included), by month and owner. One query."""
    found = ledger.sheets(tenant, pipeline_id, f"C#{first}#", f"C#{last}#")
    return {place(name): stage_sums([cells]) for name, cells in found.items()}


def mine(tenant: str, pipeline_id: str, owner: str, month: str) -> Mine:
    """One owner's open deals, and those closed in a month (`YYYY-MM`). Half a unit for each 4 KB of the first, and
    half a unit.
    """
    theirs = f"O#{owner}#"
    found = ledger.sheets(tenant, pipeline_id, theirs, theirs)
    return Mine(stage_sums(found.values()), stage_sums([ledger.sheet(tenant, pipeline_id, f"C#{month}#{owner}")]))


def _way(deal: Deal) -> dict[str, int]:
    """The stages it was in, and how long it was in those that it has left."""
    cells = {f"{code}e": 1 for code in deal.entered or ()}
    for code, seconds in (deal.stayed or {}).items():
        cells |= {f"{code}t": seconds, f"{code}x": 1}
    return cells


def _sheet(deal: Deal, name: str) -> str:
    return f"{deal.pipeline_id}{OF}{name}"
