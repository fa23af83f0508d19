"""Batches: a result for each operation, and with `all_or_none` everything or nothing."""

import threading
import uuid
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.models import writes
from chalicelib.services import batches
from tests.busy import InTheWay, cancelled
from tests.house import Answer, House, Sender


def batch(owner: Sender, *operations: Any, noun: str = "contacts", **more: Any) -> Answer:
    several = [{"ref": f"r{number}", **one} for number, one in enumerate(operations)]
    return owner.post(f"/v1/{noun}/batch", {"operations": several, **more})


def results(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.text
    found = answer.json["results"]
    assert [one["ref"] for one in found] == [f"r{number}" for number in range(len(found))]
    return found


def statuses(answer: Answer) -> list[int]:
    return [one["status"] for one in results(answer)]


def address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def named(name: str, **more: Any) -> Any:
    return {"op": "create", "body": {"first_name": name, **more}}


def contacts(owner: Sender) -> list[str]:
    return [one["first_name"] for one in owner.get("/v1/contacts?limit=200").json["data"]]


@pytest.mark.parametrize("all_or_none", [False, True])
def test_each_operation_does_what_the_route_for_one_does(owner: Sender, all_or_none: bool) -> None:
    one, two, mail = owner.contact(first_name="One")["id"], owner.contact(first_name="Two")["id"], address()
    known = owner.contact(first_name="Known", emails=[{"address": mail}])["id"]
    answer = batch(
        owner,
        named("New"),
        {"op": "update", "id": one, "body": {"title": "Clerk"}},
        {"op": "delete", "id": two},
        {"op": "upsert", "by": "email", "value": mail.upper(), "body": {"title": "Boss", "language": None}},
        {"op": "upsert", "by": "external_id", "value": "hubspot:7", "body": {"first_name": "Seven", "title": None}},
        all_or_none=all_or_none,
    )
    assert statuses(answer) == [201, 200, 204, 200, 201]
    new, changed, gone, found, seven = (one["id"] for one in results(answer))
    assert owner.get(f"/v1/contacts/{new}").json["first_name"] == "New"
    assert (changed, owner.get(f"/v1/contacts/{one}").json["title"]) == (one, "Clerk")
    assert (gone, owner.get(f"/v1/contacts/{two}").status) == (two, 404)
    assert (found, owner.get(f"/v1/contacts/{known}").json["title"]) == (known, "Boss")
    assert owner.get(f"/v1/contacts/{seven}").json["external_ids"] == {"hubspot": "7"}
    again = batch(owner, {"op": "upsert", "by": "external_id", "value": "hubspot:7", "body": {"title": "X"}})
    assert results(again)[0]["id"] == seven


WRONG = [
    ({"op": "create"}, 422, "/body"),
    ({"op": "create", "body": {}}, 422, "/first_name"),
    ({"op": "create", "id": ids.new("con"), "body": {"first_name": "A"}}, 422, "/id"),
    ({"op": "create", "body": {"first_name": "A", "shoe": 1}}, 422, "/shoe"),
    ({"op": "update", "body": {}}, 422, "/id"),
    ({"op": "update", "id": ids.new("con"), "body": {"title": "x"}}, 404, None),
    ({"op": "update", "id": "con_1", "body": {"title": 5}}, 422, "/title"),
    ({"op": "delete", "id": ids.new("com")}, 404, None),
    ({"op": "upsert", "by": "domain", "value": "x.example", "body": {}}, 422, "/by"),
    ({"op": "upsert", "by": "email", "value": "nobody", "body": {}}, 422, "/address"),
]


@pytest.mark.parametrize(("wrong", "status", "pointer"), WRONG)
def test_what_fails_keeps_nobody_else_unless_all_must(
    owner: Sender, wrong: dict[str, Any], status: int, pointer: str | None
) -> None:
    answer = batch(owner, named("First"), wrong, named("Third"))
    assert statuses(answer) == [201, status, 201]
    told = results(answer)[1]["error"]
    assert told["detail"]
    assert [flaw["pointer"] for flaw in told.get("errors", [])][:1] == ([pointer] if pointer else [])
    refused = batch(owner, named("Fourth"), wrong, named("Fifth"), all_or_none=True)
    assert statuses(refused) == [424, status, 424]
    assert results(refused)[1]["error"] == told
    assert sorted(contacts(owner)) == ["First", "Third"]


def test_a_taken_value_is_told_with_who_has_it(owner: Sender) -> None:
    mail = address()
    holder = owner.contact(first_name="Holder", emails=[{"address": mail}])["id"]
    for all_or_none, statuses_wanted in ((False, [201, 409]), (True, [424, 409])):
        answer = batch(owner, named("X"), named("Y", emails=[{"address": mail}]), all_or_none=all_or_none)
        assert statuses(answer) == statuses_wanted
        assert results(answer)[1]["error"]["existing_id"] == holder
    assert sorted(contacts(owner)) == ["Holder", "X"]


def test_in_one_transaction_nothing_is_named_twice(owner: Sender) -> None:
    one, mail = owner.contact(first_name="One")["id"], address()
    for second in ({"op": "update", "id": one, "body": {"title": "B"}}, {"op": "delete", "id": one}):
        answer = batch(owner, {"op": "update", "id": one, "body": {"title": "A"}}, second, all_or_none=True)
        assert statuses(answer) == [424, 422]
    twins = [named("A", emails=[{"address": mail}]), named("B", emails=[{"address": mail}])]
    assert statuses(batch(owner, *twins, all_or_none=True)) == [424, 422]
    assert statuses(batch(owner, *twins)) == [201, 409]
    assert owner.get(f"/v1/contacts/{one}").json["version"] == 1


def test_more_than_one_transaction_takes_is_refused_as_a_whole(owner: Sender) -> None:
    several = [named(f"N{number}", emails=[{"address": address()}]) for number in range(51)]
    refused = batch(owner, *several, all_or_none=True)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/operations")
    assert "100" in refused.json["detail"]
    assert contacts(owner) == []
    assert set(statuses(batch(owner, *several[:50], all_or_none=True))) == {201}
    assert batch(owner, *[named("X")] * 101).json["errors"][0]["pointer"] == "/operations"
    assert batch(owner).json["errors"][0]["pointer"] == "/operations"


def test_a_ref_is_given_once(owner: Sender) -> None:
    answer = batch(owner, named("A"), {**named("B"), "ref": "r0"})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/operations/0/ref")
    assert contacts(owner) == []


def test_companies_are_found_by_domain(owner: Sender) -> None:
    body = {"name": "Acme", "relationship": "partner"}
    made = batch(owner, {"op": "upsert", "by": "domain", "value": "Acme.example", "body": body}, noun="companies")
    (one,) = results(made)
    assert one["status"] == 201
    again = batch(
        owner, {"op": "upsert", "by": "domain", "value": "acme.example", "body": {"name": "Acme & Sons"}},
        noun="companies", all_or_none=True,
    )  # fmt: skip
    assert (statuses(again), results(again)[0]["id"]) == ([200], one["id"])
    company = owner.get(f"/v1/companies/{one['id']}").json
    assert (company["name"], company["domains"]) == ("Acme & Sons", ["acme.example"])


def test_another_firms_records_are_not_there(house: House, owner: Sender) -> None:
    theirs = house.signup().contact()["id"]
    for op in ({"op": "update", "id": theirs, "body": {"title": "x"}}, {"op": "delete", "id": theirs}):
        assert statuses(batch(owner, op)) == [404]
        assert statuses(batch(owner, op, all_or_none=True)) == [404]


def test_who_is_overtaken_does_nothing(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    one, transact = owner.contact(first_name="One")["id"], writes.transact

    def late(*steps: Any) -> None:
        assert owner.patch(f"/v1/contacts/{one}", {"title": "Theirs"}).status == 200
        transact(*steps)

    monkeypatch.setattr(batches, "transact", late)
    answer = batch(owner, named("New"), {"op": "update", "id": one, "body": {"title": "Mine"}}, all_or_none=True)
    assert statuses(answer) == [424, 412]
    assert contacts(owner) == ["One"]


def test_a_busy_table_is_nobodys_fault_and_nothing_is_done(owner: Sender) -> None:
    with InTheWay("TransactWriteItems", cancelled("TransactionConflict"), times=6):
        answer = batch(owner, named("Ada"), named("Ben"), all_or_none=True)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert contacts(owner) == []


def test_two_batches_that_want_the_same_do_it_once(owner: Sender) -> None:
    mail, answers = address(), list[list[int]]()

    def send() -> None:
        operations = [named("A"), named("B", emails=[{"address": mail}])]
        answers.append(statuses(batch(owner, *operations, all_or_none=True)))

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [[201, 201], [424, 409], [424, 409]]
    assert contacts(owner) == ["A", "B"]
