"""Contacts: addresses that belong to one, lists in order, changes that keep the rest, the trash and back."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import fetch
from tests.house import Answer, House, Sender


def address(name: str = "ada") -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}@example.com"


def mails(*addresses: str) -> list[dict[str, str]]:
    return [{"address": one} for one in addresses]


def holder(owner: Sender, one: str) -> str | None:
    place = keys.key("guard", tenant=owner.tenant, noun="contact", field="email", value=one)
    guard = fetch(Guard, *place, consistent=True)
    return guard.holder if guard else None


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [contact["first_name"] for contact in answer.json["data"]]


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


def everything(owner: Sender, query: str, limit: int = 50) -> list[str]:
    found, cursor = list[str](), ""
    while True:
        answer = owner.get(f"/v1/contacts?limit={limit}{query}{cursor}")
        found += names(answer)
        if answer.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json['next_cursor']}"


class TestAddressesAndNumbers:
    def test_the_first_is_primary_unless_another_says_so(self, owner: Sender) -> None:
        plain = owner.contact(emails=mails(address(), address()), phones=[{"number": "123"}, {"number": "456"}])
        assert [one["primary"] for one in plain["emails"]] == [True, False]
        assert [one["primary"] for one in plain["phones"]] == [True, False]
        chosen = owner.contact(emails=[{"address": address()}, {"address": address(), "primary": True}])
        assert [one["primary"] for one in chosen["emails"]] == [False, True]
        assert owner.get(f"/v1/contacts/{chosen['id']}").json == chosen

    def test_only_one_can_be_primary(self, owner: Sender) -> None:
        two = [{"address": address(), "primary": True} for _ in range(2)]
        assert flaw(owner.post("/v1/contacts", {"emails": two})) == (422, "/emails/1/primary", "repeated")
        phones = [{"number": "111"}, {"number": "222", "primary": True}, {"number": "333", "primary": True}]
        assert flaw(owner.post("/v1/contacts", {"phones": phones})) == (422, "/phones/2/primary", "repeated")

    def test_one_address_twice_in_a_contact_is_refused_in_any_spelling(self, owner: Sender) -> None:
        one = address()
        assert flaw(owner.post("/v1/contacts", {"emails": mails(one, one.upper())})) == (
            422,
            "/emails/1/address",
            "repeated",
        )

    def test_something_to_call_it_by_is_needed(self, owner: Sender) -> None:
        for empty in ({}, {"title": "Dr"}, {"first_name": None}, {"tags": ["x"]}):
            assert owner.post("/v1/contacts", empty).status == 422
        made = owner.contact(first_name="Ada")
        assert owner.patch(f"/v1/contacts/{made['id']}", {"first_name": None}).status == 422
        assert owner.get(f"/v1/contacts/{made['id']}").json == made

    def test_ten_addresses_are_all_found_and_all_freed(self, owner: Sender) -> None:
        ten = [address(str(number)) for number in range(10)]
        made = owner.contact(emails=mails(*ten))
        assert {holder(owner, one) for one in ten} == {made["id"]}
        assert owner.delete(f"/v1/contacts/{made['id']}").status == 204
        assert {holder(owner, one) for one in ten} == {None}
        assert owner.post(f"/v1/contacts/{made['id']}/restore").json["emails"] == made["emails"]
        assert {holder(owner, one) for one in ten} == {made["id"]}
        others = [address(f"n{number}") for number in range(10)]
        assert owner.patch(f"/v1/contacts/{made['id']}", {"emails": mails(*others)}).status == 200
        assert {holder(owner, one) for one in ten} == {None}
        assert {holder(owner, one) for one in others} == {made["id"]}


class TestOneAddressOneContact:
    def test_a_second_one_is_told_who_has_it_and_where_it_stands(self, owner: Sender) -> None:
        taken = address()
        first = owner.contact(emails=mails(address(), taken))
        answer = owner.post("/v1/contacts", {"emails": mails(address(), address(), taken)})
        assert flaw(answer) == (409, "/emails/2/address", "taken")
        assert answer.json["existing_id"] == first["id"]

    def test_a_refused_one_leaves_nothing_behind(self, owner: Sender) -> None:
        taken, fresh = address(), address()
        owner.contact(emails=mails(taken))
        assert owner.post("/v1/contacts", {"emails": mails(fresh, taken)}).status == 409
        assert holder(owner, fresh) is None
        assert len(owner.get("/v1/contacts").json["data"]) == 1

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Ada@Example.COM", "ada@example.com"),
            ("ada@bücher.example", "ADA@xn--bcher-kva.example"),
            ("ada@BÜCHER.example", "ada@bu\u0308cher.example"),
            ("jose\u0301@example.com", "JOSÉ@example.com"),
            ("ada@ｅxample.com", "ada@example.com"),
            ("ada@example\u3002com.example", "ada@example.com.example"),
        ],
    )
    def test_spellings_of_one_mailbox_are_one(self, owner: Sender, one: str, other: str) -> None:
        made = owner.contact(emails=mails(one))
        answer = owner.post("/v1/contacts", {"emails": mails(other)})
        assert (answer.status, answer.json.get("existing_id")) == (409, made["id"])
        for spelling in (one, other):
            found = owner.get(f"/v1/contacts?email={quote(spelling)}")
            assert [contact["id"] for contact in found.json["data"]] == [made["id"]]

    @pytest.mark.parametrize(
        ("one", "other"), [("o´brien@example.com", "o'brien@example.com"), ("a+b@example.com", "a@example.com")]
    )
    def test_other_mailboxes_are_others(self, owner: Sender, one: str, other: str) -> None:
        assert owner.contact(emails=mails(one))["id"] != owner.contact(emails=mails(other))["id"]

    def test_another_tenant_may_have_the_same(self, house: House, owner: Sender) -> None:
        shared = address()
        mine, theirs = owner.contact(emails=mails(shared)), house.signup().contact(emails=mails(shared))
        assert mine["id"] != theirs["id"]
        assert holder(owner, shared) == mine["id"]

    def test_of_ten_at_once_one_wins(self, owner: Sender) -> None:
        wanted = address()
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: owner.post("/v1/contacts", {"emails": mails(wanted)}), range(10)))
        won = [answer.json["id"] for answer in answers if answer.status == 201]
        assert len(won) == 1
        assert {answer.json["existing_id"] for answer in answers if answer.status == 409} == set(won)
        assert sorted(answer.status for answer in answers) == [201] + [409] * 9
        assert len(owner.get("/v1/contacts").json["data"]) == 1


# Whatever passes for an address must be readable afterwards, or it would poison each list it is in.
ANY_ADDRESS = st.builds(
    lambda local, host, end: f"{local}@{host}.{end}",
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
    st.sampled_from(["com", "COM", "de", "рф", "…x", "c，m"]),
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_ADDRESS)
@pytest.mark.parametrize(
    "before", [["o´brien@x.de", "a＠b@x.de", "x@exam…ple.com", "ﷺ" * 64 + "@x.de", "x@ex，ample.de"]]
)
def test_any_address_is_refused_or_found_again(before: list[str], house: House, owner: Sender, drawn: str) -> None:
    for one in (*before, drawn):
        answer = owner.post("/v1/contacts", {"emails": mails(one)})
        if answer.status == 201:
            kept = answer.json["emails"][0]["address"]
            for spelling in (one, kept):
                found = owner.get(f"/v1/contacts?email={quote(spelling)}")
                assert [contact["id"] for contact in found.json["data"]] == [answer.json["id"]]
            assert owner.delete(f"/v1/contacts/{answer.json['id']}").status == 204
        else:
            assert flaw(answer) == (422, "/emails/0/address", "format")
    before.clear()
    assert owner.get("/v1/contacts").json["data"] == []


class TestChangesOfAddresses:
    def test_a_patch_frees_what_goes_and_claims_what_comes(self, owner: Sender) -> None:
        old, kept, new = address("old"), address("kept"), address("new")
        made = owner.contact(emails=mails(old, kept))
        changed = owner.patch(f"/v1/contacts/{made['id']}", {"emails": mails(kept, new)}).json
        assert [one["address"] for one in changed["emails"]] == [kept, new]
        assert [holder(owner, one) for one in (old, kept, new)] == [None, made["id"], made["id"]]
        assert owner.contact(emails=mails(old))["id"] == holder(owner, old)

    def test_a_patch_to_a_taken_address_changes_nothing(self, owner: Sender) -> None:
        mine, theirs = address("mine"), address("theirs")
        made, other = owner.contact(emails=mails(mine)), owner.contact(emails=mails(theirs))
        answer = owner.patch(f"/v1/contacts/{made['id']}", {"title": "Dr", "emails": mails(address(), theirs)})
        assert flaw(answer) == (409, "/emails/1/address", "taken")
        assert answer.json["existing_id"] == other["id"]
        assert holder(owner, mine) == made["id"]
        assert owner.get(f"/v1/contacts/{made['id']}").json == made

    def test_another_case_of_its_own_address_is_no_conflict(self, owner: Sender) -> None:
        mine = address()
        made = owner.contact(emails=mails(mine))
        assert owner.patch(f"/v1/contacts/{made['id']}", {"emails": mails(mine.upper())}).status == 200
        assert holder(owner, mine) == made["id"]

    def test_clearing_the_addresses_frees_them(self, owner: Sender) -> None:
        mine = address()
        made = owner.contact(first_name="Ada", emails=mails(mine))
        assert owner.patch(f"/v1/contacts/{made['id']}", {"emails": None}).json["emails"] == []
        assert holder(owner, mine) is None

    def test_two_contacts_that_reach_for_one_address_at_once(self, owner: Sender) -> None:
        wanted = address("wanted")
        several = [owner.contact(emails=mails(address(str(number)))) for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(
                pool.map(lambda c: owner.patch(f"/v1/contacts/{c['id']}", {"emails": mails(wanted)}), several)
            )
        assert sorted(answer.status for answer in answers) == [200] + [409] * 5
        for contact, answer in zip(several, answers, strict=True):
            old = contact["emails"][0]["address"]
            assert holder(owner, old) == (None if answer.status == 200 else contact["id"])
            if answer.status == 200:
                assert holder(owner, wanted) == contact["id"]

    def test_many_patches_of_one_contact_at_once_leave_guards_and_addresses_in_step(self, owner: Sender) -> None:
        made = owner.contact(first_name="Ada", emails=mails(address("first")))
        wanted = [address(str(number)) for number in range(8)]

        def move(one: str) -> int:
            return owner.patch(f"/v1/contacts/{made['id']}", {"emails": mails(one)}).status

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(move, wanted))
        assert set(statuses) <= {200, 412}
        now = owner.get(f"/v1/contacts/{made['id']}").json["emails"][0]["address"]
        held = [one for one in (made["emails"][0]["address"], *wanted) if holder(owner, one)]
        assert held == [now]


class TestTrash:
    def test_deleted_it_leaves_lists_and_sight(self, owner: Sender) -> None:
        mine = address()
        made = owner.contact(first_name="Ada", emails=mails(mine))
        path = f"/v1/contacts/{made['id']}"
        assert owner.delete(path).status == 204
        assert holder(owner, mine) is None
        for query in ("", "&sort=name", "&sort=-updated_at", "&updated_since=2020-01-01T00:00:00Z", f"&email={mine}"):
            assert everything(owner, query) == []
        assert owner.get(path).status == 404
        assert owner.patch(path, {"title": "Dr"}).status == 404
        assert owner.delete(path).status == 404
        assert owner.get(f"{path}/timeline").status == 404
        assert owner.post(f"{path}/activities", {"kind": "note"}).status == 404

    def test_restored_it_is_as_before(self, owner: Sender) -> None:
        made = owner.contact(first_name="Ada", emails=mails(address()), tags=["a"])
        path = f"/v1/contacts/{made['id']}"
        owner.delete(path)
        back = owner.post(f"{path}/restore").json
        changing = {"updated_at", "version"}
        assert {k: v for k, v in back.items() if k not in changing} == {
            k: v for k, v in made.items() if k not in changing
        }
        assert back["version"] == 3
        assert everything(owner, "") == ["Ada"]
        assert everything(owner, "&sort=-updated_at") == ["Ada"]
        assert owner.post(f"{path}/restore").status == 409

    def test_an_address_taken_meanwhile_keeps_it_in_the_trash(self, owner: Sender) -> None:
        free, mine = address("free"), address()
        made = owner.contact(emails=mails(free, mine))
        owner.delete(f"/v1/contacts/{made['id']}")
        heir = owner.contact(emails=mails(mine))
        answer = owner.post(f"/v1/contacts/{made['id']}/restore")
        assert flaw(answer) == (409, "/emails/1/address", "taken")
        assert answer.json["existing_id"] == heir["id"]
        assert holder(owner, free) is None
        assert owner.get(f"/v1/contacts/{made['id']}").status == 404
        owner.delete(f"/v1/contacts/{heir['id']}")
        assert owner.post(f"/v1/contacts/{made['id']}/restore").status == 200

    def test_what_never_was_cannot_be_restored(self, house: House, owner: Sender) -> None:
        foreign = house.signup().contact()
        for missing in (foreign["id"], "con_01ARZ3NDEKTSV4RRFFQ69G5FAV", "con_1", "tsk_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
            assert owner.post(f"/v1/contacts/{missing}/restore").status == 404
            assert owner.get(f"/v1/contacts/{missing}").status == 404


class TestLists:
    def test_by_name_without_regard_to_case_and_accents(self, owner: Sender) -> None:
        given = ["Zoe", "émile", "Eva", "ÅSA", "ada", "Ödön", "Oscar", "ß", "Straße", "strasse2", "  Bo ", "Ｃ"]
        for name in given:
            owner.contact(first_name=name)
        expected = ["ada", "ÅSA", "  Bo ", "Ｃ", "émile", "Eva", "Ödön", "Oscar", "ß", "Straße", "strasse2", "Zoe"]
        for query in ("", "&sort=name"):
            for limit in (1, 5, 200):
                assert everything(owner, query, limit) == expected

    def test_a_list_moves_with_the_name(self, owner: Sender) -> None:
        made = [owner.contact(first_name=name) for name in ("A", "B", "C")]
        owner.patch(f"/v1/contacts/{made[0]['id']}", {"first_name": "D"})
        assert everything(owner, "") == ["B", "C", "D"]
        assert everything(owner, "&sort=-updated_at") == ["D", "C", "B"]

    def test_without_a_name_an_address_or_number_is_its_name(self, owner: Sender) -> None:
        owner.contact(emails=mails(f"m{address()}"))
        owner.contact(phones=[{"number": "+43 1"}])
        owner.contact(first_name="L")
        assert [one["first_name"] for one in owner.get("/v1/contacts").json["data"]] == [None, "L", None]

    def test_changed_since(self, owner: Sender) -> None:
        start = clock.now()
        for minute in range(4):
            clock.set(start + timedelta(minutes=minute))
            owner.contact(first_name=str(minute))
        at = clock.parse(owner.get("/v1/contacts?sort=-updated_at").json["data"][1]["updated_at"])
        since = quote(clock.stamp(at))
        assert everything(owner, f"&updated_since={since}") == ["3", "2"], "that very moment is included"
        assert everything(owner, f"&updated_since={since}&sort=-updated_at", limit=1) == ["3", "2"]
        later = quote(clock.stamp(at + timedelta(milliseconds=1)))
        assert everything(owner, f"&updated_since={later}") == ["3"]
        zoned = quote((at + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00"))
        assert everything(owner, f"&updated_since={zoned}") == ["3", "2"]

    @pytest.mark.parametrize(
        ("query", "pointer", "word"),
        [
            ("updated_since=2026-01-01T00:00:00Z&sort=name", "/sort", "-updated_at"),
            ("email=a@example.com&sort=name", "/sort", "email"),
            ("email=a@example.com&updated_since=2026-01-01T00:00:00Z", "/updated_since", "email"),
        ],
    )
    def test_a_combination_without_a_pattern_is_told_what_fits(
        self, owner: Sender, query: str, pointer: str, word: str
    ) -> None:
        answer = owner.get(f"/v1/contacts?{query}")
        assert flaw(answer) == (422, pointer, "unsupported")
        assert word in answer.json["errors"][0]["message"]

    def test_an_unknown_address_is_an_empty_list(self, owner: Sender) -> None:
        answer = owner.get(f"/v1/contacts?email={address()}")
        assert answer.json == {"data": [], "next_cursor": None}
        assert answer.cost["wru"] == 0

    def test_pages_neither_lose_nor_repeat_while_contacts_are_made(self, owner: Sender) -> None:
        for number in range(10):
            owner.contact(first_name=f"N{number}")
        first = owner.get("/v1/contacts?limit=4").json
        owner.contact(first_name="A")  # before the cursor
        owner.contact(first_name="Z")  # behind it
        rest = owner.get(f"/v1/contacts?limit=200&cursor={first['next_cursor']}")
        assert [one["first_name"] for one in first["data"]] + names(rest) == [f"N{n}" for n in range(10)] + ["Z"]


def merged(current: Any, patch: Any) -> Any:
    """RFC 7396, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(current) if isinstance(current, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


LINE = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
POSTAL = st.fixed_dictionaries({}, optional=dict.fromkeys(("street", "city", "region"), st.none() | LINE))
KEY = st.sampled_from(["linkedin", "x", "self", "default", "null", "_user_instantiated", "attribute_values", "a.b/~c"])
PROFILES = st.dictionaries(KEY, st.none() | LINE, max_size=4)
PATCH = st.fixed_dictionaries(
    {}, optional={"address": st.none() | POSTAL, "social": st.none() | PROFILES, "title": st.none() | st.just("Dr")}
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PATCH, min_size=1, max_size=4))
def test_nested_merge_patches_do_what_the_rfc_says(owner: Sender, patches: list[Any]) -> None:
    made = owner.contact(first_name="Ada", address={"street": "S", "city": "C"}, social={"x": "1", "linkedin": "2"})
    path = f"/v1/contacts/{made['id']}"
    current = {"first_name": "Ada", "address": made["address"], "social": made["social"]}
    for patch in patches:
        answer = owner.patch(path, patch)
        assert answer.status == 200, answer.text
        current = merged(current, patch)
        shown = owner.get(path).json
        assert shown == answer.json
        assert shown["first_name"] == "Ada"
        assert shown["title"] == current.get("title")
        assert shown["social"] == current.get("social", {})
        assert (shown["address"] or {}) == (current.get("address") or {})


