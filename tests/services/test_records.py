"""The engine of both nouns: full records, upsert, many at once, and removal for good."""

import json
import secrets
import threading
import time
import uuid
from typing import Any

import pytest

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.table import every, several
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactDraft
from chalicelib.schemas.parts import Email
from chalicelib.services import contacts, permissions
from tests.busy import MET, InTheWay, cancelled
from tests.house import Answer, House, Sender


def address() -> str:
    return f"{uuid.uuid4().hex[:12]}@example.com"


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


def actor_of(owner: Sender) -> Actor:
    return Actor(owner.tenant, owner.user, "owner", permissions.ALL)


class TestFullRecord:
    def test_every_field_reads_as_it_was_written(self, owner: Sender) -> None:
        firm = owner.post("/v1/companies", {"name": "Analytical"}).json
        other = owner.post("/v1/companies", {"name": "Difference"}).json
        fields: dict[str, Any] = {
            "first_name": "Ada",
            "last_name": "Lovelace",
            "emails": [{"address": address(), "kind": "home", "primary": True}],
            "phones": [{"number": "+442079460101", "kind": "mobile", "primary": True}],
            "company_id": firm["id"],
            "companies": [{"company_id": other["id"], "role": "Board", "from": "2020-01-01", "to": "2021-12-31"}],
            "title": "Countess",
            "address": {"street": "12 St James's Square", "city": "London", "country": "GB"},
            "social": {"linkedin": "https://www.linkedin.com/in/ada"},
            "birthday": "1815-12-10",
            "dates": [{"label": "Renewal", "date": "--03-01", "remind_days": 14}],
            "time_zone": "Europe/London",
            "language": "en-GB",
            "lifecycle": "customer",
            "relationship": "contracted",
            "tags": ["vip", "math"],
            "owner_id": owner.user,
            "external_ids": {"hubspot": "501"},
            "preferences": {"channels": {"email": True, "phone": False}, "topics": {"news": True}},
        }
        made = owner.contact(**fields)
        read = owner.get(f"/v1/contacts/{made['id']}").json
        assert {name: read[name] for name in fields} == fields
        assert read["company_name"] == "Analytical"
        assert read["lifecycle_since"] == read["created_at"]

    def test_the_stage_says_since_when(self, owner: Sender) -> None:
        made = owner.contact(first_name="Ada", lifecycle="lead")
        path = f"/v1/contacts/{made['id']}"
        same = owner.patch(path, {"title": "Analyst"}).json
        assert same["lifecycle_since"] == made["created_at"]
        moved = owner.patch(path, {"lifecycle": "customer"}).json
        assert moved["lifecycle_since"] == moved["updated_at"] > made["created_at"]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"birthday": "1815-02-30"}, (422, "/birthday", "format")),
            ({"birthday": "10.12.1815"}, (422, "/birthday", "format")),
            ({"dates": [{"label": "x", "date": "--02-31"}]}, (422, "/dates/0/date", "format")),
            ({"tags": ["x" * 10_000]}, (422, "/tags/0", "length")),
            ({"lifecycle": "Big Fish!"}, (422, "/lifecycle", "format")),
            ({"relationship": "friend"}, (422, "/relationship", "not_allowed")),
            ({"company_id": "com_none"}, (422, "/company_id", "unknown")),
            ({"companies": [{"company_id": "com_none"}]}, (422, "/companies/0/company_id", "unknown")),
            ({"external_ids": {"Bad Source": "1"}}, (422, "/external_ids", "format")),
            ({"preferences": {"channels": {"email": "yes"}}}, (422, "/preferences/channels", "type")),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_place(
        self, owner: Sender, fields: dict[str, Any], expected: tuple[int, str, str]
    ) -> None:
        found = flaw(owner.post("/v1/contacts", {"first_name": "Ada", **fields}))
        assert (found[0], found[2]) == (expected[0], expected[2])
        assert found[1].startswith(expected[1])
        assert owner.get("/v1/contacts").json["data"] == []


class TestSize:
    """The most that a table's item holds is known before it is written."""

    def kept(self, owner: Sender, fields: range) -> Answer:
        """A contact with texts that cannot be packed, each within its own limit."""
        custom = {
            f"f{number}": "".join(chr(secrets.randbelow(40_000) + 0x20000) for _ in range(2000)) for number in fields
        }
        return owner.call(
            "POST", "/v1/contacts", json.dumps({"first_name": "A", "custom": custom}, ensure_ascii=False).encode()
        )

    def test_more_than_one_item_holds_is_refused_and_the_most_is_followed_up(self, house: House, owner: Sender) -> None:
        for number in range(60):
            draft = {"noun": "contact", "name": f"f{number}", "label": "F", "type": "text"}
            assert owner.post("/v1/fields", draft).status == 201
        assert flaw(self.kept(owner, range(60))) == (422, "", "length")
        one, other = self.kept(owner, range(12)).json, self.kept(owner, range(12, 24)).json
        path = f"/v1/contacts/{one['id']}"
        before = clock.stamp()
        time.sleep(0.003)
        grown = {**one["custom"], "f0": "short"}
        assert owner.call("PATCH", path, json.dumps({"custom": grown}, ensure_ascii=False).encode()).status == 200
        house.settle()
        assert owner.get(f"{path}?as_of={before}").json["custom"] == one["custom"]
        assert flaw(owner.post(f"{path}/merge", {"loser_id": other["id"]})) == (409, "", "length")


