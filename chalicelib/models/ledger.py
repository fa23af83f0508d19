"""Counters that are right: what each record contributed last, and the totals of those contributions."""

from collections.abc import Mapping
from typing import Any, Final

from pynamodb.attributes import BooleanAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from chalicelib.models.subject import Json
from chalicelib.models.table import Item

COUNT: Final = "n"  # the cell of a sheet that counts what contributes to it; not every sheet has it
_CELL: Final = "="  # what the attributes of a sheet begin with that are its cells


class Contribution(Item, discriminator="contribution"):
    """What one record adds to totals, as of one of its versions."""

    of_version = NumberAttribute()
    amounts: MapAttribute[str, int] = MapAttribute(default=dict)
    sheets = Json(null=True)  # {book/name: {cell: amount}}


class Total(Item, discriminator="total"):
    """The sum of all contributions under one name."""

    amount = NumberAttribute(default=0)


class Tally(Item, discriminator="tally"):
    """As a total, but of one record and beside it: how many contacts a company has."""

    amount = NumberAttribute(default=0)


class Sheet(Item, discriminator="sheet"):
    """Totals that change together, each in a cell of its own: one write for all of them.

    Cells are attributes of the item, as only those can be added to without reading them first.
    """

    cells: dict[str, int]

    def revived(self, raw: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the cells as they are stored."""
        self.cells = {name.removeprefix(_CELL): int(one["N"]) for name, one in raw.items() if name.startswith(_CELL)}

    @staticmethod
    def adding(cells: dict[str, int]) -> list[Action]:
        """The update that adds these amounts. A cell's name has no bracket in it."""
        return [*(Path([_CELL + name]).add(amount) for name, amount in sorted(cells.items())), Sheet.kind.set(Sheet)]

    @staticmethod
    def counts_nothing() -> Condition:
        """The condition that nothing contributes to the sheet any more."""
        return Path([_CELL + COUNT]) == 0


class OpenTask(Item, discriminator="open_task"):
    """What one task says to its subject's `next_activity_at`: a due time while open, none when not.

    Whether it is open is said too, since one may be open without a date.
    """

    of_version = NumberAttribute()
    due_at = UnicodeAttribute(null=True)
    undated = BooleanAttribute(null=True)

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return bool(self.due_at or self.undated)


class Usage(Item, discriminator="usage"):
    """What a tenant consumed in one day for one purpose. Whole numbers, which add without rounding:
    `rru`, `wru` and `ms` in thousandths, money in billionths of a dollar.
    """

    calls = NumberAttribute(default=0)
    rru = NumberAttribute(default=0)
    wru = NumberAttribute(default=0)
    ms = NumberAttribute(default=0)
    mails = NumberAttribute(default=0)
    nano_usd = NumberAttribute(default=0)
