"""Where an export's records come from, a page at a time, in an order in which none of them moves meanwhile.

Contacts, companies and deals are read in the order in which they were made; activities record by record. What is in no
such order - tasks, and whatever a filter selects - is listed first, and read by id afterwards. So each record comes at
most once, as it is when it is read; what was made, removed or moved into a filter meanwhile may or may not be there.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from chalicelib import errors
from chalicelib.adapters import storage
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.job import Job
from chalicelib.models.table import Item, LastKey, page, several
from chalicelib.models.task import Task
from chalicelib.models.term import place_of
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import RecipientQuery
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.task import TaskQuery
from chalicelib.services import (
    absorbed,
    activities,
    campaigns,
    companies,
    contacts,
    deals,
    jobs,
    nouns,
    recipients,
    selections,
    tasks,
)
from chalicelib.services.nouns import NOUNS

RECIPIENT: Final = "recipient"
PAGE: Final = 200  # records read at once
SUBJECTS: Final = 50  # records whose activities are read at once
_LISTS: Final = 5  # pages listed in one step
_ID: Final = 31  # bytes of an id and the line break behind it
Place = dict[str, Any]
Plain = dict[str, Any]

_LISTINGS: Final[dict[str, Callable[..., Listing[Any]]]] = {
    "contact": contacts.listing,
    "company": companies.listing,
    "deal": deals.listing,
    "task": tasks.listing,
}


class Found(NamedTuple):
    """Records in their wire form, and the place to go on from; None after the last ones."""

    records: list[Plain]
    place: Place | None


def check(actor: Actor, kind: str, given: Plain) -> None:
    """Raises `Invalid` at /filter unless the kind's list takes these parameters, together too. As a page of one."""
    if kind == RECIPIENT:
        _recipients_of(actor, given)
        return
    if kind not in QUERIES:
        raise errors.invalid("/filter", "unsupported", f"There is no list of {kind} to filter.")
    query = QUERIES[kind](given)
    try:
        _LISTINGS[kind](actor, query, Page(1))
    except errors.Invalid as error:
        raise selections.below("/filter", error) from None


def read(job: Job, kind: str, place: Place) -> Found:
    """The next page of a kind. `place` begins as an empty object, and is what the page before has said."""
    if kind == "activity":
        return _activities(job.tenant, place)
    if kind == RECIPIENT:
        return _recipients(job, place)
    if kind == "task" or job.params.get("filter"):
        return _listed(job, kind, place)
    return _by_age(job.tenant, kind, place)


def _by_age(tenant: str, noun: str, place: Place) -> Found:
    """The live records of a noun, the oldest first. Half a unit for each, and for each 4 KB of entries."""
    found = _entries(tenant, noun, PAGE, place.get("last"))
    records = [nouns.plain(one) for one in _live(tenant, noun, [_id_of(entry) for entry in found.items])]
    return Found(records, {"last": found.last} if found.last else None)


def _listed(job: Job, kind: str, place: Place) -> Found:
    """What a list has: its ids first, kept in storage, then the records themselves."""
    if not place.get("gathered"):
        return Found([], _gather(job, kind, place))
    start = place["done"] * _ID
    wanted = storage.get(place["ids"], start, PAGE * _ID).decode().split()
    done = place["done"] + len(wanted)
    trash = bool((job.params.get("filter") or {}).get("deleted"))
    records = [_plain(kind, one) for one in _live(job.tenant, kind, wanted, trash=trash)]
    return Found(records, {**place, "done": done} if done < place["count"] else None)


def _gather(job: Job, kind: str, place: Place) -> Place | None:
    """Some more ids. They go into a new object each time, so that a worker who comes late spoils nothing."""
    known = storage.get(place["ids"]).decode().split() if place.get("ids") else []
    asked, last = place.get("list", 0), place.get("last")
    lists = list(_queries(job, kind))
    for _ in range(_LISTS):
        found = _LISTINGS[kind](jobs.actor_of(job), lists[asked], Page(PAGE, last))
        known += [one.id for one in found.data]
        last = found.last
        asked += 0 if last else 1
        if asked == len(lists):
            break
    ids = list(dict.fromkeys(known))
    if asked == len(lists) and not ids:
        return None
    key = f"{folder(job)}/ids-{asked}-{len(ids)}"
    storage.put(key, "".join(f"{one}\n" for one in ids).encode())
    if asked == len(lists):
        return {"ids": key, "gathered": True, "count": len(ids), "done": 0}
    return {"ids": key, "list": asked, "last": last}


