"""Reminders end to end: on time, once, and accounted for, whatever ticks, hints, workers and providers do meanwhile."""

import json
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.adapters import mailer
from chalicelib.errors import MailDeferred, MailRefused, MailUncertain
from chalicelib.handlers import queues
from chalicelib.models import keys, moments
from chalicelib.models.send import Send
from chalicelib.models.table import Item, page
from chalicelib.models.writes import transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.mail import Mail
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import due, permissions, reminders, sending, tasks
from tests.feeds import purge, waiting
from tests.house import Context, House, Sender
from tests.loglines import heard

HOUR = 3600.0


class Killed(BaseException):
    """The process is gone in the middle of it."""


def due_in(owner: Sender, seconds: float, count: int = 1, **fields: Any) -> list[str]:
    """Tasks with a reminder so many seconds from now; their ids."""
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    at = clock.after(seconds)
    return [tasks.create(actor, TaskDraft(title=f"Call {n}", due_at=at, **fields)).id for n in range(count)]


def sends(owner: Sender, *task_ids: str) -> Counter[str]:
    """How many mails of these tasks are in which status."""
    found: Counter[str] = Counter()
    for task_id in task_ids:
        partition = keys.partition("send", tenant=owner.tenant, subject=task_id)
        mails = page(partition, where=Item.sk.startswith("SEND#"), limit=100, consistent=True).items
        found.update(one.status for one in mails if isinstance(one, Send))
    return found


def work(messages: list[Any]) -> list[Any]:
    """Deliver these messages in batches as SQS does; what failed."""
    failed: list[Any] = []
    for start in range(0, len(messages), 10):
        batch = messages[start : start + 10]
        records = [
            {"messageId": str(n), "body": json.dumps(one), "eventSource": "aws:sqs"} for n, one in enumerate(batch)
        ]
        answer = queues.on_work({"Records": records}, Context())
        failed += [batch[int(one["itemIdentifier"])] for one in answer["batchItemFailures"]]
    return failed


def reminded(house: House) -> list[str]:
    return [mail.tags["task"] for mail in house.outbox.mails]


def next_due() -> str:
    """When the only moment there is comes up next."""
    (item,) = waiting()
    return str(item.due_sk).partition("#")[0]


def to_next() -> None:
    clock.set(clock.parse(next_due()) + timedelta(seconds=1))


def test_ten_ticks_at_once_and_two_workers_send_a_hundred_mails_once(house: House, owner: Sender) -> None:
    made = due_in(owner, 600, count=100)
    clock.advance(601)
    together = threading.Barrier(10)

    def tick(_: int) -> None:
        together.wait()
        house.minute()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(tick, range(10)))
    hints = list(house.queue)
    assert Counter(hint["subject_id"] for hint in hints) == Counter(made), "each is claimed by one tick"
    with ThreadPoolExecutor(2) as pool:
        failed = [one for some in pool.map(work, [hints, hints[::-1]]) for one in some]
    work(failed)
    work(hints)
    assert Counter(reminded(house)) == Counter(made)
    assert sends(owner, *made) == {"sent": 100}
    clock.advance(due.LEASE * 2)
    house.queue.clear()
    house.minute()  # what a second worker put off while the first was sending
    house.settle()
    assert len(house.outbox.mails) == 100
    assert waiting() == []


def test_the_mail_says_what_is_due(house: House, owner: Sender) -> None:
    (made,) = due_in(owner, 60, remind_before=0)
    owner.patch(f"/v1/tasks/{made}", {"title": "Call <Ada>\nBcc:\0all@example.com"})
    clock.advance(61)
    house.minute()
    house.settle()
    (mail,) = house.outbox.mails
    assert mail.to == owner.signed_up["user"]["email"]
    assert mail.subject == "Reminder: Call <Ada> Bcc: all@example.com"
    assert "Call &lt;Ada&gt;" in str(mail.html)
    assert mail.tags == {"tenant": owner.tenant, "purpose": "reminder", "task": made}


def test_not_a_minute_early(house: House, owner: Sender) -> None:
    due_in(owner, 7200, remind_before=3600)
    at = clock.parse(next_due())
    for seconds, mails in ((-3000, 0), (-60, 0), (1, 1), (4000, 1)):
        clock.set(at + timedelta(seconds=seconds))
        house.minute()
        house.settle()
        assert len(house.outbox.mails) == mails


