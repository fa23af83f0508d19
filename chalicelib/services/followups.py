"""Follow-ups that come by themselves when nobody answered: one moment each, which looks at the timeline before it acts.

A wait lies beside each record that may answer. An activity that is an answer finds it there and cancels at once; what
slips through - a contact that came to the deal later, a record that was merged - is found when the moment comes.
"""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.followup import Followup, Wait
from chalicelib.models.moment import Moment
from chalicelib.models.table import Item, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.followup import FollowupDraft, FollowupQuery, FollowupView
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import absorbed, assignees, inbox, nouns, replies, tasks, titles, users, worktime

WHAT: Final = "followup"
_SUBJECTS: Final = ("contact", "deal")
_AHEAD: Final = 300  # seconds: clocks differ, but what is waited for was said before
_MOST: Final = 200  # waits at one record that one activity looks at
_AGAIN: Final = 1.0  # seconds


def create(actor: Actor, draft: FollowupDraft) -> FollowupView:
    """Wait for an answer. Raises `Invalid` for a subject or an assignee that is not there, or a moment ahead."""
    if draft.since and draft.since > clock.after(_AHEAD):
        raise errors.invalid("/since", "range", "What is answered was said before; this lies ahead.")
    record = _subject(actor.tenant, draft.subject_id)
    assignee = draft.task.assignee_id or actor.user
    if assignee != actor.user:
        users.exists(actor.tenant, assignee, "/task/assignee_id")
    followup = Followup(id=ids.new("fup"), tenant=actor.tenant, subject_id=record.id, after_days=draft.after_days)
    followup.watched = list(dict.fromkeys([record.id, *(getattr(record, "contact_ids", None) or ())]))
    followup.task = {**msgspec.to_builtins(draft.task), "assignee_id": assignee}
    since = draft.since or clock.now()
    due = worktime.after(worktime.of(actor.tenant, assignee), since, days=draft.after_days)
    followup.since, followup.due_at, followup.status = clock.stamp(since), clock.stamp(due), "waiting"
    waits = [Step("save", Wait.of(followup, one)) for one in followup.watched]
    transact(_stood(followup, actor.user, absent()), Step("save", _moment(followup)), *waits)
    return view(followup)


def get(actor: Actor, followup_id: str) -> FollowupView:
    """One follow-up. Raises `NotFound`."""
    return view(load(actor.tenant, followup_id))


def listing(actor: Actor, query: FollowupQuery, wanted: Page) -> Listing[FollowupView]:
    """Those of a subject, of one status, or both; the earliest due first, of a subject by status."""
    if query.subject_id is None:
        index, where = "gsi1", None
        partition = keys.partition(WHAT, index, tenant=actor.tenant, status=query.status or "waiting")
    else:
        index, where = "gsi2", Item.gsi2sk.startswith(f"{query.status}#") if query.status else None
        partition = keys.partition(WHAT, index, tenant=actor.tenant, subject=query.subject_id)
    found = page(partition, index=index, where=where, limit=wanted.limit, start=wanted.start)
    return Listing([view(followup) for followup in found.items], found.last)


def delete(actor: Actor, followup_id: str, expected: int | None) -> None:
    """Wait no longer; a task that was made stays. Raises `NotFound`, `Stale`."""

    def apply(followup: Followup) -> list[Step]:
        waiting = followup.status == "waiting"
        followup.deleted_at = clock.stamp()
        return [
            _stood(followup, actor.user),
            *(_over(followup, [Step("delete", _moment(followup))]) if waiting else ()),
        ]

    change(lambda again: load(actor.tenant, followup_id, consistent=again), apply, expected)


def load(tenant: str, followup_id: str, *, consistent: bool = False) -> Followup:
    """The follow-up. Raises `NotFound`."""
    if not ids.is_id("fup", followup_id):
        raise errors.NotFound("There is no such followup.")
    place = keys.key("followup", tenant=tenant, id=followup_id)
    found = fetch(Followup, *place, consistent=True) if consistent else find(Followup, *place)
    return found_or_404(found, "followup")


def view(followup: Followup) -> FollowupView:
    """The follow-up as a client reads it."""
    plain = {name: getattr(followup, name) for name in FollowupView.__struct_fields__}
    return msgspec.convert(plain, FollowupView, strict=False)


def answered(before: Any, after: Any) -> None:
    """An activity was told that is an answer: whatever waits for one at its record is cancelled.

    Nothing for what is no answer, half a read unit where nothing waits.
    """
    meaning = replies.meaning(after) if before is None and after is not None else None
    if meaning is None:
        return
    waits = page(
        keys.partition("wait", tenant=after.tenant, subject=after.subject_id),
        where=Item.sk.startswith(keys.prefix("wait")),
        limit=_MOST,
    )
    for wait in waits.items:
        if wait.since <= after.at:
            _cancel(after.tenant, wait.followup_id, meaning)


