"""What records were: each change with who and when, and the record of any moment exactly as it was read then."""

import random
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.change import Change
from chalicelib.models.table import every
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.services import permissions, versions
from tests import truth
from tests.feeds import deliver, taken
from tests.house import Answer, House, Sender
from tests.units import exact_units


def at(owner: Sender, path: str, moment: str) -> Answer:
    return owner.get(f"{path}?as_of={quote(moment)}")


def pause() -> str:
    """A moment that nothing else happens at: what it says is of the millisecond before the one that begins."""
    time.sleep(0.003)
    moment = clock.stamp()
    time.sleep(0.003)
    return moment


def history(owner: Sender, path: str, query: str = "", limit: int = 50) -> list[Any]:
    found, cursor = list[Any](), ""
    while True:
        answer = owner.get(f"{path}/history?limit={limit}{query}{cursor}")
        assert answer.status == 200, answer.text
        assert len(answer.json["data"]) <= limit
        found += answer.json["data"]
        if answer.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={quote(answer.json['next_cursor'])}"


def company(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/companies", {"name": "Engines Ltd", **fields})
    assert answer.status == 201, answer.text
    return answer.json


# Field history


def test_each_change_is_told_with_who_when_old_and_new(house: House, owner: Sender) -> None:
    made = owner.contact(first_name="Ada", last_name="Byron", lifecycle="lead")
    path = f"/v1/contacts/{made['id']}"
    second = owner.patch(path, {"last_name": "Lovelace", "title": "Countess"}).json
    third = owner.patch(path, {"title": None}).json
    house.settle()
    told = history(owner, path)
    assert [one["version"] for one in told] == [3, 2, 1]
    assert [one["at"] for one in told] == [third["updated_at"], second["updated_at"], made["updated_at"]]
    assert {one["actor"] for one in told} == {owner.user}
    assert told[0]["changes"] == [{"field": "title", "old": "Countess", "new": None}]
    assert sorted(told[1]["changes"], key=lambda one: one["field"]) == [
        {"field": "last_name", "old": "Byron", "new": "Lovelace"},
        {"field": "title", "old": None, "new": "Countess"},
    ]
    began = {one["field"]: (one["old"], one["new"]) for one in told[2]["changes"]}
    assert began["last_name"] == (None, "Byron")
    assert began["lifecycle"] == (None, "lead")
    assert began.keys() & {"id", "version", "updated_at"} == set()


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_it_comes_in_pages(house: House, owner: Sender, limit: int) -> None:
    path = f"/v1/contacts/{owner.contact()['id']}"
    for number in range(5):
        owner.patch(path, {"title": str(number)})
    house.settle()
    assert [one["version"] for one in history(owner, path, limit=limit)] == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_of_one_field(house: House, owner: Sender, limit: int) -> None:
    made = owner.contact(first_name="Ada", lifecycle="lead")
    path = f"/v1/contacts/{made['id']}"
    for patch in ({"title": "A"}, {"lifecycle": "customer", "title": "B"}, {"title": "C"}, {"lifecycle": "evangelist"}):
        assert owner.patch(path, patch).status == 200
    house.settle()
    told = history(owner, path, "&field=lifecycle", limit)
    assert [(one["version"], one["changes"]) for one in told] == [
        (5, [{"field": "lifecycle", "old": "customer", "new": "evangelist"}]),
        (3, [{"field": "lifecycle", "old": "lead", "new": "customer"}]),
        (1, [{"field": "lifecycle", "old": None, "new": "lead"}]),
    ]
    assert history(owner, path, "&field=birthday") == []


def test_a_field_that_there_is_not(owner: Sender) -> None:
    path = f"/v1/contacts/{owner.contact()['id']}"
    answer = owner.get(f"{path}/history?field=shoe_size")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/field")


def test_of_companies_too_and_only_by_their_own_route(house: House, owner: Sender) -> None:
    made = company(owner)
    owner.patch(f"/v1/companies/{made['id']}", {"name": "Analytical Engines Ltd"})
    house.settle()
    told = history(owner, f"/v1/companies/{made['id']}")
    assert told[0]["changes"] == [{"field": "name", "old": "Engines Ltd", "new": "Analytical Engines Ltd"}]
    assert owner.get(f"/v1/contacts/{made['id']}/history").status == 404
    assert owner.get(f"/v1/companies/{owner.contact()['id']}/history").status == 404


def test_told_twice_and_out_of_order_it_is_the_same(house: House, owner: Sender) -> None:
    path = f"/v1/contacts/{owner.contact()['id']}"
    for number in range(4):
        owner.patch(path, {"title": str(number)})
    records = taken(house)
    random.Random(3).shuffle(records)
    deliver(records)
    once = history(owner, path)
    deliver(records[::-1])
    assert history(owner, path) == once
    assert [one["version"] for one in once] == [5, 4, 3, 2, 1]


# As of a moment


def test_as_of_is_what_was_read_then(house: House, owner: Sender) -> None:
    before = pause()
    first = owner.contact(first_name="Ada", custom={}, tags=["a"], address={"city": "London"})
    path, one = f"/v1/contacts/{first['id']}", pause()
    second, two = owner.patch(path, {"address": {"city": "Vienna"}, "tags": []}).json, pause()
    assert owner.delete(path).status == 204
    three = pause()
    restored = owner.post(f"{path}/restore").json
    house.settle()
    assert at(owner, path, before).status == 404
    assert at(owner, path, one).json == first
    assert at(owner, path, one).headers["ETag"] == '"1"'
    assert at(owner, path, two).json == second
    assert at(owner, path, three).status == 404
    assert at(owner, path, clock.stamp()).json == restored
    assert at(owner, path, first["updated_at"]).json == first, "the very millisecond"
    assert at(owner, path, second["updated_at"]).json == second


def test_what_the_feed_has_not_told_is_not_guessed(house: House, owner: Sender) -> None:
    first = owner.contact()
    path, one = f"/v1/contacts/{first['id']}", pause()
    owner.patch(path, {"title": "B"})
    two = pause()
    owner.patch(path, {"title": "C"})
    records = [record for record in taken(house) if "OldImage" in record["dynamodb"]]
    refused = at(owner, path, one)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    last = [record for record in records if record["dynamodb"]["NewImage"].get("title") == {"S": "C"}]
    deliver(last)
    assert at(owner, path, two).json["title"] == "B"
    assert at(owner, path, one).status == 503, "the state before C is later than this moment"
    deliver(records)
    assert at(owner, path, one).json == first


def test_the_future_and_nonsense_are_refused(owner: Sender) -> None:
    path = f"/v1/contacts/{owner.contact()['id']}"
    for moment in ("2999-01-01T00:00:00Z", "yesterday", "2020-01-01T00:00:00"):
        answer = at(owner, path, moment)
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/as_of"), moment


def test_other_tenants_and_other_nouns_see_nothing(house: House, owner: Sender) -> None:
    made, stranger, now = owner.contact(), house.signup(), clock.stamp()
    assert at(stranger, f"/v1/contacts/{made['id']}", now).status == 404
    assert at(owner, f"/v1/companies/{made['id']}", now).status == 404
    assert at(owner, "/v1/contacts/con_1", now).status == 404


def test_a_purged_record_never_was(house: House, owner: Sender) -> None:
    path, then = f"/v1/contacts/{owner.contact()['id']}", pause()
    owner.delete(path)
    assert owner.post(f"{path}/purge").status == 204
    house.settle()
    assert at(owner, path, then).status == 410


def test_a_state_from_before_a_field_came_reads_with_that_field_empty(house: House, owner: Sender) -> None:
    made = owner.contact(first_name="Ada")
    path, then = f"/v1/contacts/{made['id']}", pause()
    owner.patch(path, {"title": "B"})
    house.settle()
    (change,) = [one for one in truth.collection(owner.tenant, made["id"]) if isinstance(one, Change)]
    state, new = change.states()
    for name in ("birthday", "dates", "custom", "preferences"):
        del state[name]
    old = Change.build(owner.tenant, made["id"], 2, change.at, change.by, before={**state, "gone": 1}, after=new)
    transact(Step("save", old))
    assert at(owner, path, then).json == made


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["title", "tags", "emails", "owner", "call", "trash", "restore", "nothing", "merge", "unmerge"]
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=10,
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("title", True), ("merge", True), ("tags", True), ("unmerge", False), ("emails", False)], seed=1)
@given(steps=STEPS, seed=st.integers(0, 2**16))
def test_whatever_happened_each_moment_reads_as_it_was_seen(
    house: House, owner: Sender, steps: list[tuple[str, bool]], seed: int
) -> None:
    chance = random.Random(seed)
    made = [owner.contact(first_name=name) for name in ("Ada", "Grace")]
    paths = [f"/v1/contacts/{one['id']}" for one in made]
    seen = []
    for number, (step, first) in enumerate(steps):
        _do(owner, made if first else made[::-1], step, number)
        if chance.random() < 0.3:
            house.settle()
        moment = pause()
        for path in paths:
            answer = owner.get(path)
            seen.append((path, moment, answer.status, answer.json if answer.status < 400 else None))
    records = taken(house)
    for _ in range(2):
        chance.shuffle(records)
        deliver(records)
    house.settle()
    for path, moment, status, view in seen:
        answer = at(owner, path, moment)
        assert (answer.status, answer.json if status < 400 else None) == (status, view)
    for path in paths:
        owner.post(f"{path}/restore")
        house.settle()
        shown = owner.get(path)
        if shown.status == 200:
            told = history(owner, path)
            assert [one["version"] for one in told] == list(range(told[0]["version"], 0, -1))
            assert _replayed(told) == _fields(shown.json)


