"""Tasks: in order of what is due, done once, and a reminder that follows each change."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.services import tasks
from tests.house import Answer, House, Sender


def at(hours: float) -> str:
    return clock.stamp(clock.after(hours * 3600))


def task(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/tasks", {"title": "Call", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def path(made: Any) -> str:
    return f"/v1/tasks/{made['id']}"


def titles(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [one["title"] for one in answer.json["data"]]


def moment(owner: Sender, made: Any) -> Moment | None:
    found = moments.load(owner.tenant, made["id"], tasks.REMINDER)
    if found is not None:
        assert found.due_sk is not None
        assert found.due_sk.startswith(f"{found.at}#"), "not claimed yet, so it stands at its own time"
    return found


def reminder(owner: Sender, made: Any) -> str | None:
    found = moment(owner, made)
    return found.at if found else None


def test_defaults(owner: Sender) -> None:
    made = task(owner)
    assert (made["status"], made["kind"], made["priority"]) == ("open", "todo", "normal")
    assert (made["assignee_id"], made["due_at"], made["subject_id"]) == (owner.user, None, None)
    assert owner.get(path(made)).json == made


def test_the_earliest_first_and_those_without_a_date_last(owner: Sender) -> None:
    for title, due in [("never", None), ("b", at(2)), ("end", "9999-12-31T23:59:59Z"), ("a", at(1)), ("old", at(-50))]:
        task(owner, title=title, due_at=due)
    expected = ["old", "a", "b", "end", "never"]
    assert titles(owner.get("/v1/tasks")) == expected
    assert titles(owner.get(f"/v1/tasks?assignee_id={owner.user}")) == expected
    one_by_one, cursor = list[str](), ""
    for _ in expected:
        answer = owner.get(f"/v1/tasks?limit=1{cursor}")
        one_by_one += titles(answer)
        cursor = f"&cursor={answer.json['next_cursor']}"
    assert one_by_one == expected


def test_due_before_is_exact_and_leaves_out_the_undated(owner: Sender) -> None:
    due = "2031-01-01T00:00:00.000Z"
    for title, when in [("never", None), ("just before", "2030-12-31T23:59:59.999Z"), ("then", due)]:
        task(owner, title=title, due_at=when)
    for more in ("", f"&assignee_id={owner.user}"):
        assert titles(owner.get(f"/v1/tasks?due_before={due}{more}")) == ["just before"]
        zoned = quote("2031-01-01T01:00:00.001+01:00")
        assert titles(owner.get(f"/v1/tasks?due_before={zoned}{more}")) == ["just before", "then"]
        assert titles(owner.get(f"/v1/tasks?due_before=9999-12-31T23:59:59.999Z{more}")) == ["just before", "then"]


def test_of_one_assignee_and_of_one_status(house: House, owner: Sender) -> None:
    other = owner.post(
        "/v1/users",
        {"name": "R", "email": f"{owner.tenant}@example.com", "role": "rep", "password": "long enough pass"},
    ).json["id"]
    task(owner, title="mine")
    theirs = task(owner, title="theirs", assignee_id=other)
    assert titles(owner.get(f"/v1/tasks?assignee_id={other}")) == ["theirs"]
    owner.post(f"{path(theirs)}/complete")
    assert titles(owner.get(f"/v1/tasks?assignee_id={other}")) == []
    assert titles(owner.get(f"/v1/tasks?assignee_id={other}&status=done")) == ["theirs"]
    assert titles(owner.get("/v1/tasks?status=done")) == ["theirs"]
    assert titles(owner.get("/v1/tasks?status=cancelled")) == []
    assert titles(owner.get("/v1/tasks")) == ["mine"]
    assert owner.patch(path(theirs), {"assignee_id": None}).json["assignee_id"] == owner.user


def test_assignee_and_subject_must_be_there(house: House, owner: Sender) -> None:
    stranger = house.signup()
    gone = owner.contact()
    owner.delete(f"/v1/contacts/{gone['id']}")
    wrong = [
        ("assignee_id", stranger.user),
        ("assignee_id", "usr_1"),
        ("subject_id", stranger.contact()["id"]),
        ("subject_id", gone["id"]),
        ("subject_id", owner.user),
        ("subject_id", "con_1"),
        ("subject_id", ""),
    ]
    made = task(owner)
    for field, value in wrong:
        for answer in (
            owner.post("/v1/tasks", {"title": "x", field: value}),
            owner.patch(path(made), {field: value}),
        ):
            if value:  # an empty one is none
                assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, f"/{field}"), (field, value)


def test_done_once(owner: Sender) -> None:
    made = task(owner, due_at=at(1))
    done = owner.post(f"{path(made)}/complete", {"outcome": "Reached him."}).json
    assert (done["status"], done["outcome"]) == ("done", "Reached him.")
    assert made["updated_at"] <= done["completed_at"] <= done["updated_at"]
    again = owner.post(f"{path(made)}/complete", {"outcome": "Again."})
    assert again.status == 409
    more = {"next": None, "following": None, "next_required": False, "next_suggested": None}
    assert owner.get(path(made)).json | more == done


def test_cancelled_and_taken_up_again(owner: Sender) -> None:
    made = task(owner, due_at=at(1))
    cancelled = owner.patch(path(made), {"status": "cancelled"}).json
    assert (cancelled["status"], cancelled["completed_at"]) == ("cancelled", None)
    assert titles(owner.get("/v1/tasks")) == []
    assert titles(owner.get("/v1/tasks?status=cancelled")) == [made["title"]]
    assert owner.post(f"{path(made)}/complete").status == 409
    assert reminder(owner, made) is None
    assert owner.patch(path(made), {"status": "open"}).json["status"] == "open"
    assert reminder(owner, made) == made["due_at"]


def test_done_by_patch_and_opened_again_is_neither_done_nor_has_an_outcome(owner: Sender) -> None:
    made = task(owner)
    assert owner.patch(path(made), {"status": "done"}).json["completed_at"] is not None
    done = owner.patch(path(made), {"title": "Other"}).json
    assert (done["status"], done["completed_at"] is None) == ("done", False)
    opened = owner.patch(path(made), {"status": "open"}).json
    assert (opened["completed_at"], opened["outcome"]) == (None, None)


@pytest.mark.parametrize("status", [None, "finished", 1])
def test_a_status_that_there_is_not_is_pointed_at(owner: Sender, status: Any) -> None:
    answer = owner.patch(path(task(owner)), {"status": status})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/status")


def test_completing_honours_the_expected_version(owner: Sender) -> None:
    made = task(owner)
    owner.patch(path(made), {"title": "New"})
    assert owner.post(f"{path(made)}/complete", If_Match='"1"').status == 412
    assert owner.post(f"{path(made)}/complete", If_Match='"2"').status == 200


def test_the_trash(owner: Sender) -> None:
    made = task(owner, due_at=at(1))
    assert owner.delete(path(made)).status == 204
    assert titles(owner.get("/v1/tasks")) == []
    assert titles(owner.get(f"/v1/tasks?assignee_id={owner.user}")) == []
    for answer in (
        owner.get(path(made)),
        owner.delete(path(made)),
        owner.patch(path(made), {"title": "x"}),
        owner.post(f"{path(made)}/complete"),
    ):
        assert answer.status == 404
    assert owner.post(f"{path(made)}/restore").json["due_at"] == made["due_at"]
    assert owner.post(f"{path(made)}/restore").status == 409
    assert titles(owner.get("/v1/tasks")) == ["Call"]


def test_a_patch_keeps_what_it_does_not_name(owner: Sender) -> None:
    made = task(owner, due_at=at(5), remind_before=60, priority="high", kind="call", subject_id=owner.contact()["id"])
    changed = owner.patch(path(made), {"title": "New"}).json
    assert {k: v for k, v in changed.items() if k not in ("title", "updated_at", "version")} == {
        k: v for k, v in made.items() if k not in ("title", "updated_at", "version")
    }
    assert owner.patch(path(made), {"remind_before": None}).json["remind_before"] is None
    assert owner.patch(path(made), {"title": "Newer"}).json["remind_before"] is None, "null stays, it is no default"
    assert owner.patch(path(made), {"title": None}).status == 422
    assert owner.patch(path(made), {"completed_at": None}).status == 422


class TestReminder:
    def test_it_comes_so_long_before(self, owner: Sender) -> None:
        due = at(48)
        assert reminder(owner, task(owner, due_at=due)) == due
        assert reminder(owner, task(owner, due_at=due, remind_before=3600)) == at_before(due, 3600)
        assert reminder(owner, task(owner, due_at=due, remind_before=None)) is None
        assert reminder(owner, task(owner)) is None
        assert reminder(owner, task(owner, remind_before=60)) is None

    def test_none_for_what_was_overdue_when_it_was_made(self, owner: Sender) -> None:
        assert reminder(owner, task(owner, due_at=at(-25))) is None

    def test_at_once_for_what_is_a_little_late(self, owner: Sender) -> None:
        for due in (at(-23), clock.stamp()):
            assert reminder(owner, task(owner, due_at=due)) == due

    def test_at_once_if_only_the_reminder_is_past(self, owner: Sender) -> None:
        due = at(1)
        assert reminder(owner, task(owner, due_at=due, remind_before=7200)) == at_before(due, 7200)

    def test_it_leaves_with_completion_deletion_and_date(self, owner: Sender) -> None:
        ways: list[Callable[[Any], Answer]] = [
            lambda made: owner.post(f"{path(made)}/complete"),
            lambda made: owner.delete(path(made)),
            lambda made: owner.patch(path(made), {"due_at": None}),
            lambda made: owner.patch(path(made), {"remind_before": None}),
            lambda made: owner.patch(path(made), {"due_at": at(-25)}),
        ]
        for act in ways:
            made = task(owner, due_at=at(9))
            assert act(made).status < 300
            assert moments.load(owner.tenant, made["id"], tasks.REMINDER) is None

    def test_it_comes_back_from_the_trash(self, owner: Sender) -> None:
        made = task(owner, due_at=at(9))
        owner.delete(path(made))
        owner.post(f"{path(made)}/restore")
        assert reminder(owner, made) == made["due_at"]

    def test_a_change_that_does_not_concern_it_leaves_it_alone(self, owner: Sender) -> None:
        made = task(owner, due_at=at(9))
        cost = owner.patch(path(made), {"title": "New"}).cost
        assert reminder(owner, made) == made["due_at"]
        assert cost["wru"] == 3, "the task and its two index entries"

    def test_moved_it_is_as_new(self, owner: Sender) -> None:
        made = task(owner, due_at=at(9))
        found = moment(owner, made)
        assert found is not None
        moments.claim(found, at(10))
        later = at(20)
        owner.patch(path(made), {"due_at": later})
        now = moment(owner, made)
        assert now is not None
        assert (now.at, now.attempts) == (later, 0)

    def test_the_first_and_last_moments_there_are(self, owner: Sender) -> None:
        for due in ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"):
            made = task(owner, due_at=due, remind_before=31_536_000)
            assert owner.get(path(made)).status == 200
            assert titles(owner.get("/v1/tasks"))


def at_before(due: str, seconds: float) -> str:
    return clock.stamp(clock.parse(due) - timedelta(seconds=seconds))


DUE = st.none() | st.integers(-3, 3).map(lambda days: timedelta(days=days, hours=1))
OPERATION = st.one_of(
    st.tuples(st.just("due"), DUE),
    st.tuples(st.just("remind"), st.none() | st.sampled_from([0, 60, 86_400])),
    st.tuples(st.sampled_from(["title", "complete", "delete", "restore"]), st.none()),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DUE, st.lists(OPERATION, max_size=6))
def test_whatever_is_done_the_due_index_agrees_with_the_task(
    owner: Sender, first: timedelta | None, operations: list[tuple[str, Any]]
) -> None:
    start = clock.now()
    made = task(owner, due_at=stamp(start, first))
    for name, value in operations:
        perform(owner, made, name, value, start)
    owner_view = owner.get(path(made))
    if owner_view.status == 404:
        expected = None
    else:
        now = owner_view.json
        expected = now["due_at"] and now["remind_before"] is not None and at_before(now["due_at"], now["remind_before"])
        if now["status"] != "open" or (now["due_at"] and now["due_at"] < at_before(now["updated_at"], 24 * 3600)):
            expected = None
    assert reminder(owner, made) == (expected or None)


def stamp(start: datetime, delta: timedelta | None) -> str | None:
    return clock.stamp(start + delta) if delta is not None else None


def perform(owner: Sender, made: Any, name: str, value: Any, start: datetime) -> Answer:
    if name == "due":
        return owner.patch(path(made), {"due_at": stamp(start, value)})
    if name == "remind":
        return owner.patch(path(made), {"remind_before": value})
    if name == "title":
        return owner.patch(path(made), {"title": "New"})
    if name == "delete":
        return owner.delete(path(made))
    return owner.post(f"{path(made)}/{name}")


@pytest.mark.parametrize("status", ["open", "done", "cancelled"])
def test_index_keys_are_of_the_status_shown(owner: Sender, status: str) -> None:
    assert keys.partition("task", "gsi1", tenant=owner.tenant, status=status).endswith(f"#{status}")
