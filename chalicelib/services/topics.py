"""Topics: what a firm mails about. Few, and named by the firm, so that they can be written into forms and templates.

One that was removed is neither listed nor chosen any more, but how people opted in to it still holds for mails about it
that are on their way.
"""

from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.table import every, fetch, find, page
from chalicelib.models.topic import Topic, place
from chalicelib.models.writes import Step, change
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Made, Page
from chalicelib.schemas.topic import TopicDraft, TopicPath, TopicView

MOST: Final = 50  # of a firm: a page of choices that nobody reads is none; removed ones count as well


def put(actor: Actor, name: str, patch: dict[str, Any], expected: int | None) -> Made[TopicView]:
    """Have a topic of this name, as given. Raises `Invalid`, `Stale`, and `Conflict` for one too many."""
    decoding.convert({"topic": name}, TopicPath)
    draft = decoding.convert({field: value for field, value in patch.items() if value is not None}, TopicDraft)
    new = False

    def load(_consistent: bool) -> Any:
        topic = fetch(Topic, *place(actor.tenant, name), consistent=True)
        if expected is not None and (topic is None or topic.deleted_at):
            raise errors.Stale("There is no such topic, so it is at no version.")
        return topic or Topic(*place(actor.tenant, name), tenant=actor.tenant, name=name)

    def apply(topic: Topic) -> list[Step]:
        nonlocal new
        new = topic.version is None or bool(topic.deleted_at)
        if topic.version is None and len(list(every(topic.pk))) >= MOST:
            raise errors.Conflict(f"There are {MOST} topics already.")
        topic.label, topic.description = draft.label, draft.description
        topic.opt_in, topic.public, topic.deleted_at = draft.opt_in, draft.public, None
        return _touched(actor, topic)

    topic: Topic = change(load, apply, expected)
    return Made(view(topic), new)


def get(actor: Actor, name: str) -> TopicView:
    """One topic. Raises `NotFound`."""
    return view(_load(actor.tenant, name))


def listing(actor: Actor, wanted: Page) -> Listing[TopicView]:
    """Topics by name, those that were removed left out; a page may be short for their sake and still lead on."""
    found = page(keys.partition("topic", tenant=actor.tenant), limit=wanted.limit, start=wanted.start)
    return Listing([view(one) for one in found.items if not one.deleted_at], found.last)


def delete(actor: Actor, name: str, expected: int | None) -> None:
    """Offer it no more. What people chose stays with them. Raises `NotFound`, `Stale`."""

    def load(consistent: bool) -> Any:
        return _load(actor.tenant, name, consistent=consistent)

    def apply(topic: Topic) -> list[Step]:
        topic.deleted_at = clock.stamp()
        return _touched(actor, topic)

    change(load, apply, expected)


def exists(tenant: str, name: str, pointer: str) -> None:
    """Raises `Invalid` at `pointer` if the firm has no such topic. Half a unit."""
    try:
        _load(tenant, name)
    except errors.NotFound:
        raise errors.invalid(pointer, "unknown", "There is no such topic.") from None


def known(tenant: str, name: str) -> Topic | None:
    """The topic of this name, also one that was removed. Half a unit."""
    return find(Topic, *place(tenant, name))


def offered(tenant: str) -> list[Topic]:
    """The topics among which people choose, by name. Half a unit for each 4 KB: some 20 topics."""
    found = page(keys.partition("topic", tenant=tenant), limit=2 * MOST)
    return [one for one in found.items if one.public and not one.deleted_at]


def view(topic: Topic) -> TopicView:
    """The topic as a client reads it."""
    plain = {name: getattr(topic, name) for name in TopicView.__struct_fields__}
    return TopicView(**{**plain, "version": int(topic.version)})


def _load(tenant: str, name: str, *, consistent: bool = False) -> Topic:
    topic = fetch(Topic, *place(tenant, name), consistent=True) if consistent else known(tenant, name)
    if topic is None or topic.deleted_at:
        raise errors.NotFound("There is no such topic.")
    return topic


def _touched(actor: Actor, topic: Topic) -> list[Step]:
    topic.updated_at, topic.updated_by = max(clock.stamp(), topic.updated_at or ""), actor.user
    topic.created_at = topic.created_at or topic.updated_at
    return [Step("save", topic)]
