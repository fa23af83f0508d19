"""Escalation: the manager hears of a task that stays overdue once, at the right minute of the team's working time."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import moments
from chalicelib.models.moment import Moment
from chalicelib.schemas.mail import Mail
from chalicelib.services import due, escalation, hints
from tests.feeds import deliver, taken
from tests.house import House, Sender

MONDAY = "2026-10-19T08:00:00.000Z"


@pytest.fixture(autouse=True)
def _monday(house: House) -> Iterator[None]:
    clock.set(clock.parse(MONDAY))
    yield
    clock.reset()


class Office:
    """A manager, who is the owner, and Carl, of whom tasks are expected."""

    def __init__(self, owner: Sender, **more: Any) -> None:
        self.owner, self.house = owner, owner.house
        draft = {"name": "Carl", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
        self.carl = str(owner.post("/v1/users", draft).json["id"])
        fields = {"manager_id": owner.user, "escalate_after_hours": 4, "member_ids": [self.carl], **more}
        answer = owner.post("/v1/teams", {"name": "T", **fields})
        assert answer.status == 201, answer.text
        self.team = answer.json["id"]

    def task(self, due_at: str = "2026-10-19T15:00:00Z", **fields: Any) -> Any:
        answer = self.owner.post(
            "/v1/tasks", {"title": "Call", "due_at": due_at, "remind_before": None, "assignee_id": self.carl, **fields}
        )
        assert answer.status == 201, answer.text
        self.house.settle()
        return answer.json

    def change(self, task: Any, **fields: Any) -> None:
        assert self.owner.patch(f"/v1/tasks/{task['id']}", fields).status == 200
        self.house.settle()

    def moment(self, task: Any) -> Moment | None:
        return moments.load(self.owner.tenant, task["id"], escalation.WHAT)

    def at(self, stamp: str) -> None:
        """Let this minute come; access tokens have ended by then."""
        clock.set(clock.parse(stamp))
        given = {"email": self.owner.signed_up["user"]["email"], "password": "long enough pass"}
        self.owner.token = self.house.http("POST", "/v1/auth/login", given).json["access_token"]
        self.house.minute()
        self.house.settle()

    def sent(self) -> list[Mail]:
        """Of this firm: the minute serves all."""
        return [mail for mail in self.house.outbox.mails if mail.tags["tenant"] == self.owner.tenant]

    def mails(self) -> list[str]:
        return [mail.subject for mail in self.sent()]

    def told(self) -> list[str]:
        found = self.owner.get("/v1/notifications").json["data"]
        return [one["title"] for one in found if one["kind"] == "escalation"]


def test_the_manager_is_told_once_after_so_many_hours_of_the_teams_work(owner: Sender) -> None:
    office = Office(owner, time_zone="Europe/Vienna", holidays=["2026-10-20"])
    office.task()  # due at five on Monday, as the office closes; Tuesday is a holiday
    office.at("2026-10-21T10:59:00Z")
    assert office.mails() == []
    office.at("2026-10-21T11:00:00Z")  # one in the afternoon
    assert office.mails() == ["Overdue: Call (Carl)"]
    assert office.told() == ["Overdue: Call (Carl)"]
    (mail,) = office.sent()
    assert mail.to == owner.signed_up["user"]["email"]
    office.at("2026-10-22T11:00:00Z")
    assert len(office.mails()) == len(office.told()) == 1


@pytest.mark.parametrize("change", ["done", "cancelled", "deleted", "undated", "another"])
def test_what_is_done_moved_or_given_away_is_told_to_nobody(owner: Sender, change: str) -> None:
    office = Office(owner)
    task = office.task()
    assert office.moment(task) is not None
    if change == "deleted":
        assert owner.delete(f"/v1/tasks/{task['id']}").status == 204
    elif change == "undated":
        office.change(task, due_at=None)
    elif change == "another":
        office.change(task, assignee_id=owner.user)
    else:
        office.change(task, status=change)
    office.house.settle()
    office.at("2026-10-30T11:00:00Z")
    assert (office.mails(), office.told()) == ([], [])
    assert office.moment(task) is None


def test_another_due_time_is_another_matter(owner: Sender) -> None:
    office = Office(owner)
    task = office.task()
    office.change(task, due_at="2026-10-20T09:00:00Z")
    office.at("2026-10-20T12:59:00Z")
    assert office.mails() == []
    office.at("2026-10-20T13:00:00Z")
    assert len(office.mails()) == 1
    office.change(task, priority="high")
    office.at("2026-10-20T14:00:00Z")
    assert len(office.mails()) == len(office.told()) == 1, "the same task, still overdue since the same time"
    office.change(task, due_at="2026-10-21T09:00:00Z")
    office.at("2026-10-21T13:00:00Z")
    assert len(office.mails()) == len(office.told()) == 2


def test_told_twice_out_of_order_and_by_two_workers_it_is_told_once(owner: Sender) -> None:
    office = Office(owner)
    answer = owner.post(
        "/v1/tasks",
        {"title": "Call", "due_at": "2026-10-20T09:00:00Z", "remind_before": None, "assignee_id": office.carl},
    )
    first = taken(office.house)
    assert owner.patch(f"/v1/tasks/{answer.json['id']}", {"due_at": "2026-10-21T09:00:00Z"}).status == 200
    second = taken(office.house)
    deliver(second)
    deliver(first)  # late: the moment stays where the task says
    moment = office.moment(answer.json)
    assert moment is not None
    assert moment.at == "2026-10-21T13:00:00.000Z"
    clock.set(clock.parse("2026-10-21T13:00:00Z"))
    hint = hints.about(owner.tenant, answer.json["id"], escalation.WHAT, moment.at)
    office.house.queue += [hint, hint]
    office.at("2026-10-21T13:01:00Z")
    deliver(first)  # from a dead-letter queue
    deliver(second)
    office.at("2026-10-21T13:02:00Z")
    assert len(office.mails()) == len(office.told()) == 1


def test_the_team_is_looked_at_again_when_the_moment_comes(owner: Sender) -> None:
    office = Office(owner)
    task = office.task("2026-10-20T09:00:00Z")
    assert owner.patch(f"/v1/teams/{office.team}", {"escalate_after_hours": 8}).status == 200
    office.at("2026-10-20T13:00:00Z")
    assert office.mails() == []
    moment = office.moment(task)
    assert moment is not None
    assert moment.at == "2026-10-20T17:00:00.000Z"
    assert owner.patch(f"/v1/teams/{office.team}", {"manager_id": None}).status == 200
    office.at("2026-10-20T17:00:00Z")
    assert office.mails() == []
    assert office.moment(task) is None


def test_who_has_no_team_that_asks_for_it_costs_no_write(owner: Sender) -> None:
    office = Office(owner, escalate_after_hours=None)
    assert office.moment(office.task()) is None
    assert office.moment(office.task(assignee_id=owner.user)) is None
    managing = Office(owner)
    assert owner.patch(f"/v1/teams/{managing.team}", {"member_ids": [owner.user]}).status == 200
    own = managing.task(assignee_id=owner.user)
    managing.at("2026-10-30T09:00:00Z")
    assert managing.mails() == [], "nobody is told of what is his own"
    assert managing.moment(own) is None


def test_a_manager_who_wants_no_mail_reads_it_inside(owner: Sender) -> None:
    office = Office(owner)
    assert owner.patch("/v1/me/preferences", {"escalation": {"mail": False}}).status == 200
    office.task()
    office.at("2026-10-21T13:00:00Z")
    assert (len(office.mails()), len(office.told())) == (0, 1)


def test_a_name_of_several_lines_keeps_no_mail_back(owner: Sender) -> None:
    office = Office(owner)
    assert owner.patch(f"/v1/users/{office.carl}", {"name": "Carl\r\nthe\0Great"}).status == 200
    office.task()
    office.at("2026-10-20T12:00:00Z")
    assert office.mails() == office.told() == ["Overdue: Call (Carl the Great)"]


def test_a_manager_who_left_is_told_nothing(owner: Sender) -> None:
    office = Office(owner)
    gone = Office(owner).carl
    assert owner.patch(f"/v1/teams/{office.team}", {"manager_id": gone}).status == 200
    office.task()
    assert owner.delete(f"/v1/users/{gone}").status == 204
    office.at("2026-10-21T13:00:00Z")
    assert office.mails() == []


def test_given_up_the_mail_is_accounted_for(owner: Sender) -> None:
    office = Office(owner)
    moment = office.moment(office.task())
    assert moment is not None
    due.GIVEN_UP[escalation.WHAT](moment)
    office.at("2026-10-21T13:00:00Z")
    assert (office.mails(), len(office.told())) == ([], 1)