def come(moment: Moment) -> float | None:
    """Make the task, unless somebody answered. As `due.DUE` says."""
    try:
        followup = load(moment.tenant, moment.subject_id, consistent=True)
    except errors.NotFound:
        return None
    if followup.status == "waiting":
        reason = _reason(followup)
        try:
            if reason is None and not _make(followup):
                reason = "nobody"
        except errors.Stale:  # cancelled this moment, or another worker makes it
            return _AGAIN
        if reason is not None:
            _cancel(followup.tenant, followup.id, reason, moment=False)
    if followup.status == "done":
        _tell(followup)
    return None


def give_up(moment: Moment) -> None:
    """No further try is made: it is said in the follow-up."""
    _cancel(moment.tenant, moment.subject_id, "failed", moment=False)


def _subject(tenant: str, subject_id: str) -> Any:
    """The contact or the deal. Raises `Invalid`."""
    noun = nouns.of_id(subject_id)
    if noun is not None and noun.name in _SUBJECTS:
        try:
            return nouns.load(noun, tenant, subject_id)
        except (errors.NotFound, errors.Merged, errors.Gone):
            pass
    raise errors.invalid("/subject_id", "unknown", "There is no such contact or deal.")


def _reason(followup: Followup) -> str | None:
    """Why the task is not wanted any more, by what is true now."""
    record: Any = absorbed.root(followup.tenant, followup.subject_id)
    if record is None or record.deleted_at:
        return "gone"
    if record.NOUN == "deal" and record.status != "open":
        return "closed"
    asked = [*absorbed.ids_of(record), *followup.watched]
    for contact_id in dict.fromkeys([*(getattr(record, "contact_ids", None) or ()), *followup.watched[1:]]):
        contact = absorbed.root(followup.tenant, contact_id)
        asked += absorbed.ids_of(contact) if contact is not None else []
    return replies.since(followup.tenant, dict.fromkeys(asked), followup.since)


def _make(followup: Followup) -> bool:
    """Make the task, and note that it is made, in one transaction; False if there is nobody to do it."""
    tenant, wanted = followup.tenant, dict(followup.task)
    record: Any = absorbed.root(tenant, followup.subject_id)
    assignee = assignees.first_user(tenant, (wanted.pop("assignee_id"), record.owner_id, followup.updated_by))
    if assignee is None:
        return False
    due = worktime.next_open(worktime.of(tenant, assignee), clock.now())
    followup.task_id = ids.derived("tsk", clock.parse(followup.created_at), followup.id)
    followup.status = "done"
    draft = TaskDraft(**wanted, assignee_id=assignee, due_at=due, subject_id=record.id)
    steps = tasks.plan(tasks.system_actor(tenant, followup.id), draft, followup.task_id)
    transact(*steps, _stood(followup, tasks.SYSTEM), *_over(followup))
    return True


def _cancel(tenant: str, followup_id: str, reason: str, *, moment: bool = True) -> None:
    """Wait no longer, for this reason; nothing if it ended before. Whoever holds the moment finishes it himself."""

    def apply(followup: Followup) -> list[Step]:
        if followup.status != "waiting":
            raise errors.Conflict("It has ended already.")
        followup.status, followup.reason = "cancelled", reason
        return [_stood(followup, tasks.SYSTEM), *_over(followup, [Step("delete", _moment(followup))] if moment else [])]

    try:
        change(lambda _: load(tenant, followup_id, consistent=True), apply, None)
    except (errors.NotFound, errors.Conflict):
        return


def _tell(followup: Followup) -> None:
    """In the inbox of whoever has the task; told twice it is there once."""
    record = absorbed.root(followup.tenant, followup.subject_id)
    try:
        task = tasks.load(followup.tenant, str(followup.task_id), consistent=True, deleted=True)
    except errors.NotFound:
        return
    if record is None:
        return
    inbox.tell(
        followup.tenant,
        task.assignee_id,
        f"followup/{followup.id}",
        "follow_up",
        f"No answer from {titles.of(record)}: {followup.task['title']}",
        subject_id=followup.task_id,
        at=followup.due_at,
    )


def _over(followup: Followup, more: list[Step] | None = None) -> list[Step]:
    """What goes when the waiting ends."""
    return [*(more or ()), *(Step("delete", Wait.of(followup, one)) for one in followup.watched)]


def _moment(followup: Followup) -> Moment:
    moment = Moment(tenant=followup.tenant, subject_id=followup.id, what=WHAT, at=followup.due_at)
    moment.keys()
    return moment


def _stood(followup: Followup, by: str, condition: Any = None) -> Step:
    followup.touch(by)
    followup.keys()
    return Step("save", followup, condition)
