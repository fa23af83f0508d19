"""Activities and the timeline: told once, in the order in which things happened, whatever the order of telling."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from tests.house import Answer, House, Sender


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


# Companies


def company(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/companies", {"name": "Engines Ltd", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def test_companies_have_a_timeline_of_their_own_noun(owner: Sender) -> None:
    firm, person = company(owner), owner.contact()
    answer = owner.post(f"/v1/companies/{firm['id']}/activities", {"kind": "meeting", "text": "Hello."})
    assert answer.status == 201
    entry = answer.json
    assert answer.headers["Location"].endswith(f"/v1/companies/{firm['id']}/activities/{entry['id']}")
    assert owner.get(f"/v1/companies/{firm['id']}/timeline").json["data"] == [entry]
    assert owner.get(f"/v1/companies/{firm['id']}/activities/{entry['id']}").json == entry
    for nouns, other in (("companies", person), ("contacts", firm)):
        assert owner.get(f"/v1/{nouns}/{other['id']}/timeline").status == 404
        assert owner.post(f"/v1/{nouns}/{other['id']}/activities", {"kind": "note"}).status == 404
        assert owner.get(f"/v1/{nouns}/{other['id']}/activities/{entry['id']}").status == 404


# Events of other systems


def event(owner: Sender, contact: Any, **fields: Any) -> Answer:
    draft = {"kind": "shop.order_placed", "external_id": "order-1", "data": {"total": 12}, **fields}
    return owner.post(f"/v1/contacts/{contact['id']}/activities", draft)


def test_an_event_told_again_is_the_first_entry(owner: Sender) -> None:
    contact = owner.contact()
    first = event(owner, contact)
    assert first.status == 201, first.text
    assert (first.json["kind"], first.json["external_id"]) == ("shop.order_placed", "order-1")
    time.sleep(0.002)
    again = event(owner, contact)
    assert (again.status, again.json) == (201, first.json)
    assert timeline(owner, contact) == [first.json]
    assert timeline(owner, contact, "&kind=shop.order_placed") == [first.json]


def test_something_else_under_the_same_id_is_refused_and_the_first_stays(owner: Sender) -> None:
    contact = owner.contact()
    first = event(owner, contact, at="2026-01-01T00:00:00Z").json
    for change in ({"data": {"total": 13}}, {"text": "More."}, {"at": "2026-01-02T00:00:00Z"}):
        refused = event(owner, contact, **{"at": "2026-01-01T00:00:00Z", **change})
        assert (refused.status, refused.json["existing_id"]) == (409, first["id"])
    assert timeline(owner, contact) == [first]


def test_the_id_is_that_of_one_kind_and_record(owner: Sender) -> None:
    one, two = owner.contact(), owner.contact()
    told = [event(owner, one), event(owner, two), event(owner, one, kind="shop.order_paid")]
    told.append(event(owner, one, external_id="order-2"))
    assert [answer.status for answer in told] == [201] * 4
    assert len({answer.json["id"] for answer in told}) == 4
    assert len(timeline(owner, one)) == 3


def test_many_tell_the_same_at_once(owner: Sender) -> None:
    contact = owner.contact()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: event(owner, contact), range(16)))
    assert {answer.status for answer in told} == {201}
    assert len({answer.text for answer in told}) == 1
    assert len(timeline(owner, contact)) == 1


def test_what_was_cut_off_between_its_writes_is_made_good(owner: Sender) -> None:
    contact = owner.contact()
    first = event(owner, contact).json
    entry = Activity(*keys.key("activity", tenant=owner.tenant, subject=contact["id"], id=first["id"]))
    entry.delete()
    assert timeline(owner, contact) == []
    again = event(owner, contact).json
    assert (again["id"], again["at"]) == (first["id"], first["at"])
    assert timeline(owner, contact) == [again]


@pytest.mark.parametrize("space", ["contact", "company", "task", "deal", "campaign", "job", "import"])
def test_names_of_ours_are_refused(owner: Sender, space: str) -> None:
    answer = event(owner, owner.contact(), kind=f"{space}.created")
    assert (answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
        422,
        "/kind",
        "reserved",
    )


@pytest.mark.parametrize(
    "kind", ["order", "Shop.order", "shop.", ".order", "shop order", "shop.order\n", "1shop.order"]
)
def test_a_kind_has_a_system_and_a_word(owner: Sender, kind: str) -> None:
    assert event(owner, owner.contact(), kind=kind).status == 422


# Notes


def note(owner: Sender, contact: Any, **fields: Any) -> Any:
    return tell(owner, contact, kind="note", text="Likes tea.", **fields)


def place(contact: Any, entry: Any) -> str:
    return f"/v1/contacts/{contact['id']}/activities/{entry['id']}"


def test_a_note_is_edited(owner: Sender) -> None:
    contact = owner.contact()
    made = note(owner, contact)
    assert (made["version"], made["pinned"], made["mentions"]) == (1, False, [])
    answer = owner.patch(place(contact, made), {"text": "Likes coffee."})
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    assert answer.json == {
        **made,
        "text": "Likes coffee.",
        "version": 2,
        "updated_at": answer.json["updated_at"],
    }
    assert answer.json["updated_at"] >= made["updated_at"]
    assert owner.get(place(contact, made)).json == answer.json
    assert timeline(owner, contact) == [answer.json]


def test_a_note_is_edited_by_one_at_a_time(owner: Sender) -> None:
    contact = owner.contact()
    path = place(contact, note(owner, contact))
    assert owner.patch(path, {"text": "A"}, If_Match='"1"').status == 200
    assert owner.patch(path, {"text": "B"}, If_Match='"1"').status == 412
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: owner.patch(path, {"text": str(number)}), range(4)))
    assert {answer.status for answer in answers} == {200}
    assert owner.get(path).json["version"] == 6


def test_what_has_happened_is_not_edited(house: House, owner: Sender) -> None:
    contact = owner.contact()
    house.settle()
    (created,) = timeline(owner, contact)
    for entry in (created, tell(owner, contact, kind="call"), event(owner, contact).json):
        assert owner.patch(place(contact, entry), {"text": "No."}).status == 409
    assert owner.patch(place(contact, created), {"kind": "note"}).status == 422


def test_an_entry_of_another_record_is_not_found(house: House, owner: Sender) -> None:
    one, two = owner.contact(), owner.contact()
    made = note(owner, one)
    assert owner.patch(place(two, made), {"text": "No."}).status == 404
    stranger = house.signup()
    assert stranger.patch(place(one, made), {"text": "No."}).status == 404


def test_only_pinned_notes_are_listed_as_pinned(owner: Sender) -> None:
    contact, other = owner.contact(), owner.contact()
    first, second, third = (
        note(owner, contact, pinned=pinned, at=at(-hour)) for hour, pinned in ((3, True), (2, False), (1, True))
    )
    note(owner, other, pinned=True)
    tell(owner, contact, kind="call")
    assert timeline(owner, contact, "&pinned=true") == [third, first]
    assert timeline(owner, contact, "&pinned=true", limit=1) == [third, first]
    assert timeline(owner, contact, "&pinned=true&kind=note") == [third, first]
    owner.patch(place(contact, third), {"pinned": False})
    owner.patch(place(contact, second), {"pinned": True})
    assert [one["id"] for one in timeline(owner, contact, "&pinned=true")] == [second["id"], first["id"]]
    assert owner.get(f"/v1/contacts/{contact['id']}/timeline?pinned=true&kind=call").status == 422
    assert owner.get(f"/v1/contacts/{contact['id']}/timeline?pinned=maybe").status == 422


@pytest.mark.parametrize("field", [{"pinned": True}, {"mentions": ["usr_1"]}])
def test_only_notes_are_pinned_or_mention(owner: Sender, field: Any) -> None:
    answer = owner.post(f"/v1/contacts/{owner.contact()['id']}/activities", {"kind": "call", **field})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, f"/{next(iter(field))}")
