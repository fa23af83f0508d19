"""The daily digest: one mail on each working day at the wall time that somebody asked for, whatever clocks do."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.errors import MailDeferred
from chalicelib.models import moments
from chalicelib.models.digest import Digest
from chalicelib.models.moment import Moment
from chalicelib.schemas.mail import Mail
from chalicelib.services import digests, due, hints, hours
from tests.house import House, Sender

FRIDAY = "2026-10-23T05:00:00.000Z"  # seven in Vienna, before the weekend on which the clocks go back

HALF_A_DAY = timedelta(hours=12)


@pytest.fixture(autouse=True)
def _friday(house: House) -> Iterator[None]:
    clock.set(clock.parse(FRIDAY))
    yield
    clock.reset()


@pytest.fixture
def reader(owner: Sender) -> Sender:
    """Somebody in Vienna with a task that is overdue."""
    owner.patch("/v1/settings", {"time_zone": "Europe/Vienna"})
    answer = owner.post("/v1/tasks", {"title": "Call back", "due_at": "2026-10-22T09:00:00Z", "remind_before": None})
    assert answer.status == 201, answer.text
    return owner


def wanted(owner: Sender, time: str = "08:00") -> Any:
    answer = owner.call("PUT", "/v1/me/digest", {"time": time})
    assert answer.status in (200, 201), answer.text
    return answer.json


def at(owner: Sender, stamp: str) -> None:
    """Let this minute come; access tokens have ended by then."""
    clock.set(clock.parse(stamp))
    given = {"email": owner.signed_up["user"]["email"], "password": "long enough pass"}
    owner.token = owner.house.http("POST", "/v1/auth/login", given).json["access_token"]
    owner.house.minute()
    owner.house.settle()


def sent(owner: Sender) -> list[Mail]:
    """Digests of this firm: the minute serves all."""
    about = {"tenant": owner.tenant, "purpose": "digest"}
    return [mail for mail in owner.house.outbox.mails if about.items() <= mail.tags.items()]


def mails(owner: Sender) -> list[str]:
    return [mail.subject for mail in sent(owner)]


def moment(owner: Sender) -> Moment | None:
    return moments.load(owner.tenant, owner.user, digests.WHAT)


def test_it_comes_on_working_days_at_the_wall_time_across_the_change_of_clocks(reader: Sender) -> None:
    reader.patch("/v1/settings", {"holidays": ["2026-10-27"]})
    assert wanted(reader)["next_at"] == "2026-10-23T06:00:00.000Z"
    at(reader, "2026-10-23T05:59:00Z")
    assert mails(reader) == []
    at(reader, "2026-10-23T06:00:00Z")
    assert mails(reader) == ["Your day: 1 overdue"]
    assert reader.get("/v1/me/digest").json["next_at"] == "2026-10-26T07:00:00.000Z", "winter time"
    at(reader, "2026-10-26T06:59:00Z")
    assert len(mails(reader)) == 1
    at(reader, "2026-10-26T07:00:00Z")
    assert len(mails(reader)) == 2
    assert reader.get("/v1/me/digest").json["next_at"] == "2026-10-28T07:00:00.000Z", "not on a holiday"


def test_it_tells_what_is_overdue_due_today_closing_and_unread(reader: Sender) -> None:
    for title, due_at in (
        ("In the evening", "2026-10-23T21:30:00Z"),
        ("Tomorrow", "2026-10-23T22:30:00Z"),  # half past midnight in Vienna
    ):
        reader.post("/v1/tasks", {"title": title, "due_at": due_at, "remind_before": None})
    value = {"amount": 129900, "currency": "EUR"}
    for title, day in (("Engine", "2026-10-28"), ("Loom", "2026-11-28"), ("Late", "2026-10-01")):
        made = reader.post("/v1/deals", {"title": f"{title} <b>", "expected_close": day, "value": value})
        assert made.status == 201, made.text
    reader.house.settle()
    wanted(reader)
    at(reader, "2026-10-23T06:00:00Z")
    (mail,) = sent(reader)
    assert mail.subject == "Your day: 1 overdue, 1 today, 2 closing this week"
    assert "2026-10-22 Call back" in mail.text
    assert "23:30 In the evening" in mail.text
    assert "2026-10-28 Engine <b>, 1,299.00 EUR" in mail.text
    assert "Engine &lt;b&gt;" in (mail.html or "")
    for absent in ("Tomorrow", "Loom"):
        assert absent not in mail.text


def test_nothing_to_say_is_no_mail(owner: Sender) -> None:
    wanted(owner)
    at(owner, "2026-10-23T08:00:00Z")
    assert mails(owner) == []
    assert owner.get("/v1/me/digest").json["next_at"] == "2026-10-26T08:00:00.000Z"
    assert moment(owner) is not None


def test_after_an_outage_of_days_there_is_one(reader: Sender) -> None:
    wanted(reader)
    at(reader, "2026-10-28T13:00:00Z")
    at(reader, "2026-10-28T13:01:00Z")
    assert len(mails(reader)) == 1
    assert reader.get("/v1/me/digest").json["next_at"] == "2026-10-29T07:00:00.000Z"


def test_two_ticks_and_two_workers_send_one(reader: Sender) -> None:
    stamp = wanted(reader)["next_at"]
    clock.set(clock.parse(stamp))
    hint = hints.about(reader.tenant, reader.user, digests.WHAT, stamp)
    held = moment(reader)
    assert held is not None
    reader.house.minute()
    reader.house.minute()
    reader.house.queue += [hint, hint]
    reader.house.settle()
    assert digests.come(held) == hints.SETTLED, "a worker that had the moment in hand all the while"
    assert len(mails(reader)) == 1
    assert getattr(moment(reader), "at", None) == "2026-10-26T07:00:00.000Z"


def test_asked_for_again_at_another_time_the_same_day_there_is_no_second(reader: Sender) -> None:
    wanted(reader)
    at(reader, "2026-10-23T06:00:00Z")
    changed = reader.call("PUT", "/v1/me/digest", {"time": "09:00"})
    assert (changed.status, changed.json["next_at"]) == (200, "2026-10-23T07:00:00.000Z")
    at(reader, "2026-10-23T07:00:00Z")
    assert len(mails(reader)) == 1
    at(reader, "2026-10-26T08:00:00Z")
    assert len(mails(reader)) == 2


def test_in_another_time_zone_it_comes_when_the_clock_shows_it_there(reader: Sender) -> None:
    wanted(reader)
    assert reader.patch(f"/v1/users/{reader.user}", {"time_zone": "America/New_York"}).status == 200
    at(reader, "2026-10-23T06:00:00Z")
    assert mails(reader) == []
    at(reader, "2026-10-23T12:00:00Z")
    assert len(mails(reader)) == 1
    assert reader.patch(f"/v1/users/{reader.user}", {"time_zone": "Asia/Tokyo"}).status == 200
    reader.house.settle()
    assert getattr(moment(reader), "at", None) == "2026-10-25T23:00:00.000Z"


def test_a_day_that_has_become_a_holiday_since_passes_without_one(reader: Sender) -> None:
    wanted(reader)
    reader.patch("/v1/settings", {"holidays": ["2026-10-23"]})
    at(reader, "2026-10-23T06:00:00Z")
    assert mails(reader) == []
    at(reader, "2026-10-26T07:00:00Z")
    assert len(mails(reader)) == 1


def test_without_a_digest_or_without_its_user_the_moment_goes(reader: Sender) -> None:
    wanted(reader)
    assert reader.delete("/v1/me/digest").status == 204
    assert reader.delete("/v1/me/digest").status == 204
    assert moment(reader) is None
    assert reader.get("/v1/me/digest").json == {"time": None, "next_at": None, "version": 0}
    draft = {"name": "Carl", "email": f"c{clock.epoch()}@example.com", "password": "long enough pass"}
    carl = reader.post("/v1/users", draft).json["id"]
    given = {"email": draft["email"], "password": draft["password"]}
    answer = reader.house.http("POST", "/v1/auth/login", given)
    them = Sender(reader.house, answer.json["access_token"], answer.json)
    wanted(them)
    assert reader.delete(f"/v1/users/{carl}").status == 204
    at(reader, "2026-10-23T06:00:00Z")
    assert moment(them) is None
    assert reader.post(f"/v1/users/{carl}/restore").status == 200
    reader.house.settle()
    assert getattr(moment(them), "at", None) == "2026-10-26T07:00:00.000Z"


def test_whoever_wants_it_inside_reads_it_there(reader: Sender) -> None:
    told = {"digest": {"mail": False, "in_app": True}}
    assert reader.patch("/v1/me/preferences", told).status == 200
    wanted(reader)
    at(reader, "2026-10-23T06:00:00Z")
    assert mails(reader) == []
    assert [one["title"] for one in reader.get("/v1/notifications").json["data"]] == ["1 overdue"]


def test_a_provider_that_is_away_gets_it_later_and_given_up_the_next_one_comes(reader: Sender) -> None:
    wanted(reader)
    reader.house.outbox.failures.append(MailDeferred("busy"))
    at(reader, "2026-10-23T06:00:00Z")
    assert mails(reader) == []
    at(reader, "2026-10-23T06:20:00Z")
    assert len(mails(reader)) == 1
    held = moment(reader)
    assert held is not None
    clock.set(clock.parse(held.at))
    due.GIVEN_UP[digests.WHAT](held)
    assert getattr(moment(reader), "at", None) == "2026-10-27T07:00:00.000Z"
    at(reader, "2026-10-26T07:30:00Z")
    assert len(mails(reader)) == 1


def test_a_time_that_is_none_is_refused_and_if_match_is_honoured(owner: Sender) -> None:
    for wrong in ("8:00", "24:00", "08:60", "", None):
        assert owner.call("PUT", "/v1/me/digest", {"time": wrong}).status == 422
    wanted(owner)
    assert owner.call("PUT", "/v1/me/digest", {"time": "09:00"}, If_Match='"7"').status == 412
    assert owner.call("PUT", "/v1/me/digest", {"time": "09:00"}, If_Match='"1"').json["version"] == 2


@given(
    st.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
    st.integers(0, 1439),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
)
def test_day_by_day_it_is_one_a_day_at_the_wall_time(zone: str, minutes: int, start: datetime) -> None:
    calendar = hours.calendar(zone, hours.OFFICE, [])
    digest = Digest(time=f"{minutes // 60:02}:{minutes % 60:02}")
    now = start.replace(tzinfo=ZoneInfo("UTC"))
    days = []
    for _ in range(12):
        now = digests._next(digest, calendar, now)
        wall = now.astimezone(calendar.zone)
        if (now - HALF_A_DAY).astimezone(calendar.zone).utcoffset() == wall.utcoffset():
            assert f"{wall:%H:%M}" == digest.time
        days.append(wall.date())
    assert days == sorted(set(days)), "no day twice"
    assert all(day.weekday() < 5 for day in days)
    assert all((later - day).days <= 3 for day, later in itertools.pairwise(days)), "none left out"