def _do(owner: Sender, made: list[Any], step: str, number: int) -> None:
    """One step with the first of two contacts. What is refused in this state has not happened, which is a case too."""
    path = f"/v1/contacts/{made[0]['id']}"
    patches: dict[str, Any] = {
        "title": {"title": f"Title {number}"},
        "tags": {"tags": [f"tag {number}"]},
        "emails": {"emails": [{"address": f"{ids.new('con').lower()}@example.com"}]},
        "owner": {"owner_id": owner.user if number % 2 else None},
        "nothing": {},
    }
    if step in patches:
        owner.patch(path, patches[step])
    elif step == "call":
        owner.post(f"{path}/activities", {"kind": "call"})
    elif step == "trash":
        owner.delete(path)
    elif step == "merge":
        owner.post(f"{path}/merge", {"loser_id": made[1]["id"]})
    else:
        owner.post(f"{path}/{step}")


def _replayed(told: list[Any]) -> dict[str, Any]:
    """What the changes make of nothing, one after the other."""
    made: dict[str, Any] = {}
    for change in reversed(told):
        for one in change["changes"]:
            assert made.get(one["field"]) == one["old"] or change["version"] == 1 or one["old"] in (None, [], {})
            made[one["field"]] = one["new"]
    return {name: value for name, value in made.items() if value not in (None, [], {})}


