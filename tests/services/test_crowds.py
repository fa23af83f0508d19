"""A crowd of moments: told of in bundles, each done once, whatever becomes of ticks, messages and workers."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, observability
from chalicelib.adapters import queue
from chalicelib.handlers import queues
from chalicelib.models import keys, moments
from chalicelib.models.moment import Handed, Moment
from chalicelib.models.writes import Step, transact
from chalicelib.services import crowds, due, tasks, usage
from tests.feeds import purge, waiting
from tests.house import Context, House
from tests.services.test_inbox import NOON

COUNT = 60


class Killed(BaseException):
    """The process is gone in the middle of it."""


class Done:
    """What a moment of this test does: it counts, and dies or fails when told to."""

    def __init__(self) -> None:
        self.times = Counter[str]()
        self.failures: list[BaseException] = []

    def __call__(self, moment: Moment) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.times[moment.subject_id] += 1


@pytest.fixture(autouse=True)
def _small_crowds(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No moments but this test's own, and crowds of few."""
    clock.set(NOON)
    forget()
    monkeypatch.setattr(due, "CROWD", 3)
    monkeypatch.setattr(moments, "_PAGE", 3)
    monkeypatch.setattr(moments, "_STRETCH", 8)
    monkeypatch.setattr(crowds, "BUNDLE", 4)
    yield
    clock.reset()
    forget()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    act = Done()
    monkeypatch.setitem(due.DUE, tasks.REMINDER, act)
    return act


def forget() -> None:
    purge()
    transact(*(Step("delete", Handed(*keys.key("handed", shard=str(shard)))) for shard in range(keys.DUE_SHARDS)))


def made(count: int = COUNT, what: str = tasks.REMINDER, minutes: int = -1) -> set[str]:
    """So many moments that are due; what they are of."""
    names = {f"tsk_{what[:3]}{number:04}" for number in range(count)}
    at = clock.stamp(clock.after(60 * minutes))
    for name in names:
        moment = Moment(tenant="ten_crowd", subject_id=name, what=what, at=at)
        moment.keys()
        moment.save()
    return names


def told(house: House) -> Counter[str]:
    return Counter(place[0].rpartition("#")[2] for message in house.queue for place in message.get("moments", ()))


def work(messages: list[Any]) -> None:
    """Deliver each message by itself; a killed worker's comes again later, or not at all."""
    for message in messages:
        record = {"messageId": "1", "body": json.dumps(message), "eventSource": "aws:sqs"}
        try:
            queues.on_work({"Records": [record]}, Context())
        except Killed:
            continue


def taken(house: House) -> list[Any]:
    messages, house.queue[:] = list(house.queue), []
    return messages


def test_one_tick_tells_of_all_in_bundles_and_workers_do_each_once(house: House, done: Done) -> None:
    names = made()
    house.minute()
    assert set(told(house)) == names
    assert set(told(house).values()) == {1}
    assert max(len(message["moments"]) for message in house.queue) == 4
    work(taken(house))
    assert done.times == Counter(names)
    assert (waiting(), house.queue) == ([], [])


def test_doubled_late_and_by_two_workers_at_once(house: House, done: Done) -> None:
    names = made()
    house.minute()
    messages = taken(house)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, [messages, messages[::-1]]))
    clock.advance(3600)
    work(messages)
    assert done.times == Counter(names)
    assert waiting() == []


def test_ticks_at_once_tell_of_each_once(house: House, done: Done) -> None:
    names = made()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: house.minute(), range(4)))
    assert told(house) == Counter(names)
    house.minute()
    assert told(house) == Counter(names), "what is told of is not told of again while its lease lasts"


def test_lost_messages_come_again_after_the_lease_and_not_before(house: House, done: Done) -> None:
    names = made()
    house.minute()
    lost = taken(house)
    assert lost
    for _ in range(4):
        clock.advance(60)
        house.minute()
        assert house.queue == []
    clock.advance(90)
    house.minute()
    work(taken(house))
    assert done.times == Counter(names)