def _queries(job: Job, kind: str) -> Iterator[Any]:
    """The lists to go through: that of the filter, or all there are of tasks."""
    given = job.params.get("filter")
    if given:
        yield QUERIES[kind](given)
    else:
        yield from (TaskQuery(status=status) for status in ("open", "done", "cancelled"))


def _activities(tenant: str, place: Place) -> Found:
    """Some records' histories, each from its beginning. Half a unit a record, and for each 4 KB of entries."""
    noun, queue, last = place.get("noun", 0), list(place.get("queue", ())), place.get("last")
    if not queue:
        order = list(NOUNS)
        if noun == len(order):
            return Found([], None)
        found = _entries(tenant, order[noun], SUBJECTS, last)
        live = _live(tenant, order[noun], [_id_of(entry) for entry in found.items])
        queue = [one for record in live for one in absorbed.ids_of(record)]
        return Found([], {"noun": noun if found.last else noun + 1, "queue": queue, "last": found.last})
    records: list[Plain] = []
    entry: LastKey | None = place.get("entry")
    while queue and len(records) < PAGE:
        partition = keys.partition("activity", tenant=tenant, subject=queue[0])
        begins = Item.sk.startswith(keys.prefix("activity"))
        some = page(partition, where=begins, limit=PAGE - len(records), start=entry)
        records += [msgspec.to_builtins(activities.view(one)) for one in some.items if isinstance(one, Activity)]
        entry = some.last
        if entry is None:
            del queue[0]
    return Found(records, {"noun": noun, "queue": queue, "last": last, "entry": entry})


def _recipients(job: Job, place: Place) -> Found:
    """The next of a campaign's recipients, in the order of its audience."""
    given = job.params["filter"]
    campaign = campaigns.load(job.tenant, given["campaign_id"])
    rows, last = recipients.read(campaign, given.get("status"), PAGE, place.get("last"))
    return Found([msgspec.to_builtins(one) for one in rows], {"last": last} if last else None)


def _recipients_of(actor: Actor, given: Plain) -> None:
    """Raises `Invalid` unless it names a campaign, and perhaps a status; `Forbidden` for who may not see contacts."""
    named = {name: value for name, value in given.items() if name != "campaign_id"}
    try:
        decoding.convert(named, RecipientQuery)
        campaigns.load(actor.tenant, str(given.get("campaign_id", "")))
    except errors.Invalid as error:
        raise selections.below("/filter", error) from None
    except errors.NotFound:
        raise errors.invalid("/filter/campaign_id", "unknown", "There is no such campaign.") from None
    actor.needs("contacts:read")


def _task_query(given: Plain) -> TaskQuery:
    """The query struct. Raises `Invalid` at /filter."""
    try:
        return decoding.convert(given, TaskQuery)
    except errors.Invalid as error:
        raise selections.below("/filter", error) from None


# The query struct of each list that a filter is for.
QUERIES: Final[dict[str, Callable[[Plain], Any]]] = {
    "contact": lambda given: selections.query("contact", given),
    "company": lambda given: selections.query("company", given),
    "deal": lambda given: selections.query("deal", given),
    "task": _task_query,
}


def folder(job: Job) -> str:
    """Below which an export keeps what it needs until it has ended."""
    return f"{job.tenant}/jobs/{job.id}/work"


def _entries(tenant: str, noun: str, limit: int, start: LastKey | None) -> Any:
    return page(keys.partition("term", tenant=tenant, space=f"{noun}.created_at"), limit=limit, start=start)


def _id_of(entry: Item) -> str:
    return place_of(entry.sk)[1]


def _live(tenant: str, kind: str, ids: list[str], *, trash: bool = False) -> list[Any]:
    """Those of these records that are there, or that are in the trash."""
    model = Task if kind == "task" else NOUNS[kind].model
    found = several([keys.key(kind, tenant=tenant, id=one) for one in ids])
    there = [one for one in found if isinstance(one, model) and not getattr(one, "merged_into", None)]
    return [one for one in there if bool(one.deleted_at) == trash]


def _plain(kind: str, record: Any) -> Plain:
    if kind == "task":
        shown: Plain = msgspec.to_builtins(tasks.view(record))
        return shown
    return nouns.plain(record)
