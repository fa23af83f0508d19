"""The column by which a file's rows find their records. Without one everybody would be made anew by every import.

A key that the caller named and no column fills refuses the file; the key that nobody named is only warned about.
"""

from collections.abc import Mapping
from typing import Final

from chalicelib import errors
from chalicelib.services.importing.mapping import Columns
from chalicelib.services.importing.words import plain

_FILLED: Final = {
    "email": {"email", "emails"},
    "phone": {"phone", "phones"},
    "domain": {"domain"},
    "name": {"name", "first_name", "last_name"},
    "id": {"id"},
}


def named(key: str, columns: Columns, wanted: Mapping[str, str | None]) -> Columns:
    """The columns, in which one that is named like the system of the key holds its ids, if no other one does."""
    system = key.partition(":")[2]
    if not system or _fills(key, columns):
        return columns
    names = {plain(system), f"{plain(system)} id"}
    header = next((one for one in columns if plain(one) in names and one not in wanted), None)
    return {**columns, header: f"external_ids.{system}"} if header else columns


def check(key: str, source: str, columns: Columns, *, asked: bool) -> list[str]:
    """What is to be said of the key. Raises `Invalid` if it was asked for and no column fills it."""
    if _fills(key, columns):
        return []
    if asked:
        sentence = f"No column of the file says {key!r}, by which records are to be found; name one by `mapping`."
        raise errors.invalid("/key", "no_column", sentence)
    if _fills("id", columns) or _fills(f"external_id:{source}", columns):
        return []
    return [f"No column of the file says {key!r}, so nobody is found who is there already; every row is a new record."]


def _fills(key: str, columns: Columns) -> bool:
    targets = {target for target in columns.values() if target}
    if system := key.partition(":")[2]:
        return bool(targets & {f"external_ids.{system}", "external_ids"})
    return bool({target.partition(".")[0] for target in targets} & _FILLED[key])
