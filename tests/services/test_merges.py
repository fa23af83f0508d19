"""Merging through the house: one of two, and two again; nothing lost on the way, whoever else is at work."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.guard import Guard
from chalicelib.models.table import fetch
from chalicelib.services import absorbed, merges
from tests import truth
from tests.feeds import deliver, taken
from tests.house import Answer, House, Sender

COMPUTED = {"version", "updated_at", "duplicates"}  # and what a creation warns of


def address(name: str = "ada") -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}@firm-{uuid.uuid4().hex[:8]}.example"


def path(record: Any) -> str:
    return f"/v1/{'contacts' if record['id'].startswith('con') else 'companies'}/{record['id']}"


def company(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/companies", {"name": "Lovelace", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def merge(owner: Sender, winner: Any, loser: Any, **fields: str) -> Any:
    answer = owner.post(f"{path(winner)}/merge", {"loser_id": loser["id"], "fields": fields})
    assert answer.status == 200, answer.text
    return answer.json


def unmerge(owner: Sender, record: Any, loser: Any = None) -> Any:
    answer = owner.post(f"{path(record)}/unmerge", {"loser_id": loser["id"]} if loser else {})
    assert answer.status == 200, answer.text
    return answer.json


def shown(owner: Sender, record: Any) -> Any:
    answer = owner.get(path(record))
    assert answer.status == 200, answer.text
    return answer.json


def lasting(record: Any) -> Any:
    return {name: value for name, value in record.items() if name not in COMPUTED}


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


def holder(owner: Sender, field: str, value: str, noun: str = "contact") -> str | None:
    place = keys.key("guard", tenant=owner.tenant, noun=noun, field=field, value=value)
    guard = fetch(Guard, *place, consistent=True)
    return guard.holder if guard else None


class TestTwoBecomeOne:
    def test_what_both_had_is_read_as_one(self, owner: Sender) -> None:
        one, other = address("one"), address("other")
        winner = owner.contact(
            first_name="Ada",
            emails=[{"address": one}],
            tags=["vip"],
            social={"x": "@ada"},
            external_ids={"hubspot": "1"},
        )
        loser = owner.contact(
            first_name="Augusta",
            last_name="King",
            emails=[{"address": other, "kind": "home"}],
            tags=["fair", "vip"],
            social={"x": "@king", "linkedin": "in/king"},
            external_ids={"hubspot": "2", "sap": "77"},
            address={"city": "London"},
        )
        both = merge(owner, winner, loser)
        assert (both["id"], both["first_name"], both["last_name"]) == (winner["id"], "Ada", "King")
        assert [(mail["address"], mail["primary"]) for mail in both["emails"]] == [(one, True), (other, False)]
        assert both["tags"] == ["vip", "fair"]
        assert both["social"] == {"x": "@ada", "linkedin": "in/king"}
        assert both["external_ids"] == {"hubspot": "1", "sap": "77"}
        assert both["address"] == {"city": "London"}
        assert shown(owner, winner) == both

    def test_a_choice_decides(self, owner: Sender) -> None:
        winner = owner.contact(
            first_name="Ada", title="Countess", emails=[{"address": address()}], social={"x": "@ada"}
        )
        other = address()
        loser = owner.contact(first_name="Augusta", emails=[{"address": other}], language="en", social={"x": "@king"})
        choices = {
            "first_name": "loser",
            "title": "winner",
            "language": "winner",
            "emails": "loser",
            "social.x": "loser",
        }
        both = merge(owner, winner, loser, **choices)
        assert (both["first_name"], both["title"], both["language"]) == ("Augusta", "Countess", None)
        assert both["social"] == {"x": "@king"}
        assert [mail["address"] for mail in both["emails"] if mail["primary"]] == [other]

    def test_a_no_stays_a_no(self, owner: Sender) -> None:
        winner = owner.contact(first_name="Ada", preferences={"channels": {"email": True, "phone": False}})
        loser = owner.contact(first_name="Ada", preferences={"channels": {"email": False, "phone": True, "post": True}})
        assert merge(owner, winner, loser)["preferences"]["channels"] == {"email": False, "phone": False, "post": True}

    def test_the_loser_leads_to_the_winner(self, house: House, owner: Sender) -> None:
        mail = address()
        winner, loser = (
            owner.contact(first_name="A"),
            owner.contact(emails=[{"address": mail}], external_ids={"sap": "1"}),
        )
        merge(owner, winner, loser)
        answer = owner.get(path(loser))
        assert (answer.status, answer.json) == (301, {"merged_into": winner["id"]})
        assert answer.headers["Location"].endswith(path(winner))
        assert [one["id"] for one in owner.get(f"/v1/contacts?email={mail}").json["data"]] == [winner["id"]]
        assert [one["id"] for one in owner.get("/v1/contacts").json["data"]] == [winner["id"]]
        for refused in (
            owner.patch(path(loser), {"title": "x"}),
            owner.delete(path(loser)),
            owner.post(f"{path(loser)}/activities", {"kind": "call"}),
        ):
            assert (refused.status, refused.json["merged_into"]) == (409, winner["id"])

    def test_an_id_in_another_system_leads_to_the_winner_also_if_it_does_not_show(self, owner: Sender) -> None:
        winner = owner.contact(first_name="A", external_ids={"sap": "1"})
        loser = owner.contact(first_name="B", external_ids={"sap": "2"})
        merge(owner, winner, loser)
        answer = owner.call("PUT", "/v1/contacts/by/external_id/sap:2", {"title": "Dr"})
        assert (answer.status, answer.json["id"], answer.json["title"]) == (200, winner["id"], "Dr")
        assert owner.delete(path(winner)).status == 204
        assert holder(owner, "external_id", "sap:2") is None
        assert owner.post(f"{path(winner)}/restore").status == 200
        assert holder(owner, "external_id", "sap:2") == winner["id"]
        unmerge(owner, loser)
        assert holder(owner, "external_id", "sap:2") == loser["id"]

    def test_a_stage_comes_with_the_time_since(self, owner: Sender) -> None:
        clock.advance(-86400)
        loser = owner.contact(first_name="B", lifecycle="lead")
        clock.reset()
        winner = owner.contact(first_name="A", lifecycle="customer")
        both = merge(owner, winner, loser, lifecycle="loser")
        assert (both["lifecycle"], both["lifecycle_since"]) == ("lead", loser["lifecycle_since"])
        unmerge(owner, winner)
        assert shown(owner, winner)["lifecycle_since"] == winner["lifecycle_since"]

    def test_the_winner_takes_the_company_with_its_present_name(self, owner: Sender) -> None:
        firm = company(owner, name="Old")
        winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B", company_id=firm["id"])
        owner.patch(path(firm), {"name": "New"})
        assert merge(owner, winner, loser)["company_name"] == "New"
        assert unmerge(owner, loser)["company_name"] == "New"
        assert shown(owner, winner)["company_name"] is None


class TestAndTwoAgain:
    def test_both_are_what_they_were(self, house: House, owner: Sender) -> None:
        mails = address(), address()
        winner = owner.contact(first_name="A", emails=[{"address": mails[0]}], custom={}, tags=["x"])
        loser = owner.contact(first_name="B", emails=[{"address": mails[1]}], lifecycle="lead", tags=["x", "y"])
        merge(owner, winner, loser, first_name="loser", emails="loser")
        assert [holder(owner, "email", mail) for mail in mails] == [winner["id"], winner["id"]]
        back = unmerge(owner, loser)
        assert lasting(back) == lasting(loser)
        assert lasting(shown(owner, loser)) == lasting(loser)
        assert lasting(shown(owner, winner)) == lasting(winner)
        assert [holder(owner, "email", mail) for mail in mails] == [winner["id"], loser["id"]]
        assert {one["id"] for one in owner.get("/v1/contacts").json["data"]} == {winner["id"], loser["id"]}
        house.settle()
        assert owner.get("/v1/me").json["counts"]["contacts"] == 2

    def test_the_latest_goes_first_unless_another_is_named(self, owner: Sender) -> None:
        winner, one, two, three = (owner.contact(first_name=name) for name in "abcd")
        for loser in (one, two, three):
            merge(owner, winner, loser)
        assert unmerge(owner, winner)["id"] == winner["id"]
        assert owner.get(path(three)).status == 200
        unmerge(owner, winner, one)
        assert owner.get(path(one)).status == 200
        assert owner.get(path(two)).status == 301

    def test_edits_remain_and_nothing_else(self, owner: Sender) -> None:
        mine, theirs, new = address("mine"), address("theirs"), address("new")
        winner = owner.contact(first_name="A", emails=[{"address": mine}], tags=["own"], custom={})
        loser = owner.contact(first_name="B", title="Dr", language="de", emails=[{"address": theirs}], tags=["theirs"])
        both = merge(owner, winner, loser)
        patch = {
            "first_name": "Ada",
            "language": None,
            "tags": ["new", "theirs"],
            "emails": [{**one, "primary": False} for one in both["emails"]] + [{"address": new, "primary": True}],
        }
        assert owner.patch(path(winner), patch).status == 200
        unmerge(owner, loser)
        now = shown(owner, winner)
        assert (now["first_name"], now["title"], now["language"], now["tags"]) == ("Ada", None, None, ["new"])
        assert [(one["address"], one["primary"]) for one in now["emails"]] == [(mine, False), (new, True)]
        assert lasting(shown(owner, loser)) == lasting(loser)

    def test_what_was_merged_inside_comes_out_of_the_outermost(self, house: House, owner: Sender) -> None:
        mails = [address(name) for name in "abd"]
        a, b, d = (owner.contact(first_name=mail[0], emails=[{"address": mail}]) for mail in mails)
        d = owner.patch(path(d), {"title": "Dr", "external_ids": {"sap": "9"}}).json
        merge(owner, b, d)
        both = merge(owner, a, b)
        assert (both["title"], len(both["emails"])) == ("Dr", 3)
        assert [holder(owner, "email", mail) for mail in mails] == [a["id"]] * 3
        assert lasting(unmerge(owner, d)) == lasting(d)
        now = shown(owner, a)
        assert (now["title"], [one["address"] for one in now["emails"]]) == (None, mails[:2])
        assert [holder(owner, "email", mail) for mail in mails] == [a["id"], a["id"], d["id"]]
        assert holder(owner, "external_id", "sap:9") == d["id"]
        unmerge(owner, b)
        assert [lasting(shown(owner, one)) for one in (a, b, d)] == [lasting(one) for one in (a, b, d)]

    def test_a_value_that_somebody_took_meanwhile_is_named(self, owner: Sender) -> None:
        theirs = address()
        winner, loser = (
            owner.contact(first_name="A"),
            owner.contact(emails=[{"address": address()}, {"address": theirs}]),
        )
        both = merge(owner, winner, loser)
        owner.patch(path(winner), {"emails": [one for one in both["emails"] if one["address"] != theirs]})
        other = owner.contact(emails=[{"address": theirs}])
        refused = owner.post(f"{path(loser)}/unmerge")
        assert flaw(refused) == (409, "/emails/1/address", "taken")
        assert refused.json["existing_id"] == other["id"]
        assert owner.get(path(loser)).status == 301
        owner.patch(path(other), {"emails": [], "first_name": "O"})
        unmerge(owner, loser)
        assert holder(owner, "email", theirs) == loser["id"]

    def test_a_value_that_the_winner_was_given_by_hand_is_not_taken_from_it(self, owner: Sender) -> None:
        winner = owner.contact(first_name="A", external_ids={"sap": "1"})
        loser = owner.contact(first_name="B", external_ids={"sap": "2"})
        merge(owner, winner, loser)
        assert owner.patch(path(winner), {"external_ids": {"sap": "2"}}).status == 200
        refused = owner.post(f"{path(loser)}/unmerge")
        assert (*flaw(refused), refused.json["existing_id"]) == (409, "/external_ids/sap", "taken", winner["id"])
        assert owner.patch(path(winner), {"external_ids": {"sap": "3"}}).status == 200
        unmerge(owner, loser)
        assert [holder(owner, "external_id", f"sap:{number}") for number in (1, 2, 3)] == [
            None,
            loser["id"],
            winner["id"],
        ]

    def test_nothing_to_call_it_by_would_be_left(self, owner: Sender) -> None:
        winner, loser = owner.contact(emails=[{"address": address()}]), owner.contact(first_name="B")
        merge(owner, winner, loser)
        assert owner.patch(path(winner), {"emails": []}).status == 200
        assert owner.post(f"{path(loser)}/unmerge").status == 409
        owner.patch(path(winner), {"last_name": "W"})
        assert unmerge(owner, winner)["last_name"] == "W"


class TestCompanies:
    def test_domains_go_over_and_come_back(self, owner: Sender) -> None:
        domains = [f"{uuid.uuid4().hex[:10]}.example" for _ in range(2)]
        winner, loser = (company(owner, name=one, domains=[one]) for one in domains)
        both = merge(owner, winner, loser, name="loser")
        assert (both["name"], both["domains"]) == (domains[1], domains)
        found = owner.contact(emails=[{"address": f"x@{domains[1]}"}])
        assert found["company_id"] == winner["id"]
        unmerge(owner, winner)
        assert [lasting(shown(owner, one)) for one in (winner, loser)] == [lasting(winner), lasting(loser)]
        assert [holder(owner, "domain", one, "company") for one in domains] == [winner["id"], loser["id"]]

    @pytest.mark.parametrize("upwards", [True, False])
    def test_parent_and_child_become_one(self, owner: Sender, upwards: bool) -> None:
        top = company(owner)
        parent = company(owner, parent_id=top["id"])
        child = company(owner, parent_id=parent["id"])
        winner, loser = (parent, child) if upwards else (child, parent)
        assert merge(owner, winner, loser)["parent_id"] == top["id"]
        unmerge(owner, winner)
        assert [lasting(shown(owner, one)) for one in (parent, child)] == [lasting(parent), lasting(child)]

    def test_with_others_between_the_upper_one_takes_the_lower(self, owner: Sender) -> None:
        top = company(owner)
        middle = company(owner, parent_id=top["id"])
        low = company(owner, parent_id=middle["id"])
        assert flaw(owner.post(f"{path(low)}/merge", {"loser_id": top["id"]})) == (409, "/parent_id", "cycle")
        body = {"loser_id": low["id"], "fields": {"parent_id": "loser"}}
        assert flaw(owner.post(f"{path(top)}/merge", body)) == (409, "/parent_id", "cycle")
        assert merge(owner, top, low)["parent_id"] is None
        assert lasting(unmerge(owner, low)) == lasting(low)

    def test_those_who_work_there_can_still_be_changed_and_are_listed(self, owner: Sender) -> None:
        winner, loser = company(owner), company(owner)
        person = owner.contact(first_name="A", company_id=loser["id"], companies=[{"company_id": loser["id"]}])
        merge(owner, winner, loser)
        assert owner.patch(path(person), {"title": "Dr"}).status == 200
        assert owner.patch(path(person), {"companies": [{"company_id": winner["id"]}]}).status == 200

    def test_those_of_the_loser_are_listed_with_the_winner_until_then(self, house: House, owner: Sender) -> None:
        winner, loser = company(owner, name="W"), company(owner, name="L")
        one, other = (owner.contact(first_name=firm["name"], company_id=firm["id"]) for firm in (winner, loser))
        merge(owner, winner, loser)
        house.settle()

        def listed(firm: Any) -> set[str]:
            return {contact["id"] for contact in owner.get(f"/v1/contacts?company_id={firm['id']}").json["data"]}

        assert listed(winner) == {one["id"], other["id"]}
        unmerge(owner, loser)
        house.settle()
        assert (listed(winner), listed(loser)) == ({one["id"]}, {other["id"]})

    def test_a_child_never_gives_its_parent_itself_as_parent(self, owner: Sender) -> None:
        parent, top = company(owner), company(owner)
        child, other = company(owner, parent_id=parent["id"]), company(owner, parent_id=top["id"])
        assert merge(owner, parent, other)["parent_id"] == top["id"]
        assert merge(owner, parent, child)["parent_id"] == top["id"]
        unmerge(owner, other)
        assert shown(owner, parent)["parent_id"] is None

    def test_what_was_merged_cannot_come_below_itself(self, owner: Sender) -> None:
        winner, loser = company(owner), company(owner)
        below = company(owner, parent_id=loser["id"])
        merge(owner, winner, loser)
        assert owner.patch(path(winner), {"parent_id": below["id"]}).status == 409


class TestRefusals:
    def test_what_cannot_be_merged(self, owner: Sender) -> None:
        one, firm = owner.contact(first_name="A"), company(owner)
        trashed = owner.contact(first_name="T")
        owner.delete(path(trashed))

        def refused(record: Any, loser_id: str, **fields: str) -> Answer:
            return owner.post(f"{path(record)}/merge", {"loser_id": loser_id, "fields": fields})

        assert flaw(refused(one, one["id"])) == (422, "/loser_id", "same")
        assert flaw(refused(one, firm["id"])) == (422, "/loser_id", "type")
        assert flaw(refused(firm, one["id"])) == (422, "/loser_id", "type")
        assert flaw(refused(one, "nobody")) == (422, "/loser_id", "type")
        assert flaw(refused(one, one["id"][:-4] + "0000")) == (404, "/loser_id", "unknown")
        assert flaw(refused(one, trashed["id"])) == (409, "/loser_id", "deleted")
        assert refused(trashed, one["id"]).status == 404
        for wrong in ("nickname", "domains", "custom.", "title.x", "a/b~c"):
            pointer = wrong.replace("~", "~0").replace("/", "~1")
            assert flaw(refused(one, firm["id"].replace("com", "con"), **{wrong: "loser"})) == (
                422,
                f"/fields/{pointer}",
                "unknown_field",
            )
        assert owner.post(f"{path(one)}/merge", {"loser_id": one["id"], "fields": {"title": "both"}}).status == 422
        assert owner.get("/v1/contacts").json["data"] == [one]

    def test_another_tenants_record_is_no_record(self, house: House, owner: Sender) -> None:
        mine, theirs = owner.contact(first_name="A"), house.signup().contact(first_name="B")
        assert owner.post(f"{path(mine)}/merge", {"loser_id": theirs["id"]}).status == 404
        assert owner.post(f"{path(theirs)}/merge", {"loser_id": mine["id"]}).status == 404
        assert owner.post(f"{path(theirs)}/unmerge").status == 404

    def test_what_is_merged_is_not_merged_again(self, owner: Sender) -> None:
        winner, loser, third = (owner.contact(first_name=name) for name in "abc")
        merge(owner, winner, loser)
        for record, other in ((winner, loser), (third, loser), (loser, third)):
            again = owner.post(f"{path(record)}/merge", {"loser_id": other["id"]})
            assert (again.status, again.json["merged_into"]) == (409, winner["id"])

    def test_what_is_not_merged_is_not_unmerged(self, owner: Sender) -> None:
        winner, loser, third = (owner.contact(first_name=name) for name in "abc")
        assert owner.post(f"{path(winner)}/unmerge").status == 409
        merge(owner, winner, loser)
        wrong = owner.post(f"{path(winner)}/unmerge", {"loser_id": third["id"]})
        assert flaw(wrong) == (409, "/loser_id", "not_merged")
        unmerge(owner, loser)
        assert [owner.post(f"{path(one)}/unmerge").status for one in (winner, loser)] == [409, 409]

    def test_a_part_of_something_in_the_trash_stays(self, owner: Sender) -> None:
        winner, loser = owner.contact(first_name="A"), owner.contact(emails=[{"address": address()}])
        merge(owner, winner, loser)
        owner.delete(path(winner))
        assert owner.post(f"{path(loser)}/unmerge").status == 409
        owner.post(f"{path(winner)}/restore")
        assert lasting(unmerge(owner, loser)) == lasting(loser)

    def test_too_much_for_one_is_said_beforehand(self, owner: Sender) -> None:
        six = [[{"address": address()} for _ in range(6)] for _ in range(2)]
        winner, loser = (owner.contact(emails=mails) for mails in six)
        refused = owner.post(f"{path(winner)}/merge", {"loser_id": loser["id"]})
        assert flaw(refused) == (409, "/emails", "length")
        assert owner.get(path(loser)).status == 200

    def test_at_most_so_many_in_one(self, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(merges, "MOST", 2)
        a, b, c, d = (owner.contact(first_name=name) for name in "abcd")
        merge(owner, b, c)
        merge(owner, a, b)
        assert owner.post(f"{path(a)}/merge", {"loser_id": d["id"]}).status == 409
        assert owner.post(f"{path(d)}/merge", {"loser_id": a["id"]}).status == 409

    def test_the_version_that_was_seen(self, owner: Sender) -> None:
        winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B")
        body = {"loser_id": loser["id"]}
        assert owner.post(f"{path(winner)}/merge", body, If_Match='"7"').status == 412
        merged = owner.post(f"{path(winner)}/merge", body, If_Match='"1"')
        assert (merged.status, merged.headers["ETag"]) == (200, '"2"')
        assert owner.post(f"{path(winner)}/unmerge", {}, If_Match='"1"').status == 412
        assert owner.post(f"{path(winner)}/unmerge", {}, If_Match='"2"').status == 200


class TestAtOnce:
    @pytest.mark.parametrize("swapped", [False, True])
    def test_of_many_who_merge_the_same_pair_one_wins(self, owner: Sender, swapped: bool) -> None:
        mails = address(), address()
        pair = [owner.contact(emails=[{"address": mail}]) for mail in mails]

        def attempt(number: int) -> Answer:
            winner, loser = pair[:: -1 if swapped and number % 2 else 1]
            return owner.post(f"{path(winner)}/merge", {"loser_id": loser["id"]})

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(attempt, range(8)))
        assert sorted(answer.status for answer in answers)[:2] == [200, 409], [answer.text for answer in answers]
        assert {answer.status for answer in answers[1:]} <= {200, 409, 412}
        (won,) = [answer.json for answer in answers if answer.status == 200]
        assert {mail["address"] for mail in won["emails"]} == set(mails)
        assert {holder(owner, "email", mail) for mail in mails} == {won["id"]}
        loser = next(one for one in pair if one["id"] != won["id"])
        unmerge(owner, loser)
        assert [lasting(shown(owner, one)) for one in pair] == [lasting(one) for one in pair]

    def test_edits_merges_and_undos_all_at_once(self, owner: Sender) -> None:
        records = [owner.contact(first_name=f"N{number}", emails=[{"address": address()}]) for number in range(4)]

        def attempt(number: int) -> int:
            chance = random.Random(number)
            one, other = chance.sample(records, 2)
            what = chance.choice(["merge", "merge", "unmerge", "edit"])
            if what == "merge":
                return owner.post(f"{path(one)}/merge", {"loser_id": other["id"]}).status
            if what == "unmerge":
                return owner.post(f"{path(one)}/unmerge").status
            return owner.patch(path(one), {"tags": [f"t{number}"]}).status

        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(attempt, range(60)))
        assert set(statuses) <= {200, 409, 412}
        assert statuses.count(200) > 5
        undo_all(owner, records)
        for one in records:
            now = shown(owner, one)
            assert {**lasting(now), "tags": []} == lasting(one)
            assert holder(owner, "email", one["emails"][0]["address"]) == one["id"]


def undo_all(owner: Sender, records: list[Any]) -> None:
    while merged := [one for one in records if owner.get(path(one)).status == 301]:
        unmerge(owner, merged[0])


class TestWhatIsBesideThem:
    def test_the_timeline_of_both_is_one_in_pages(self, house: House, owner: Sender) -> None:
        records = [owner.contact(first_name=name) for name in "abc"]
        house.settle()
        for number in range(15):
            at = clock.stamp(clock.after(-100 - number))
            owner.post(f"{path(records[number % 3])}/activities", {"kind": "call" if number % 2 else "note", "at": at})
        merge(owner, records[1], records[2])
        merge(owner, records[0], records[1])
        house.settle()
        for query, count in (("", 15 + 3 + 2), ("&kind=call", 7)):
            whole = owner.get(f"{path(records[0])}/timeline?limit=200{query}").json["data"]
            assert len(whole) == count
            assert whole == sorted(whole, key=lambda entry: entry["id"], reverse=True)
            paged, cursor = [], ""
            while True:
                part = owner.get(f"{path(records[0])}/timeline?limit=4{query}{cursor}").json
                assert len(part["data"]) <= 4
                paged += part["data"]
                if part["next_cursor"] is None:
                    break
                cursor = f"&cursor={part['next_cursor']}"
            assert paged == whole
        theirs = next(entry for entry in whole if entry["subject_id"] == records[2]["id"])
        assert owner.get(f"{path(records[0])}/activities/{theirs['id']}").json == theirs
        unmerge(owner, records[2])
        house.settle()
        kinds = [entry["kind"] for entry in owner.get(f"{path(records[0])}/timeline?limit=200").json["data"]]
        assert kinds.count("note") + kinds.count("call") == 10
        assert owner.get(f"{path(records[2])}/timeline?kind=call").status == 200
        assert owner.get(f"{path(records[0])}/activities/{theirs['id']}").status == 404

    def test_what_was_and_what_comes_is_that_of_both_and_goes_back(self, house: House, owner: Sender) -> None:
        winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B")

        def call(record: Any, hours: int) -> str:
            at = clock.stamp(clock.after(3600 * hours))
            assert owner.post(f"{path(record)}/activities", {"kind": "call", "at": at}).status == 201
            return at

        def plan(record: Any, hours: int) -> tuple[str, str]:
            at = clock.stamp(clock.after(3600 * hours))
            answer = owner.post("/v1/tasks", {"title": "Call", "due_at": at, "subject_id": record["id"]})
            assert answer.status == 201, answer.text
            return answer.json["id"], at

        def both(record: Any) -> tuple[str, str]:
            now = shown(owner, record)
            return now["last_contacted_at"], now["next_activity_at"]

        late, early = call(winner, -1), call(loser, -2)
        mine, theirs = plan(winner, 9), plan(loser, 5)
        house.settle()
        merge(owner, winner, loser)
        assert both(winner) == (late, theirs[1])
        house.settle()
        assert both(winner) == (late, theirs[1])
        # A task of the loser counts for the winner, whatever becomes of it.
        owner.post(f"/v1/tasks/{theirs[0]}/complete")
        house.settle()
        assert both(winner) == (late, mine[1])
        owner.patch(f"/v1/tasks/{theirs[0]}", {"status": "open", "due_at": clock.stamp(clock.after(3600 * 3))})
        house.settle()
        sooner = shown(owner, winner)["next_activity_at"]
        assert sooner < mine[1]
        latest = call(winner, 0)
        house.settle()
        unmerge(owner, loser)
        assert (both(winner), both(loser)) == ((latest, mine[1]), (early, sooner))
        house.settle()
        assert (both(winner), both(loser)) == ((latest, mine[1]), (early, sooner))

    def test_what_was_told_just_before_counts_for_the_winner(self, house: House, owner: Sender) -> None:
        winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B")
        house.settle()
        told = owner.post(f"{path(loser)}/activities", {"kind": "call"}).json["at"]
        due = clock.stamp(clock.after(3600))
        owner.post("/v1/tasks", {"title": "Call", "due_at": due, "subject_id": loser["id"]})
        merge(owner, winner, loser)
        house.settle()
        now = shown(owner, winner)
        assert (now["last_contacted_at"], now["next_activity_at"]) == (told, due)
        unmerge(owner, loser)
        now = shown(owner, winner)
        assert (now["last_contacted_at"], now["next_activity_at"]) == (None, None)

    @pytest.mark.parametrize("seed", range(5))
    def test_whatever_comes_late_or_twice_each_shows_its_own(self, house: House, owner: Sender, seed: int) -> None:
        life = Life(owner, random.Random(seed))
        house.settle()
        for number in range(24):
            life.go_on(number)
        events = taken(house)
        life.chance.shuffle(events)
        deliver(events + life.chance.sample(events, len(events) // 2))
        house.settle()
        life.check()
        undo_all(owner, life.records)
        life.check()

    def test_the_winners_timeline_tells_of_it_once(self, house: House, owner: Sender) -> None:
        winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B")
        merge(owner, winner, loser)
        unmerge(owner, loser)
        house.settle()
        kinds = [entry["kind"] for entry in owner.get(f"{path(winner)}/timeline").json["data"]]
        assert kinds == ["contact.unmerged", "contact.merged", "contact.created"]

    def test_totals_count_what_is_left(self, house: House, owner: Sender) -> None:
        winner, loser = company(owner), company(owner)
        merge(owner, winner, loser)
        house.settle()
        assert owner.get("/v1/me").json["counts"]["companies"] == 1
        unmerge(owner, loser)
        house.settle()
        assert owner.get("/v1/me").json["counts"]["companies"] == 2


class Life:
    """What happens with four contacts, and what each of them should show for it."""

    def __init__(self, owner: Sender, chance: random.Random) -> None:
        self.owner, self.chance = owner, chance
        self.records = [owner.contact(first_name=f"N{number}") for number in range(4)]
        self.tasks: dict[str, tuple[str, str]] = {}
        self.told: list[tuple[str, str]] = []

    def go_on(self, number: int) -> None:
        acts = [self.plan, self.call, self.merge, self.merge, self.unmerge, self.complete]
        one, other = self.chance.sample(self.records, 2)
        self.chance.choice(acts)(one, other, number)

    def plan(self, one: Any, other: Any, number: int) -> None:
        at = clock.stamp(clock.after(3600 * (number + 1)))
        answer = self.owner.post("/v1/tasks", {"title": "Call", "due_at": at, "subject_id": one["id"]})
        if answer.status == 201:
            self.tasks[answer.json["id"]] = one["id"], at

    def call(self, one: Any, other: Any, number: int) -> None:
        at = clock.stamp(clock.after(-3600 * self.chance.randrange(1, 99)))
        if self.owner.post(f"{path(one)}/activities", {"kind": "call", "at": at}).status == 201:
            self.told.append((one["id"], at))

    def complete(self, one: Any, other: Any, number: int) -> None:
        if self.tasks:
            done = self.chance.choice(sorted(self.tasks))
            assert self.owner.post(f"/v1/tasks/{done}/complete").status == 200
            del self.tasks[done]

    def merge(self, one: Any, other: Any, number: int) -> None:
        self.owner.post(f"{path(one)}/merge", {"loser_id": other["id"]})

    def unmerge(self, one: Any, other: Any, number: int) -> None:
        self.owner.post(f"{path(one)}/unmerge")

    def check(self) -> None:
        for one in self.records:
            answer = self.owner.get(path(one))
            if answer.status == 200:
                ids = absorbed.ids_of(truth.record(Contact, self.owner.tenant, one["id"]))
                planned = min((at for of, at in self.tasks.values() if of in ids), default=None)
                contacted = max((at for of, at in self.told if of in ids), default=None)
                assert (answer.json["next_activity_at"], answer.json["last_contacted_at"]) == (planned, contacted)


FEW = st.sampled_from(["a", "b", "c"])
PERSON = st.fixed_dictionaries(
    {"first_name": FEW},
    optional={
        "last_name": FEW,
        "title": FEW,
        "tags": st.lists(FEW, max_size=3, unique=True),
        "social": st.dictionaries(FEW, FEW, max_size=2),
        "phones": st.lists(FEW.map(lambda word: {"number": f"+43 1 58801 0{ord(word)}"}), max_size=2, unique_by=repr),
        "address": st.fixed_dictionaries({"city": FEW}),
        "mails": st.integers(0, 2),
        "external": FEW,
    },
)
ACTS = st.lists(st.tuples(st.sampled_from(["merge", "merge", "unmerge", "edit"]), st.randoms()), max_size=10)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PERSON, min_size=4, max_size=4), ACTS)
def test_whatever_is_merged_and_undone_the_end_is_the_beginning(
    house: House, owner: Sender, people: list[dict[str, Any]], acts: list[tuple[str, random.Random]]
) -> None:
    records = [owner.contact(**_person(one)) for one in people]
    titles: dict[str, Any] = {}
    for number, (what, chance) in enumerate(acts):
        one, other = chance.sample(records, 2)
        if what == "merge":
            answer = owner.post(f"{path(one)}/merge", {"loser_id": other["id"]})
        elif what == "unmerge":
            answer = owner.post(f"{path(one)}/unmerge")
        else:
            answer = owner.patch(path(one), {"title": f"T{number}"})
            if answer.status == 200:
                titles[one["id"]] = f"T{number}"
        assert answer.status in {200, 409}, answer.text
        assert all(holder(owner, *claim) for one in records for claim in _claims(one))
    undo_all(owner, records)
    for one in records:
        assert lasting(shown(owner, one)) == {**lasting(one), "title": titles.get(one["id"], one["title"])}
        assert {holder(owner, *claim) for claim in _claims(one)} <= {one["id"]}
    assert {one["id"] for one in owner.get("/v1/contacts?limit=200").json["data"]} >= {one["id"] for one in records}


def _person(drawn: dict[str, Any]) -> dict[str, Any]:
    """With addresses that nobody has yet."""
    fields = {name: value for name, value in drawn.items() if name not in {"mails", "external"}}
    fields["emails"] = [{"address": address()} for _ in range(drawn.get("mails", 0))]
    if "external" in drawn:
        fields["external_ids"] = {drawn["external"]: uuid.uuid4().hex}
    return fields


def _claims(record: Any) -> list[tuple[str, str]]:
    mails = [("email", one["address"]) for one in record["emails"]]
    return mails + [("external_id", f"{source}:{one}") for source, one in record["external_ids"].items()]


def test_a_page_that_the_table_cut_off_hides_nothing_of_the_others(house: House, owner: Sender) -> None:
    """Two records' entries as one list, though one of the two queries ends early: DynamoDB reads 1 MB at most."""
    winner, loser = owner.contact(first_name="A"), owner.contact(first_name="B")
    for number in range(24):
        of = (winner, loser)[number % 8 == 0]
        data = {"big": "x" * 30_000}
        answer = owner.post(f"/v1/contacts/{of['id']}/activities", {"kind": "note", "text": str(number), "data": data})
        assert answer.status == 201
    for number in range(24, 64):
        data = {"big": "y" * 30_000}
        owner.post(f"/v1/contacts/{winner['id']}/activities", {"kind": "note", "text": str(number), "data": data})
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    told: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = owner.get(f"/v1/contacts/{winner['id']}/timeline?limit=200{cursor}")
        assert answer.status == 200
        assert len(answer.text) < 6_000_000
        told += [entry["text"] for entry in answer.json["data"] if entry["kind"] == "note"]
        following = answer.json["next_cursor"]
        cursor = f"&cursor={following}" if following else None
    assert told == [str(number) for number in reversed(range(64))]
