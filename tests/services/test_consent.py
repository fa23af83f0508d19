"""The consent log, and topics: all that somebody agreed to or took back is written down once, however it came."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import topic as topic_model
from chalicelib.services import consent, contacts, topics
from tests.busy import InTheWay
from tests.feeds import deliver, taken
from tests.house import House, Sender

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FASTER = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "No."}


def log(sender: Sender, contact: Any) -> list[tuple[Any, ...]]:
    rows = sender.get(f"/v1/contacts/{contact['id']}/consents").json["data"]
    return [(row["what"], row["how"], row["channel"], row["topic"]) for row in rows]


def topic(sender: Sender, name: str, **fields: Any) -> Any:
    answer = sender.call("PUT", f"/v1/topics/{name}", {"label": name.title(), **fields})
    assert answer.status in (200, 201), answer.text
    return answer.json


def refused(sender: Sender, contact: Any, topic: str | None = None) -> str | None:
    found = contacts.load(sender.tenant, contact["id"])
    return consent.refusals(sender.tenant, [found], topic)[found.id]


# Changes of preferences


def test_each_choice_that_is_changed_is_noted_once(house: House, owner: Sender) -> None:
    contact = owner.contact(first_name="Ada", preferences={"channels": {"phone": False}, "topics": {"news": True}})
    path = f"/v1/contacts/{contact['id']}"
    house.settle()
    assert sorted(log(owner, contact)) == [
        ("granted", "record", "email", "news"),
        ("withdrawn", "record", "phone", None),
    ]
    assert owner.patch(path, {"preferences": {"topics": {"news": False}}}).status == 200
    assert owner.patch(path, {"title": "Analyst"}).status == 200
    assert owner.patch(path, {"preferences": {"channels": {"phone": True}}}).status == 200
    assert owner.patch(path, {"preferences": None}).status == 200
    records = taken(house)
    deliver(records)
    deliver(list(reversed(records)))
    assert sorted(log(owner, contact)) == [
        ("granted", "record", "email", "news"),
        ("granted", "record", "phone", None),
        ("lifted", "record", "email", "news"),
        ("withdrawn", "record", "email", "news"),
        ("withdrawn", "record", "phone", None),
        ("withdrawn", "record", "phone", None),
    ]
    rows = owner.get(f"{path}/consents").json["data"]
    assert {row["by"] for row in rows} == {owner.user}


def test_what_a_merge_changes_is_noted_as_such(house: House, owner: Sender) -> None:
    winner = owner.contact(first_name="Ada", preferences={"channels": {"email": True}})
    loser = owner.contact(first_name="Ada", preferences={"channels": {"email": False}})
    house.settle()
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    house.settle()
    assert owner.get(f"/v1/contacts/{winner['id']}").json["preferences"]["channels"] == {"email": False}
    assert ("withdrawn", "merge", "email", None) in log(owner, winner)
    assert len(log(owner, winner)) == 3, "with what was noted of the other one"
    page = owner.get(f"/v1/contacts/{winner['id']}/consents?limit=2").json
    rest = owner.get(f"/v1/contacts/{winner['id']}/consents?limit=2&cursor={page['next_cursor']}").json
    assert len({row["id"] for row in (*page["data"], *rest["data"])}) == 3


# Consents recorded


def test_one_given_elsewhere_is_noted_and_acted_on(house: House, owner: Sender) -> None:
    topic(owner, "news", opt_in="single")
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}"
    assert refused(owner, contact, "news") == "not_confirmed"
    said = {
        "topic": "news",
        "how": "form",
        "at": "2026-03-01T09:00:00Z",
        "wording": "Yes, news. (v3)",
        "ip": "203.0.113.9",
    }
    answer = owner.post(f"{path}/consents", said)
    assert answer.status == 201, answer.text
    shown = {**said, "at": "2026-03-01T09:00:00.000Z"}
    assert shown.items() <= answer.json.items()
    assert owner.get("/v1/" + answer.headers["Location"].partition("/v1/")[2]).json == answer.json
    assert (answer.json["by"], answer.json["address"]) == (owner.user, contact["emails"][0]["address"])
    assert refused(owner, contact, "news") is None
    assert owner.get(path).json["preferences"] == {"channels": {"email": True}, "topics": {"news": True}}
    house.settle()
    assert log(owner, contact) == [("granted", "form", "email", "news")], "told once"
    assert owner.post(f"{path}/consents", said).json["id"] == answer.json["id"], "the same again is the same"
    assert len(log(owner, contact)) == 1


def test_one_taken_back_elsewhere_holds_for_the_mailbox_too(owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}/consents"
    assert owner.post(path, {"what": "withdrawn", "topic": "news", "how": "phone"}).status == 201
    assert [refused(owner, contact, name) for name in ("news", None)] == ["unsubscribed", None]
    assert owner.post(path, {"what": "withdrawn", "how": "phone"}).status == 201
    assert refused(owner, contact) == "unsubscribed"
    assert owner.get(f"/v1/suppressions/{contact['emails'][0]['address']}").json["source"] == "phone"


def test_an_older_yes_takes_back_no_later_no(owner: Sender) -> None:
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}"
    assert owner.post(f"{path}/consents", {"what": "withdrawn", "at": "2026-03-05T09:00:00Z"}).status == 201
    assert owner.post(f"{path}/consents", {"at": "2026-03-01T09:00:00Z"}).status == 201
    assert refused(owner, contact) == "unsubscribed"
    assert owner.get(path).json["preferences"]["channels"] == {"email": False}
    assert owner.post(f"{path}/consents", {"at": "2026-03-06T09:00:00Z"}).status == 201
    assert refused(owner, contact) is None
    assert owner.get(path).json["preferences"]["channels"] == {"email": True}


def test_what_is_written_down_late_ends_as_if_it_had_come_in_time(owner: Sender) -> None:
    """Opt-outs and consents of four days, each once in their order and once the last first."""
    topic(owner, "news")
    said = [
        {"what": "withdrawn", "topic": "news"},
        {"what": "withdrawn"},
        {"what": "granted", "topic": "news"},
        {"what": "withdrawn"},
        {"what": "granted"},
    ]
    for upto in range(1, len(said) + 1):
        days = [{**one, "at": f"2026-03-0{number}T09:00:00Z"} for number, one in enumerate(said[:upto], 1)]
        ends = []
        for told in (days, days[::-1], [*days, *days]):
            contact = owner.contact()
            for one in told:
                assert owner.post(f"/v1/contacts/{contact['id']}/consents", one).status == 201
            chosen = owner.get(f"/v1/contacts/{contact['id']}").json["preferences"]["channels"]
            ends.append((chosen, refused(owner, contact, "news"), refused(owner, contact)))
        assert ends[1:] == ends[:1] * 2, upto


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"topic": "none_such"}, "/topic"),
        ({"topic": "Not A Name"}, "/topic"),
        ({"at": "2099-01-01T00:00:00Z"}, "/at"),
        ({"what": "confirmed"}, "/what"),
        ({"how": "double_opt_in"}, "/how"),
        ({"by": "usr_01"}, "/by"),
    ],
)
def test_what_cannot_be_is_refused(owner: Sender, body: Any, pointer: str) -> None:
    answer = owner.post(f"/v1/contacts/{owner.contact()['id']}/consents", body)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


def test_somebody_without_an_address_can_say_so_too(owner: Sender) -> None:
    contact = owner.contact(first_name="Ada")
    assert owner.post(f"/v1/contacts/{contact['id']}/consents", {"what": "withdrawn"}).status == 201
    assert owner.get(f"/v1/contacts/{contact['id']}").json["preferences"]["channels"] == {"email": False}


def test_it_goes_with_the_contact(house: House, owner: Sender) -> None:
    contact = owner.contact()
    assert owner.post(f"/v1/contacts/{contact['id']}/consents", {}).status == 201
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    assert owner.post(f"/v1/contacts/{contact['id']}/purge").status == 204
    house.settle()
    house.minute()
    house.settle()
    from chalicelib.services import consent_log

    assert consent_log.newest(owner.tenant, contact["id"], 10).items == []
    assert owner.get(f"/v1/contacts/{contact['id']}/consents").status == 410


# Topics


def test_a_topic_is_made_changed_listed_and_removed(owner: Sender) -> None:
    answer = owner.call("PUT", "/v1/topics/news", {"label": "News", "description": "Monthly", "opt_in": "single"})
    assert answer.status == 201
    assert answer.json["version"] == 1
    again = owner.call("PUT", "/v1/topics/news", {"label": "Product news"})
    assert (again.status, again.json["opt_in"], again.json["description"]) == (200, "none", None)
    assert owner.call("PUT", "/v1/topics/news", {"label": "N"}, If_Match='"1"').status == 412
    assert owner.get("/v1/topics/news").headers["ETag"] == '"2"'
    assert [one["name"] for one in owner.get("/v1/topics").json["data"]] == ["news"]
    assert owner.delete("/v1/topics/news", If_Match='"1"').status == 412
    assert owner.delete("/v1/topics/news").status == 204
    assert owner.get("/v1/topics/news").status == owner.delete("/v1/topics/news").status == 404
    assert owner.get("/v1/topics").json["data"] == []
    assert owner.call("PUT", "/v1/topics/news", {"label": "News"}).status == 201


def test_a_topic_that_somebody_else_is_at_is_changed_and_removed_all_the_same(owner: Sender) -> None:
    topic(owner, "news")
    for method, body, status in (("PUT", {"label": "Product news"}, 200), ("DELETE", None, 204)):
        with InTheWay("PutItem", FASTER, times=1) as way:
            assert owner.call(method, "/v1/topics/news", body).status == status
        assert way.sent == 2
    assert owner.call("PUT", "/v1/topics/news", {"label": "News"}, If_Match='"3"').status == 412, "it is no more"
    assert owner.delete("/v1/topics/news", If_Match='"3"').status == 404


@pytest.mark.parametrize("name", ["News", "a%20b", "9lives", "x" * 41, "a-b"])
def test_a_topic_has_a_plain_name(owner: Sender, name: str) -> None:
    assert owner.call("PUT", f"/v1/topics/{name}", {"label": "News"}).status == 422


def test_there_are_only_so_many_topics(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "MOST", 8)
    for number in range(topics.MOST):
        topic(owner, f"t{number}")
    assert owner.call("PUT", "/v1/topics/more", {"label": "More"}).status == 409
    assert owner.call("PUT", "/v1/topics/t7", {"label": "Another"}).status == 200


def test_one_that_was_removed_still_says_how_one_opts_in(owner: Sender) -> None:
    topic(owner, "news", opt_in="single")
    contact = owner.contact()
    assert owner.delete("/v1/topics/news").status == 204
    assert refused(owner, contact, "news") == "not_confirmed"
    assert topics.known(owner.tenant, "news") is not None
    assert topic_model.place(owner.tenant, "news")[1] == "news"


def test_topics_are_the_firm_s_own(house: House, owner: Sender) -> None:
    topic(owner, "news")
    other = house.signup()
    assert other.get("/v1/topics/news").status == 404
    assert other.get("/v1/topics").json["data"] == []
    clock.set(NOON)
    assert other.post(f"/v1/contacts/{other.contact()['id']}/consents", {"topic": "news"}).status == 422
