"""Long work ends right and once, whatever hints, workers, ticks and people do meanwhile."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.adapters import queue, storage
from chalicelib.models import jobs as store
from chalicelib.models.job import Job
from chalicelib.models.moment import Moment
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Page
from chalicelib.schemas.row import RowView
from chalicelib.services import due, jobs, permissions, rows, steps, turns
from tests.contract.calling import colleague, token
from tests.feeds import waiting
from tests.house import House, Sender
from tests.loglines import heard

HOUR = 3600.0


class Killed(BaseException):
    """The worker is gone in the middle of it."""


class Toy:
    """A job of `params["size"]` steps: each writes its number to where a repeated write changes nothing."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.before: list[Any] = []  # what to raise, or to call, before a step's work; one a call
        self.after: list[Any] = []  # the same after it, before it is saved

    def step(self, job: Job) -> bool:
        self._act(self.before, job)
        number = job.state.get("next", 0)
        self.written.append(number)
        job.state["next"] = number + 1
        job.done, job.total = number + 1, job.params["size"]
        job.tally("failed" if number in job.params.get("bad", ()) else "made")
        self._act(self.after, job)
        return bool(number + 1 == job.params["size"])

    @staticmethod
    def _act(script: list[Any], job: Job) -> None:
        act = script.pop(0) if script else None
        if isinstance(act, BaseException):
            raise act
        if act is not None:
            act(job)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, house: House) -> Iterator[Toy]:
    """A kind of job of our own."""
    made = Toy()
    monkeypatch.setitem(steps.STEPS, "toy", made.step)
    yield made
    clock.reset()


def actor(owner: Sender) -> Actor:
    return Actor(owner.tenant, owner.user, "owner", permissions.ALL)


def begin(owner: Sender, size: int = 3, **params: Any) -> str:
    return jobs.start(actor(owner), "toy", {"size": size, **params}).id


def look(owner: Sender, job_id: str) -> Any:
    answer = owner.get(f"/v1/jobs/{job_id}")
    assert answer.status == 200, answer.text
    return answer.json


def deliver(house: House) -> None:
    """What is in the queue, also where the worker is killed by it."""
    try:
        house.work()
    except Killed:
        return


def to_next() -> None:
    """To the time at which the next moment comes up."""
    at = min(str(item.due_sk).partition("#")[0] for item in waiting())
    clock.set(clock.parse(at) + timedelta(seconds=1))


def to_the_end(house: House, rounds: int = 60) -> None:
    """Let minutes pass until nothing is left to do."""
    house.settle()
    while waiting() and rounds:
        rounds -= 1
        to_next()
        house.minute()
        while house.queue:
            deliver(house)
    assert rounds, "it never ends"


