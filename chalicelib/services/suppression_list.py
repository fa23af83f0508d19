"""The list of addresses that are not mailed any more, as people read and keep it.

Who puts an address there or takes it off is noted in the same transaction: beside the address, where it stays, and in
the consent log of the contact who has it.
"""

from collections.abc import Sequence
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.suppression import Suppression
from chalicelib.models.table import Item, page
from chalicelib.models.writes import Step
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.suppression import SuppressionDraft, SuppressionQuery, SuppressionReason, SuppressionView
from chalicelib.services import addresses, consent_log, contacts, emails, standings, suppressions, topics
from chalicelib.services.suppressions import Also

USER: Final = "user"  # the source of what somebody of the firm said
LISTED: Final = "suppression_list"  # the way in which it got into a consent log
_KEPT: Final = "complaint"  # what only a new, confirmed consent takes back, besides `erased`


def listing(actor: Actor, query: SuppressionQuery, wanted: Page) -> Listing[SuppressionView]:
    """Addresses that are not mailed, by address, or those that begin so; those of erased people at the end."""
    begins = emails.folded(query.starts_with).lstrip("@") if query.starts_with else ""
    where = Item.gsi1sk.startswith(begins) if begins else None
    partition = keys.partition("suppression", "gsi1", tenant=actor.tenant)
    found = page(partition, index="gsi1", where=where, limit=wanted.limit, start=wanted.start)
    return Listing([view(one) for one in found.items], found.last)


def get(actor: Actor, address: str) -> SuppressionView:
    """Why an address is not mailed. Raises `NotFound` if nothing speaks against it, `Invalid` if there can be none."""
    known = suppressions.load(actor.tenant, addresses.digest(actor.tenant, emails.checked(address, "/address")))
    return view(_held(known))


def put(actor: Actor, address: str, body: dict[str, Any], expected: int | None) -> Made[SuppressionView]:
    """Do not mail the address any more. What was said before stays said; the same again changes nothing.

    Raises `Invalid` for a topic that is none, `Stale`.
    """
    draft = decoding.convert({name: value for name, value in body.items() if value is not None}, SuppressionDraft)
    address = emails.checked(address, "/address")
    if draft.topic is not None:
        topics.exists(actor.tenant, draft.topic, "/topic")
    scope, new = draft.topic or standings.ALL, False

    def edit(known: Suppression) -> bool:
        nonlocal new
        _check(known, expected)
        new = not known.reasons
        if draft.reason in known.reasons.get(scope, {}):
            return False
        return standings.say(known, scope, draft.reason, {"at": clock.stamp(), "source": USER})

    known = suppressions.change(
        actor.tenant, address, edit, actor.user, _told(actor, address, "suppressed", [draft.topic])
    )
    return Made(view(_held(known)), new)


def delete(actor: Actor, address: str, expected: int | None) -> None:
    """Take back everything that keeps mail from the address; who did so is noted beside it and in the consent log of
    the contact who has it. What that contact chose himself stays chosen.

    Raises `NotFound`, `Stale`, `Gone` for somebody who asked to be forgotten, and `Conflict` for a complaint: those
    need a new consent, confirmed from the mailbox.
    """
    address, lifted = emails.checked(address, "/address"), list[str | None]()

    def edit(known: Suppression) -> bool:
        said = {reason for one in _held(known).reasons.values() for reason in one}
        _check(known, expected)
        if "erased" in said:
            raise errors.Gone("Whoever had this address asked to be forgotten; only he can take that back.")
        if _KEPT in said:
            raise errors.Conflict("A complaint is taken back only by a new consent, confirmed from the mailbox.")
        lifted[:] = [_topic(scope) for scope in sorted(known.reasons)]
        # Also what came from somebody whose clock is ahead of ours.
        until = max([clock.stamp(), *(said["at"] for one in known.reasons.values() for said in one.values())])
        for scope in list(known.reasons):
            standings.lift(known, scope, standings.RANK, until)
        return True

    suppressions.change(actor.tenant, address, edit, actor.user, _told(actor, address, "lifted", lifted))


def view(known: Suppression) -> SuppressionView:
    """The address as a client reads it, with its reasons in the order of their strength."""
    every = [(reason, scope) for scope, one in known.reasons.items() for reason in one]
    every.sort(key=lambda one: (standings.RANK.index(one[0]), one[1]))
    reasons = [_reason(known, scope, reason) for reason, scope in every]
    return SuppressionView(
        address=known.address,
        digest=known.digest,
        reason=reasons[0].reason,
        topic=reasons[0].topic,
        source=reasons[0].source,
        at=reasons[0].at,
        reasons=reasons,
        created_at=known.created_at,
        updated_at=known.updated_at,
        version=int(known.version),
    )


def _held(known: Suppression | None) -> Suppression:
    if known is None or not known.reasons:
        raise errors.NotFound("Nothing keeps mail from this address.")
    return known


def _check(known: Suppression, expected: int | None) -> None:
    if expected is not None and expected != int(known.version or 0):
        raise errors.Stale(f"It is at version {int(known.version or 0)}, not {expected}.")


def _topic(scope: str) -> str | None:
    return None if scope == standings.ALL else scope


def _reason(known: Suppression, scope: str, reason: str) -> SuppressionReason:
    said = known.reasons[scope][reason]
    return SuppressionReason(
        reason=reason,  # type: ignore[arg-type]  # one of the literal, as nothing else was ever said
        topic=_topic(scope),
        source=said["source"],
        at=said["at"],
        campaign_id=said.get("campaign"),
    )


def _told(actor: Actor, address: str, what: str, scopes: Sequence[str | None]) -> Also:
    """Who did it, noted beside the address, where it stays, and in the consent log of the contact who has it."""

    def steps(known: Suppression) -> list[Step]:
        holder = contacts.VERBS.holder(actor.tenant, "email", emails.folded(address))
        made = [
            consent_log.entry(
                actor.tenant,
                subject,
                what,
                LISTED,
                known.updated_at,
                actor.user,
                topic=topic,
                address=address if subject == holder else None,
            )
            for subject in (f"suppression#{known.digest}", holder)
            for topic in scopes
            if subject
        ]
        return [Step("save", one) for one in made]

    return steps