def test_an_outage_of_days_is_caught_up_in_one_tick(house: House, owner: Sender) -> None:
    made = [one for hours in range(1, 61, 3) for one in due_in(owner, hours * HOUR)]
    clock.advance(5 * 24 * HOUR)
    house.minute()
    house.settle()
    assert Counter(reminded(house)) == Counter(made)
    assert waiting() == []


def test_more_than_one_page_in_a_shard(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_PAGE", 4)
    made = due_in(owner, 600, count=60)
    clock.advance(601)
    house.minute()
    assert Counter(hint["subject_id"] for hint in house.queue) == Counter(made)
    house.minute()
    assert len(house.queue) == 60, "all of them are claimed"


def test_a_tick_that_has_used_its_time_leaves_the_rest_to_the_next(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "BUDGET", 0)  # seconds: each shard has one page, then the time is up
    monkeypatch.setattr(moments, "_PAGE", 2)
    made = due_in(owner, 600, count=30)
    clock.advance(601)
    rounds = 0
    while len(house.queue) < 30:
        before = len(house.queue)
        house.minute()
        assert before < len(house.queue) <= before + 2 * keys.DUE_SHARDS
        rounds += 1
    assert rounds > 2
    assert Counter(hint["subject_id"] for hint in house.queue) == Counter(made)


def test_a_lost_hint_comes_again_after_the_lease(house: House, owner: Sender) -> None:
    made = due_in(owner, 60)
    clock.advance(61)
    house.minute()
    assert len(house.queue) == 1
    house.queue.clear()
    clock.set(clock.parse(next_due()) - timedelta(seconds=30))
    house.minute()
    assert house.queue == []
    to_next()
    house.minute()
    house.settle()
    assert reminded(house) == made


def test_a_queue_that_does_not_take_hints_delays_them_only(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.adapters import queue

    made = due_in(owner, 60, count=5)
    clock.advance(61)

    def refuse(messages: Any) -> None:
        raise queue.NotQueued(messages, ["ServiceUnavailable"])

    with monkeypatch.context() as broken:
        broken.setattr(queue, "send_all", refuse)
        for _ in range(4):
            with pytest.raises(queue.NotQueued):
                house.minute()
            clock.advance(1)
            if not [item for item in waiting() if str(item.due_sk) < clock.stamp()]:
                break
    clock.advance(due.LEASE + 1)
    house.minute()
    house.settle()
    assert Counter(reminded(house)) == Counter(made)


def test_a_queue_that_stands_still_for_half_a_day_loses_nothing(house: House, owner: Sender) -> None:
    """Each hint waits in the queue, none is worked: the attempts of the moment must outlast that."""
    made = due_in(owner, 60)
    for _ in range(12 * 12):
        clock.advance(300)
        house.minute()
    assert len(house.queue) < due.ATTEMPTS
    house.settle()
    assert reminded(house) == made
    assert sends(owner, *made) == {"sent": 1}


def test_deferred_it_is_tried_again_with_growing_pauses_and_given_up_in_the_end(house: House, owner: Sender) -> None:
    made = due_in(owner, 60)
    house.outbox.failures = [MailDeferred("busy") for _ in range(100)]
    pauses = []
    with heard() as lines:
        for attempt in range(due.ATTEMPTS):
            to_next()
            house.minute()
            assert len(house.queue) == 1, attempt
            house.settle()
            assert sends(owner, *made) == {"deferred": 1}
            pauses.append((clock.parse(next_due()) - clock.now()).total_seconds())
        assert lines.fields("moment given up", logging.ERROR) == []
        to_next()
        house.minute()
        (line,) = lines.fields("moment given up", logging.ERROR)
    assert [round(pause, -2) for pause in pauses[:7]] == [300 * 2**n for n in range(7)]
    assert all(round(pause, -2) == 300 * 64 for pause in pauses[7:])
    assert sum(pauses) > 24 * HOUR
    assert line["subject_id"] == made[0]
    assert (house.queue, waiting(), house.outbox.mails) == ([], [], [])
    assert sends(owner, *made) == {"failed": 1}, "given up is accounted for"
    assert len(house.outbox.failures) == 100 - due.ATTEMPTS


def test_deferred_once_it_is_sent_at_the_second_try(house: House, owner: Sender) -> None:
    made = due_in(owner, 60)
    house.outbox.failures = [MailDeferred("busy")]
    for _ in range(2):
        to_next()
        house.minute()
        house.settle()
    assert reminded(house) == made
    assert sends(owner, *made) == {"sent": 1}
    assert waiting() == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (MailRefused("no such mailbox"), "failed"),
        (errors.invalid("/to", "header", "A line break."), "failed"),
        (MailUncertain("connection lost"), "unknown"),
    ],
)
def test_what_will_not_get_better_is_settled_at_once(
    house: House, owner: Sender, failure: Exception, status: str
) -> None:
    made = due_in(owner, 60)
    house.outbox.failures = [failure]
    clock.advance(61)
    house.minute()
    hints = list(house.queue)
    house.settle()
    assert sends(owner, *made) == {status: 1}
    assert waiting() == []
    for _ in range(3):
        clock.advance(HOUR)
        house.minute()
        house.settle()
        work(hints)
    assert house.outbox.mails == []
    assert sends(owner, *made) == {status: 1}


