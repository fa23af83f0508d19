"""Calendars: secret, revocable, read by a real parser of another house."""

from datetime import UTC
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from chalicelib import clock
from chalicelib.models.task import Task
from chalicelib.models.writes import put_all
from chalicelib.services import series, tasks
from tests.contract import calling
from tests.contract.performed.calendars import below, made
from tests.contract.performing import task
from tests.house import Answer, House, Sender
from tests.loglines import heard
from tests.units import exact_units

NOW = clock.parse("2026-03-02T08:00:00Z")


@pytest.fixture
def rep(house: House) -> Sender:
    """An owner on a day on which nothing in these tests depends on what day it is."""
    clock.set(NOW)
    return house.signup()


def read(house: House, url: str, **headers: str) -> Answer:
    return house.stranger().get(below(url), **headers)


def parsed(house: House, url: str) -> Any:
    answer = read(house, url)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = icalendar.Calendar.from_ical(answer.text)
    assert not calendar.errors
    return calendar


def events(house: House, url: str) -> dict[str, Any]:
    found = {str(event["SUMMARY"]): event for event in parsed(house, url).walk("VEVENT")}
    assert not any(event.errors for event in found.values())
    return found


def test_a_call_is_an_event_that_a_calendar_program_reads(house: House, rep: Sender) -> None:
    due = task(rep, title="Call Ada", kind="call", due_at="2026-03-05T09:30:00+01:00", remind_before=900)
    link = made(rep)
    calendar = parsed(house, link["url"])
    assert (calendar["VERSION"], calendar["X-WR-CALNAME"], calendar["METHOD"]) == ("2.0", "Mine", "PUBLISH")
    event = events(house, link["url"])["Call Ada"]
    assert event["UID"] == f"{due['id']}@tendril"
    assert event.decoded("DTSTART") == clock.parse("2026-03-05T08:30:00Z")
    assert event.decoded("DTEND") == clock.parse("2026-03-05T09:00:00Z")
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == clock.parse(due["updated_at"][:19] + "Z")
    assert (event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (due["version"], "CONFIRMED", "OPAQUE")
    alarm = event.walk("VALARM")[0]
    assert (alarm["ACTION"], alarm.decoded("TRIGGER").total_seconds()) == ("DISPLAY", -900)


def test_it_has_what_is_open_and_whom_one_met_and_no_more(house: House, rep: Sender) -> None:
    task(rep, title="Long ago", due_at="2025-11-30T09:00:00Z")
    task(rep, title="Overdue", due_at="2026-02-20T09:00:00Z")
    task(rep, title="Far ahead", due_at="2031-01-01T09:00:00Z")
    task(rep, title="No date", due_at=None)
    for title, kind, due in (
        ("Met", "meeting", "2026-02-27T09:00:00Z"),
        ("Met long ago", "meeting", "2026-01-27T09:00:00Z"),
        ("Done", "todo", "2026-02-27T09:00:00Z"),
    ):
        done = task(rep, title=title, kind=kind, due_at=due)
        assert rep.post(f"/v1/tasks/{done['id']}/complete", {"outcome": "Fine"}).status == 200
    gone = task(rep, title="Gone", due_at="2026-03-05T09:00:00Z")
    rep.delete(f"/v1/tasks/{gone['id']}")
    another = calling.colleague(rep, "rep")
    task(another, title="Another's", due_at="2026-03-05T09:00:00Z")
    found = events(house, made(rep)["url"])
    assert set(found) == {"Overdue", "Far ahead", "Met"}
    assert not found["Met"].walk("VALARM")
    assert found["Met"]["DESCRIPTION"] == "Fine"


def test_any_text_comes_out_as_it_went_in(house: House, rep: Sender) -> None:
    titles = [
        "a,b;c\\d:e\nf",
        "Ünïcödé " * 20,
        "日本語の長い題名" * 12,
        'say "yes"\ttab',
        "🦜" * 60,
        "BEGIN:VEVENT\nEND:VEVENT",
    ]
    for title in titles:
        task(rep, title=title)
    link = made(rep)
    assert set(events(house, link["url"])) == set(titles)
    lines = read(house, link["url"]).text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    assert not any("\n" in line or "\r" in line for line in lines)


def test_a_change_is_the_same_event_in_a_later_version(house: House, rep: Sender) -> None:
    link, due = made(rep), task(rep, title="Call", due_at="2026-03-05T09:00:00Z")
    before = events(house, link["url"])["Call"]
    clock.advance(60)
    rep.patch(f"/v1/tasks/{due['id']}", {"due_at": "2026-03-06T09:00:00Z"})
    after = events(house, link["url"])["Call"]
    assert (before["UID"], before["SEQUENCE"] + 1) == (after["UID"], after["SEQUENCE"])
    assert after.decoded("DTSTART").day == 6
    assert after.decoded("LAST-MODIFIED") > before.decoded("LAST-MODIFIED")


def test_who_has_read_it_is_told_that_nothing_changed(house: House, rep: Sender) -> None:
    link = made(rep)
    task(rep, due_at="2026-03-05T09:00:00Z")
    first = read(house, link["url"])
    clock.advance(600)
    again = read(house, link["url"], If_None_Match=first.headers["ETag"])
    assert (again.status, again.text) == (304, "")
    task(rep, title="Another", due_at="2026-03-06T09:00:00Z")
    assert read(house, link["url"], If_None_Match=first.headers["ETag"]).status == 200


def test_a_revoked_link_is_no_link(house: House, rep: Sender) -> None:
    link, other = made(rep), made(rep)
    assert {one["id"] for one in rep.get("/v1/calendars").json["data"]} == {link["id"], other["id"]}
    assert rep.delete(f"/v1/calendars/{link['id']}").status == 204
    assert [one["id"] for one in rep.get("/v1/calendars").json["data"]] == [other["id"]]
    assert read(house, link["url"]).status == 404
    assert read(house, other["url"]).status == 200
    assert rep.delete(f"/v1/calendars/{link['id']}").status == 404


def test_who_is_removed_is_read_no_more(house: House, rep: Sender) -> None:
    colleague = calling.colleague(rep, "rep")
    link = made(colleague)
    assert read(house, link["url"]).status == 200
    assert rep.delete(f"/v1/users/{colleague.user}").status == 204
    assert read(house, link["url"]).status == 404


def test_a_wrong_secret_reads_nothing_and_says_nothing(house: House, rep: Sender) -> None:
    url = made(rep)["url"]
    tenant, calendar_id, secret = url.rpartition("/")[2].removesuffix(".ics").split(".")
    stranger = house.signup()
    for wrong in (
        f"{tenant}.{calendar_id}.{secret[:-1]}.ics",
        f"{tenant}.{calendar_id}..ics",
        f"{stranger.tenant}.{calendar_id}.{secret}.ics",
        f"{tenant}.{calendar_id}.{secret}",
        "nobody.ics",
        f"{tenant}.cal_{'0' * 26}.{secret}.ics",
    ):
        answer = house.stranger().get(f"/v1/calendar/{wrong}")
        assert (answer.status, answer.json["detail"]) == (404, "There is no such calendar.")


def test_the_secret_is_shown_once_and_never_logged(house: House, rep: Sender) -> None:
    with heard() as lines:
        link = made(rep)
        read(house, link["url"])
        read(house, link["url"].replace(".ics", "x.ics"))
    secret = link["url"].rpartition(".")[0].rpartition(".")[2]
    assert len(secret) >= 43
    assert len(lines.fields("call")) >= 3
    assert not any(secret in str(vars(line)) for line in lines.records)
    assert secret not in rep.get("/v1/calendars").text + rep.get(f"/v1/calendars/{link['id']}").text
    assert link["url"].startswith(("https://", "http://127.0.0.1/"))


def test_nobody_else_sees_or_revokes_it(house: House, rep: Sender) -> None:
    link, colleague = made(rep), calling.colleague(rep, "admin")
    assert colleague.get("/v1/calendars").json["data"] == []
    assert colleague.get(f"/v1/calendars/{link['id']}").status == 404
    assert colleague.delete(f"/v1/calendars/{link['id']}").status == 404


def test_a_program_that_may_not_read_tasks_makes_no_link_to_them(rep: Sender) -> None:
    assert calling.token(rep, {"contacts:read"}).post("/v1/calendars", {}).status == 403
    assert calling.token(rep, {"tasks:read"}).post("/v1/calendars", {}).status == 201


def test_a_link_without_a_name_bears_its_users(house: House, rep: Sender) -> None:
    link = rep.post("/v1/calendars", {}).json
    assert parsed(house, link["url"])["X-WR-CALNAME"] == "Olga Owner"


# What recurs


def begins(house: House, url: str, first: str, last: str) -> list[Any]:
    """When a program that expands what recurs shows something, in UTC."""
    shown = recurring_ical_events.of(parsed(house, url)).between(clock.parse(first), clock.parse(last))
    return sorted(event.decoded("DTSTART").astimezone(UTC) for event in shown)


@pytest.mark.parametrize(
    ("zone", "local", "rule"),
    [
        ("Europe/Vienna", "2026-03-26T09:00:00", "FREQ=DAILY"),
        ("America/New_York", "2026-03-02T09:00:00", "FREQ=WEEKLY;BYDAY=MO,WE"),
        ("Australia/Lord_Howe", "2026-03-30T07:15:00", "FREQ=DAILY;INTERVAL=2"),
        ("Europe/Vienna", "2026-03-03T09:00:00", "FREQ=WEEKLY;BYDAY=MO"),  # its beginning is not one that it names
        ("Asia/Jerusalem", "2026-03-20T08:00:00", "FREQ=WEEKLY;COUNT=5"),
        ("Europe/Vienna", "2026-03-20T10:00:00", "FREQ=DAILY;UNTIL=20260331"),
        ("Europe/Vienna", "2026-03-20T10:00:00", "FREQ=DAILY;UNTIL=20260331T100000"),
        ("Europe/Vienna", "2026-03-31T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("Africa/Casablanca", "2026-03-05T09:00:00", "FREQ=WEEKLY"),
        ("Asia/Kolkata", "2026-03-05T09:00:00", "FREQ=MONTHLY;BYDAY=1TH"),
        (None, "2026-03-05T09:00:00", "FREQ=WEEKLY"),
    ],
)
def test_what_recurs_comes_when_it_does_here(
    zone: str | None, local: str, rule: str, house: House, rep: Sender
) -> None:
    made_task = task(rep, title="Weekly", due_at=None, due_local=local, time_zone=zone, recurrence=rule)
    first, last = "2026-03-01T00:00:00Z", "2026-12-31T00:00:00Z"
    kept = tasks.load(rep.tenant, made_task["id"])
    wanted = series.between(kept, clock.parse(first), clock.parse(last), 500)
    assert len(wanted) > 1
    assert begins(house, made(rep)["url"], first, last) == wanted


def test_one_that_was_moved_is_moved_and_the_others_stay(house: House, rep: Sender) -> None:
    weekly = task(
        rep,
        title="Weekly",
        due_at=None,
        due_local="2026-03-23T09:00:00",
        time_zone="Europe/Vienna",
        recurrence="FREQ=WEEKLY;COUNT=3",
    )
    link = made(rep)["url"]
    moved = rep.patch(f"/v1/tasks/{weekly['id']}", {"due_at": "2026-03-24T15:00:00Z", "title": "Just this week"})
    assert moved.status == 200, moved.text
    assert [f"{at:%m-%dT%H:%M}" for at in begins(house, link, "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [
        "03-24T15:00",
        "03-30T07:00",
        "04-06T07:00",
    ]
    assert set(events(house, link)) == {"Just this week", "Weekly"}
    before = events(house, link)["Weekly"]
    assert rep.post(f"/v1/tasks/{weekly['id']}/complete", {}).status == 200
    after = events(house, link)
    assert [f"{at:%m-%dT%H:%M}" for at in begins(house, link, "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [
        "03-30T07:00",
        "04-06T07:00",
    ]
    following = [one for one in after.values() if one["UID"] == before["UID"]]
    assert not following or following[0]["SEQUENCE"] > before["SEQUENCE"]


def test_one_that_is_opened_again_does_not_tell_the_series_twice(house: House, rep: Sender) -> None:
    weekly = task(rep, title="Weekly", due_at="2026-03-23T09:00:00Z", time_zone="UTC", recurrence="FREQ=WEEKLY;COUNT=3")
    link = made(rep)["url"]
    rep.post(f"/v1/tasks/{weekly['id']}/complete", {})
    assert rep.patch(f"/v1/tasks/{weekly['id']}", {"status": "open"}).status == 200
    assert [f"{at:%m-%d}" for at in begins(house, link, "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z")] == [
        "03-23",
        "03-30",
        "04-06",
    ]
    names = [str(event["UID"]) for event in parsed(house, link).walk("VEVENT")]
    assert len(names) == len(set(names))


@exact_units
def test_it_never_reads_more_than_a_bounded_part(house: House, rep: Sender) -> None:
    link = made(rep)
    put_all(
        [_kept(rep, number, "open") for number in range(520)] + [_kept(rep, number, "done") for number in range(220)]
    )
    answer = read(house, link["url"])
    assert answer.text.count("BEGIN:VEVENT") == 500 + 200
    assert answer.cost["rru"] <= 1.5 + (500 + 200) * 0.6 / 4 * 0.5


def _kept(rep: Sender, number: int, status: str) -> Task:
    one = Task(id=f"tsk_{status}{number:021}", tenant=rep.tenant, title="Meet Ada", what="meeting", status=status)
    one.version, one.assignee_id, one.priority = 1, rep.user, "normal"
    one.created_at = one.updated_at = clock.stamp(NOW)
    one.due_at = clock.before(clock.stamp(NOW), 60 * number)
    one.keys()
    return one
