"""Orders: sent again and again by other systems, counted once, and for nobody when they are void."""

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.order import OrderDraft
from chalicelib.services import orders, permissions
from tests.feeds import deliver, taken
from tests.house import House, Sender

LINES = [{"name": "Chair", "quantity": 2, "unit_price": {"amount": 5000, "currency": "EUR"}, "tax": 20}]
BY = "/v1/orders/by/external_id/shop:1"


def order(sender: Sender, **fields: Any) -> Any:
    answer = sender.post("/v1/orders", {"items": LINES, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def listed(sender: Sender, path: str) -> list[str]:
    answer = sender.get(path)
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.json["data"]]


def purchases(sender: Sender, contact: Any) -> tuple[int, int, Any, Any]:
    found = sender.get(f"/v1/contacts/{contact['id']}/purchases").json
    assert found["total"]["currency"] == "EUR"
    return found["orders"], found["total"]["amount"], found["first_at"], found["last_at"]


def kinds(sender: Sender, path: str) -> list[str]:
    return [row["kind"] for row in sender.get(f"{path}/timeline").json["data"] if row["kind"].startswith("order.")]


def test_an_order_is_read_as_it_was_written(owner: Sender) -> None:
    contact, company = owner.contact(), owner.post("/v1/companies", {"name": "Acme"}).json
    deal = owner.post("/v1/deals", {"title": "Chairs"}).json
    given = {
        "number": "2026-1",
        "external_ids": {"shop": "1"},
        "contact_id": contact["id"],
        "company_id": company["id"],
        "deal_id": deal["id"],
        "ordered_at": "2026-01-02T03:04:05.000Z",
        "status": "paid",
    }
    made = order(owner, **given)
    assert {name: made[name] for name in given} == given
    assert made["totals"] == {"currency": "EUR", "net": 10000, "discount": 0, "tax": 2000, "gross": 12000}
    assert (made["base_value"], made["rate"]) == ({"amount": 10000, "currency": "EUR"}, "1")
    assert owner.get(f"/v1/orders/{made['id']}").json == made


def test_what_no_order_can_be(house: House, owner: Sender) -> None:
    stranger = house.signup()
    theirs, gone = stranger.contact(), owner.contact()
    owner.delete(f"/v1/contacts/{gone['id']}")
    book = {"name": "B", "currency": "EUR", "valid_to": "2020-01-01"}
    over = owner.post("/v1/pricebooks", book).json
    ahead = clock.stamp(clock.after(3600))
    dollars = {"name": "X", "unit_price": {"amount": 1, "currency": "USD"}}
    for fields, pointer, code in (
        ({"items": []}, "/items", "length"),
        ({"contact_id": theirs["id"]}, "/contact_id", "unknown"),
        ({"contact_id": gone["id"]}, "/contact_id", "unknown"),
        ({"company_id": "com_x"}, "/company_id", "unknown"),
        ({"deal_id": "dea_x"}, "/deal_id", "unknown"),
        ({"quote_id": "quo_x"}, "/quote_id", "unknown"),
        ({"pricebook_id": over["id"]}, "/pricebook_id", "out_of_date"),
        ({"ordered_at": ahead}, "/ordered_at", "range"),
        ({"items": [dollars]}, "/items/0/unit_price/currency", "no_rate"),
        ({"items": [LINES[0], dollars]}, "/items/1/unit_price/currency", "mixed"),
        ({"status": "lost"}, "/status", "not_allowed"),
    ):
        refused = owner.post("/v1/orders", {"items": LINES, **fields})
        flaw = refused.json["errors"][0]
        assert (refused.status, flaw["pointer"], flaw["code"]) == (422, pointer, code)


def test_the_same_order_sent_again_is_the_same(owner: Sender) -> None:
    product = owner.post("/v1/products", {"name": "Chair", "prices": [{"amount": 100, "currency": "EUR"}]}).json
    contact = owner.contact()
    draft = {
        "items": [{"product_id": product["id"]}],
        "external_ids": {"shop": "1", "till": "2"},
        "contact_id": contact["id"],
    }
    first = order(owner, **draft)
    owner.patch(f"/v1/orders/{first['id']}", {"status": "paid"})
    owner.delete(f"/v1/products/{product['id']}")
    owner.delete(f"/v1/contacts/{contact['id']}")
    again = owner.post("/v1/orders", draft)  # though nobody could make it now
    assert (again.status, again.json["id"], again.json["status"]) == (200, first["id"], "paid")
    other = owner.post("/v1/orders", {"items": LINES, "external_ids": {"shop": "1"}})
    assert (other.status, other.json["existing_id"]) == (409, first["id"])
    assert other.json["errors"][0]["pointer"] == "/external_ids/shop"
    assert len(listed(owner, "/v1/orders")) == 1


def test_put_makes_changes_and_says_nothing_twice(owner: Sender) -> None:
    contact = owner.contact()
    body = {"items": LINES, "contact_id": contact["id"], "ordered_at": "2026-01-02T03:04:05Z"}
    made = owner.call("PUT", BY, body)
    assert (made.status, made.json["external_ids"], made.json["version"]) == (201, {"shop": "1"}, 1)
    again = owner.call("PUT", BY, body)
    assert (again.status, again.json, again.cost["wru"]) == (200, made.json, 0)
    same = owner.call("PUT", BY, {**body, "status": "open", "external_ids": {"shop": "1"}})
    assert (same.json["version"], same.cost["wru"]) == (1, 0)
    paid = owner.call("PUT", BY, {**body, "status": "paid"})
    assert (paid.status, paid.json["id"], paid.json["status"], paid.json["version"]) == (
        200,
        made.json["id"],
        "paid",
        2,
    )
    more = owner.call("PUT", BY, {"items": [{**LINES[0], "quantity": 3}]})
    assert (more.json["totals"]["net"], more.json["contact_id"], more.json["status"]) == (15000, contact["id"], "paid")
    for wrong in ("none", f"shop:{'1' * 201}", f"{'s' * 41}:1", f"shop:{'1' * 2100}"):
        refused = owner.call("PUT", f"/v1/orders/by/external_id/{wrong}", body)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/external_id")
    assert owner.call("PUT", BY, {"items": None}).status == 422


@pytest.mark.parametrize("said", [{"shop": "9"}, {"shop": None}, {"till": "2"}, None])
def test_what_a_put_is_named_by_stays(owner: Sender, said: Any) -> None:
    made = order(owner, external_ids={"shop": "1"})
    for _ in range(2):
        again = owner.call("PUT", BY, {"items": LINES, "external_ids": said})
        assert (again.status, again.json["id"], again.json["external_ids"]["shop"]) == (200, made["id"], "1")


def test_what_is_more_than_can_be_added_up_is_no_order(owner: Sender) -> None:
    owner.call("PUT", "/v1/rates/KWD/2026-01-01", {"rate": "999999999"})
    dinars = [{"name": "Chair", "unit_price": {"amount": 10**12, "currency": "KWD"}}]
    refused = owner.post("/v1/orders", {"items": dinars})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/items")


def test_a_price_that_a_product_had_stays_when_the_order_is_sent_again(owner: Sender) -> None:
    product = owner.post("/v1/products", {"name": "Chair", "prices": [{"amount": 100, "currency": "EUR"}]}).json
    body = {"items": [{"product_id": product["id"], "quantity": 2}]}
    owner.call("PUT", BY, body)
    owner.patch(f"/v1/products/{product['id']}", {"prices": [{"amount": 999, "currency": "EUR"}]})
    again = owner.call("PUT", BY, {**body, "status": "paid"})
    assert (again.json["totals"]["net"], again.json["version"]) == (200, 2)


def test_an_id_is_one_orders_and_free_while_that_is_in_the_trash(owner: Sender) -> None:
    first, second = order(owner, external_ids={"shop": "1"}), order(owner, external_ids={"shop": "2"})
    taken_by = owner.patch(f"/v1/orders/{second['id']}", {"external_ids": {"shop": "1"}})
    assert (taken_by.status, taken_by.json["existing_id"]) == (409, first["id"])
    owner.delete(f"/v1/orders/{first['id']}")
    assert owner.patch(f"/v1/orders/{second['id']}", {"external_ids": {"shop": "1"}}).status == 200
    assert owner.post(f"/v1/orders/{first['id']}/restore").status == 409
    assert owner.call("PUT", "/v1/orders/by/external_id/shop:2", {"items": LINES}).status == 201


def test_many_who_push_one_order_at_once_make_one(owner: Sender) -> None:
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    draft = {"items": LINES, "external_ids": {"shop": "1"}}
    gate, made = threading.Barrier(6), list[str]()

    def push(number: int) -> None:
        gate.wait()
        if number % 2:
            made.append(orders.upsert(actor, "shop:1", {"items": LINES}).view.id)
        else:
            made.append(orders.create(actor, decoding.convert(draft, OrderDraft)).view.id)

    threads = [threading.Thread(target=push, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), set(made)) == (6, set(listed(owner, "/v1/orders")))
    assert len(set(made)) == 1


def test_orders_are_listed_the_last_ordered_first(house: House, owner: Sender) -> None:
    contact, company = owner.contact(), owner.post("/v1/companies", {"name": "Acme"}).json
    both = {"contact_id": contact["id"], "company_id": company["id"]}
    days = [3, 1, 4, 1, 5]
    there = [order(owner, ordered_at=f"2026-01-0{day}T00:00:00Z", **both) for day in days]
    order(owner)
    wanted = [one["id"] for one in sorted(there, key=lambda one: (one["ordered_at"], one["id"]), reverse=True)]
    for path in (
        f"/v1/contacts/{contact['id']}/orders",
        f"/v1/companies/{company['id']}/orders",
        f"/v1/orders?contact_id={contact['id']}",
        f"/v1/orders?company_id={company['id']}",
    ):
        assert listed(owner, path) == wanted
        found, cursor, link = [], "", "&" if "?" in path else "?"
        while True:
            page = owner.get(f"{path}{link}limit=2{cursor}").json
            found += [row["id"] for row in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == wanted
    assert listed(owner, "/v1/orders")[1:] == wanted
    assert owner.get(f"/v1/orders?contact_id={contact['id']}&company_id={company['id']}").status == 422
    stranger = house.signup()
    assert listed(stranger, f"/v1/orders?contact_id={contact['id']}") == []
    assert stranger.get(f"/v1/contacts/{contact['id']}/orders").status == 404
    assert stranger.get(f"/v1/contacts/{contact['id']}/purchases").status == 404


def test_a_companys_list_follows_its_orders(owner: Sender) -> None:
    one, other = (owner.post("/v1/companies", {"name": name}).json["id"] for name in ("One", "Other"))
    made = order(owner, company_id=one, ordered_at="2026-01-01T00:00:00Z")
    path = f"/v1/orders/{made['id']}"

    def standing() -> tuple[list[str], list[str]]:
        return listed(owner, f"/v1/companies/{one}/orders"), listed(owner, f"/v1/companies/{other}/orders")

    assert standing() == ([made["id"]], [])
    owner.patch(path, {"company_id": other, "ordered_at": "2026-02-01T00:00:00Z"})
    assert standing() == ([], [made["id"]])
    owner.patch(path, {"ordered_at": "2026-03-01T00:00:00Z"})
    assert standing() == ([], [made["id"]])
    owner.delete(path)
    assert standing() == ([], [])
    owner.post(f"{path}/restore")
    assert standing() == ([], [made["id"]])
    owner.patch(path, {"company_id": None})
    assert standing() == ([], [])


def test_what_a_contact_bought(house: House, owner: Sender) -> None:
    contact, other = owner.contact(), owner.contact()
    assert purchases(owner, contact) == (0, 0, None, None)
    assert owner.call("PUT", "/v1/rates/USD/2026-01-01", {"rate": "0.5"}).status in (200, 201)
    dollars = [{"name": "Chair", "unit_price": {"amount": 1001, "currency": "USD"}}]
    first = order(owner, contact_id=contact["id"], ordered_at="2026-01-01T00:00:00Z")
    second = order(owner, contact_id=contact["id"], ordered_at="2026-02-01T00:00:00Z", items=dollars)
    third = order(owner, contact_id=contact["id"], ordered_at="2026-03-01T00:00:00Z", status="paid")
    order(owner)
    assert second["base_value"] == {"amount": 501, "currency": "EUR"}  # 500.5
    house.settle()
    january, february, march = (f"2026-0{month}-01T00:00:00.000Z" for month in (1, 2, 3))
    assert purchases(owner, contact) == (3, 20501, january, march)
    owner.patch(f"/v1/orders/{third['id']}", {"status": "refunded"})
    house.settle()
    assert purchases(owner, contact) == (2, 10501, january, february)
    owner.patch(f"/v1/orders/{first['id']}", {"contact_id": other["id"]})
    house.settle()
    assert purchases(owner, contact) == (1, 501, february, february)
    assert purchases(owner, other) == (1, 10000, january, january)
    owner.delete(f"/v1/orders/{second['id']}")
    owner.patch(f"/v1/orders/{first['id']}", {"contact_id": None})
    house.settle()
    assert purchases(owner, contact) == purchases(owner, other) == (0, 0, None, None)
    owner.post(f"/v1/orders/{second['id']}/restore")
    owner.patch(f"/v1/orders/{third['id']}", {"status": "fulfilled"})
    house.settle()
    assert purchases(owner, contact) == (2, 10501, february, march)


def test_void_ones_at_both_ends_do_not_count(house: House, owner: Sender) -> None:
    contact = owner.contact()
    for day in range(1, 15):
        status = "paid" if day in (7, 8) else "cancelled"
        order(owner, contact_id=contact["id"], ordered_at=f"2026-01-{day:02}T00:00:00Z", status=status)
    house.settle()
    assert purchases(owner, contact) == (2, 20000, "2026-01-07T00:00:00.000Z", "2026-01-08T00:00:00.000Z")


def test_the_rate_is_that_of_the_day_it_was_ordered(owner: Sender) -> None:
    for day, rate in (("2026-01-01", "0.5"), ("2026-02-01", "2")):
        owner.call("PUT", f"/v1/rates/USD/{day}", {"rate": rate})
    dollars = [{"name": "Chair", "unit_price": {"amount": 100, "currency": "USD"}}]
    made = order(owner, items=dollars, ordered_at="2026-01-31T23:59:59Z")
    assert made["base_value"]["amount"] == 50
    owner.call("PUT", "/v1/rates/USD/2026-01-15", {"rate": "9"})
    paid = owner.patch(f"/v1/orders/{made['id']}", {"status": "paid"}).json
    assert paid["base_value"]["amount"] == 50
    moved = owner.patch(f"/v1/orders/{made['id']}", {"ordered_at": "2026-02-01T00:00:00Z"}).json
    assert moved["base_value"]["amount"] == 200


def test_the_timelines_tell_of_it_once(house: House, owner: Sender) -> None:
    contact, company = owner.contact(), owner.post("/v1/companies", {"name": "Acme"}).json
    deal = owner.post("/v1/deals", {"title": "Chairs"}).json
    made = order(owner, contact_id=contact["id"], ordered_at="2026-01-01T00:00:00Z", number="7")
    pending = taken(house)
    owner.patch(f"/v1/orders/{made['id']}", {"company_id": company["id"], "deal_id": deal["id"]})
    owner.patch(f"/v1/orders/{made['id']}", {"status": "cancelled"})
    pending += taken(house)
    deliver(pending)
    deliver(pending[::-1])
    for path in (f"/v1/contacts/{contact['id']}", f"/v1/companies/{company['id']}", f"/v1/deals/{deal['id']}"):
        assert kinds(owner, path) == ["order.cancelled", "order.placed"]
    (told,) = owner.get(f"/v1/contacts/{contact['id']}/timeline?kind=order.placed").json["data"]
    assert (told["at"], told["data"]["order_id"], told["data"]["number"]) == (
        "2026-01-01T00:00:00.000Z",
        made["id"],
        "7",
    )
    assert told["data"]["gross"] == {"amount": 12000, "currency": "EUR"}


@pytest.mark.parametrize("seed", range(6))
def test_however_the_feed_comes_the_sums_are_those_of_the_orders(house: House, owner: Sender, seed: int) -> None:
    dice = random.Random(seed)
    contacts = [owner.contact() for _ in range(2)]
    house.settle()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    there = list[str]()
    for number in range(14):
        act = dice.choice(["make", "make", "pay", "void", "give", "delete", "restore", "price"])
        if act == "make" or not there:
            when = clock.stamp(start + timedelta(days=dice.randrange(100)))
            there.append(order(owner, contact_id=dice.choice(contacts)["id"], ordered_at=when)["id"])
            continue
        path = f"/v1/orders/{dice.choice(there)}"
        item = {"name": "X", "unit_price": {"amount": number, "currency": "EUR"}}
        body: Any = {
            "pay": {"status": "paid"},
            "void": {"status": dice.choice(["cancelled", "refunded"])},
            "give": {"contact_id": dice.choice([None, *(one["id"] for one in contacts)])},
            "price": {"items": [item]},
        }.get(act)
        if act == "delete":
            owner.delete(path)
        elif act == "restore":
            owner.post(f"{path}/restore")
        else:
            owner.patch(path, body)
    pending = taken(house)
    late = [*pending, *dice.sample(pending, len(pending) // 2)]
    dice.shuffle(late)
    for position in range(0, len(late), 5):
        deliver(late[position : position + 5])
    everything = owner.get("/v1/orders?limit=200").json["data"]
    for contact in contacts:
        counted = [
            one
            for one in everything
            if one["contact_id"] == contact["id"] and one["status"] not in ("cancelled", "refunded")
        ]
        dates = sorted(one["ordered_at"] for one in counted)
        assert purchases(owner, contact) == (
            len(counted),
            sum(one["totals"]["net"] for one in counted),
            dates[0] if dates else None,
            dates[-1] if dates else None,
        )


def test_a_merged_contact_has_the_orders_of_both(house: House, owner: Sender) -> None:
    winner, loser = owner.contact(), owner.contact()
    old = order(owner, contact_id=loser["id"], ordered_at="2026-01-01T00:00:00Z")
    new = order(owner, contact_id=winner["id"], ordered_at="2026-02-01T00:00:00Z")
    house.settle()
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    house.settle()
    path = f"/v1/contacts/{winner['id']}"
    assert listed(owner, f"{path}/orders") == [new["id"], old["id"]]
    assert listed(owner, f"{path}/orders?limit=1") == [new["id"]]
    assert purchases(owner, winner) == (2, 20000, "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
    assert owner.get(f"/v1/contacts/{loser['id']}/orders").status == 301
    assert owner.post(f"{path}/unmerge", {}).status == 200
    assert listed(owner, f"{path}/orders") == [new["id"]]


def test_anothers_order_is_none(house: House, owner: Sender) -> None:
    made, stranger = order(owner, external_ids={"shop": "1"}), house.signup()
    for method, body in (("GET", None), ("PATCH", {"status": "paid"}), ("DELETE", None)):
        assert stranger.call(method, f"/v1/orders/{made['id']}", body).status == 404
    assert order(stranger, external_ids={"shop": "1"})["id"] != made["id"]
    assert stranger.call("PUT", BY, {"status": "paid"}).status == 200
    assert owner.get(f"/v1/orders/{made['id']}").json == made
