"""Links in mails: each names one contact, and what it is a link to, and works for as long as the firm keeps its keys.

Compact, as every mail holds a dozen of them: the ids are packed. One use is no good for another.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from chalicelib import ids
from chalicelib.models.mailing import FIRST_STEP
from chalicelib.services import short_tokens

# What a link is for, by the byte that says so; never given to another.
USES: Final[dict[str, int]] = {"unsubscribe": 1, "preferences": 2, "confirm": 3, "open": 4, "click": 5}
_PURPOSE: Final = "mail-links"
_LONGEST: Final = 3000  # characters of a token; beyond that nobody asks the ring
_NOBODY: Final = bytes(ids.PACKED)  # in the place of an id that there is not


class Link(NamedTuple):
    """What a token says. `run` is empty for a link that belongs to no mail; `extra` is the use's own."""

    tenant: str
    contact_id: str
    run: str
    step: str
    extra: str


def make(use: str, tenant: str, contact_id: str, run: str = "", step: str = FIRST_STEP, extra: str = "") -> str:
    """A token for a path: letters, digits, `-`, `_` and one dot. Raises KeyError for an unknown use."""
    return maker(use, tenant, contact_id, run, step)(extra)


def maker(use: str, tenant: str, contact_id: str, run: str = "", step: str = FIRST_STEP) -> Callable[[str], str]:
    """What makes the tokens of one mail that differ in `extra` only, as those of its links do."""
    signed = short_tokens.signer(_PURPOSE)
    about = ids.packed(tenant) + ids.packed(contact_id) + (ids.packed(run) if run else _NOBODY)
    same = bytes([USES[use], int(step)]) + about
    return lambda extra: signed(same + extra.encode())


def read(use: str, token: str) -> Link | None:
    """What the token says, if we made it for this use. No I/O but for a key that is not known yet."""
    said = short_tokens.read(_PURPOSE, token, _LONGEST)
    if said is None or said[0] != USES[use]:
        return None
    tenant, contact, run = (said[2 + ids.PACKED * part : 2 + ids.PACKED * (part + 1)] for part in range(3))
    return Link(
        ids.unpacked("ten", tenant),
        ids.unpacked("con", contact),
        ids.unpacked("run", run) if run != _NOBODY else "",
        str(said[1]),
        said[2 + 3 * ids.PACKED :].decode(),
    )
