"""Follow-ups that come by themselves: once if nobody answered, never if somebody did, whatever the feed and the
minute do meanwhile.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock, errors
from chalicelib.models import keys, moments
from chalicelib.models.followup import Wait
from chalicelib.models.table import Item, page
from chalicelib.services import due, followups, hints, inbox
from tests.feeds import deliver, taken
from tests.house import House, Sender

MONDAY = "2026-10-19T08:00:00.000Z"
TASK = {"title": "Ask again", "kind": "call", "priority": "high"}


@pytest.fixture(autouse=True)
def _monday(house: House) -> Iterator[None]:
    """No test meets midnight, or the end of a week, by chance."""
    clock.set(clock.parse(MONDAY))
    yield
    clock.reset()


def waiting(owner: Sender, subject_id: str, **fields: Any) -> Any:
    answer = owner.post("/v1/followups", {"subject_id": subject_id, "after_days": 3, "task": TASK, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def now(owner: Sender, followup: Any) -> Any:
    return owner.get(f"/v1/followups/{followup['id']}").json


def told(owner: Sender, record_id: str, kind: str = "email", **fields: Any) -> None:
    noun = "deals" if record_id.startswith("dea") else "contacts"
    answer = owner.post(f"/v1/{noun}/{record_id}/activities", {"kind": kind, **fields})
    assert answer.status == 201, answer.text


def replied(owner: Sender, record_id: str, **fields: Any) -> None:
    told(owner, record_id, data={"direction": "inbound"}, **fields)


def go_to(owner: Sender, at: str, seconds: float = 0) -> None:
    """Days later: access tokens have ended by then."""
    clock.set(clock.parse(at) + timedelta(seconds=seconds))
    given = {"email": owner.signed_up["user"]["email"], "password": "long enough pass"}
    owner.token = owner.house.http("POST", "/v1/auth/login", given).json["access_token"]


def come(owner: Sender, followup: Any, seconds: float = 1) -> None:
    """Let its moment come, and everything else be done."""
    go_to(owner, followup["due_at"], seconds)
    owner.house.minute()
    owner.house.settle()


def made(owner: Sender, status: str = "open") -> list[Any]:
    found: list[Any] = owner.get(f"/v1/tasks?status={status}&limit=200").json["data"]
    return found


def waits(owner: Sender, record_id: str) -> list[Item]:
    partition = keys.partition("wait", tenant=owner.tenant, subject=record_id)
    return [one for one in page(partition, limit=50, consistent=True).items if isinstance(one, Wait)]


def deal(owner: Sender, *contact_ids: str) -> str:
    answer = owner.post("/v1/deals", {"title": "Engine", "contact_ids": list(contact_ids)})
    assert answer.status == 201, answer.text
    return str(answer.json["id"])


def test_nobody_answered_so_the_task_comes_in_the_working_time_of_whoever_gets_it(house: House, owner: Sender) -> None:
    owner.patch("/v1/settings", {"time_zone": "Europe/Vienna", "holidays": ["2026-10-21"]})
    ada = owner.contact(first_name="Ada", last_name="Lovelace")
    followup = waiting(owner, ada["id"])
    assert (followup["status"], followup["due_at"][:16]) == ("waiting", "2026-10-23T08:00"), "Wednesday is a holiday"
    told(owner, ada["id"])
    told(owner, ada["id"], data={"direction": "outbound"})
    told(owner, ada["id"], "note", text="I wait.")
    house.settle()
    go_to(owner, "2026-10-23T07:59:00Z")
    house.minute()
    house.settle()
    assert made(owner) == []
    come(owner, followup)
    (task,) = made(owner)
    assert (task["title"], task["kind"], task["priority"]) == ("Ask again", "call", "high")
    assert (task["subject_id"], task["assignee_id"]) == (ada["id"], owner.user)
    ended = now(owner, followup)
    assert (ended["status"], ended["reason"], ended["task_id"]) == ("done", None, task["id"])
    assert waits(owner, ada["id"]) == []
    house.settle()
    (note,) = owner.get("/v1/notifications").json["data"]
    assert note["kind"] == "follow_up"
    assert note["title"] == "No answer from Ada Lovelace: Ask again"


@pytest.mark.parametrize(
    ("kind", "data", "reason"),
    [
        ("email", {"direction": "inbound"}, "reply"),
        ("call", {"direction": "inbound"}, "reply"),
        ("message", {"direction": "inbound"}, "reply"),
        ("meeting", {"direction": "inbound"}, "reply"),
        ("mail.replied", {}, "reply"),
        ("mail.bounced", {"type": "hard"}, "bounce"),
        ("mail.unsubscribed", {}, "opt_out"),
        ("mail.complained", {}, "opt_out"),
    ],
)
def test_an_answer_cancels_at_once(house: House, owner: Sender, kind: str, data: Any, reason: str) -> None:
    ada = owner.contact()
    followup = waiting(owner, ada["id"])
    told(owner, ada["id"], kind, data=data)
    records = taken(house)
    deliver(records)
    deliver(records)
    assert (now(owner, followup)["status"], now(owner, followup)["reason"]) == ("cancelled", reason)
    assert waits(owner, ada["id"]) == []
    assert moments.load(owner.tenant, followup["id"], followups.WHAT) is None
    come(owner, followup)
    assert made(owner) == []


def test_an_answer_of_which_the_feed_has_not_told_yet_is_found_when_the_moment_comes(
    house: House, owner: Sender
) -> None:
    ada = owner.contact()
    followup = waiting(owner, ada["id"])
    clock.advance(60)
    replied(owner, ada["id"])
    late = taken(house)
    come(owner, followup)
    assert (now(owner, followup)["status"], now(owner, followup)["reason"]) == ("cancelled", "reply")
    deliver(late)
    house.settle()
    assert made(owner) == []


def test_what_was_said_before_does_not_count_and_a_moment_past_may_be_given(house: House, owner: Sender) -> None:
    ada = owner.contact()
    replied(owner, ada["id"], at="2026-10-18T08:00:00Z")
    after = waiting(owner, ada["id"])
    replied(owner, ada["id"], at="2026-10-18T09:00:00Z")  # told late, of a time before
    house.settle()
    assert now(owner, after)["status"] == "waiting"
    before = waiting(owner, ada["id"], since="2026-10-15T08:00:00Z", after_days=1)
    assert before["due_at"] == "2026-10-16T09:00:00.000Z", "at eight nobody worked"
    house.minute()
    house.settle()
    assert now(owner, before)["reason"] == "reply"
    come(owner, after)
    assert len(made(owner)) == 1


def test_an_answer_of_a_contact_of_the_deal_counts_also_if_it_came_to_the_deal_later(
    house: House, owner: Sender
) -> None:
    ada, bob, eve = (owner.contact(first_name=name)["id"] for name in ("Ada", "Bob", "Eve"))
    one = deal(owner, ada)
    followup = waiting(owner, one)
    replied(owner, eve)
    house.settle()
    assert now(owner, followup)["status"] == "waiting"
    replied(owner, ada)
    house.settle()
    assert now(owner, followup)["reason"] == "reply"
    assert waits(owner, ada) == waits(owner, one) == []

    second = waiting(owner, one)
    assert owner.patch(f"/v1/deals/{one}", {"contact_ids": [bob]}).status == 200
    clock.advance(60)
    replied(owner, bob)
    house.settle()
    come(owner, second)
    assert now(owner, second)["reason"] == "reply"
    assert made(owner) == []


def test_an_answer_of_the_record_it_was_merged_into_counts(house: House, owner: Sender) -> None:
    ada, twin = owner.contact(first_name="Ada")["id"], owner.contact(first_name="Ada")["id"]
    one, other = waiting(owner, twin), waiting(owner, twin, after_days=5)
    assert owner.post(f"/v1/contacts/{ada}/merge", {"loser_id": twin}).status == 200
    house.settle()
    come(owner, one)
    (task,) = made(owner)
    assert task["subject_id"] == ada, "the task is the winner's"
    replied(owner, ada)
    house.settle()
    come(owner, other)
    assert now(owner, other)["reason"] == "reply"


@pytest.mark.parametrize("change", ["closed", "gone"])
def test_a_deal_that_is_closed_or_gone_waits_for_nobody(house: House, owner: Sender, change: str) -> None:
    one = deal(owner)
    followup = waiting(owner, one)
    if change == "gone":
        assert owner.delete(f"/v1/deals/{one}").status == 204
    else:
        stages = owner.get("/v1/pipelines").json["data"][0]["stages"]
        lost = next(stage["id"] for stage in stages if stage["forecast"] == "lost")
        assert owner.post(f"/v1/deals/{one}/move", {"stage_id": lost, "lost_reason": "price"}).status == 200
    come(owner, followup)
    assert (now(owner, followup)["status"], now(owner, followup)["reason"]) == ("cancelled", change)
    assert made(owner) == []


def test_two_workers_two_ticks_and_an_outage_make_one_task(house: House, owner: Sender) -> None:
    ada = owner.contact()
    followup = waiting(owner, ada["id"])
    go_to(owner, followup["due_at"], 30 * 24 * 3600)
    house.minute()
    house.minute()
    hint = hints.about(owner.tenant, followup["id"], followups.WHAT, followup["due_at"])
    for _ in range(3):
        due.hand_over(hint)
    house.queue[:] = [hint] * 3 + house.queue
    house.settle()
    assert len(made(owner)) == 1
    house.settle()
    told_of = owner.get("/v1/notifications").json["data"]
    assert [one["kind"] for one in told_of] == ["follow_up"]


def test_a_worker_that_dies_before_it_told_is_made_good(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    followup = waiting(owner, owner.contact()["id"])
    moment = moments.load(owner.tenant, followup["id"], followups.WHAT)
    assert moment is not None
    go_to(owner, followup["due_at"])

    def dead(*_given: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inbox, "tell", dead)
    with pytest.raises(KeyboardInterrupt):
        followups.come(moment)
    monkeypatch.undo()
    monkeypatch.setattr("chalicelib.adapters.queue.send_all", house.queue.extend)
    assert followups.come(moment) is None
    assert len(made(owner)) == 1
    assert [one["kind"] for one in owner.get("/v1/notifications").json["data"]] == ["follow_up"]


def test_an_answer_in_the_very_moment_in_which_the_task_is_made(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = owner.contact()
    followup = waiting(owner, ada["id"])
    moment = moments.load(owner.tenant, followup["id"], followups.WHAT)
    assert moment is not None
    looked = followups._reason

    def late(one: Any) -> Any:
        found = looked(one)
        replied(owner, ada["id"])
        deliver(taken(house))
        return found

    monkeypatch.setattr(followups, "_reason", late)
    assert followups.come(moment) is not None, "it comes again"
    monkeypatch.setattr(followups, "_reason", looked)
    assert followups.come(moment) is None
    assert now(owner, followup)["reason"] == "reply"
    assert made(owner) == []


def test_withdrawn_it_comes_no_more_and_a_task_that_was_made_stays(house: House, owner: Sender) -> None:
    ada = owner.contact()
    one, other = waiting(owner, ada["id"]), waiting(owner, ada["id"])
    path = f"/v1/followups/{one['id']}"
    assert owner.delete(path, If_Match='"7"').status == 412
    assert owner.delete(path).status == 204
    assert owner.get(path).status == 404
    come(owner, one)
    assert len(made(owner)) == 1
    assert owner.delete(f"/v1/followups/{other['id']}").status == 204
    house.settle()
    assert len(made(owner)) == 1
    assert owner.get(f"/v1/followups?subject_id={ada['id']}").json["data"] == []


def test_where_the_assignee_left_the_owner_gets_the_task_and_without_anybody_none_is_made(
    house: House, owner: Sender
) -> None:
    draft = {"name": "Carl", "email": f"c{clock.epoch()}@example.com", "password": "long enough pass"}
    carl = owner.post("/v1/users", draft).json["id"]
    ada = owner.contact(first_name="Ada", owner_id=owner.user)
    followup = waiting(owner, ada["id"], task={**TASK, "assignee_id": carl})
    assert owner.delete(f"/v1/users/{carl}").status == 204
    come(owner, followup)
    (task,) = made(owner)
    assert task["assignee_id"] == owner.user


def test_given_up_it_says_so(house: House, owner: Sender) -> None:
    followup = waiting(owner, owner.contact()["id"])
    moment = moments.load(owner.tenant, followup["id"], followups.WHAT)
    assert moment is not None
    due.GIVEN_UP[followups.WHAT](moment)
    assert (now(owner, followup)["status"], now(owner, followup)["reason"]) == ("cancelled", "failed")


def test_lists_by_status_and_by_subject(house: House, owner: Sender) -> None:
    ada, bob = owner.contact(first_name="Ada")["id"], owner.contact(first_name="Bob")["id"]
    later, sooner = waiting(owner, ada, after_days=5)["id"], waiting(owner, ada)["id"]
    third = waiting(owner, bob)["id"]
    told(owner, bob, "mail.bounced")
    house.settle()

    def listed(query: str) -> list[str]:
        return [one["id"] for one in owner.get(f"/v1/followups{query}").json["data"]]

    assert listed("") == listed("?status=waiting") == [sooner, later]
    assert listed("?status=cancelled") == listed(f"?subject_id={bob}") == [third]
    assert listed(f"?subject_id={ada}&status=waiting") == [sooner, later]
    assert listed(f"?subject_id={bob}&status=waiting") == []


def test_what_cannot_be_waited_for_is_refused(house: House, owner: Sender) -> None:
    stranger = house.signup()
    ada = owner.contact()["id"]
    company = owner.post("/v1/companies", {"name": "Acme"}).json["id"]
    for wrong, pointer in (
        ({"subject_id": stranger.contact()["id"]}, "/subject_id"),
        ({"subject_id": company}, "/subject_id"),
        ({"subject_id": "con_none"}, "/subject_id"),
        ({"task": {**TASK, "assignee_id": stranger.user}}, "/task/assignee_id"),
        ({"since": "2026-10-19T09:00:00Z"}, "/since"),
        ({"after_days": 0}, "/after_days"),
        ({"task": {}}, "/task/title"),
    ):
        answer = owner.post("/v1/followups", {"subject_id": ada, "after_days": 3, "task": TASK, **wrong})
        assert answer.status == 422, (wrong, answer.text)
        assert answer.json["errors"][0]["pointer"] == pointer
    theirs = waiting(stranger, stranger.contact()["id"])
    assert owner.get(f"/v1/followups/{theirs['id']}").status == 404
    assert owner.delete(f"/v1/followups/{theirs['id']}").status == 404
    with pytest.raises(errors.NotFound):
        followups.load(owner.tenant, theirs["id"])
