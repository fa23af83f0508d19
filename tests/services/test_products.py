"""Products and price books over HTTP: what each of them refuses, and whose values are free."""

from typing import Any

import pytest

from tests.house import Answer, Sender

EUR = {"amount": 4900, "currency": "EUR"}


def product(sender: Sender, **fields: Any) -> Any:
    answer = sender.post("/v1/products", {"name": "Chair", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def flaw(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]


def test_a_product_is_read_as_it_was_written(owner: Sender) -> None:
    given = {
        "name": "Chaïr",
        "sku": "CH-1",
        "description": "Oak",
        "active": False,
        "tax": 19.6,
        "prices": [EUR, {"amount": 5, "currency": "JPY"}],
        "recurring": "month",
    }
    made = product(owner, **given)
    assert {name: made[name] for name in given} == given
    assert owner.get(f"/v1/products/{made['id']}").json == made


def test_a_patch_changes_what_it_names(owner: Sender) -> None:
    made = product(owner, sku="A", prices=[EUR])
    changed = owner.patch(f"/v1/products/{made['id']}", {"sku": None, "tax": 20}).json
    assert changed == {**made, "sku": None, "tax": 20, "version": 2, "updated_at": changed["updated_at"]}
    assert owner.patch(f"/v1/products/{made['id']}", {"tax": 10}, If_Match='"1"').status == 412


def test_a_sku_is_one_products_and_free_while_that_is_in_the_trash(owner: Sender) -> None:
    first = product(owner, sku="CH-1")
    refused = owner.post("/v1/products", {"name": "Other", "sku": " CH-1 "})
    assert (refused.status, refused.json["existing_id"]) == (409, first["id"])
    second = product(owner, sku="CH-2")
    taken = owner.patch(f"/v1/products/{second['id']}", {"sku": "CH-1"})
    assert (taken.status, taken.json["existing_id"]) == (409, first["id"])
    assert owner.delete(f"/v1/products/{first['id']}").status == 204
    assert owner.patch(f"/v1/products/{second['id']}", {"sku": "CH-1"}).status == 200
    again = owner.post(f"/v1/products/{first['id']}/restore")
    assert (again.status, again.json["existing_id"]) == (409, second["id"])
    assert owner.patch(f"/v1/products/{second['id']}", {"sku": None}).status == 200
    assert owner.post(f"/v1/products/{first['id']}/restore").json["sku"] == "CH-1"
    assert owner.post(f"/v1/products/{first['id']}/restore").status == 409


def test_products_are_listed_by_name_and_found_by_number(owner: Sender) -> None:
    ids = {name: product(owner, name=name, sku=name)["id"] for name in ("table", "Chair", "Écritoire", "chaise")}

    def names(query: str = "") -> list[str]:
        return [row["name"] for row in owner.get(f"/v1/products?{query}").json["data"]]

    assert names() == ["Chair", "chaise", "Écritoire", "table"]
    assert names("name=CHAI") == ["Chair", "chaise"]
    assert names("sku=table") == ["table"]
    assert names("sku=nothing") == []
    assert owner.get("/v1/products?sku=table&name=t").status == 422
    owner.delete(f"/v1/products/{ids['table']}")
    assert names() == ["Chair", "chaise", "Écritoire"]
    assert names("sku=table") == []


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"name": "  "}, "/name", "required"),
        ({"sku": "  "}, "/sku", "required"),
        ({"prices": [EUR, EUR]}, "/prices/1/currency", "repeated"),
        ({"prices": [{"amount": 1, "currency": "XXX"}]}, "/prices/0/currency", "unknown"),
        ({"prices": [{"amount": -1, "currency": "EUR"}]}, "/prices/0/amount", "range"),
        ({"tax": 101}, "/tax", "range"),
        ({"recurring": "day"}, "/recurring", "not_allowed"),
    ],
)
def test_what_no_product_can_be(owner: Sender, fields: dict[str, Any], pointer: str, code: str) -> None:
    assert flaw(owner.post("/v1/products", {"name": "Chair", **fields})) == (422, pointer, code)