def test_it_begins_at_once_and_runs_to_its_end(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    seen = look(owner, made)
    assert (seen["status"], seen["progress"], seen["kind"]) == ("queued", {"done": 0, "total": None}, "toy")
    house.settle()
    seen = look(owner, made)
    assert (seen["status"], seen["progress"]) == ("succeeded", {"done": 3, "total": 3})
    assert seen["counts"] == {"made": 3}
    assert seen["finished_at"]
    assert toy.written == [0, 1, 2]
    assert waiting() == []


def test_without_its_first_hint_the_next_minute_begins_it(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    house.feed.drain()
    house.queue.clear()
    clock.advance(60)
    house.minute()
    house.settle()
    assert look(owner, made)["status"] == "succeeded"


def test_a_queue_that_is_away_keeps_nothing_from_being_written(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(messages: Any) -> None:
        raise queue.NotQueued(messages, ["Away"])

    with monkeypatch.context() as away:
        away.setattr(queue, "send_all", refuse)
        made = begin(owner)
        house.feed.drain()
    clock.advance(60)
    house.minute()
    house.settle()
    assert look(owner, made)["status"] == "succeeded"


def test_each_turn_is_a_slice_and_the_next_one_goes_on(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE", 0.0)
    made = begin(owner, 4)
    house.feed.drain()
    for done in (1, 2, 3):
        assert len(house.queue) == 1
        house.work()
        seen = look(owner, made)
        assert (seen["status"], seen["progress"]["done"]) == ("running", done)
        assert getattr(store.load(owner.tenant, made), "lease", "?") is None
    house.work()
    assert look(owner, made)["status"] == "succeeded"
    assert house.queue == []
    assert toy.written == [0, 1, 2, 3]


def test_a_turn_that_was_not_passed_on_is_by_the_minute(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE", 0.0)
    made = begin(owner, 3)
    house.feed.drain()
    house.work()
    house.queue.clear()
    house.minute()
    assert house.queue == [], "it may still be at it"
    to_the_end(house)
    assert look(owner, made)["status"] == "succeeded"


def test_a_job_that_makes_progress_is_never_given_up(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though each of its hints is lost, and each of its workers killed after a step."""
    size = 2 * due.ATTEMPTS
    made = begin(owner, size)
    house.feed.drain()
    house.queue.clear()
    for _ in range(size - 1):
        toy.before = [None, Killed()]
        to_next()
        house.minute()
        deliver(house)
        house.queue.clear()
    to_the_end(house)
    assert look(owner, made)["status"] == "succeeded"
    assert sorted(set(toy.written)) == list(range(size))


def test_two_hints_at_once_are_one_worker(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 3)
    house.feed.drain()
    second = house.queue[0]  # the same hint comes while the first worker is at its first step

    def again(_: Job) -> None:
        house.queue.append(second)
        deliver(house)

    toy.before = [again]
    house.work()
    assert toy.written == [0, 1, 2]
    assert look(owner, made)["status"] == "succeeded"
    to_the_end(house)
    assert toy.written == [0, 1, 2]


def test_a_worker_whose_clock_is_behind_takes_nothing_from_another(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 2)
    house.feed.drain()
    second = house.queue[0]

    def again(_: Job) -> None:
        clock.advance(-2)
        house.queue.append(second)
        deliver(house)
        clock.advance(2)

    toy.before = [again]
    house.work()
    assert toy.written == [0, 1]
    assert look(owner, made)["status"] == "succeeded"


def test_a_killed_worker_is_followed_by_another_when_its_lease_ends(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 3)
    house.feed.drain()
    (hint,) = house.queue
    toy.after = [None, Killed()]
    deliver(house)
    house.queue[:] = [hint]
    house.work()
    assert look(owner, made)["progress"]["done"] == 1, "it may still be at it"
    to_the_end(house)
    assert look(owner, made)["counts"] == {"made": 3}
    assert toy.written == [0, 1, 1, 2], "the step whose save was lost is done once more"


def test_a_worker_that_took_too_long_does_not_undo_what_another_did(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 3)
    house.feed.drain()

    def overtaken(_: Job) -> None:
        clock.advance(turns.LEASE + 1)
        to_the_end(house)

    toy.after = [overtaken]
    house.work()
    seen = look(owner, made)
    assert (seen["status"], seen["counts"]) == ("succeeded", {"made": 3})
    assert toy.written == [0, 0, 1, 2]


def test_a_worker_that_comes_late_writes_no_rows_over_those_of_another(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 9)
    late = jobs.load(owner.tenant, made)
    assert store.claim(late, turns._lease())
    assert late.lease
    clock.advance(turns.LEASE + 1)
    rows.append(late, [RowView(line=1, id=None, status="created")])  # alone it may go on
    assert store.save(late, late.lease)
    other = jobs.load(owner.tenant, made)
    assert store.claim(other, turns._lease())
    rows.append(other, [RowView(line=2, id=None, status="created")])
    with pytest.raises(errors.Stale):
        rows.append(late, [RowView(line=3, id=None, status="failed")])
    assert [row.line for row in rows.page(other, None, Page(9)).data] == [1, 2]
    assert store.abandon(other, "Enough.")
    house.settle()


@pytest.mark.parametrize("seconds", [-400 * 86400.0, -1.0, 1.0, 400 * 86400.0])
def test_a_clock_that_is_moved_breaks_no_lease(house: House, owner: Sender, toy: Toy, seconds: float) -> None:
    made = begin(owner, 4)
    house.feed.drain()
    (hint,) = house.queue
    toy.after = [None, lambda _: clock.advance(seconds), Killed()]
    deliver(house)
    clock.advance(-seconds)
    clock.advance(turns.LEASE + 1)
    house.queue[:] = [hint]
    house.settle()
    assert look(owner, made)["status"] == "succeeded"


def test_a_lease_that_a_clock_gave_which_was_set_back_holds_nobody_up(house: House, owner: Sender, toy: Toy) -> None:
    clock.advance(400 * 86400)
    made = begin(owner, 2)
    house.feed.drain()
    (hint,) = house.queue
    toy.before = [Killed()]
    deliver(house)
    clock.reset()
    house.queue[:] = [hint]
    house.settle()
    assert look(owner, made)["status"] == "succeeded"


def test_what_the_firm_can_mend_ends_it_and_says_why(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)

    def spoil(job: Job) -> None:
        job.state["next"], job.done = 99, 99
        raise errors.invalid("/file", "format", "The file has no heading.")

    toy.before = [None, spoil]
    house.settle()
    seen = look(owner, made)
    assert (seen["status"], seen["error"]) == ("failed", "The file has no heading.")
    assert seen["progress"]["done"] == 1, "nothing of the step that failed"
    assert waiting() == []


@pytest.mark.parametrize("failure", [RuntimeError("secret"), errors.Stale("x"), errors.Unready("x")])
def test_what_may_pass_is_tried_again_with_growing_pauses(
    house: House, owner: Sender, toy: Toy, failure: Exception
) -> None:
    made = begin(owner)
    toy.before = [None, failure, failure, failure]
    house.settle()
    pauses = []
    for _ in range(3):
        before = clock.now()
        to_next()
        pauses.append(round((clock.now() - before).total_seconds() - 1))
        house.minute()
        house.settle()
    assert pauses == [turns.PAUSE, turns.PAUSE, 2 * turns.PAUSE]
    seen = look(owner, made)
    assert (seen["status"], seen["counts"]) == ("succeeded", {"made": 3})


def test_what_never_passes_ends_as_failed(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    toy.before = [RuntimeError("of Ada Lovelace")] * 100
    with heard() as lines:
        to_the_end(house)
    seen = look(owner, made)
    assert seen["status"] == "failed"
    assert "in vain" in seen["error"]
    assert "Ada" not in str(lines.fields("job step failed")) + seen["error"]
    assert len(toy.before) == 100 - turns.TRIES


def test_a_kind_that_nobody_knows_ends_as_failed(house: House, owner: Sender, toy: Toy) -> None:
    made = jobs.start(actor(owner), "of tomorrow", {}).id
    to_the_end(house)
    assert look(owner, made)["status"] == "failed"


def test_one_that_no_worker_ever_came_to_is_given_up(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    house.feed.drain()
    for _ in range(due.ATTEMPTS + 1):
        house.queue.clear()
        to_next()
        house.minute()
    assert waiting() == []
    assert jobs.get(actor(owner), made).status == "failed"


def test_some_of_it_failed(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 4, bad=[1, 2])
    house.settle()
    seen = look(owner, made)
    assert (seen["status"], seen["counts"]) == ("partial", {"made": 2, "failed": 2})


def test_a_cancel_is_seen_after_the_step_that_is_being_done(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner, 5)
    house.feed.drain()
    answers = []
    toy.before = [None, lambda _: answers.append(owner.post(f"/v1/jobs/{made}/cancel"))]
    house.work()
    assert [answer.status for answer in answers] == [202]
    seen = look(owner, made)
    assert (seen["status"], seen["progress"]["done"], seen["counts"]) == ("cancelled", 2, {"made": 2})
    assert toy.written == [0, 1]
    house.settle()
    assert owner.post(f"/v1/jobs/{made}/cancel").status == 409
    to_the_end(house)
    assert toy.written == [0, 1]


def test_a_cancel_before_it_began_ends_it_at_once(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    answer = owner.post(f"/v1/jobs/{made}/cancel")
    assert (answer.status, answer.json["status"]) == (202, "cancelled")
    to_the_end(house)
    assert toy.written == []


def test_a_cancel_between_two_turns_ends_it_without_waiting_for_the_minute(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "SLICE", 0.0)
    made = begin(owner, 5)
    house.feed.drain()
    house.work()
    house.queue.clear()  # its next hint is lost
    assert owner.post(f"/v1/jobs/{made}/cancel").json["status"] == "running"
    house.settle()
    assert look(owner, made)["status"] == "cancelled"
    assert toy.written == [0]


def test_a_tidying_up_that_kills_its_worker_keeps_no_job_from_its_end(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(_: Job) -> None:
        raise Killed

    monkeypatch.setitem(steps.CLOSING, "toy", close)
    made = begin(owner)
    toy.before = [errors.Invalid("No.")] * 100
    house.feed.drain()
    deliver(house)
    to_the_end(house)
    assert look(owner, made)["status"] == "failed"


def test_one_for_which_nobody_came_is_tidied_up_too(
    house: House, owner: Sender, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setitem(steps.CLOSING, "toy", lambda job: closed.append(job.id))
    made = begin(owner)
    moment = Moment(tenant=owner.tenant, subject_id=made, what=jobs.WHAT, at=clock.stamp())
    turns.give_up(moment)
    turns.give_up(moment)
    assert (look(owner, made)["status"], closed) == ("failed", [made])


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize(("fails", "turns_taken"), [(0, 1), (2, 3), (100, 1 + turns.LAST)])
def test_what_is_left_to_do_at_an_early_end_is_done_or_the_job_ends_all_the_same(
    house: House,
    owner: Sender,
    toy: Toy,
    monkeypatch: pytest.MonkeyPatch,
    fails: int,
    turns_taken: int,
    cancelled: bool,
) -> None:
    failures, closed = [RuntimeError()] * fails, []

    def close(job: Job) -> None:
        closed.append(job.id)
        job.errors_key = f"{job.tenant}/jobs/{job.id}/errors.csv"
        storage.put(job.errors_key, b"line,error\n")
        if failures:
            raise failures.pop()

    monkeypatch.setitem(steps.CLOSING, "toy", close)
    made = begin(owner)
    toy.before = [None]
    toy.after = [lambda job: jobs.cancel(actor(owner), job.id)] if cancelled else []
    toy.before += [errors.Invalid("No.")] * 100
    to_the_end(house)
    seen = jobs.get(actor(owner), made)  # so much later the owner's session has ended
    assert seen.status == ("cancelled" if cancelled else "failed")
    assert str(seen.errors_url).startswith("file://")
    assert closed == [made] * turns_taken
    assert toy.written == [0]


def test_a_link_is_shown_to_those_who_may_read_what_is_behind_it(house: House, owner: Sender, toy: Toy) -> None:
    def result(job: Job) -> None:
        job.result_key = f"{job.tenant}/jobs/{job.id}/result.csv"

    rep, other, manager = colleague(owner, "rep"), colleague(owner, "rep"), colleague(owner, "manager")
    mine = Actor(rep.tenant, me(rep), "rep", permissions.ROLES["rep"])
    made = jobs.start(mine, "toy", {"size": 1}).id
    toy.after = [result]
    assert look(rep, made)["result_url"] is None
    house.settle()
    assert look(rep, made)["result_url"]
    assert look(manager, made)["result_url"]
    assert look(other, made)["result_url"] is None
    assert look(token(owner, {"tasks:read"}), made)["result_url"] is None
    clock.advance(storage.KEPT + 1)
    assert jobs.get(mine, made).result_url is None, "storage has forgotten it"


def me(sender: Sender) -> str:
    return str(sender.get("/v1/me").json["user"]["id"])


def test_who_may_cancel(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    assert colleague(owner, "rep").post(f"/v1/jobs/{made}/cancel").status == 403
    assert colleague(owner, "manager").post(f"/v1/jobs/{made}/cancel").status == 202
    assert house.signup().post(f"/v1/jobs/{made}/cancel").status == 404


def test_lists_are_newest_first_and_by_kind(house: House, owner: Sender, toy: Toy) -> None:
    made = []
    for _ in range(3):
        made.append(begin(owner))
        clock.advance(0.01)
    other = jobs.start(actor(owner), "other", {}).id
    assert [one["id"] for one in owner.get("/v1/jobs").json["data"]] == [other, *made[::-1]]
    assert [one["id"] for one in owner.get("/v1/jobs?kind=toy").json["data"]] == made[::-1]
    first = owner.get("/v1/jobs?kind=toy&limit=2").json
    rest = owner.get(f"/v1/jobs?kind=toy&limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["data"] + rest["data"]] == made[::-1]
    assert house.signup().get("/v1/jobs").json["data"] == []


def test_steps_act_for_whoever_began(house: House, owner: Sender, toy: Toy) -> None:
    seen = []
    toy.before = [lambda job: seen.append(jobs.actor_of(job))]
    begin(owner, 1)
    house.settle()
    assert seen == [actor(owner)]


def test_a_hint_about_what_has_ended_does_nothing(house: House, owner: Sender, toy: Toy) -> None:
    made = begin(owner)
    house.feed.drain()
    (hint,) = house.queue
    house.settle()
    moment = Moment(tenant=owner.tenant, subject_id=made, what=jobs.WHAT, at=hint["at"])
    moment.keys()
    transact(Step("save", moment))  # as if its worker had been killed before it was removed
    house.queue[:] = [hint, hint]
    to_the_end(house)
    assert toy.written == [0, 1, 2]


class Day:
    """What may befall a job, by name."""

    def __init__(self, house: House, toy: Toy) -> None:
        self.house, self.toy = house, toy
        self.old: list[Any] = []
        self.befall: dict[str, Callable[[], Any]] = {
            "work": lambda: None,
            "twice": lambda: house.queue.extend(list(house.queue)),
            "lose": house.queue.clear,
            "minute": self._minute,
            "late": lambda: house.queue.extend(self.old[:1]),
            "kill before": lambda: toy.before.append(Killed()),
            "kill after": lambda: toy.after.append(Killed()),
            "raise": lambda: toy.after.append(RuntimeError()),
            "slow": lambda: toy.after.append(lambda _: clock.advance(turns.LEASE + 1)),
        }

    def go_on(self, event: str) -> None:
        """The event, and the workers after it."""
        self.house.feed.drain()
        self.old += self.house.queue
        self.toy.before.clear()
        self.toy.after.clear()
        self.befall[event]()
        deliver(self.house)

    def _minute(self) -> None:
        clock.advance(61)
        self.house.minute()


EVENTS = ("work", "work", "twice", "lose", "minute", "late", "kill before", "kill after", "raise", "slow")


@given(
    events=st.lists(st.sampled_from(EVENTS), max_size=14),
    size=st.integers(1, 4),
    cancel_at=st.none() | st.integers(0, 13),
    slice_=st.sampled_from([0.0, 9.0]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_schedule_ends_right(
    house: House, owner: Sender, toy: Toy, events: list[str], size: int, cancel_at: int | None, slice_: float
) -> None:
    """Every step kept once and in order, an end that says how far it came, and nothing left in the due index."""
    clock.reset()
    house.queue.clear()
    toy.written.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(turns, "SLICE", slice_)
        made, day = begin(owner, size), Day(house, toy)
        for number, event in enumerate(events):
            if number == cancel_at:
                assert owner.post(f"/v1/jobs/{made}/cancel").status in (202, 409)
            day.go_on(event)
        toy.before, toy.after = [], []
        to_the_end(house)
    seen = look(owner, made)
    done = seen["progress"]["done"]
    if cancel_at is None or cancel_at >= len(events):
        assert (seen["status"], done) == ("succeeded", size)
    else:
        assert seen["status"] in ("succeeded", "cancelled")
    assert seen["counts"].get("made", 0) == done
    assert list(dict.fromkeys(toy.written))[:done] == list(range(done))
    assert waiting() == []
