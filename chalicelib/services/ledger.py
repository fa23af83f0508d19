"""Totals that are right although events come twice, late and out of order.

A total is never adjusted by what an event says has changed. Each record keeps what it contributed last, and as of
which of its versions; one transaction replaces that and adds the difference to the totals, if the recorded version is
older. So a duplicate or a late event changes nothing, and a total can be computed anew from the contributions at any
time.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.errors import Stale, Unready
from chalicelib.models import keys
from chalicelib.models.ledger import COUNT, Contribution, Sheet, Tally, Total
from chalicelib.models.table import Item, every, fetch, page, several
from chalicelib.models.writes import LIMIT, Step, absent, transact
from chalicelib.services.gathering import Gathering

Sheets = Mapping[str, Mapping[str, int]]
OF: Final = "/"  # `com_…/contacts` is not a total of the tenant but a tally of that record, and lies beside it
_TRIES: Final = 8
_TOGETHER: Final = 40  # contributions of one transaction, which takes a hundred steps: some bring a tally of their own
_CELLS: Final = 250  # cells of one update, whose expression DynamoDB takes up to 4 KB
_LAST: Final = "\uffff"  # sorts after whatever a name goes on with
_NOTHING: Final[Sheets] = MappingProxyType({})


class Said(NamedTuple):
    """What one record contributes to one ledger, as of one of its versions: to totals, and to cells of sheets."""

    record: str
    ledger: str
    version: int
    amounts: dict[str, int]
    sheets: Sheets = MappingProxyType({})


def settle(
    tenant: str, record: str, ledger: str, version: int, amounts: dict[str, int], sheets: Sheets = _NOTHING
) -> None:
    """Let `record` (an id), as of `version`, contribute exactly `amounts` (by name of the total) to this ledger.

    `sheets` are amounts too, by `book/name` of a sheet and cell; all cells of a sheet are one write. One read unit;
    four write units for one total or sheet that changes, and one where the cell `n` of a sheet falls: at 0 the sheet is
    removed, so whoever contributes to such a sheet counts there. Raises `Stale`, `Unready` if others kept interfering.
    """
    gathering.say(tenant, Said(record, ledger, version, amounts, sheets))


def _settle(tenant: str, said: Sequence[Said]) -> None:
    """What the newest version of each record says to each of its ledgers."""
    newest: dict[tuple[str, str], Said] = {}
    for one in said:
        place = one.record, one.ledger
        if place not in newest or newest[place].version < one.version:
            newest[place] = one
    last = list(newest.values())
    for start in range(0, len(last), _TOGETHER):
        _settle_together(tenant, last[start : start + _TOGETHER])


# A batch of a hundred changes meets a total once, not a hundred times.
gathering: Final = Gathering("said", _settle)


def _settle_together(tenant: str, together: Sequence[Said]) -> None:
    """In one transaction; if others interfere, half of them at a time, so that it ends."""
    for attempt in range(_TRIES):
        steps, lessened = _steps(tenant, together)
        if len(together) > 1 and (len(steps) > LIMIT or any(len(step.actions) > _CELLS for step in steps)):
            _by_halves(tenant, together)
            return
        try:
            if steps:
                transact(*steps)
        except Stale:
            if len(together) > 1:
                _by_halves(tenant, together)
                return
            if attempt + 1 == _TRIES:
                raise
        except Unready:  # other shards of the feed are at the same sheet: together there are fewer writes of it
            if attempt + 1 == _TRIES:
                raise
        else:
            _clear(tenant, lessened)
            return


def _by_halves(tenant: str, together: Sequence[Said]) -> None:
    middle = len(together) // 2
    _settle_together(tenant, together[:middle])
    _settle_together(tenant, together[middle:])


def _clear(tenant: str, sheets: Sequence[str]) -> None:
    """Remove the sheets in which nothing counts any more, or readers would pay for them for ever. A unit each.

    A sheet that counts (cell `n`) what contributes to it has only zeros left when that is none; one that somebody
    enters meanwhile stays. Whoever is cut off here leaves an empty sheet behind, which does no harm.
    """
    for sheet in sheets:
        with suppress(Stale, Unready):
            transact(Step("delete", _sheet(tenant, sheet), Sheet.counts_nothing()))


def _steps(tenant: str, together: Sequence[Said]) -> tuple[list[Step], list[str]]:
    """The contributions that are newer than what is known with what they add to the totals; and the sheets that count
    fewer then.
    """
    steps: list[Step] = []
    added: Counter[str] = Counter()
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    places = [keys.key("contribution", tenant=tenant, record=said.record, ledger=said.ledger) for said in together]
    for said, place, old in zip(together, places, several(places, consistent=True), strict=True):
        if old is not None and old.of_version >= said.version:
            continue
        new = Contribution(*place, of_version=said.version, amounts=said.amounts, sheets=_plain(said.sheets) or None)
        steps.append(Step("save", new, absent() if old is None else Contribution.of_version == old.of_version))
        added.update(said.amounts)
        added.subtract(_amounts(old))
        for sheet, amounts in said.sheets.items():
            cells[sheet].update(amounts)
        for sheet, amounts in ((old.sheets if old else None) or {}).items():
            cells[sheet].subtract(amounts)
    changed = {sheet: kept for sheet in sorted(cells) if (kept := _nonzero(cells[sheet]))}
    steps += (_added(tenant, name, added[name]) for name in sorted(added) if added[name])
    steps += (Step("update", _sheet(tenant, one), actions=Sheet.adding(kept)) for one, kept in changed.items())
    return steps, [sheet for sheet, kept in changed.items() if kept.get(COUNT, 0) < 0]


def totals(tenant: str) -> dict[str, int]:
    """All totals of a tenant by name."""
    found = page(keys.partition("total", tenant=tenant), limit=200)
    return {total.sk: int(total.amount) for total in found.items}


def tallies(tenant: str, name: str, records: Sequence[str]) -> dict[str, int]:
    """What each of these records (ids) has of `name`. Half a unit each."""
    found = several([keys.key("tally", tenant=tenant, record=one, name=name) for one in records])
    return {one: int(tally.amount) if tally else 0 for one, tally in zip(records, found, strict=True)}


def sheets(tenant: str, book: str, first: str = "", last: str = "") -> dict[str, dict[str, int]]:
    """The sheets of a book whose names lie between these, both included: cells by name, those that are 0 left out.

    Half a unit for each 4 KB.
    """
    between = Item.sk.between(first, last + _LAST) if first or last else None
    found = every(keys.partition("sheet", tenant=tenant, book=book), where=between, consistent=False)
    return {sheet.sk: _nonzero(sheet.cells) for sheet in found}


def sheet(tenant: str, book: str, name: str) -> dict[str, int]:
    """The cells of one sheet, as `sheets` has them. Half a unit for each 4 KB."""
    found = fetch(Sheet, *keys.key("sheet", tenant=tenant, book=book, name=name))
    return _nonzero(found.cells) if found else {}


def _plain(several: Sheets) -> dict[str, dict[str, int]]:
    return {sheet: kept for sheet, cells in several.items() if (kept := _nonzero(cells))}


def _nonzero(cells: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in cells.items() if amount}


def _sheet(tenant: str, sheet: str) -> Sheet:
    book, _, name = sheet.partition(OF)
    return Sheet(*keys.key("sheet", tenant=tenant, book=book, name=name))


def _amounts(contribution: Contribution | None) -> dict[str, int]:
    return {name: int(amount) for name, amount in contribution.amounts.as_dict().items()} if contribution else {}


def _added(tenant: str, name: str, difference: int) -> Step:
    record, _, of_record = name.partition(OF)
    if of_record:
        tally = Tally(*keys.key("tally", tenant=tenant, record=record, name=of_record))
        return Step("update", tally, actions=[Tally.amount.add(difference), Tally.kind.set(Tally)])
    total = Total(*keys.key("total", tenant=tenant, name=name))
    return Step("update", total, actions=[Total.amount.add(difference), Total.kind.set(Total)])