def test_a_change_honours_the_version_it_expects(owner: Sender) -> None:
    made = owner.contact(first_name="Ada")
    path = f"/v1/contacts/{made['id']}"
    assert owner.patch(path, {"title": "Dr"}, If_Match='"1"').json["version"] == 2
    for stale in ('"1"', '"3"', '"x"', "", "1.0"):
        assert owner.patch(path, {"title": "Prof"}, If_Match=stale).status == 412
        assert owner.delete(path, If_Match=stale).status == 412
    assert owner.delete(path, If_Match='"2"').status == 204


def test_an_owner_must_be_of_the_firm(house: House, owner: Sender) -> None:
    stranger = house.signup()
    for wrong in (stranger.user, "usr_1", "x", owner.contact()["id"]):
        assert flaw(owner.post("/v1/contacts", {"first_name": "A", "owner_id": wrong})) == (422, "/owner_id", "unknown")
    assert owner.contact(first_name="A", owner_id=owner.user)["owner_id"] == owner.user


def test_tags_are_kept_once_in_the_order_given(owner: Sender) -> None:
    made = owner.contact(first_name="A", tags=["b", "a", "b"])
    assert made["tags"] == ["b", "a"]
    assert owner.patch(f"/v1/contacts/{made['id']}", {"tags": None}).json["tags"] == []