def test_a_book_is_read_as_it_was_written_and_patched(owner: Sender) -> None:
    chair = product(owner)
    entries = [
        {"product_id": chair["id"], "unit_price": 100, "min_quantity": 0.0},
        {"product_id": chair["id"], "unit_price": 90, "min_quantity": 2.5},
    ]
    given = {"name": "2026", "currency": "EUR", "valid_from": "2026-01-01", "valid_to": None, "entries": entries[::-1]}
    made = owner.post("/v1/pricebooks", given).json
    assert {name: made[name] for name in given} == {**given, "entries": entries}
    owner.delete(f"/v1/products/{chair['id']}")  # what the book has it keeps
    changed = owner.patch(f"/v1/pricebooks/{made['id']}", {"valid_to": "2026-12-31"})
    assert (changed.status, changed.json["entries"], changed.json["valid_to"]) == (200, entries, "2026-12-31")
    assert [row["id"] for row in owner.get("/v1/pricebooks").json["data"]] == [made["id"]]
    owner.delete(f"/v1/pricebooks/{made['id']}")
    assert owner.get("/v1/pricebooks").json["data"] == []
    assert owner.post(f"/v1/pricebooks/{made['id']}/restore").status == 200


def test_what_no_book_can_be(house: Any, owner: Sender) -> None:
    chair, theirs = product(owner), product(house.signup())
    entry = {"product_id": chair["id"], "unit_price": 1}
    for fields, pointer, code in (
        ({"currency": "XXX"}, "/currency", "unknown"),
        ({"valid_from": "2026-02-30"}, "/valid_from", "format"),
        ({"valid_from": "2026-03-02", "valid_to": "2026-03-01"}, "/valid_to", "range"),
        ({"entries": [entry, entry]}, "/entries/1/min_quantity", "repeated"),
        ({"entries": [entry, {**entry, "product_id": theirs["id"]}]}, "/entries/1/product_id", "unknown"),
        ({"entries": [{**entry, "product_id": "pro_x"}]}, "/entries/0/product_id", "unknown"),
        ({"entries": [entry] * 201}, "/entries", "length"),
    ):
        assert flaw(owner.post("/v1/pricebooks", {"name": "B", "currency": "EUR", **fields})) == (422, pointer, code)


def test_a_deal_is_worth_what_its_products_cost(owner: Sender) -> None:
    chair = product(owner, prices=[EUR], tax=20)
    deal = owner.post("/v1/deals", {"title": "Chairs", "items": [{"product_id": chair["id"], "quantity": 3}]})
    assert deal.json["value"] == {"amount": 14700, "currency": "EUR"}
    owner.patch(f"/v1/products/{chair['id']}", {"prices": [{"amount": 1, "currency": "EUR"}], "name": "Stool"})
    later = owner.patch(f"/v1/deals/{deal.json['id']}", {"next_step": "Call"}).json
    assert (later["value"], later["items"][0]["name"]) == ({"amount": 14700, "currency": "EUR"}, "Chair")


def test_a_deal_may_name_a_book(owner: Sender) -> None:
    chair = product(owner, prices=[EUR])
    entry = {"product_id": chair["id"], "unit_price": 100}
    book = owner.post("/v1/pricebooks", {"name": "B", "currency": "EUR", "entries": [entry]}).json
    over = owner.post("/v1/pricebooks", {"name": "B", "currency": "EUR", "valid_to": "2020-01-01"}).json
    items = [{"product_id": chair["id"], "quantity": 3}]
    deal = owner.post("/v1/deals", {"title": "Chairs", "items": items, "pricebook_id": book["id"]}).json
    assert (deal["value"]["amount"], deal["pricebook_id"]) == (300, book["id"])
    path = f"/v1/deals/{deal['id']}"
    owner.patch(f"/v1/pricebooks/{book['id']}", {"valid_to": "2020-01-01"})
    assert owner.patch(path, {"next_step": "Call"}).status == 200  # what is priced stays priced
    assert flaw(owner.patch(path, {"items": items})) == (422, "/pricebook_id", "out_of_date")
    for given in ({"pricebook_id": over["id"]}, {"title": "New", "pricebook_id": over["id"]}):
        answer = owner.post("/v1/deals", given) if "title" in given else owner.patch(path, given)
        assert flaw(answer) == (422, "/pricebook_id", "out_of_date")
    more = owner.patch(path, {"pricebook_id": None, "items": items})
    assert (more.status, more.json["value"]["amount"]) == (200, 3 * 4900)