def test_those_that_come_due_meanwhile_are_not_kept_waiting(house: House, done: Done) -> None:
    before = made()
    house.minute()
    work(taken(house)[:5])  # most of them are still to be done
    clock.advance(60)
    later = made(what=tasks.REMINDER + "2", minutes=0)
    due.DUE[tasks.REMINDER + "2"] = done
    try:
        house.minute()
        assert later <= set(told(house)) | {hint["subject_id"] for hint in house.queue if hint["task"] == "due"}
        assert not before & set(told(house))
    finally:
        del due.DUE[tasks.REMINDER + "2"]


def test_a_worker_that_dies_leaves_the_rest_to_another(house: House, done: Done) -> None:
    names = made()
    house.minute()
    messages = taken(house)
    done.failures = [Killed() for _ in range(5)]
    work(messages)  # five of the workers died at their first moment, which is claimed and not done
    assert sum(done.times.values()) == COUNT - 5 * 4, "bundles of four"
    work(messages)  # the queue has their messages delivered again
    assert len(waiting()) == 5
    clock.advance(due.LEASE + 1)
    house.minute()
    house.settle()
    assert done.times == Counter(names)
    assert waiting() == []


def test_one_that_fails_is_tried_again_by_itself(house: House, done: Done) -> None:
    names = made()
    house.minute()
    done.failures = [ConnectionError(), ConnectionError()]
    work(taken(house))
    assert sum(done.times.values()) == COUNT - 2
    assert [message["task"] for message in house.queue] == ["due", "due"]
    house.settle()
    assert done.times == Counter(names)
    assert waiting() == []


def test_a_queue_that_takes_nothing_delays_them_only(house: House, done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    names = made()

    def refuse(messages: Any) -> None:
        raise queue.NotQueued(messages, ["ServiceUnavailable"])

    with monkeypatch.context() as broken:
        broken.setattr(queue, "send_all", refuse)
        with pytest.raises(queue.NotQueued):
            house.minute()
    for _ in range(8):
        clock.advance(60)
        house.minute()
        house.settle()
    assert done.times == Counter(names)


def test_a_tick_out_of_time_leaves_the_rest_to_the_next(
    house: House, done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = made()
    monkeypatch.setattr(due, "BUDGET", 0)
    seen = 0
    for _ in range(20):
        house.minute()
        assert len(house.queue) <= seen + keys.DUE_SHARDS * 2, "a stretch of each shard"
        seen = len(house.queue)
        clock.advance(5)
    assert told(house) == Counter(names)
    work(taken(house))
    assert done.times == Counter(names)


def test_what_takes_long_has_a_message_of_its_own(house: House, done: Done) -> None:
    quick, slow = made(), made(20, what="job")
    house.minute()
    assert set(told(house)) == quick
    assert {message["subject_id"] for message in house.queue if message["task"] == "due"} == slow


def test_each_is_charged_to_its_own_tenant(house: House, done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    made(20)
    house.minute()
    seen: list[Any] = []
    monkeypatch.setattr(usage, "record", lambda meter, **_: seen.append((meter.tenant, meter.wru)))
    message = next(one for one in house.queue if one["task"] == "crowd")
    with observability.measured("test") as outer:
        due.sweep(message)
    assert seen == [("ten_crowd", 5.0)] * len(message["moments"]), "claimed 3, removed 2"
    assert outer.wru == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 61, 301, 2000])),
        st.tuples(st.sampled_from(["work", "twice", "lose", "late"]), st.integers(0, 9)),
        st.tuples(st.just("die"), st.integers(1, 3)),
        st.tuples(st.just("fail"), st.integers(1, 3)),
    ),
    max_size=14,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_happens_each_is_done_once(house: House, done: Done, steps: list[tuple[str, int]]) -> None:
    clock.set(NOON)
    forget()
    house.queue.clear()
    done.times.clear()
    names, kept = made(30), list[Any]()
    for name, number in steps:
        if name == "tick":
            house.minute()
        elif name == "wait":
            clock.advance(number)
        elif name == "die":
            done.failures = [Killed() for _ in range(number)]
        elif name == "fail":
            done.failures = [ConnectionError() for _ in range(number)]
        elif name == "late":
            kept += house.queue[number:]
        else:
            messages = taken(house)
            if name != "lose":
                work(messages * (2 if name == "twice" else 1))
    done.failures = []
    work(kept)
    for _ in range(40):
        work(taken(house))
        if not waiting():
            break
        clock.advance(400)
        house.minute()
    assert done.times == Counter(names)
    assert waiting() == []
