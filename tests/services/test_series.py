"""Tasks that recur, what is next, and snoozing: one after the other, each in one transaction with what it follows."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.models import moments
from chalicelib.models.task import Task
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import permissions, series, tasks
from tests.house import Answer, House, Sender

MONDAY = "2026-03-23T08:00:00.000Z"  # nine in Vienna, in the week before clocks are put on
NOW = clock.parse("2026-03-20T08:00:00Z")
VIENNA = "Europe/Vienna"


@pytest.fixture(autouse=True)
def _friday(house: House) -> None:
    clock.set(NOW)


def made(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/tasks", {"title": "Call", "due_at": MONDAY, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def weekly(owner: Sender, rule: str = "FREQ=WEEKLY;BYDAY=MO", **fields: Any) -> Any:
    return made(owner, recurrence=rule, **{"time_zone": VIENNA, **fields})


def path(task: Any) -> str:
    return f"/v1/tasks/{task['id']}"


def complete(owner: Sender, task: Any, **body: Any) -> Any:
    answer = owner.post(f"{path(task)}/complete", body)
    assert answer.status == 200, answer.text
    return answer.json


def refused(answer: Answer, pointer: str) -> None:
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.text


def reminder(owner: Sender, task: Any) -> str | None:
    found = moments.load(owner.tenant, task["id"], tasks.REMINDER)
    return found.at if found else None


class TestNext:
    def test_it_is_made_in_the_same_call_for_the_same_record_and_person(self, house: House, owner: Sender) -> None:
        contact = owner.contact()["id"]
        task = made(owner, subject_id=contact)
        done = complete(
            owner, task, outcome="Asked for an offer", next={"title": "Offer", "due_at": "2026-03-27T08:00:00Z"}
        )
        following = done["next"]
        assert (done["status"], done["next_id"], done["next_required"]) == ("done", following["id"], False)
        assert (following["subject_id"], following["assignee_id"]) == (contact, owner.user)
        assert owner.get(path(following)).json == following
        assert reminder(owner, following) == following["due_at"]
        assert owner.post(f"{path(task)}/complete", {"next": {"title": "x"}}).status == 409

    def test_a_wrong_one_leaves_the_task_open(self, house: House, owner: Sender) -> None:
        task, stranger = made(owner), house.signup()
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"subject_id": stranger.contact()["id"]}, "/next/subject_id"),
            ({"assignee_id": stranger.user}, "/next/assignee_id"),
            ({"recurrence": "FREQ=HOURLY", "due_at": MONDAY}, "/next/recurrence"),
            ({"recurrence": "FREQ=DAILY"}, "/next/due_at"),
            ({"time_zone": "Mars/Base"}, "/next/time_zone"),
            ({"title": ""}, "/next/title"),
        ]
        for fields, pointer in wrong:
            refused(owner.post(f"{path(task)}/complete", {"next": {"title": "x", **fields}}), pointer)
        assert owner.get(path(task)).json == task
        assert [one["id"] for one in owner.get("/v1/tasks").json["data"]] == [task["id"]]

    def test_it_is_asked_for_when_nothing_else_is_planned(self, house: House, owner: Sender) -> None:
        contact = owner.contact()["id"]
        one, other = made(owner, subject_id=contact), made(owner, subject_id=contact, due_at=None)
        house.settle()
        assert complete(owner, one)["next_required"] is False, "an undated one is planned too"
        house.settle()
        done = complete(owner, other)
        assert (done["next"], done["next_required"]) == (None, True)
        suggested = done["next_suggested"]
        assert (suggested["subject_id"], suggested["title"]) == (contact, "Call")
        assert owner.post("/v1/tasks", suggested).status == 201, "it can be sent as it is"

    def test_it_is_not_asked_for_without_a_record(self, owner: Sender) -> None:
        done = complete(owner, made(owner))
        assert (done["next_required"], done["next_suggested"]) == (False, None)


class TestSnooze:
    def test_the_reminder_moves_and_the_task_does_not(self, owner: Sender) -> None:
        task, later = made(owner), "2026-03-25T10:00:00.000Z"
        snoozed = owner.post(f"{path(task)}/snooze", {"until": "2026-03-25T11:00:00+01:00"}).json
        assert (snoozed["snoozed_until"], snoozed["due_at"], reminder(owner, task)) == (later, MONDAY, later)
        again = owner.post(f"{path(task)}/snooze", {"until": "2026-03-24T10:00:00Z"}).json
        assert reminder(owner, task) == again["snoozed_until"] == "2026-03-24T10:00:00.000Z"

    def test_it_is_reminded_of_then_once(self, house: House, owner: Sender) -> None:
        task = made(owner)
        clock.set(clock.parse(MONDAY) + timedelta(minutes=1))
        house.minute()
        house.settle()
        token = owner.house.http(
            "POST", "/v1/auth/login", {"email": owner.signed_up["user"]["email"], "password": "long enough pass"}
        ).json["access_token"]
        owner = Sender(house, token, owner.signed_up)
        owner.post(f"{path(task)}/snooze", {"until": clock.stamp(clock.after(600))})
        for _ in range(15):
            clock.advance(60)
            house.minute()
            house.settle()
        mails = [mail.tags["task"] for mail in house.outbox.mails if mail.tags.get("tenant") == owner.tenant]
        assert mails == [task["id"]] * 2
        assert len(owner.get("/v1/notifications").json["data"]) == 2
        assert owner.get(path(task)).json["snoozed_until"] is not None

    def test_not_into_the_past_and_not_what_is_closed(self, owner: Sender) -> None:
        task = made(owner)
        for until in (clock.stamp(), "2020-01-01T00:00:00Z"):
            refused(owner.post(f"{path(task)}/snooze", {"until": until}), "/until")
        complete(owner, task)
        assert owner.post(f"{path(task)}/snooze", {"until": MONDAY}).status == 409

    def test_long_overdue_or_without_a_reminder_it_can_be_snoozed(self, owner: Sender) -> None:
        for fields in ({"due_at": "2026-01-01T00:00:00Z"}, {"due_at": None}, {"remind_before": None}):
            task = made(owner, **fields)
            owner.post(f"{path(task)}/snooze", {"until": MONDAY})
            assert reminder(owner, task) == MONDAY
            owner.patch(path(task), {"title": "Other"})
            assert reminder(owner, task) == MONDAY

    def test_another_date_takes_it_back(self, owner: Sender) -> None:
        task = made(owner)
        owner.post(f"{path(task)}/snooze", {"until": "2026-03-30T08:00:00Z"})
        moved = owner.patch(path(task), {"due_at": "2026-03-24T08:00:00Z"}).json
        assert (moved["snoozed_until"], reminder(owner, task)) == (None, moved["due_at"])


class TestSeries:
    def test_at_nine_whatever_clocks_do(self, owner: Sender) -> None:
        task, seen = weekly(owner, "FREQ=WEEKLY;BYDAY=MO;COUNT=3"), []
        while task is not None:
            seen.append((task["occurrence"], task["due_at"]))
            assert task["series_id"].startswith("ser_")
            done = complete(owner, task)
            assert done["next"] == done["following"]
            task = done["next"]
        assert seen == [(1, MONDAY), (2, "2026-03-30T07:00:00.000Z"), (3, "2026-04-06T07:00:00.000Z")]
        assert owner.get("/v1/tasks").json["data"] == []

    def test_a_time_that_the_clock_skips(self, owner: Sender) -> None:
        draft = {"title": "Back up", "due_local": "2026-03-28T02:30", "time_zone": VIENNA, "recurrence": "FREQ=DAILY"}
        task, seen = owner.post("/v1/tasks", draft).json, []
        for _ in range(3):
            seen.append(task["due_at"][:16])
            task = complete(owner, task)["next"]
        assert seen == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"], "2:30, 3:30 in summer time, 2:30"

    def test_begun_at_a_time_that_the_clock_skips(self, owner: Sender) -> None:
        task = owner.post(
            "/v1/tasks",
            {"title": "x", "due_local": "2026-03-29T02:30", "time_zone": VIENNA, "recurrence": "FREQ=DAILY"},
        ).json
        assert task["due_at"] == "2026-03-29T01:30:00.000Z"
        assert complete(owner, task)["next"]["due_at"] == "2026-03-30T00:30:00.000Z", "half past two again"
        once = owner.post("/v1/tasks", {"title": "x", "due_local": "2026-10-25T02:30", "time_zone": VIENNA}).json
        assert once["due_at"] == "2026-10-25T00:30:00.000Z", "the first of two"

    def test_a_zone_of_ones_own_or_of_the_firm(self, owner: Sender) -> None:
        assert weekly(owner, time_zone=None)["time_zone"] == "UTC"
        owner.patch(f"/v1/users/{owner.user}", {"time_zone": "Asia/Kathmandu"})
        assert weekly(owner, time_zone=None)["time_zone"] == "Asia/Kathmandu"
        local = owner.post("/v1/tasks", {"title": "x", "due_local": "2026-03-29T02:30"}).json
        assert local["due_at"] == "2026-03-28T20:45:00.000Z"

    def test_cancelled_or_closed_by_patch_the_next_one_comes_as_well(self, owner: Sender) -> None:
        for status in ("cancelled", "done"):
            task = weekly(owner)
            closed = owner.patch(path(task), {"status": status}).json
            after = owner.get(f"/v1/tasks/{closed['next_id']}").json
            assert (after["due_at"], after["occurrence"]) == ("2026-03-30T07:00:00.000Z", 2)

    def test_taken_up_again_it_is_not_followed_twice(self, owner: Sender) -> None:
        task = weekly(owner)
        first = complete(owner, task)["next"]
        owner.patch(path(task), {"status": "open"})
        again = complete(owner, task)
        assert (again["next"], again["next_id"]) == (None, first["id"])
        assert [one["id"] for one in owner.get("/v1/tasks").json["data"]] == [first["id"]]

    def test_what_was_missed_is_passed_over_and_counts(self, owner: Sender) -> None:
        task = weekly(owner, "FREQ=WEEKLY;COUNT=9", due_at="2026-02-02T08:00:00Z")
        after = complete(owner, task)["next"]
        assert (after["due_at"], after["occurrence"]) == (MONDAY, 8)

    def test_another_task_may_be_next_besides(self, owner: Sender) -> None:
        done = complete(owner, weekly(owner), next={"title": "Send the minutes"})
        assert (done["next"]["title"], done["next"]["recurrence"]) == ("Send the minutes", None)
        assert (done["following"]["title"], done["next_id"]) == ("Call", done["following"]["id"])

    def test_deleted_it_ends_and_restored_it_goes_on(self, owner: Sender) -> None:
        task = weekly(owner)
        owner.delete(path(task))
        assert owner.get("/v1/tasks").json["data"] == []
        owner.post(f"{path(task)}/restore")
        assert complete(owner, task)["next"]["occurrence"] == 2


class TestEdit:
    def test_only_this_one(self, owner: Sender) -> None:
        task = weekly(owner, priority="high")
        moved = owner.patch(path(task), {"title": "Visit", "due_at": "2026-03-24T15:00:00Z", "priority": "low"}).json
        assert (moved["title"], moved["due_at"], moved["priority"]) == ("Visit", "2026-03-24T15:00:00.000Z", "low")
        owner.patch(path(task), {"title": "Visit them"})
        after = complete(owner, task)["next"]
        assert (after["title"], after["due_at"], after["priority"]) == ("Call", "2026-03-30T07:00:00.000Z", "high")

    def test_all_from_it_on(self, owner: Sender) -> None:
        task = weekly(owner)
        patch = {"title": "Visit", "due_at": "2026-03-23T14:00:00Z", "remind_before": 3600}
        changed = owner.patch(f"{path(task)}?scope=all", patch)
        assert changed.status == 200, changed.text
        after = complete(owner, task)["next"]
        assert (after["title"], after["remind_before"]) == ("Visit", 3600)
        assert after["due_at"] == "2026-03-30T13:00:00.000Z", "three in the afternoon, in summer time"

    def test_first_this_one_then_one_field_of_all(self, owner: Sender) -> None:
        task = weekly(owner)
        owner.patch(path(task), {"title": "Visit", "priority": "high", "due_at": "2026-03-24T08:00:00Z"})
        owner.patch(f"{path(task)}?scope=all", {"priority": "low"})
        after = complete(owner, task)["next"]
        assert (after["title"], after["priority"], after["due_at"][:10]) == ("Call", "low", "2026-03-30")

    def test_another_rule_counts_anew_from_this_one(self, owner: Sender) -> None:
        second = complete(owner, weekly(owner))["next"]
        changed = owner.patch(path(second), {"recurrence": "freq=daily;count=2"}).json
        assert (changed["recurrence"], changed["occurrence"]) == ("FREQ=DAILY;COUNT=2", 1)
        assert changed["series_id"] == second["series_id"]
        third = complete(owner, changed)["next"]
        assert (third["due_at"], third["occurrence"]) == ("2026-03-31T07:00:00.000Z", 2)
        assert complete(owner, third)["next"] is None

    def test_it_ends_here(self, owner: Sender) -> None:
        task = weekly(owner)
        ended = owner.patch(path(task), {"recurrence": None}).json
        assert (ended["recurrence"], ended["series_id"], ended["occurrence"]) == (None, None, None)
        assert complete(owner, task)["next"] is None
        other = weekly(owner)
        assert owner.patch(f"{path(other)}?scope=all", {"status": "cancelled"}).json["next_id"] is None
        assert owner.get("/v1/tasks").json["data"] == []

    def test_it_begins_with_a_task_that_was_there(self, owner: Sender) -> None:
        task = made(owner)
        owner.patch(path(task), {"recurrence": "FREQ=DAILY", "time_zone": VIENNA})
        assert complete(owner, task)["next"]["due_at"] == "2026-03-24T08:00:00.000Z"

    def test_it_begins_with_one_that_was_done_and_is_open_again(self, owner: Sender) -> None:
        for task in (made(owner), weekly(owner)):
            before = complete(owner, task, next={"title": "Send prices"})
            assert before["next_id"]
            opened = owner.patch(path(task), {"status": "open", "recurrence": "FREQ=DAILY", "time_zone": VIENNA}).json
            assert opened["series_id"] not in (None, before["series_id"])
            after = complete(owner, task)["next"]
            assert (after["due_at"], after["series_id"]) == ("2026-03-24T08:00:00.000Z", opened["series_id"])

    def test_in_another_zone(self, owner: Sender) -> None:
        task = weekly(owner)
        changed = owner.patch(path(task), {"time_zone": "Asia/Kathmandu"}).json
        assert changed["due_at"] == MONDAY
        assert complete(owner, task)["next"]["due_at"] == "2026-03-30T08:00:00.000Z", "no summer time there"

    def test_what_cannot_be(self, owner: Sender) -> None:
        task = weekly(owner)
        refused(owner.patch(f"{path(task)}?scope=all", {"due_at": None}), "/due_at")
        refused(owner.patch(f"{path(task)}?scope=some", {}), "/scope")
        refused(owner.patch(path(task), {"recurrence": "FREQ=SECONDLY"}), "/recurrence")
        refused(owner.patch(path(task), {"due_at": MONDAY, "due_local": "2026-03-23T09:00"}), "/due_local")
        assert owner.get(path(task)).json == task
        undated = owner.patch(path(task), {"due_at": None}).json
        assert (undated["due_at"], undated["recurrence"]) == (None, task["recurrence"])
        assert complete(owner, task)["next"]["due_at"] == "2026-03-30T07:00:00.000Z"

    def test_a_leaver_is_left_out_of_what_follows(self, house: House, owner: Sender) -> None:
        draft = {"name": "R", "email": f"{owner.tenant}@example.com", "role": "rep", "password": "long enough pass"}
        leaver = owner.post("/v1/users", draft).json["id"]
        task = weekly(owner, assignee_id=leaver)
        assert owner.post(f"/v1/users/{leaver}/reassign", {"to_user_id": owner.user}).status == 202
        house.settle()
        assert complete(owner, task)["next"]["assignee_id"] == owner.user


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"recurrence": "FREQ=DAILY", "due_at": None}, "/due_at"),
        ({"recurrence": "FREQ=MINUTELY"}, "/recurrence"),
        ({"recurrence": "FREQ=DAILY;BYHOUR=0,6,12,18;BYMINUTE=0,5,10,15,20,25,30,35"}, "/recurrence"),
        ({"recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, "/recurrence"),
        ({"recurrence": "FREQ=DAILY;UNTIL=20260101"}, "/recurrence"),
        ({"recurrence": "FREQ=DAILY" + ";BYHOUR=1" * 60}, "/recurrence"),
        ({"recurrence": "FREQ=DAILY", "due_at": "2020-01-01T00:00:00Z"}, "/due_at"),
        ({"recurrence": "FREQ=DAILY", "due_at": "9999-12-31T23:59:59Z"}, "/recurrence"),
        ({"recurrence": "FREQ=DAILY", "time_zone": "Nowhere"}, "/time_zone"),
        ({"due_local": "2026-03-23T09:00"}, "/due_local"),
        ({"due_local": "2026-02-30T09:00", "due_at": None}, "/due_local"),
        ({"due_local": "2026-02-20 09:00", "due_at": None}, "/due_local"),
        ({"due_local": "0001-01-01T00:00", "due_at": None, "time_zone": "Asia/Tokyo"}, "/due_local"),
    ],
)
def test_what_is_refused_is_pointed_at(owner: Sender, draft: Any, pointer: str) -> None:
    refused(owner.post("/v1/tasks", {"title": "x", "due_at": MONDAY, **draft}), pointer)


def test_a_task_that_is_there_already_is_answered(owner: Sender) -> None:
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    draft = TaskDraft(title="Once", due_at=clock.parse(MONDAY))
    one = tasks.create(actor, draft, task_id="tsk_01HX5ZZKBKACTAV9WEVGEMMVRZ")
    tasks.delete(actor, one.id, None)
    again = tasks.create(actor, TaskDraft(title="Twice"), task_id=one.id)
    assert (again.title, again.id) == ("Once", one.id)
    assert tasks.system_actor(owner.tenant).tenant == owner.tenant


def test_two_complete_at_once_and_one_of_them_makes_the_next(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    task = weekly(owner)
    follow = series.follow

    def meanwhile(record: Any) -> Any:
        monkeypatch.setattr(series, "follow", follow)
        complete(owner, task)
        return follow(record)

    monkeypatch.setattr(series, "follow", meanwhile)
    assert owner.post(f"{path(task)}/complete").status == 409
    assert len(owner.get("/v1/tasks").json["data"]) == 1


class TestLists:
    def test_of_a_record_whatever_its_noun(self, house: House, owner: Sender) -> None:
        company = owner.post("/v1/companies", {"name": "Acme"}).json["id"]
        others = [made(owner, subject_id=owner.contact()["id"]), made(owner)]
        dated = [made(owner, subject_id=company, due_at=f"2026-04-0{day}T08:00:00Z")["id"] for day in (3, 1, 2)]
        undated = made(owner, subject_id=company, due_at=None)["id"]
        done = made(owner, subject_id=company)
        complete(owner, done)
        house.settle()
        expected = [dated[1], dated[2], dated[0], undated]
        assert self.ids(owner, f"subject_id={company}") == expected
        assert self.ids(owner, f"subject_id={company}&due_before=2026-04-03T00:00:00Z") == expected[:2]
        seen, cursor = [], ""
        for _ in expected:
            page = owner.get(f"/v1/tasks?subject_id={company}&limit=1{cursor}").json
            seen += [one["id"] for one in page["data"]]
            cursor = f"&cursor={page['next_cursor']}"
        assert (seen, page["next_cursor"]) == (expected, None)
        assert others[0]["id"] not in seen
        refused(owner.get(f"/v1/tasks?subject_id={company}&status=done"), "/status")
        assert self.ids(house.signup(), f"subject_id={company}") == []

    def test_of_a_record_and_what_was_merged_into_it(self, house: House, owner: Sender) -> None:
        one, other = owner.contact()["id"], owner.contact()["id"]
        task = made(owner, subject_id=other)["id"]
        assert owner.post(f"/v1/contacts/{one}/merge", {"loser_id": other}).status == 200
        house.settle()
        assert self.ids(owner, f"subject_id={one}") == [task]

    def test_overdue(self, owner: Sender) -> None:
        late = [made(owner, due_at=f"2026-03-{day}T08:00:00Z", priority="high")["id"] for day in (19, 17, 18)]
        made(owner)
        made(owner, due_at=None)
        assert self.ids(owner, f"overdue=true&assignee_id={owner.user}") == [late[1], late[2], late[0]]
        assert self.ids(owner, "overdue=true&due_before=2026-03-18T00:00:00Z") == [late[1]]
        refused(owner.get("/v1/tasks?overdue=true&status=done"), "/status")
        refused(owner.get("/v1/tasks?overdue=false"), "/overdue")

    def ids(self, owner: Sender, query: str) -> list[str]:
        answer = owner.get(f"/v1/tasks?{query}")
        assert answer.status == 200, answer.text
        return [one["id"] for one in answer.json["data"]]


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=DAILY;BYHOUR=2,14", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=MONTHLY;BYDAY=-1SU"]),
    st.sampled_from([VIENNA, "America/New_York", "Australia/Lord_Howe"]),
    st.lists(st.sampled_from(["complete", "cancel", "retitle", "move"]), min_size=1, max_size=6),
)
def test_the_series_that_is_lived_is_the_one_that_was_foretold(
    owner: Sender, rule: str, zone: str, steps: list[str]
) -> None:
    """What the calendar shows of a series is what comes of it, task by task, whatever is changed of single ones."""
    start = datetime.fromisoformat("2026-03-27T02:30:00")
    task = owner.post(
        "/v1/tasks",
        {"title": "x", "due_local": start.isoformat(), "time_zone": zone, "recurrence": rule, "remind_before": None},
    ).json
    record = tasks.load(owner.tenant, task["id"])
    foretold = series.between(record, NOW, NOW + timedelta(days=400), 20)
    lived = [task["due_at"]]
    for step in steps:
        if step == "retitle":
            owner.patch(path(task), {"title": "y"})
        elif step == "move":
            owner.patch(path(task), {"due_at": "2027-01-01T00:00:00Z"})
        else:
            closed = (
                complete(owner, task) if step == "complete" else owner.patch(path(task), {"status": "cancelled"}).json
            )
            task = owner.get(f"/v1/tasks/{closed['next_id']}").json
            lived.append(task["due_at"])
            assert task["title"] == "x"
    assert lived == [clock.stamp(one) for one in foretold[: len(lived)]]


def test_a_calendar_sees_a_task_without_a_rule_too(owner: Sender) -> None:
    record = tasks.load(owner.tenant, made(owner)["id"])
    due = clock.parse(MONDAY)
    assert series.between(record, due, due + timedelta(seconds=1)) == [due]
    assert series.between(record, due + timedelta(seconds=1), due + timedelta(days=9)) == []


def test_the_rule_of_the_field_is_the_rule_of_the_service() -> None:
    with pytest.raises(errors.Invalid):
        series.write(Task(status="open"), TaskDraft(title="x", recurrence="FREQ=DAILY"), {}, "this")