def _fields(view: dict[str, Any]) -> dict[str, Any]:
    always = {"id", "version", "created_at", "updated_at"}
    return {name: value for name, value in view.items() if name not in always and value not in (None, [], {})}


def test_a_loser_is_read_as_it_was_before_and_led_on_from_after_its_merge(house: House, owner: Sender) -> None:
    winner, loser = owner.contact(first_name="Ada"), owner.contact(last_name="Lovelace")
    path, before = f"/v1/contacts/{loser['id']}", pause()
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    during = pause()
    assert owner.post(f"{path}/unmerge").status == 200
    house.settle()
    assert at(owner, path, before).json == loser
    assert (at(owner, path, during).status, at(owner, path, during).json) == (301, {"merged_into": winner["id"]})
    assert at(owner, f"/v1/contacts/{winner['id']}", during).json["last_name"] == "Lovelace"
    assert at(owner, f"/v1/contacts/{winner['id']}", before).json == winner
    assert at(owner, path, clock.stamp()).json["last_name"] == "Lovelace"


# What it costs


@exact_units
def test_as_of_costs_the_same_however_long_the_history_is(house: House, owner: Sender) -> None:
    made = owner.contact(first_name="Ada")
    path, then = f"/v1/contacts/{made['id']}", pause()
    owner.patch(path, {"title": "B"})
    house.settle()
    short = at(owner, path, then)
    for number in range(30):
        owner.patch(path, {"title": f"Title {number}"})
    house.settle()
    long = at(owner, path, then)
    assert long.json == short.json == made
    assert long.cost["rru"] == short.cost["rru"] == 1.5


