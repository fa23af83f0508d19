"""Addresses that are not mailed any more: why, since when, and who said so. Kept by keyed hash, see `addresses.py`.

Said twice, late or in another order, it ends the same: `standings.py`. The list is asked before each mail of a campaign
(`consent.refusals`); mails of the system itself, such as a reminder to a user, do not ask it.
"""

from collections.abc import Callable
from typing import Final

from chalicelib import clock, errors
from chalicelib.models.suppression import Suppression, place
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.services import addresses, emails, standings

SYSTEM: Final = "system"  # who wrote what nobody in particular did
_TRIES: Final = 6
# An edit of what is known of an address, in place; whether anything is to be kept.
Edit = Callable[[Suppression], bool]


def add(
    tenant: str,
    address: str,
    reason: str,
    source: str,
    *,
    topic: str | None = None,
    at: str | None = None,
    campaign: str | None = None,
    by: str = SYSTEM,
) -> Suppression:
    """Do not mail the address any more; of `topic` only, or of nothing at all.

    `reason` is one of `standings.RANK`, `source` says who told it (a provider, a link, a user), `at` when that was (a
    stamp; now). Two write units if that is new, else a read unit; whoever says it again changes nothing.
    """
    entry = {"at": at or clock.stamp(), "source": source, **({"campaign": campaign} if campaign else {})}
    return change(tenant, address, lambda known: standings.say(known, topic or standings.ALL, reason, entry), by)


def change(tenant: str, address: str, edit: Edit, by: str = SYSTEM) -> Suppression:
    """Edit what is known of an address, until nobody interferes; as it then is."""
    digest = addresses.digest(tenant, address)
    for attempt in range(_TRIES):
        known = load(tenant, digest) or Suppression.at(tenant, digest)
        if not edit(known):
            return known
        known.address = _kept(known, address)
        known.updated_at, known.updated_by = clock.stamp(), by
        known.created_at = known.created_at or known.updated_at
        known.keys()
        try:
            transact(Step("save", known))
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return known
    raise AssertionError("unreachable")


def load(tenant: str, digest: str) -> Suppression | None:
    """What is known of an address, as it is at this moment. A read unit."""
    return fetch(Suppression, *place(tenant, digest), consistent=True)


def _kept(known: Suppression, address: str) -> str | None:
    """The address, while something of it is to be listed and nobody asked to be forgotten."""
    return emails.folded(address) if known.reasons and "erased" not in known.reasons.get(standings.ALL, {}) else None
