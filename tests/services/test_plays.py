"""Playbooks: what a deal gets when it enters a stage comes once, in working time, however the feed tells of it."""

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import moments
from chalicelib.services import due, plays, tasks
from tests.feeds import deliver, taken
from tests.house import House, Sender

FRIDAY = "2026-10-23T14:00:00.000Z"  # four in the afternoon in Vienna, before the clocks go back


@pytest.fixture(autouse=True)
def _friday(house: House) -> Iterator[None]:
    """No test meets midnight, or the end of a week, by chance."""
    clock.set(clock.parse(FRIDAY))
    yield
    clock.reset()


def stages(owner: Sender) -> tuple[str, list[str]]:
    pipeline = owner.get("/v1/pipelines").json["data"][0]
    return pipeline["id"], [stage["id"] for stage in pipeline["stages"]]


def playbook(owner: Sender, stage: int, *lines: dict[str, Any], **fields: Any) -> Any:
    pipeline_id, there = stages(owner)
    draft = {"name": "P", "pipeline_id": pipeline_id, "stage_id": there[stage], "tasks": list(lines), **fields}
    answer = owner.post("/v1/playbooks", draft)
    assert answer.status == 201, answer.text
    return answer.json


def deal(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Engine", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def move(owner: Sender, made: Any, stage: int, **fields: Any) -> Any:
    clock.advance(1)
    answer = owner.patch(f"/v1/deals/{made['id']}", {"stage_id": stages(owner)[1][stage], **fields})
    assert answer.status == 200, answer.text
    return answer.json


def of(owner: Sender, status: str = "open") -> list[tuple[str, str]]:
    found = owner.get(f"/v1/tasks?status={status}&limit=200").json["data"]
    return [(task["title"], task["due_at"]) for task in found]


def colleague(owner: Sender) -> str:
    draft = {"name": "Carl", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    return str(owner.post("/v1/users", draft).json["id"])


def test_entering_a_stage_brings_its_tasks_in_the_working_time_of_whoever_gets_them(
    house: House, owner: Sender
) -> None:
    owner.patch("/v1/settings", {"time_zone": "Europe/Vienna", "holidays": ["2026-10-26"]})
    carl = colleague(owner)
    saturdays = {"name": "T", "member_ids": [carl], "hours": {"sat": [["10:00", "12:00"]]}, "time_zone": "UTC"}
    assert owner.post("/v1/teams", saturdays).status == 201
    playbook(
        owner,
        1,
        {"title": "Now"},
        {"title": "Next day", "after": {"days": 1}, "kind": "call", "priority": "high", "remind_before": None},
        {"title": "Later", "after": {"hours": 2}},
        {"title": "Carl", "after": {"hours": 3}, "assignee": carl},
    )
    made = deal(owner)
    house.settle()
    assert of(owner) == []
    entered = move(owner, made, 1)
    house.settle()
    later = clock.before(entered["stage_since"], 0)[11:]  # some seconds after four
    assert of(owner) == [
        ("Now", entered["stage_since"]),
        ("Later", f"2026-10-27T09:{later[3:]}"),
        ("Next day", f"2026-10-27T15:{later[3:]}"),
        ("Carl", "2026-10-31T11:00:00.000Z"),
    ]
    (carls,) = owner.get(f"/v1/tasks?assignee_id={carl}").json["data"]
    assert (carls["subject_id"], carls["title"]) == (made["id"], "Carl")
    other = owner.get(f"/v1/tasks?assignee_id={owner.user}").json["data"][2]
    assert (other["kind"], other["priority"], other["remind_before"]) == ("call", "high", None)


def test_told_twice_late_and_by_two_workers_each_task_is_there_once(house: House, owner: Sender) -> None:
    playbook(owner, 0, {"title": "A"}, {"title": "B"})
    playbook(owner, 0, {"title": "C"})
    house.settle()
    made = deal(owner)
    records = taken(house)
    deliver(records)
    deliver(records)
    assert len(house.queue) >= 1
    hints = list(house.queue) * 2
    house.queue[:] = hints
    house.settle()
    deliver(records)  # long after all is done: the moment comes back, and finds everything there
    house.settle()
    clock.advance(60)
    house.minute()
    house.settle()
    assert Counter(title for title, _ in of(owner)) == Counter("ABC")
    assert moments.load(owner.tenant, made["id"], plays.WHAT) is None


@pytest.mark.parametrize("writes", range(1, 4))
def test_a_worker_that_dies_between_two_tasks_is_made_good(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    book = playbook(owner, 0, {"title": "A"}, {"title": "B"}, {"title": "C"})
    house.settle()
    made = deal(owner)
    deliver(taken(house))
    moment = moments.load(owner.tenant, made["id"], plays.WHAT)
    assert moment is not None
    create, left = tasks.create, [writes]

    def dying(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return create(*given, **named)

    monkeypatch.setattr(tasks, "create", dying)
    if writes < 3:
        with pytest.raises(KeyboardInterrupt):
            plays.play(moment)
    monkeypatch.setattr(tasks, "create", create)
    # What was planned stays planned, whatever becomes of the playbook meanwhile.
    assert owner.patch(f"/v1/playbooks/{book['id']}", {"tasks": [{"title": "X"}, {"title": "Y"}]}).status == 200
    if writes == 1:
        assert owner.delete(f"/v1/playbooks/{book['id']}").status == 204
    due.hand_over(house.queue[0])
    expected = Counter("XY") if writes == 3 else Counter("ABC")
    assert Counter(title for title, _ in of(owner)) == expected
    house.queue.clear()


def test_a_deal_that_has_left_again_gets_nothing_and_one_that_comes_back_gets_all_anew(
    house: House, owner: Sender
) -> None:
    playbook(owner, 1, {"title": "A"})
    made = deal(owner)
    house.settle()
    move(owner, made, 1)
    move(owner, made, 0)
    house.settle()
    assert of(owner) == [], "the feed was late: the deal is not there any more"
    move(owner, made, 1)
    early = taken(house)
    move(owner, made, 0)
    move(owner, made, 1)
    late = taken(house)
    deliver(late)
    deliver(early)  # out of order: the older stay does not undo the newer
    house.settle()
    assert len(of(owner)) == 1
    move(owner, made, 2)
    house.settle()
    move(owner, made, 1)
    house.settle()
    assert len(of(owner)) == 2, "what was to be done in the stay before still is"


def test_only_active_playbooks_that_were_there_before_the_deal_came(house: House, owner: Sender) -> None:
    idle = playbook(owner, 0, {"title": "idle"}, active=False)
    gone = playbook(owner, 0, {"title": "gone"})
    assert owner.delete(f"/v1/playbooks/{gone['id']}").status == 204
    playbook(owner, 1, {"title": "elsewhere"})
    made = deal(owner)
    records = taken(house)
    clock.advance(1)
    playbook(owner, 0, {"title": "too late"})
    assert owner.patch(f"/v1/playbooks/{idle['id']}", {"active": True}).status == 200
    assert owner.post(f"/v1/playbooks/{gone['id']}/restore").status == 200
    deliver(records)
    house.settle()
    assert of(owner) == []
    clock.advance(1)
    deal(owner)
    house.settle()
    assert Counter(title for title, _ in of(owner)) == Counter(["idle", "gone", "too late"])
    assert made["id"]


def test_closing_a_deal_cancels_what_its_playbooks_still_want_but_not_what_follows(house: House, owner: Sender) -> None:
    playbook(owner, 0, {"title": "done"}, {"title": "open"})
    playbook(owner, 5, {"title": "Ask why"})
    mine = owner.post("/v1/tasks", {"title": "mine"}).json
    made = deal(owner)
    house.settle()
    done = next(task for task in owner.get("/v1/tasks").json["data"] if task["title"] == "done")
    assert owner.post(f"/v1/tasks/{done['id']}/complete").status == 200
    move(owner, made, 5, lost_reason="price")
    records = taken(house)
    deliver(records)
    deliver(records)
    house.settle()
    assert [title for title, _ in of(owner)] == ["Ask why", "mine"]
    assert [title for title, _ in of(owner, "cancelled")] == ["open"]
    assert [title for title, _ in of(owner, "done")] == ["done"]
    assert mine["id"]


def test_a_deal_that_is_closed_while_its_tasks_are_being_made_keeps_none(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    playbook(owner, 0, {"title": "A"}, {"title": "B"})
    house.settle()
    made = deal(owner)
    deliver(taken(house))
    moment = moments.load(owner.tenant, made["id"], plays.WHAT)
    assert moment is not None
    create = tasks.create

    def closing(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(tasks, "create", create)
        move(owner, made, 5, lost_reason="price")
        house.queue.clear()
        deliver(taken(house))  # the feed hears of the end before the first task is there
        return create(*given, **named)

    monkeypatch.setattr(tasks, "create", closing)
    assert plays.play(moment) is None
    assert of(owner) == []
    assert len(of(owner, "cancelled")) == 2
    house.settle()


def test_a_reopened_deal_keeps_its_tasks_when_the_news_of_its_end_comes_late(house: House, owner: Sender) -> None:
    playbook(owner, 0, {"title": "A"})
    made = deal(owner)
    house.settle()
    move(owner, made, 5, lost_reason="price")
    move(owner, made, 1)
    house.settle()
    assert [title for title, _ in of(owner)] == ["A"]


def test_where_the_owner_is_no_user_any_more_whoever_made_the_playbook_gets_the_task(
    house: House, owner: Sender
) -> None:
    carl = colleague(owner)
    playbook(owner, 0, {"title": "A"}, {"title": "B", "assignee": carl})
    made = deal(owner, owner_id=carl)
    assert owner.delete(f"/v1/users/{carl}").status == 204
    house.settle()
    assert {task["assignee_id"] for task in owner.get("/v1/tasks").json["data"]} == {owner.user}
    assert len(of(owner)) == 2
    assert made["owner_id"] == carl


def test_a_playbook_of_what_is_not_there_is_refused(house: House, owner: Sender) -> None:
    pipeline_id, there = stages(owner)
    stranger = house.signup()
    theirs, their_stages = stages(stranger)
    good = {"name": "P", "pipeline_id": pipeline_id, "stage_id": there[0], "tasks": [{"title": "A"}]}
    for wrong, pointer in (
        ({"pipeline_id": theirs}, "/pipeline_id"),
        ({"stage_id": their_stages[0]}, "/stage_id"),
        ({"tasks": [{"title": "A"}, {"title": "B", "assignee": stranger.user}]}, "/tasks/1/assignee"),
        ({"tasks": []}, "/tasks"),
        ({"tasks": [{"title": "A"}] * 21}, "/tasks"),
        ({"tasks": [{"title": "A", "after": {"days": -1}}]}, "/tasks/0/after/days"),
    ):
        answer = owner.post("/v1/playbooks", {**good, **wrong})
        assert answer.status == 422, (wrong, answer.text)
        assert answer.json["errors"][0]["pointer"] == pointer
    assert owner.get("/v1/playbooks").json["data"] == []
