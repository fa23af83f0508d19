"""The usage ledger in the table: adding to a row, and reading it."""

from collections.abc import Mapping
from typing import Final

from chalicelib.models import keys
from chalicelib.models.ledger import Usage

FIELDS: Final = ("calls", "rru", "wru", "ms", "mails", "nano_usd")


def add(tenant: str, day: str, purpose: str, amounts: Mapping[str, int]) -> None:
    """Add to one row. One write unit."""
    row = Usage(*keys.key("usage", tenant=tenant, day=day, purpose=purpose))
    row.update([*(getattr(Usage, name).add(amounts[name]) for name in FIELDS), Usage.kind.set(Usage)])


def amounts(row: Usage) -> dict[str, int]:
    """What a row holds."""
    return {name: int(getattr(row, name)) for name in FIELDS}