def test_a_change_of_a_full_contact_is_below_one_kilobyte(house: House, owner: Sender) -> None:
    from tests.contract.performing import person

    made = owner.contact(
        **person(),
        lifecycle="marketing_qualified_lead",
        owner_id=owner.user,
        external_ids={"hubspot": "5820134501", "salesforce": "0035e00000KgqMzAAJ"},
        preferences={"channels": {"email": True, "phone": False}, "topics": {"news": True}},
    )
    owner.patch(f"/v1/contacts/{made['id']}", {"title": "Head of Procurement"})
    house.settle()
    partition = keys.partition("change", tenant=owner.tenant, record=made["id"])
    (change,) = every(partition, where=Change.sk.startswith(keys.prefix("change")))
    size = sum(len(name) + len(next(iter(value.values()))) for name, value in change.serialize().items())
    assert size < 850


# Lifecycle


def stages(owner: Sender, path: str) -> list[Any]:
    answer = owner.get(f"{path}/lifecycle")
    assert answer.status == 200, answer.text
    return list(answer.json["data"])


def test_the_time_in_each_stage(house: House, owner: Sender) -> None:
    colleague = owner.post(
        "/v1/users",
        {"name": "C", "email": f"{ids.new('usr')}@example.com", "role": "rep", "password": "long enough pass"},
    ).json
    actor = Actor(owner.tenant, colleague["id"], "rep", permissions.ROLES["rep"])
    made = owner.contact(first_name="Ada", lifecycle="lead")
    path = f"/v1/contacts/{made['id']}"
    clock.advance(100)
    from chalicelib.services import contacts

    second = contacts.update(actor, made["id"], {"lifecycle": "customer"})
    clock.advance(50)
    house.settle()
    one, two = stages(owner, path)
    assert (one["stage"], one["by"], one["entered_at"]) == ("lead", owner.user, made["created_at"])
    assert one["left_at"] == two["entered_at"] == second.updated_at
    assert 100 <= one["seconds"] < 110
    assert (two["stage"], two["by"], two["left_at"]) == ("customer", colleague["id"], None)
    assert 50 <= two["seconds"] < 60


def test_a_stage_that_was_left_for_none_and_one_the_feed_is_still_to_tell(house: House, owner: Sender) -> None:
    made = owner.contact(first_name="Ada")
    path = f"/v1/contacts/{made['id']}"
    assert stages(owner, path) == []
    owner.patch(path, {"lifecycle": "lead"})
    assert [one["stage"] for one in stages(owner, path)] == ["lead"], "not told yet"
    owner.patch(path, {"lifecycle": None})
    owner.patch(path, {"lifecycle": "customer"})
    house.settle()
    first, second = stages(owner, path)
    assert (first["stage"], second["stage"]) == ("lead", "customer")
    assert first["left_at"] is not None
    assert first["left_at"] <= second["entered_at"]


def test_unready_is_passing(house: House, owner: Sender) -> None:
    made = owner.contact()
    then = clock.parse(pause())
    owner.patch(f"/v1/contacts/{made['id']}", {"title": "B"})
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    with pytest.raises(errors.Unready):
        versions.as_of(actor, "contact", made["id"], then)
    house.settle()
    assert versions.as_of(actor, "contact", made["id"], then).title is None
