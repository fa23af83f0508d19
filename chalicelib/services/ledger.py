"""Totals that are right although events come twice, late and out of order.

A total is never adjusted by what an event says has changed. Each record keeps what it contributed last, and as of
which of its versions; one transaction replaces that and adds the difference to the totals, if the recorded version is
older. So a duplicate or a late event changes nothing, and a total can be computed anew from the contributions at any
time.
"""

from collections.abc import Sequence
from typing import Final

from chalicelib.errors import Stale
from chalicelib.models import keys
from chalicelib.models.ledger import Contribution, Tally, Total
from chalicelib.models.table import fetch, page, several
from chalicelib.models.writes import Step, absent, transact

OF: Final = "/"  # `com_…/contacts` is not a total of the tenant but a tally of that record, and lies beside it
_TRIES: Final = 8


def settle(tenant: str, record: str, ledger: str, version: int, amounts: dict[str, int]) -> None:
    """Let `record` (an id), as of `version`, contribute exactly `amounts` (by name of the total) to this ledger.

    One read unit; four write units for one total that changes. Raises `Stale` if others kept interfering.
    """
    place = keys.key("contribution", tenant=tenant, record=record, ledger=ledger)
    for attempt in range(_TRIES):
        old = fetch(Contribution, *place, consistent=True)
        if old is not None and old.of_version >= version:
            return
        new = Contribution(*place, of_version=version, amounts=amounts)
        unchanged = absent() if old is None else Contribution.of_version == old.of_version
        try:
            transact(Step("save", new, unchanged), *_differences(tenant, _amounts(old), amounts))
        except Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return


def totals(tenant: str) -> dict[str, int]:
    """All totals of a tenant by name."""
    found = page(keys.partition("total", tenant=tenant), limit=200)
    return {total.sk: int(total.amount) for total in found.items}


def tallies(tenant: str, name: str, records: Sequence[str]) -> dict[str, int]:
    """What each of these records (ids) has of `name`. Half a unit each."""
    found = several([keys.key("tally", tenant=tenant, record=one, name=name) for one in records])
    return {one: int(tally.amount) if tally else 0 for one, tally in zip(records, found, strict=True)}


def _amounts(contribution: Contribution | None) -> dict[str, int]:
    return {name: int(amount) for name, amount in contribution.amounts.as_dict().items()} if contribution else {}


def _differences(tenant: str, old: dict[str, int], new: dict[str, int]) -> list[Step]:
    steps = []
    for name in sorted({*old, *new}):
        if difference := new.get(name, 0) - old.get(name, 0):
            steps.append(_added(tenant, name, difference))
    return steps


def _added(tenant: str, name: str, difference: int) -> Step:
    record, _, of_record = name.partition(OF)
    if of_record:
        tally = Tally(*keys.key("tally", tenant=tenant, record=record, name=of_record))
        return Step("update", tally, actions=[Tally.amount.add(difference), Tally.kind.set(Tally)])
    total = Total(*keys.key("total", tenant=tenant, name=name))
    return Step("update", total, actions=[Total.amount.add(difference), Total.kind.set(Total)])
