"""How many of what a tenant has: each record's contribution to its totals."""

from types import MappingProxyType
from typing import Any, Final

from chalicelib.services import ledger

OPEN_DEALS: Final = "deals"  # the sheet of a company's open deals: `n` of them, and `v.EUR` what they are worth
NAMES: Final = ("contacts", "companies", "deals", "tasks_open")


def totals(tenant: str) -> dict[str, int]:
    """All totals of a tenant by name, also those to which nothing has contributed yet."""
    return {**dict.fromkeys(NAMES, 0), **ledger.totals(tenant)}


def contact(before: Any, after: Any) -> None:
    """Contacts that are neither in the trash nor merged."""
    _settle(before, after, "contacts", after is not None and after.live)


def employed(before: Any, after: Any) -> None:
    """Contacts per company, those that count as above."""
    if _employer(before) != _employer(after):
        _contribute(before, after, "company", {f"{one}{ledger.OF}contacts": 1 for one in _employer(after)})


def sold_to(before: Any, after: Any) -> None:
    """Open deals of a company: how many, and what they are worth in each currency. One sheet, so one write."""
    if _worth(before) != _worth(after):
        _contribute(before, after, "company", {}, _worth(after))


def company(before: Any, after: Any) -> None:
    """Companies that are neither in the trash nor merged."""
    _settle(before, after, "companies", after is not None and after.live)


def deal(before: Any, after: Any) -> None:
    """Deals that are not in the trash, whatever their stage: to be moved does not touch this."""
    _settle(before, after, "deals", after is not None and after.live)


def task(before: Any, after: Any) -> None:
    """Tasks that are still to be done."""
    _settle(before, after, "tasks_open", after is not None and not after.deleted_at and after.status == "open")


def _employer(contact: Any) -> tuple[str, ...]:
    """The company for which a contact counts, if there is one."""
    return (contact.company_id,) if contact is not None and contact.live and contact.company_id else ()


def _worth(deal: Any) -> ledger.Sheets:
    if deal is None or not deal.live or deal.status != "open" or not deal.company_id:
        return {}
    money = {f"v.{deal.value['currency']}": deal.value["amount"]} if deal.value else {}
    return {f"{deal.company_id}{ledger.OF}{OPEN_DEALS}": {"n": 1, **money}}


def _settle(before: Any, after: Any, name: str, counts: bool) -> None:
    _contribute(before, after, name, {name: 1} if counts else {})


def _contribute(
    before: Any, after: Any, name: str, amounts: dict[str, int], sheets: ledger.Sheets = MappingProxyType({})
) -> None:
    record = after or before
    # A record that is gone for good says no more; its last word comes after every version it had.
    version = int(after.version) if after is not None else int(before.version) + 1
    ledger.settle(record.tenant, record.id, name, version, amounts, sheets)