@pytest.mark.parametrize("delivered", [True, False])
def test_a_crash_between_claim_and_record_is_unknown_and_never_sent_again(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, delivered: bool
) -> None:
    made = due_in(owner, 60)
    clock.advance(61)
    house.minute()
    hints = list(house.queue)

    def die(mail: Mail) -> str:
        if delivered:
            house.outbox.send(mail)
        raise Killed

    with monkeypatch.context() as deadly:
        deadly.setattr(mailer, "send", die)
        with pytest.raises(Killed):
            work(hints)
    assert sends(owner, *made) == {"claimed": 1}
    assert work(hints) == []
    assert sends(owner, *made) == {"claimed": 1}, "its sender may still be at it"
    clock.advance(sending.LEASE + 1)
    for _ in range(4):
        clock.advance(due.LEASE)
        house.minute()
        house.settle()
        work(hints)
    assert sends(owner, *made) == {"unknown": 1}
    assert len(house.outbox.mails) == int(delivered)
    assert waiting() == []


def test_what_could_not_be_composed_is_tried_again(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_in(owner, 60)
    clock.advance(61)
    house.minute()
    hints = list(house.queue)

    def fail(*_: Any) -> Mail:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(reminders, "_compose", fail)
        assert work(hints) == hints, "the queue delivers it again"
    assert work(hints) == []
    assert reminded(house) == made
    assert sends(owner, *made) == {"sent": 1}


def test_a_claim_whose_answer_was_lost_is_still_ours(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's own retry of a write that had arrived is refused by the write's condition."""
    made = due_in(owner, 60)
    clock.advance(61)
    house.minute()
    calls = list[int]()

    def twice(*steps: Any) -> None:
        transact(*steps)
        calls.append(1)
        if len(calls) == 1:
            transact(*steps)

    monkeypatch.setattr(sending, "transact", twice)
    house.settle()
    assert reminded(house) == made
    assert sends(owner, *made) == {"sent": 1}


def test_an_outcome_that_comes_after_its_lease_changes_nothing(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = due_in(owner, 60)
    clock.advance(61)
    house.minute()
    hints = list(house.queue)

    def slowly(mail: Mail) -> str:
        monkeypatch.setattr(mailer, "send", house.outbox.send)
        clock.advance(sending.LEASE + 1)
        work(hints)  # another worker comes by, and finds that the lease has run out
        return house.outbox.send(mail)

    monkeypatch.setattr(mailer, "send", slowly)
    work(hints)
    assert len(house.outbox.mails) == 1
    assert sends(owner, *made) == {"unknown": 1}


class TestChangedMeanwhile:
    """A hint is on its way; the task is no longer what it was."""

    @pytest.fixture
    def hinted(self, house: House, owner: Sender) -> tuple[str, list[Any]]:
        (made,) = due_in(owner, 120, remind_before=60)
        clock.advance(61)
        house.minute()
        hints, house.queue[:] = list(house.queue), []
        assert len(hints) == 1
        return made, hints

    def test_rescheduled(self, house: House, owner: Sender, hinted: Any) -> None:
        made, hints = hinted
        assert owner.patch(f"/v1/tasks/{made}", {"due_at": clock.stamp(clock.after(1800))}).status == 200
        assert work(hints) == []
        assert house.outbox.mails == []
        clock.advance(1700)
        house.minute()
        assert house.queue == []
        clock.advance(60)
        house.minute()
        house.settle()
        assert work(hints) == []
        assert reminded(house) == [made]
        assert sends(owner, made) == {"sent": 1}

    def test_rescheduled_and_back(self, house: House, owner: Sender, hinted: Any) -> None:
        made, hints = hinted
        before = owner.get(f"/v1/tasks/{made}").json["due_at"]
        for at in (clock.stamp(clock.after(1800)), before):
            owner.patch(f"/v1/tasks/{made}", {"due_at": at})
        work(hints)
        house.minute()
        house.settle()
        assert reminded(house) == [made]
        assert waiting() == []

    @pytest.mark.parametrize("act", ["complete", "delete", "undated", "never"])
    def test_no_longer_to_be_reminded_of(self, house: House, owner: Sender, hinted: Any, act: str) -> None:
        made, hints = hinted
        path = f"/v1/tasks/{made}"
        answer = {
            "complete": lambda: owner.post(f"{path}/complete"),
            "delete": lambda: owner.delete(path),
            "undated": lambda: owner.patch(path, {"due_at": None}),
            "never": lambda: owner.patch(path, {"remind_before": None}),
        }[act]()
        assert answer.status < 300
        assert work(hints) == []
        clock.advance(due.LEASE * 3)
        house.minute()
        house.settle()
        assert house.outbox.mails == []
        assert waiting() == []
        assert sends(owner, made) == {}

    def test_the_assignee_is_no_user_any_more(self, house: House, owner: Sender) -> None:
        rep = owner.post(
            "/v1/users",
            {"name": "R", "email": f"{owner.tenant}@example.com", "role": "rep", "password": "long enough pass"},
        ).json["id"]
        made = due_in(owner, 60, assignee_id=rep)
        assert owner.delete(f"/v1/users/{rep}").status == 204
        clock.advance(61)
        house.minute()
        house.settle()
        assert house.outbox.mails == []
        assert sends(owner, *made) == {"suppressed": 1}
        assert waiting() == []


def test_every_kind_says_what_happens_when_it_is_given_up() -> None:
    assert set(due.DUE) == set(due.GIVEN_UP)


OUTCOMES = [None, MailDeferred, MailRefused, MailUncertain, Killed]
STEPS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1.0, 130.0, 301.0, 2000.0])),
    st.tuples(st.just("tick"), st.just(0.0)),
    st.tuples(st.sampled_from(["work", "work twice", "lose"]), st.just(0.0)),
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(OUTCOMES), max_size=6), st.lists(STEPS, max_size=12))
def test_whatever_happens_each_mail_is_accounted_for(
    house: House, owner: Sender, outcomes: list[Any], steps: list[tuple[str, float]]
) -> None:
    clock.reset()
    purge()
    house.outbox.mails.clear()
    made = due_in(owner, 60, count=3)
    house.outbox.failures = [outcome() if outcome else None for outcome in outcomes]  # type: ignore[misc]  # None: this one goes out
    unkilled = _sender(house)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mailer, "send", unkilled)
        for name, seconds in steps:
            clock.advance(seconds)
            if name == "tick":
                house.minute()
            elif name == "lose":
                house.queue.clear()
            elif name != "wait":
                hints, house.queue[:] = list(house.queue), []
                _work_through(hints * (2 if name == "work twice" else 1))
        for _ in range(30):
            hints, house.queue[:] = list(house.queue), []
            _work_through(hints)
            if not waiting():
                break
            clock.set(clock.parse(max(str(item.due_sk) for item in waiting()).partition("#")[0]))
            clock.advance(1)
            house.minute()
    assert waiting() == []
    counted = sends(owner, *made)
    assert sum(counted[status] for status in ("sent", "failed", "suppressed", "unknown")) == 3
    assert sum(counted.values()) == 3
    assert all(times == 1 for times in Counter(reminded(house)).values())
    assert counted["sent"] <= len(house.outbox.mails) <= counted["sent"] + counted["unknown"]


def _sender(house: House) -> Any:
    """As the outbox, but a killed sender may have delivered: every other one has."""
    killed = Counter[str]()

    def send(mail: Mail) -> str:
        outcome = house.outbox.failures.pop(0) if house.outbox.failures else None
        if outcome is None:
            house.outbox.mails.append(mail)
            return "<id@test>"
        if isinstance(outcome, Killed):
            killed["times"] += 1
            if killed["times"] % 2:
                house.outbox.mails.append(mail)
        raise outcome

    return send


def _work_through(hints: list[Any]) -> None:
    """One by one; a killed worker's message comes again later, or not at all."""
    for hint in hints:
        try:
            work([hint])
        except Killed:
            continue