class TestOddNames:
    @pytest.mark.parametrize("number", ["000", "12 ", "+1 ", "(  "])
    def test_a_number_of_which_nothing_is_left_is_refused_and_nothing_is_written(
        self, house: House, owner: Sender, number: str
    ) -> None:
        refused = owner.post("/v1/contacts", {"first_name": "A", "phones": [{"number": number}]})
        assert flaw(refused) == (422, "/phones/0/number", "format")
        assert owner.get("/v1/contacts").json["data"] == []

    def test_blanks_are_no_name(self, owner: Sender) -> None:
        assert flaw(owner.post("/v1/contacts", {"first_name": " "})) == (422, "/first_name", "required")
        assert flaw(owner.post("/v1/companies", {"name": "\t "})) == (422, "/name", "required")

    @pytest.mark.parametrize("name", [" ", "\u0301", "\u200b", "\u3164", "\x00"])
    def test_a_name_without_a_letter_can_be_kept_and_listed(self, house: House, owner: Sender, name: str) -> None:
        made = owner.contact(first_name=name, emails=[{"address": address()}])
        other = owner.contact(first_name="B")
        house.settle()
        listed = owner.get("/v1/contacts").json["data"]
        assert {one["id"] for one in listed} == {made["id"], other["id"]}
        path = f"/v1/contacts/{made['id']}"
        assert owner.patch(path, {"title": "x"}).json["first_name"] == name
        assert owner.post(f"{path}/merge", {"loser_id": other["id"]}).status == 200


