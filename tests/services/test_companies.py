"""Companies: domains that tell whose contact somebody is, and a tree without cycles."""

import threading
import uuid
from typing import Any

import pytest

from chalicelib.models import keys
from chalicelib.models.table import every
from tests.house import Answer, House, Sender


def domain() -> str:
    return f"{uuid.uuid4().hex[:12]}.example"


def company(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/companies", {"name": "Acme", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def flaw(answer: Answer) -> tuple[int, str, str]:
    first = answer.json["errors"][0]
    return answer.status, first["pointer"], first["code"]


class TestRecord:
    def test_it_reads_as_it_was_written(self, owner: Sender) -> None:
        fields = {
            "name": "Löwe & Söhne",
            "domains": [domain()],
            "phones": [{"number": "+43 1 5880 1000", "kind": "work", "primary": True}],
            "address": {"city": "Wien", "country": "AT"},
            "website": "https://loewe.example",
            "relationship": "supplier",
            "tags": ["fair"],
            "social": {"linkedin": "https://www.linkedin.com/company/loewe"},
            "external_ids": {"hubspot": "77"},
            "dates": [{"label": "Founded", "date": "1999-02-28", "remind_days": 3}],
        }
        made = company(owner, **fields)
        read = owner.get(f"/v1/companies/{made['id']}")
        assert read.json == made
        assert read.headers["ETag"] == '"1"'
        expected = {**fields, "phones": [{"number": "+43158801000", "kind": "work", "primary": True}]}
        assert {name: made[name] for name in fields} == {
            **expected,
            "address": {"city": "Wien", "country": "AT"},
        }

    def test_a_change_keeps_the_rest_and_the_list_knows_the_new_name(self, owner: Sender) -> None:
        made = company(owner, tags=["a"])
        changed = owner.patch(f"/v1/companies/{made['id']}", {"name": "Zeta"})
        assert (changed.json["name"], changed.json["tags"], changed.json["version"]) == ("Zeta", ["a"], 2)
        company(owner, name="Mid")
        assert [one["name"] for one in owner.get("/v1/companies").json["data"]] == ["Mid", "Zeta"]

    def test_trash_restore_and_counts(self, house: House, owner: Sender) -> None:
        made = company(owner)
        path = f"/v1/companies/{made['id']}"
        assert owner.delete(path).status == 204
        assert owner.get(path).status == 404
        house.settle()
        assert owner.get("/v1/me").json["counts"]["companies"] == 0
        assert owner.post(f"{path}/restore").status == 200
        house.settle()
        assert owner.get("/v1/me").json["counts"]["companies"] == 1

    def test_another_tenants_company_is_not_there(self, house: House, owner: Sender) -> None:
        made = company(owner)
        other = house.signup()
        assert other.get(f"/v1/companies/{made['id']}").status == 404
        assert flaw(other.post("/v1/companies", {"name": "B", "parent_id": made["id"]})) == (
            422,
            "/parent_id",
            "unknown",
        )
        assert flaw(other.post("/v1/contacts", {"first_name": "A", "company_id": made["id"]})) == (
            422,
            "/company_id",
            "unknown",
        )


class TestDomains:
    def test_a_contact_belongs_to_the_company_of_its_mail_domain(self, owner: Sender) -> None:
        host = domain()
        made = company(owner, name="Bombe Ltd", domains=[host.upper()])
        contact = owner.contact(first_name="Alan", emails=[{"address": f"alan@{host}"}])
        assert (contact["company_id"], contact["company_name"]) == (made["id"], "Bombe Ltd")

    def test_a_later_address_links_a_contact_that_has_no_company(self, owner: Sender) -> None:
        host = domain()
        made = company(owner, domains=[host])
        contact = owner.contact(first_name="Alan")
        patch = {"emails": [{"address": f"alan@{host}"}]}
        assert owner.patch(f"/v1/contacts/{contact['id']}", patch).json["company_id"] == made["id"]

    def test_who_was_taken_out_of_a_company_is_not_put_back_by_the_next_edit(self, owner: Sender) -> None:
        host = domain()
        company(owner, domains=[host])
        contact = owner.contact(first_name="Alan", emails=[{"address": f"alan@{host}"}])
        path = f"/v1/contacts/{contact['id']}"
        assert owner.patch(path, {"company_id": None}).json["company_id"] is None
        assert owner.patch(path, {"title": "Analyst"}).json["company_id"] is None

    def test_a_host_where_anybody_has_an_address_tells_nothing(self, owner: Sender) -> None:
        assert flaw(owner.post("/v1/companies", {"name": "G", "domains": ["Gmail.com"]})) == (
            422,
            "/domains/0",
            "free_mail",
        )
        contact = owner.contact(first_name="A", emails=[{"address": f"{uuid.uuid4().hex}@gmail.com"}])
        assert contact["company_id"] is None

    def test_a_domain_has_one_company(self, owner: Sender) -> None:
        host = domain()
        first = company(owner, domains=[host])
        answer = owner.post("/v1/companies", {"name": "B", "domains": [host]})
        assert (answer.status, answer.json["existing_id"]) == (409, first["id"])
        assert flaw(answer)[1:] == ("/domains/0", "taken")

    def test_upsert_by_domain(self, owner: Sender) -> None:
        host = domain()
        first = owner.call("PUT", f"/v1/companies/by/domain/{host}", {"name": "A"})
        assert (first.status, first.json["domains"]) == (201, [host])
        assert first.headers["Location"].endswith(f"/v1/companies/{first.json['id']}")
        again = owner.call("PUT", f"/v1/companies/by/domain/{host}", {"tags": ["x"]})
        assert (again.status, again.json["id"], again.json["name"]) == (200, first.json["id"], "A")


class TestTree:
    def test_a_company_is_not_above_itself(self, owner: Sender) -> None:
        top = company(owner)
        middle = company(owner, parent_id=top["id"])
        low = company(owner, parent_id=middle["id"])
        answer = owner.patch(f"/v1/companies/{top['id']}", {"parent_id": low["id"]})
        assert flaw(answer) == (409, "/parent_id", "cycle")
        assert flaw(owner.patch(f"/v1/companies/{top['id']}", {"parent_id": top["id"]})) == (
            409,
            "/parent_id",
            "cycle",
        )

    @pytest.mark.parametrize("round_", range(5))
    def test_two_changes_at_once_make_no_cycle(self, owner: Sender, round_: int) -> None:
        pair = [company(owner, name=name) for name in "AB"]
        answers: list[int] = []

        def put(under: int) -> None:
            path = f"/v1/companies/{pair[under]['id']}"
            answers.append(owner.patch(path, {"parent_id": pair[1 - under]["id"]}).status)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers)[0] == 200
        assert sorted(answers)[1] in (409, 412)
        parents = [owner.get(f"/v1/companies/{one['id']}").json["parent_id"] for one in pair]
        assert parents.count(None) == 1

    def test_a_tree_has_an_end(self, owner: Sender) -> None:
        below = company(owner)["id"]
        for _ in range(19):
            below = company(owner, parent_id=below)["id"]
        assert flaw(owner.post("/v1/companies", {"name": "X", "parent_id": below})) == (
            422,
            "/parent_id",
            "range",
        )


