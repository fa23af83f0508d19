"""An audience as it was when it was launched, in parts of a hundred: who, and a trace of the address each had then.

The trace tells whether an address is still the one that was counted: whoever has another one by the time of sending is
left out, so that no two of an audience are mailed at one address. It is made with the key of `addresses` and differs
from run to run, so nobody can try out from it whose address it was, also not of a contact that is erased.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from chalicelib import ids
from chalicelib.models.campaign import Shard
from chalicelib.services import addresses

SIZE: Final = 100  # recipients of a shard
MOST: Final = 99_999  # shards of a campaign, as they are numbered in five digits

# What a recipient's character says. Open ones are still to be settled; one that is `HELD` has a mailing already.
CELLS: Final[dict[str, str]] = {"s": "sent", "f": "failed", "x": "suppressed", "u": "unknown"}
LETTERS: Final[dict[str, str]] = {name: letter for letter, name in CELLS.items()}
UNTOUCHED: Final = "-"
HELD: Final = "~"

_TRACE: Final = 8  # bytes: two of ten million are alike once in 400,000 campaigns, and then one of the two gets no mail
_ENTRY: Final = ids.PACKED + _TRACE
NOWHERE: Final = bytes(_TRACE)  # the trace of somebody without an address
TWICE: Final = b"\xff" * _TRACE  # of somebody whose address another recipient before him has


class Recipient(NamedTuple):
    """One of a shard, by his place in it."""

    position: int
    contact_id: str
    trace: bytes


def trace(tenant: str, run: str, address: str | None) -> bytes:
    """What stands for this address in this run."""
    if address is None:
        return NOWHERE
    found = hashlib.sha256(f"{run}#{addresses.digest(tenant, address)}".encode()).digest()
    return next(
        part for part in (found[:_TRACE], found[_TRACE : 2 * _TRACE], b"#" * _TRACE) if part not in {NOWHERE, TWICE}
    )


def pack(recipients: Iterable[tuple[str, bytes]]) -> bytes:
    """(contact id, trace) of each, 24 bytes."""
    return b"".join(ids.packed(contact_id) + one for contact_id, one in recipients)


def unpack(shard: Shard) -> list[tuple[str, bytes]]:
    """The inverse of `pack`."""
    return [(one.contact_id, one.trace) for one in recipients(shard)]


def recipients(shard: Shard) -> list[Recipient]:
    """Those of a shard, in their order."""
    data = bytes(shard.packed or b"")
    entries = (data[start : start + _ENTRY] for start in range(0, len(data), _ENTRY))
    return [
        Recipient(position, ids.unpacked("con", one[: ids.PACKED]), one[ids.PACKED :])
        for position, one in enumerate(entries)
    ]


def results(shard: Shard) -> list[str]:
    """The character of each."""
    return list(shard.results or UNTOUCHED * int(shard.size))


def is_open(letter: str) -> bool:
    """Whether this one is still to be settled."""
    return letter not in CELLS


def counted(letters: Sequence[str]) -> dict[str, int]:
    """How many are sent, failed, suppressed and unknown: a cell of the campaign's sheet each."""
    return {cell: count for letter, cell in CELLS.items() if (count := letters.count(letter))}


def reason(shard: Shard, position: int) -> str | None:
    """Why this one got none, if anything is known of that."""
    said: Mapping[str, Any] = shard.reasons or {}
    return said.get(str(position))