class TestUpsert:
    def test_by_mail_it_creates_then_changes(self, owner: Sender) -> None:
        mail = address()
        path = f"/v1/contacts/by/email/{mail.upper()}"
        first = owner.call("PUT", path, {"first_name": "Ada", "tags": ["a"]})
        assert (first.status, first.json["emails"][0]["address"]) == (201, mail)
        assert owner.get(first.headers["Location"].removeprefix("/api")).status == 200
        again = owner.call("PUT", path, {"last_name": "Lovelace"})
        assert (again.status, again.json["id"], again.json["first_name"]) == (200, first.json["id"], "Ada")
        assert again.json["tags"] == ["a"]

    def test_a_list_that_is_given_keeps_the_value_that_was_asked_for(self, owner: Sender) -> None:
        mail, other = address(), address()
        path = f"/v1/contacts/by/email/{mail}"
        owner.call("PUT", path, {"first_name": "Ada"})
        again = owner.call("PUT", path, {"emails": [{"address": other}]})
        assert [one["address"] for one in again.json["emails"]] == [other, mail]
        assert owner.call("PUT", path, {"title": "Countess"}).status == 200

    def test_the_value_is_not_put_beside_another_spelling_of_itself(self, owner: Sender) -> None:
        host = f"{uuid.uuid4().hex[:8]}-m\u00fcller.example"
        for status in (201, 200):
            answer = owner.call(
                "PUT", f"/v1/contacts/by/email/ada@{host}", {"emails": [{"address": f"Ada@{host.upper()}"}]}
            )
            assert (answer.status, len(answer.json["emails"])) == (status, 1)
            answer = owner.call("PUT", f"/v1/companies/by/domain/{host}", {"name": "A", "domains": [host.upper()]})
            assert (answer.status, len(answer.json["domains"])) == (status, 1)

    def test_by_the_id_of_another_system(self, owner: Sender) -> None:
        first = owner.call("PUT", "/v1/contacts/by/external_id/hubspot:501", {"first_name": "Ada"})
        assert (first.status, first.json["external_ids"]) == (201, {"hubspot": "501"})
        again = owner.call("PUT", "/v1/contacts/by/external_id/hubspot:501", {"title": "Countess"})
        assert (again.status, again.json["id"]) == (200, first.json["id"])
        named = owner.call("PUT", "/v1/contacts/by/external_id/501", {"external_ids": {"hubspot": "501"}})
        assert (named.status, named.json["id"]) == (200, first.json["id"])
        assert flaw(owner.call("PUT", "/v1/contacts/by/external_id/501", {"first_name": "A"})) == (
            422,
            "/external_id",
            "format",
        )

    @pytest.mark.parametrize("said", [{"crm": "9"}, {"crm": None}, {"shop": "2"}, None])
    def test_the_id_it_is_named_by_stays(self, owner: Sender, said: Any) -> None:
        made = owner.contact(first_name="Ada", external_ids={"crm": "1"})
        for _ in range(2):
            again = owner.call("PUT", "/v1/contacts/by/external_id/crm:1", {"title": "Dr", "external_ids": said})
            assert (again.status, again.json["id"], again.json["external_ids"]["crm"]) == (200, made["id"], "1")

    def test_two_values_of_two_records_are_a_conflict(self, owner: Sender) -> None:
        mail = address()
        other = owner.contact(first_name="Grace", emails=[{"address": mail}])
        owner.contact(first_name="Ada", external_ids={"crm": "1"})
        answer = owner.call("PUT", "/v1/contacts/by/external_id/crm:1", {"emails": [{"address": mail}]})
        assert (answer.status, answer.json["existing_id"]) == (409, other["id"])

    def test_ten_at_once_make_one(self, owner: Sender) -> None:
        mail = address()
        answers: list[Answer] = []

        def put(number: int) -> None:
            answers.append(owner.call("PUT", f"/v1/contacts/by/email/{mail}", {"tags": [f"t{number}"]}))

        threads = [threading.Thread(target=put, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {answer.status for answer in answers} <= {200, 201, 409, 412}
        assert len({answer.json["id"] for answer in answers if answer.status < 300}) == 1
        assert [answer.status for answer in answers].count(201) == 1


class TestPurge:
    def test_only_from_the_trash_and_then_it_is_gone(self, owner: Sender) -> None:
        mail = address()
        made = owner.contact(first_name="Ada", emails=[{"address": mail}])
        path = f"/v1/contacts/{made['id']}"
        assert owner.post(f"{path}/purge").status == 409
        owner.delete(path)
        assert owner.post(f"{path}/purge").status == 204
        assert {owner.get(path).status, owner.patch(path, {"title": "X"}).status, owner.delete(path).status} == {410}
        assert owner.post(f"{path}/restore").status == 410
        assert owner.post(f"{path}/purge").status == 410
        assert owner.contact(first_name="Eve", emails=[{"address": mail}])["id"] != made["id"]

    def test_it_leaves_nothing_in_the_item(self, owner: Sender) -> None:
        made = owner.contact(first_name="Zuleika")
        path = f"/v1/contacts/{made['id']}"
        owner.delete(path)
        owner.post(f"{path}/purge")
        (stone,) = several([keys.key("contact", tenant=owner.tenant, id=made["id"])])
        assert "Zuleika" not in str(stone.serialize())


class TestManyAtOnce:
    def test_each_is_made_or_says_why_not_and_again_it_makes_nothing(self, owner: Sender) -> None:
        taken, free = address(), address()
        first = owner.contact(first_name="First", emails=[{"address": taken}])
        given = [
            (ids.new("con"), ContactDraft(first_name="A", emails=[Email(address=free)])),
            (ids.new("con"), ContactDraft(first_name="B", emails=[Email(address=taken)])),
            (ids.new("con"), ContactDraft(first_name="C", emails=[Email(address=free.upper())])),
            (ids.new("con"), ContactDraft(first_name="D", time_zone="Mars/Base")),
            *((ids.new("con"), ContactDraft(first_name=f"N{number}")) for number in range(130)),
        ]
        for _ in range(2):
            made = contacts.VERBS.create_many(actor_of(owner), given)
            assert [isinstance(one, Contact) for one in made] == [True, False, False, False, *[True] * 130]
            assert made[1].extra["existing_id"] == first["id"]
            assert made[2].extra["existing_id"] == given[0][0]
            assert isinstance(made[3], errors.Invalid)
        listed = list(every(keys.partition("contact", "gsi1", tenant=owner.tenant), index="gsi1"))
        assert len(listed) == 132

    def test_a_busy_table_is_no_reason_to_leave_one_out(self, owner: Sender) -> None:
        given = [(ids.new("con"), ContactDraft(first_name=f"N{number}")) for number in range(3)]
        together = InTheWay("TransactWriteItems", cancelled("TransactionConflict"), times=6)
        with together, InTheWay("PutItem", MET, times=100), pytest.raises(errors.Unready):
            contacts.VERBS.create_many(actor_of(owner), given)
        assert all(isinstance(one, Contact) for one in contacts.VERBS.create_many(actor_of(owner), given))


class TestLikeness:
    def test_who_may_be_there_already_is_told(self, house: House, owner: Sender) -> None:
        first = owner.contact(first_name="Jonathan", last_name="Fitzgerald", phones=[{"number": "+44 20 7946 0101"}])
        house.settle()
        like = {"first_name": "Jonathon", "last_name": "Fitzgerald", "phones": [{"number": "+44 20 7946 0101"}]}
        answer = owner.post("/v1/contacts", like)
        assert answer.status == 201
        (found,) = answer.json["duplicates"]
        assert set(found["ids"]) == {first["id"], answer.json["id"]}
        assert 0.5 < found["score"] <= 1
        assert found["reasons"]
        assert answer.cost["rru"] <= 6

    def test_of_nobody_like_it_nothing_is_told(self, house: House, owner: Sender) -> None:
        owner.contact(first_name="Grace", last_name="Hopper")
        house.settle()
        assert "duplicates" not in owner.post("/v1/contacts", {"first_name": "Ada", "last_name": "Lovelace"}).json
