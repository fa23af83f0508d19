"""The patterns of tasks beyond the plain ones: what is next, series, snoozing, lists of a record, reminders."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.models import keys, moments
from chalicelib.models.moment import Handed, Moment
from chalicelib.services import assignments, crowds, due, reminders, series, tasks
from tests.contract.performing import ANY_AGE, Units, consumed, of, path, performs, task
from tests.house import House, Sender


@performs("task.complete_next")
def complete_next(_: House, owner: Sender) -> Units:
    body = {"next": {"title": "Send the offer", "due_at": ANY_AGE}}
    return of(owner.post(f"{path(task(owner))}/complete", body))


@performs("task.complete_recurring")
def complete_recurring(_: House, owner: Sender) -> Units:
    made = task(owner, recurrence="FREQ=WEEKLY", time_zone="Europe/Vienna")
    return of(owner.post(f"{path(made)}/complete"))


@performs("task.complete_last")
def complete_last(house: House, owner: Sender) -> Units:
    made = task(owner, subject_id=owner.contact()["id"])
    house.feed.drain()
    answer = owner.post(f"{path(made)}/complete")
    assert answer.json["next_required"]
    return of(answer)


@performs("task.snooze")
def snooze(_: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(task(owner))}/snooze", {"until": "2098-01-01T00:00:00Z"}))


@performs("task.of_record")
def of_record(house: House, owner: Sender) -> Units:
    contact = owner.contact()["id"]
    for _ in range(3):
        task(owner, subject_id=contact)
    house.feed.drain()
    answer = owner.get(f"/v1/tasks?subject_id={contact}")
    assert len(answer.json["data"]) == 3
    return of(answer)


@performs("task.series_local")
def series_local(_: House, owner: Sender) -> Units:
    draft = {"title": "Call back", "due_local": "2099-01-01T09:00", "recurrence": "FREQ=WEEKLY"}
    return of(owner.post("/v1/tasks", draft))


@performs("task.calendar")
def calendar(_: House, owner: Sender) -> Units:
    record = tasks.load(owner.tenant, task(owner, recurrence="FREQ=DAILY", time_zone="UTC")["id"])
    now = clock.parse(ANY_AGE)
    found: list[Any] = []
    units = consumed(lambda: found.extend(series.between(record, now, now + timedelta(days=30))))
    assert len(found) == 30
    return units


@performs("feed.assigned")
def assigned(_: House, owner: Sender) -> Units:
    record = tasks.load(owner.tenant, task(owner)["id"])
    assert consumed(lambda: assignments.given(None, record)) == (0, 0)
    record.updated_by = ids.new("usr")
    return consumed(lambda: assignments.given(None, record))


@performs("due.reminder")
def reminder(_: House, owner: Sender) -> Units:
    made = task(owner)
    moment = moments.load(owner.tenant, made["id"], tasks.REMINDER)
    assert moment is not None

    def come() -> None:
        ours = moments.claim(moment, ANY_AGE)
        assert ours is not None
        assert reminders.remind(ours) is None
        moments.finish(ours)

    return consumed(come)


@performs("due.crowd")
def crowd(house: House, owner: Sender) -> Units:
    """Fifteen of one shard, as if so few were a crowd."""
    tenant, shard, placed = ids.new("ten"), "0", list[Moment]()
    while len(placed) < 15:
        moment = Moment(tenant=tenant, subject_id=ids.new("tsk"), what=tasks.REMINDER, at="1980-01-01T09:00:00.000Z")
        moment.keys()
        if moment.due_pk == f"DUE#{shard}":
            moment.save()
            placed.append(moment)
    clock.set(clock.parse("1980-01-02T00:00:00Z"))
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(due, "CROWD", 5)
            return consumed(lambda: due._page(shard, clock.stamp(), None))
    finally:
        house.queue.clear()
        for one in placed:
            moments.finish(one)
        Handed(*keys.key("handed", shard=shard)).delete()
        assert crowds.BUNDLE == 10
