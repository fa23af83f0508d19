"""Mentions: each mentioned user gets one mail, once, and nobody for having mentioned himself."""

from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.errors import MailDeferred
from chalicelib.models.activity import Activity
from chalicelib.services import mentions
from tests import truth
from tests.house import House, Sender


def colleague(owner: Sender, name: str) -> Any:
    draft = {"name": name, "email": f"{ids.new('usr').lower()}@example.com", "role": "rep"}
    answer = owner.post("/v1/users", {**draft, "password": "long enough pass"})
    assert answer.status == 201, answer.text
    return answer.json


def note(owner: Sender, contact: Any, *users: Any, **fields: Any) -> Any:
    draft = {"kind": "note", "text": "Ask <her>.", "mentions": [user["id"] for user in users], **fields}
    answer = owner.post(f"/v1/contacts/{contact['id']}/activities", draft)
    assert answer.status == 201, answer.text
    return answer.json


def minutes(house: House) -> list[str]:
    """Whom mails went to by now."""
    house.settle()
    house.minute()
    house.settle()
    return [mail.to for mail in house.outbox.mails]


def test_each_mentioned_user_gets_one_mail(house: House, owner: Sender) -> None:
    grace, hedy = colleague(owner, "Grace"), colleague(owner, "Hedy")
    made = note(owner, owner.contact(first_name="Ada", last_name="Lovelace"), grace, hedy)
    assert made["mentions"] == [grace["id"], hedy["id"]]
    assert sorted(minutes(house)) == sorted([grace["email"], hedy["email"]])
    mail = house.outbox.mails[0]
    assert mail.subject == "Olga Owner mentioned you: Ada Lovelace"
    assert "Ask <her>." in mail.text
    assert "Ask &lt;her&gt;." in (mail.html or "")
    clock.advance(3600)
    assert len(minutes(house)) == 2


def test_a_name_of_several_lines_keeps_no_mail_back(house: House, owner: Sender) -> None:
    owner.patch(f"/v1/users/{owner.user}", {"name": "Olga\nOwner"})
    note(owner, owner.contact(first_name="Ada\0", last_name="Lovelace"), colleague(owner, "Grace"))
    assert len(minutes(house)) == 1
    assert house.outbox.mails[0].subject == "Olga Owner mentioned you: Ada Lovelace"


def test_it_is_in_the_inbox_too_and_a_mail_only_for_who_wants_one(house: House, owner: Sender) -> None:
    contact, grace = owner.contact(first_name="Ada", last_name="Lovelace"), colleague(owner, "Grace")
    login = {"email": grace["email"], "password": "long enough pass"}
    hers = Sender(house, house.http("POST", "/v1/auth/login", login).json["access_token"])
    assert hers.patch("/v1/me/preferences", {"mention": {"mail": False}}).status == 200
    made = note(owner, contact, grace)
    assert minutes(house) == []
    owner.patch(f"/v1/contacts/{contact['id']}/activities/{made['id']}", {"text": "Ask her again."})
    assert minutes(house) == []
    (told,) = hers.get("/v1/notifications").json["data"]
    assert (told["kind"], told["title"]) == ("mention", "Olga Owner mentioned you: Ada Lovelace")
    assert (told["subject_id"], told["data"]["activity_id"]) == (contact["id"], made["id"])


def test_nobody_is_told_that_he_mentioned_himself(house: House, owner: Sender) -> None:
    contact, grace = owner.contact(), colleague(owner, "Grace")
    me = {"id": owner.user}
    note(owner, contact, me)
    assert minutes(house) == []
    note(owner, contact, me, grace)
    assert minutes(house) == [grace["email"]]


def test_who_is_mentioned_later_is_told_then_and_nobody_twice(house: House, owner: Sender) -> None:
    contact, grace, hedy = owner.contact(), colleague(owner, "Grace"), colleague(owner, "Hedy")
    path = f"/v1/contacts/{contact['id']}/activities/{note(owner, contact, grace)['id']}"
    assert minutes(house) == [grace["email"]]
    owner.patch(path, {"mentions": [grace["id"], hedy["id"]]})
    owner.patch(path, {"text": "Again."})
    assert minutes(house) == [grace["email"], hedy["email"]]
    owner.patch(path, {"mentions": []})
    owner.patch(path, {"mentions": [hedy["id"], grace["id"]]})
    assert len(minutes(house)) == 2


def test_told_twice_by_the_feed_and_twice_by_the_queue(house: House, owner: Sender) -> None:
    contact, grace = owner.contact(), colleague(owner, "Grace")
    made = note(owner, contact, grace)
    entry = next(
        one
        for one in truth.collection(owner.tenant, contact["id"])
        if isinstance(one, Activity) and one.id == made["id"]
    )
    house.settle()
    mentions.mentioned(None, entry)
    house.minute()
    house.queue += house.queue
    assert minutes(house) == [grace["email"]]
    mentions.mentioned(None, entry)
    assert minutes(house) == [grace["email"]]


def test_a_mail_that_is_deferred_comes_later(house: House, owner: Sender) -> None:
    contact, grace, hedy = owner.contact(), colleague(owner, "Grace"), colleague(owner, "Hedy")
    note(owner, contact, grace, hedy)
    house.outbox.failures = [MailDeferred("busy")]
    assert minutes(house) == [hedy["email"]]
    clock.advance(3600)
    assert minutes(house) == [hedy["email"], grace["email"]]


def test_who_is_no_user_any_more_and_what_is_in_the_trash(house: House, owner: Sender) -> None:
    contact, other = owner.contact(), owner.contact()
    grace, hedy = colleague(owner, "Grace"), colleague(owner, "Hedy")
    note(owner, contact, grace)
    note(owner, other, hedy)
    assert owner.delete(f"/v1/users/{grace['id']}").status == 204
    assert owner.delete(f"/v1/contacts/{other['id']}").status == 204
    assert minutes(house) == []


@pytest.mark.parametrize("user", ["usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", "nobody"])
def test_only_users_are_mentioned(house: House, owner: Sender, user: str) -> None:
    contact, stranger = owner.contact(), house.signup()
    for one in (user, stranger.user):
        draft = {"kind": "note", "mentions": [owner.user, one]}
        answer = owner.post(f"/v1/contacts/{contact['id']}/activities", draft)
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/mentions/1")
    made = note(owner, contact)
    answer = owner.patch(f"/v1/contacts/{contact['id']}/activities/{made['id']}", {"mentions": [user]})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/mentions/0")
