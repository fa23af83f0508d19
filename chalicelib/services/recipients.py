"""Those a campaign was for, one by one: who got it, who did not, and why.

The audience lies in shards of a hundred, each with a character for what became of whom; the mail itself lies with the
contact. So a page reads a few shards and the mailings of the rows it shows, and nothing else.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import FIRST_STEP, Mailing
from chalicelib.models.table import Item, LastKey, page, several
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import RecipientQuery, RecipientView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import addresses, campaigns, shards
from chalicelib.services.campaign_report import SETTLED

WAITING: Final = "waiting"  # nobody has taken it up yet
CLAIMED: Final = "claimed"
_TOGETHER: Final = 8  # shards of one query, where not all who are in them are wanted
_QUERIES: Final = 4  # for one page, which may then be short and still lead on


class Place(NamedTuple):
    """One recipient of an audience, and what its shard says of him."""

    shard: Shard
    position: int
    contact_id: str
    status: str
    reason: str | None


def listing(actor: Actor, campaign_id: str, query: RecipientQuery, wanted: Page) -> Listing[RecipientView]:
    """A page of recipients in the order of the audience, of one status if asked for.

    Raises `NotFound`, and `Forbidden` for who may not see contacts.

    Half a unit for the campaign, for each 4 KB of shards, and for each row.
    """
    actor.needs("contacts:read")
    campaign = campaigns.load(actor.tenant, campaign_id)
    rows, last = read(campaign, query.status, wanted.limit, wanted.start)
    return Listing(rows, last)


def read(
    campaign: Campaign, status: str | None, limit: int, start: LastKey | None
) -> tuple[list[RecipientView], LastKey | None]:
    """Up to `limit` recipients of one status, or all, and the key to go on from, if there may be more."""
    if campaign.run is None:
        return [], None
    found: list[Place] = []
    last = start
    together = _TOGETHER if status else limit // shards.SIZE + 1
    for _ in range(_QUERIES):
        places, last = _some(campaign, status, last, together)
        found += places
        if last is None or len(found) >= limit:
            break
    if len(found) > limit:
        found = found[:limit]
        last = _place(int(found[-1].shard.number), found[-1].position + 1)
    return list(_rows(campaign, found, status)), last


def _some(
    campaign: Campaign, status: str | None, start: LastKey | None, together: int
) -> tuple[list[Place], LastKey | None]:
    """Those of the next few shards. A key names a shard, and how many of its recipients were read."""
    number, behind = _read(start)
    partition = keys.partition("shard", tenant=campaign.tenant, campaign=campaign.id)
    where = Item.sk.between(_sk(number), _sk(shards.MOST))
    some = page(partition, where=where, limit=together)
    places = [
        one
        for shard in some.items
        if campaign.shards is None or int(shard.number) < int(campaign.shards)  # others were left by a job cut off
        for one in _places(shard)
        if (int(shard.number) > number or one.position >= behind) and (status is None or _may_be(one, status))
    ]
    following = int(some.items[-1].number) + 1 if some.items else 0
    is_last = some.last is None or following >= int(campaign.shards or following + 1)
    last = None if is_last else _place(following, 0)
    return places, last


def _places(shard: Shard) -> Iterator[Place]:
    letters = shards.results(shard)
    for one, letter in zip(shards.recipients(shard), letters, strict=True):
        status = shards.CELLS.get(letter) or (CLAIMED if letter == shards.HELD else WAITING)
        yield Place(shard, one.position, one.contact_id, status, shards.reason(shard, one.position))


def _may_be(place: Place, status: str) -> bool:
    """Whether the mailing may say so. While a shard is open, its mailings know more than it does."""
    return place.status == status or (not place.shard.settled and place.status in (WAITING, CLAIMED))


def _rows(campaign: Campaign, places: list[Place], status: str | None) -> Iterator[RecipientView]:
    mailings = several([_mailing(campaign, one) for one in places])
    bare = [one for one, mailing in zip(places, mailings, strict=True) if mailing is None]
    contacts = several([keys.key("contact", tenant=campaign.tenant, id=one.contact_id) for one in bare])
    known = {one.id: one for one in contacts if isinstance(one, Contact)}
    for place, mailing in zip(places, mailings, strict=True):
        row = _bare(place, known.get(place.contact_id)) if mailing is None else _row(place, mailing)
        if status is None or row.status == status:
            yield row


def _bare(place: Place, contact: Contact | None) -> RecipientView:
    """Somebody for whom no mail was ever begun, with the address he has by now."""
    return RecipientView(
        contact_id=place.contact_id,
        address=addresses.primary(contact) if contact is not None and contact.live else None,
        status=place.status,  # type: ignore[arg-type]  # one of them
        reason=place.reason,
        at=None,
        provider_message_id=None,
    )


def _row(place: Place, mailing: Mailing) -> RecipientView:
    said, seen = mailing.result, mailing.seen or {}
    # What is settled in the shard is what was counted; before that the mailing knows better.
    status = place.status if place.status in SETTLED else mailing.status if mailing.status in SETTLED else CLAIMED
    return RecipientView(
        contact_id=place.contact_id,
        address=mailing.address,
        status=status,  # type: ignore[arg-type]  # one of them
        reason=said.get("reason") or place.reason,
        at=said.get("at") or mailing.claimed_at,
        provider_message_id=said.get("message_id"),
        delivered_at=seen.get("delivered"),
        opened_at=seen.get("opened"),
        clicked_at=seen.get("clicked"),
    )


def _mailing(campaign: Campaign, place: Place) -> tuple[str, str]:
    parts = {"tenant": campaign.tenant, "contact": place.contact_id, "run": str(campaign.run), "step": FIRST_STEP}
    return keys.key("mailing", **parts)


def _sk(number: int) -> str:
    return keys.key("shard", tenant="", campaign="", number=f"{number:05}")[1]


def _place(number: int, position: int) -> LastKey:
    """Go on in this shard with the recipient at this position."""
    return {"shard": {"N": number}, "position": {"N": position}}


def _read(start: LastKey | None) -> tuple[int, int]:
    return (int(start["shard"]["N"]), int(start["position"]["N"])) if start else (0, 0)
