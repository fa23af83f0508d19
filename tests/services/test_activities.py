"""Activities and the timeline: told once, in the order in which things happened, whatever the order of telling."""

import random
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from tests.house import House, Sender


def at(hours: float) -> str:
    return clock.stamp(clock.after(hours * 3600))


def tell(owner: Sender, contact: Any, **fields: Any) -> Any:
    answer = owner.post(f"/v1/contacts/{contact['id']}/activities", {"kind": "note", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def timeline(owner: Sender, contact: Any, query: str = "", limit: int = 50) -> list[Any]:
    found, cursor = list[Any](), ""
    while True:
        answer = owner.get(f"/v1/contacts/{contact['id']}/timeline?limit={limit}{query}{cursor}")
        assert answer.status == 200, answer.text
        assert len(answer.json["data"]) <= limit
        found += answer.json["data"]
        if answer.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json['next_cursor']}"


def test_it_is_shown_as_it_was_told(owner: Sender) -> None:
    contact = owner.contact()
    told = tell(owner, contact, kind="call", text="Hello.\n", at="2020-02-29T12:00:00+02:00", data={"minutes": 5})
    assert told["at"] == "2020-02-29T10:00:00.000Z"
    assert (told["kind"], told["text"], told["data"]) == ("call", "Hello.\n", {"minutes": 5})
    assert (told["actor"], told["subject_id"]) == (owner.user, contact["id"])
    assert timeline(owner, contact) == [told]


def test_newest_first_by_when_it_happened(owner: Sender) -> None:
    contact = owner.contact()
    hours = list(range(-30, 0))
    random.Random(4).shuffle(hours)
    for hour in hours:
        tell(owner, contact, at=at(hour), text=str(hour))
    for limit in (1, 7, 200):
        assert [int(one["text"]) for one in timeline(owner, contact, limit=limit)] == sorted(hours, reverse=True)


def test_of_one_kind(owner: Sender) -> None:
    contact = owner.contact()
    for hour, kind in enumerate(["note", "call", "email", "call", "meeting", "message", "call"]):
        tell(owner, contact, kind=kind, at=at(hour - 9), text=str(hour))
    assert [one["text"] for one in timeline(owner, contact, "&kind=call", limit=2)] == ["6", "3", "1"]
    assert [one["text"] for one in timeline(owner, contact, "&kind=email")] == ["2"]
    assert timeline(owner, contact, "&kind=contact.deleted") == []


def test_the_future_is_refused_but_for_a_clock_that_runs_ahead(owner: Sender) -> None:
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}/activities"
    answer = owner.post(path, {"kind": "note", "at": at(0.1)})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/at")
    assert owner.post(path, {"kind": "note", "at": at(0.05)}).status == 201
    assert owner.post(path, {"kind": "note", "at": "2020-01-01T00:00:00"}).status == 422, "a time without a zone"


def test_before_computers_and_before_everything(owner: Sender) -> None:
    contact = owner.contact()
    for moment in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z"):
        tell(owner, contact, at=moment)
    tell(owner, contact, text="now")
    assert timeline(owner, contact)[0]["text"] == "now"
    assert len(timeline(owner, contact)) == 5


def test_only_for_records_that_are_there(house: House, owner: Sender) -> None:
    foreign = house.signup().contact()
    for missing in (foreign["id"], "con_1", owner.user, "con_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        assert owner.post(f"/v1/contacts/{missing}/activities", {"kind": "note"}).status == 404
        assert owner.get(f"/v1/contacts/{missing}/timeline").status == 404


def test_timelines_do_not_mix(owner: Sender) -> None:
    one, two = owner.contact(), owner.contact()
    tell(owner, one, text="one")
    tell(owner, two, text="two")
    assert [entry["text"] for entry in timeline(owner, one)] == ["one"]
    assert [entry["text"] for entry in timeline(owner, one, "&kind=note")] == ["one"]


def test_a_cursor_is_good_for_its_own_timeline_only(owner: Sender) -> None:
    one, two = owner.contact(), owner.contact()
    for _ in range(2):
        tell(owner, one)
    cursor = owner.get(f"/v1/contacts/{one['id']}/timeline?limit=1").json["next_cursor"]
    assert owner.get(f"/v1/contacts/{two['id']}/timeline?limit=1&cursor={cursor}").status == 422
    assert owner.get(f"/v1/contacts/{one['id']}/timeline?limit=1&kind=note&cursor={cursor}").status == 422
    assert owner.get(f"/v1/contacts/{one['id']}/timeline?limit=5&cursor={quote(cursor)}").status == 200


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abself_.", max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["a", "self", "null", "default", "hash_key", "_user_instantiated", "attribute_values", "é#", "a.b"]
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, JSON, max_size=4))
def test_any_data_comes_back_as_it_was(owner: Sender, data: dict[str, Any]) -> None:
    contact = owner.contact()
    told = tell(owner, contact, data=data)
    assert told["data"] == data
    assert timeline(owner, contact)[0]["data"] == data
    assert timeline(owner, contact, "&kind=note")[0]["data"] == data


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("data", "code"),
    [({"a": "x" * 400_000}, "length"), ({"a": "é" * 16_000}, "length"), ({"a": nested(16)}, "range"),
     ({"a": nested(200)}, "range")],
    ids=["long", "long in bytes", "deep", "very deep"],
)  # fmt: skip
def test_too_much_data_is_refused(owner: Sender, data: Any, code: str) -> None:
    answer = owner.post(f"/v1/contacts/{owner.contact()['id']}/activities", {"kind": "note", "data": data})
    assert (answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
        422,
        "/data",
        code,
    )


def test_the_most_that_is_taken(owner: Sender) -> None:
    contact = owner.contact()
    told = tell(owner, contact, text="é" * 10_000, data={"a": "x" * 31_000, "b": nested(14)})
    assert timeline(owner, contact) == [told]