class TestRollup:
    def test_it_adds_up_over_all_levels(self, house: House, owner: Sender) -> None:
        top = company(owner, name="Top")
        middle = [company(owner, name=f"M{number}", parent_id=top["id"]) for number in range(2)]
        low = company(owner, name="Low", parent_id=middle[0]["id"])
        made = [owner.contact(first_name="A", company_id=one["id"]) for one in (top, middle[1], low, low)]
        house.settle()

        def rolled(of: Any) -> tuple[int, int]:
            answer = owner.get(f"/v1/companies/{of['id']}/rollup")
            assert answer.status == 200, answer.text
            return answer.json["companies"], answer.json["contacts"]

        assert [rolled(one) for one in (top, *middle, low)] == [(4, 4), (2, 2), (1, 1), (1, 2)]
        owner.patch(f"/v1/contacts/{made[3]['id']}", {"company_id": middle[1]["id"]})
        owner.delete(f"/v1/contacts/{made[0]['id']}")
        owner.patch(f"/v1/companies/{low['id']}", {"parent_id": None})
        house.settle()
        assert [rolled(one) for one in (top, *middle, low)] == [(3, 2), (1, 0), (1, 2), (1, 1)]


def test_its_contacts_are_listed_by_name(house: House, owner: Sender) -> None:
    made = company(owner)
    for name in ("Zoe", "Ada", "Max"):
        owner.contact(first_name=name, company_id=made["id"])
    owner.contact(first_name="Other")
    house.settle()
    path = f"/v1/companies/{made['id']}/contacts"
    first = owner.get(f"{path}?limit=2").json
    rest = owner.get(f"{path}?limit=2&cursor={first['next_cursor']}").json
    assert [one["first_name"] for one in first["data"] + rest["data"]] == ["Ada", "Max", "Zoe"]
    assert house.signup().get(path).status == 404


def test_who_belonged_to_a_company_that_is_gone_is_still_found(house: House, owner: Sender) -> None:
    firm = company(owner)
    left = owner.contact(first_name="Ada", company_id=firm["id"])
    owner.delete(f"/v1/companies/{firm['id']}")
    assert owner.post(f"/v1/companies/{firm['id']}/purge").status == 204
    house.settle()
    found = owner.get(f"/v1/contacts?company_id={firm['id']}")
    assert (found.status, [one["id"] for one in found.json["data"]]) == (200, [left["id"]])


def test_nothing_of_a_refused_company_is_written(owner: Sender) -> None:
    host = domain()
    company(owner, domains=[host])
    taken = owner.post("/v1/companies", {"name": "B", "domains": [domain(), host], "external_ids": {"crm": "1"}})
    assert taken.status == 409
    listed = keys.partition("company", "gsi1", tenant=owner.tenant)
    assert len(list(every(listed, index="gsi1"))) == 1
    assert owner.call("PUT", "/v1/companies/by/external_id/crm:1", {"name": "C"}).status == 201
