"""The in-app inbox: told once, the newest first, read one by one or all at once, and only what one wants to hear."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.table import page
from chalicelib.services import inbox, preferences
from tests.feeds import deliver, taken
from tests.house import House, Sender

NOON = clock.parse("2031-05-05T12:00:00Z")


@pytest.fixture(autouse=True)
def _noon(house: House) -> None:
    clock.set(NOON)


def tell(owner: Sender, key: str, *, minute: int | None = None, kind: str = "reminder", **more: Any) -> None:
    at = None if minute is None else clock.stamp(NOON + timedelta(minutes=minute))
    inbox.tell(owner.tenant, owner.user, key, kind, f"News {key}", at=at, **more)


def titles(owner: Sender, query: str = "") -> list[str]:
    answer = owner.get(f"/v1/notifications{query}")
    assert answer.status == 200, answer.text
    return [one["title"].removeprefix("News ") for one in answer.json["data"]]


def unread(owner: Sender) -> int:
    found = owner.get("/v1/notifications/unread").json
    assert found["more"] is False
    return int(found["unread"])


def test_the_newest_first_and_each_key_once(owner: Sender) -> None:
    for key, minute in (("a", -3), ("c", -1), ("b", -2), ("c", -1), ("a", -3)):
        tell(owner, key, minute=minute)
    assert titles(owner) == ["c", "b", "a"]
    assert unread(owner) == 3


def test_without_a_time_a_key_is_told_once_whenever_it_comes_again(owner: Sender) -> None:
    tell(owner, "a")
    clock.advance(600)
    tell(owner, "a")
    tell(owner, "b")
    assert titles(owner) == ["b", "a"]


def test_cut_off_between_its_two_writes_it_is_told_the_next_time(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox._first_told(owner.tenant, owner.user, "a")
    clock.advance(60)
    tell(owner, "a")
    assert titles(owner) == ["a"]
    assert owner.get("/v1/notifications").json["data"][0]["at"] < clock.stamp(NOON + timedelta(seconds=59))


def test_told_again_it_stays_read(owner: Sender) -> None:
    tell(owner, "a", minute=0)
    (one,) = owner.get("/v1/notifications").json["data"]
    assert one["read_at"] is None
    read_at = owner.post(f"/v1/notifications/{one['id']}/read").json["read_at"]
    assert read_at is not None
    clock.advance(60)
    tell(owner, "a", minute=0)
    assert owner.post(f"/v1/notifications/{one['id']}/read").json["read_at"] == read_at
    assert (titles(owner), titles(owner, "?unread=true"), titles(owner, "?unread=false")) == (["a"], [], ["a"])


def test_page_by_page_with_and_without_what_is_read(owner: Sender) -> None:
    for number in range(7):
        tell(owner, str(number), minute=-number)
    for one in owner.get("/v1/notifications").json["data"][::3]:
        owner.post(f"/v1/notifications/{one['id']}/read")
    for query, expected in (("", "0123456"), ("&unread=true", "1245"), ("&unread=false", "036")):
        seen, cursor = "", ""
        while True:
            answer = owner.get(f"/v1/notifications?limit=2{query}{cursor}").json
            seen += "".join(one["title"][-1] for one in answer["data"])
            if answer["next_cursor"] is None:
                break
            cursor = f"&cursor={answer['next_cursor']}"
        assert seen == expected, query


def test_all_read_in_one_write_and_what_comes_later_is_not(owner: Sender) -> None:
    for number in range(5):
        tell(owner, str(number), minute=-number)
    answer = owner.post("/v1/notifications/read-all")
    assert (answer.json, answer.cost["wru"]) == ({"unread": 0, "more": False}, 1)
    assert (unread(owner), titles(owner, "?unread=true")) == (0, [])
    clock.advance(1)
    tell(owner, "late", minute=-4)  # it happened before all was read, but nobody had heard of it
    tell(owner, "new")
    assert (unread(owner), titles(owner, "?unread=true")) == (2, ["new", "late"])


def test_read_up_to_a_moment_and_never_back(owner: Sender) -> None:
    for number in range(4):
        tell(owner, str(number), minute=-number)
    two = clock.stamp(NOON - timedelta(minutes=2))
    assert owner.post("/v1/notifications/read-all", {"until": two}).json["unread"] == 2
    assert titles(owner, "?unread=true") == ["0", "1"]
    clock.advance(1)
    owner.post("/v1/notifications/read-all", {"until": "2099-01-01T00:00:00Z"})
    tell(owner, "after", minute=5)
    owner.post("/v1/notifications/read-all", {"until": two})
    assert titles(owner, "?unread=true") == ["after"], "what lies ahead is not read yet, what was read stays so"


def test_everybody_has_his_own(house: House, owner: Sender) -> None:
    other = house.signup()
    tell(owner, "a")
    (one,) = owner.get("/v1/notifications").json["data"]
    assert titles(other) == []
    assert other.post(f"/v1/notifications/{one['id']}/read").status == 404
    for wrong in ("ntf_1", owner.user, "ntf_01HX5ZZKBKACTAV9WEVGEMMVRZ"):
        assert owner.post(f"/v1/notifications/{wrong}/read").status == 404
    inbox.tell(other.tenant, owner.user, "b", "reminder", "Of another firm")
    assert (titles(owner), titles(other)) == (["a"], [])


def test_it_is_gone_after_three_months(owner: Sender) -> None:
    tell(owner, "a")
    partition = keys.partition("notification", tenant=owner.tenant, user=owner.user)
    (note,) = [one for one in page(partition, limit=50, consistent=True).items if one.sk.startswith("NOTE#")]
    assert int(note.ttl) == int((NOON + timedelta(days=90)).timestamp())


def test_who_is_given_a_task_hears_of_it_once(house: House, owner: Sender) -> None:
    draft = {"name": "R", "email": f"{owner.tenant}@example.com", "role": "rep", "password": "long enough pass"}
    rep = owner.post("/v1/users", draft).json
    login = {"email": draft["email"], "password": draft["password"]}
    theirs = Sender(house, house.http("POST", "/v1/auth/login", login).json["access_token"])
    task = owner.post("/v1/tasks", {"title": "Call Ada", "assignee_id": rep["id"]}).json
    own = owner.post("/v1/tasks", {"title": "My own"}).json
    changes = taken(house)
    deliver(changes)
    deliver(changes[::-1])
    assert [one["title"] for one in theirs.get("/v1/notifications").json["data"]] == ["Call Ada"]
    assert titles(owner) == []
    owner.patch(f"/v1/tasks/{task['id']}", {"title": "Call Ada Lovelace"})
    clock.advance(1)
    owner.patch(f"/v1/tasks/{own['id']}", {"assignee_id": rep["id"]})
    house.settle()
    found = theirs.get("/v1/notifications").json["data"]
    assert [one["title"] for one in found] == ["My own", "Call Ada"]
    assert (found[0]["kind"], found[0]["data"]["by"]) == ("assigned", owner.user)


class TestPreferences:
    def test_as_usual_until_somebody_says_otherwise(self, owner: Sender) -> None:
        found = owner.get("/v1/me/preferences")
        assert {kind: found.json[kind] for kind in preferences.KINDS} == preferences.KINDS
        changed = owner.patch("/v1/me/preferences", {"reminder": {"in_app": False}})
        assert changed.status == 200, changed.text
        assert changed.json["reminder"] == {"in_app": False, "mail": True}
        tell(owner, "a", minute=0)
        tell(owner, "b", minute=0, kind="mention")
        assert titles(owner) == ["b"]
        again = owner.patch("/v1/me/preferences", {"reminder": None, "mention": {"mail": False}})
        assert (again.json["reminder"], again.json["mention"]["mail"]) == (preferences.KINDS["reminder"], False)
        assert owner.patch("/v1/me/preferences", {"mention": {"mail": None}}).json["mention"]["mail"] is True

    @pytest.mark.parametrize("patch", [{"gossip": {"mail": True}}, {"reminder": {"pigeon": True}}, {"reminder": 1}])
    def test_what_there_is_not_is_refused(self, owner: Sender, patch: Any) -> None:
        assert owner.patch("/v1/me/preferences", patch).status == 422

    def test_on_condition_of_a_version(self, owner: Sender) -> None:
        tag = owner.get("/v1/me/preferences").headers["ETag"]
        assert owner.patch("/v1/me/preferences", {"digest": {"mail": False}}, If_Match=tag).status == 200
        assert owner.patch("/v1/me/preferences", {"digest": {"mail": True}}, If_Match=tag).status == 412

    def test_a_time_zone_of_ones_own(self, owner: Sender) -> None:
        path = f"/v1/users/{owner.user}"
        assert owner.patch(path, {"time_zone": "Europe/Vienna"}).json["time_zone"] == "Europe/Vienna"
        assert owner.patch(path, {"time_zone": "Mars/Base"}).json["errors"][0]["pointer"] == "/time_zone"
        assert owner.patch(path, {"name": "Olga"}).json["time_zone"] == "Europe/Vienna"
        assert owner.patch(path, {"time_zone": None}).json["time_zone"] is None


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["tell", "read", "all", "upto"]), st.integers(0, 5)), max_size=10))
def test_count_list_and_a_plain_model_agree(house: House, steps: list[tuple[str, int]]) -> None:
    clock.set(NOON)
    owner, model = house.signup(), dict[int, bool]()
    for name, number in steps:
        clock.advance(1)
        if name == "tell":
            tell(owner, str(number), minute=number - 9)
            model.setdefault(number, True)
        elif name == "all":
            owner.post("/v1/notifications/read-all")
            model = dict.fromkeys(model, False)
        elif name == "upto":
            owner.post("/v1/notifications/read-all", {"until": clock.stamp(NOON + timedelta(minutes=number - 9))})
            model |= {one: False for one in model if one <= number}
        elif number in model:
            (one,) = [one for one in owner.get("/v1/notifications").json["data"] if one["title"] == f"News {number}"]
            owner.post(f"/v1/notifications/{one['id']}/read")
            model[number] = False
    left = [str(number) for number in sorted(model, reverse=True) if model[number]]
    assert titles(owner, "?unread=true") == left
    assert unread(owner) == len(left)
