"""The consent log of a contact: what he agreed to or took back, when, in which way, from where, and what he was shown.

Written once, never changed; it goes with the contact. Each entry's id is made of what it tells, so telling it twice is
telling it once.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.consent import Consent
from chalicelib.models.table import Item, PageOf, every, fetch, page
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.consent import ConsentView


def entry(tenant: str, contact_id: str, what: str, how: str, at: str, by: str, **more: str | None) -> Consent:
    """An entry, not yet in the table. `more`: channel (else email), topic, address, ip, wording, base; `seed` is what
    tells it from others of the same contact and moment.
    """
    more.setdefault("channel", "email")
    seed = more.pop("seed", None) or f"{more['channel']}/{more.get('topic')}"
    made = Consent(
        id=ids.derived("cns", clock.parse(at), f"{contact_id}/{what}/{how}/{seed}"),
        tenant=tenant,
        subject_id=contact_id,
        what=what,
        how=how,
        at=at,
        by=by,
    )
    for name, value in more.items():
        setattr(made, name, value)
    made.keys()
    return made


def note(made: Consent) -> None:
    """Keep an entry, unless it is there already. A write unit."""
    with suppress(errors.Stale):
        transact(Step("save", made, absent()))


def find(tenant: str, contact_id: str, consent_id: str) -> Consent | None:
    """An entry of exactly this contact. A read unit."""
    if not ids.is_id("cns", consent_id):
        return None
    return fetch(Consent, *keys.key("consent", tenant=tenant, subject=contact_id, id=consent_id), consistent=True)


def newest(tenant: str, contact_id: str, limit: int, start: Any = None) -> PageOf:
    """A page of one contact's own log, the newest first."""
    return page(
        keys.partition("consent", tenant=tenant, subject=contact_id),
        where=Item.sk.startswith(keys.prefix("consent")),
        limit=limit,
        start=start,
        newest_first=True,
    )


def since(tenant: str, contact_id: str, at: str) -> Iterator[Consent]:
    """What one contact's own log tells of later than `at` (a stamp), the oldest first. A read unit for each 4 KB."""
    begins = keys.prefix("consent")
    where = Item.sk.between(f"{begins}{ids.at('cns', clock.parse(at))}", f"{begins}~")
    log: Iterator[Consent] = every(keys.partition("consent", tenant=tenant, subject=contact_id), where=where)
    return (one for one in log if one.at > at)


def view(made: Consent) -> ConsentView:
    """The entry as a client reads it."""
    return ConsentView(
        contact_id=made.subject_id,
        **{name: getattr(made, name) for name in ConsentView.__struct_fields__ if name != "contact_id"},
    )
