"""Products, price books, quotes and orders: made, listed, answered by a customer, followed up."""

import uuid
from typing import Any

from chalicelib.services import lines
from tests.contract.performing import Units, consumed, feed, of, performs
from tests.house import House, Sender

PRICE = {"amount": 129900, "currency": "EUR"}
LINES = [{"name": "Chair", "quantity": 2, "unit_price": PRICE, "tax": 20}]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def made(owner: Sender, path: str, draft: Any) -> Any:
    answer = owner.post(path, draft)
    assert answer.status == 201, answer.text
    return answer.json


def product(owner: Sender) -> Any:
    draft = {"name": "Chair", "sku": uuid.uuid4().hex, "tax": 20, "prices": [PRICE]}
    return made(owner, "/v1/products", draft)


def book(product_id: str) -> Any:
    entry = {"product_id": product_id, "unit_price": 99900}
    return {"name": "Resellers", "currency": "EUR", "entries": [entry]}


def sent(owner: Sender, contact: Any) -> tuple[Any, str]:
    """A quote that was sent, and the path of its page."""
    draft = {"title": "Chairs", "items": LINES, "contact_ids": [contact["id"]]}
    quote = made(owner, "/v1/quotes", {"deal_id": made(owner, "/v1/deals", draft)["id"]})
    url = owner.post(f"/v1/quotes/{quote['id']}/send").json["url"]
    return quote, "/q/" + url.partition("/q/")[2]


@performs("product.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/products", {"name": "Chair", "sku": "CH-1", "prices": [PRICE]}))


@performs("product.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/products/{product(owner)['id']}"))


@performs("product.page")
def _(house: House, owner: Sender) -> Units:
    product(owner)
    return of(owner.get("/v1/products?name=ch"))


@performs("product.by_sku")
def _(house: House, owner: Sender) -> Units:
    answer = owner.get(f"/v1/products?sku={product(owner)['sku']}")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("product.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/products/{product(owner)['id']}", {"tax": 10}))


@performs("product.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/products/{product(owner)['id']}"))


@performs("pricebook.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/pricebooks", book(product(owner)["id"])))


@performs("pricebook.get")
def _(house: House, owner: Sender) -> Units:
    kept = made(owner, "/v1/pricebooks", book(product(owner)["id"]))
    return of(owner.get(f"/v1/pricebooks/{kept['id']}"))


@performs("pricebook.page")
def _(house: House, owner: Sender) -> Units:
    made(owner, "/v1/pricebooks", book(product(owner)["id"]))
    return of(owner.get("/v1/pricebooks"))


@performs("pricebook.patch")
def _(house: House, owner: Sender) -> Units:
    kept = made(owner, "/v1/pricebooks", book(product(owner)["id"]))
    return of(owner.patch(f"/v1/pricebooks/{kept['id']}", {"valid_to": "2099-12-31"}))


@performs("lines.priced")
def _(house: House, owner: Sender) -> Units:
    item = {"product_id": product(owner)["id"]}
    kept = made(owner, "/v1/pricebooks", book(item["product_id"]))
    return consumed(lambda: lines.priced(owner.tenant, [item], "2026-03-01", pricebook_id=kept["id"]))


@performs("quote.create")
def _(house: House, owner: Sender) -> Units:
    deal = made(owner, "/v1/deals", {"title": "Chairs", "items": LINES})
    return of(owner.post("/v1/quotes", {"deal_id": deal["id"]}))


@performs("quote.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/quotes/{sent(owner, owner.contact())[0]['id']}"))


@performs("quote.page")
def _(house: House, owner: Sender) -> Units:
    quote, _ = sent(owner, owner.contact())
    return of(owner.get(f"/v1/quotes?deal_id={quote['deal_id']}"))


@performs("quote.patch")
def _(house: House, owner: Sender) -> Units:
    deal = made(owner, "/v1/deals", {"title": "Chairs", "items": LINES})
    quote = made(owner, "/v1/quotes", {"deal_id": deal["id"]})
    return of(owner.patch(f"/v1/quotes/{quote['id']}", {"terms": "Payable within 14 days."}))


@performs("quote.send")
def _(house: House, owner: Sender) -> Units:
    deal = made(owner, "/v1/deals", {"title": "Chairs", "items": LINES})
    quote = made(owner, "/v1/quotes", {"deal_id": deal["id"]})
    return of(owner.post(f"/v1/quotes/{quote['id']}/send"))


@performs("quote.shown")
def _(house: House, owner: Sender) -> Units:
    return of(house.http("GET", sent(owner, owner.contact())[1]))


@performs("quote.accept")
def _(house: House, owner: Sender) -> Units:
    return of(house.http("POST", f"{sent(owner, owner.contact())[1]}/accept", b"name=Ada", FORM))


@performs("order.create")
def _(house: House, owner: Sender) -> Units:
    contact = owner.contact()
    draft = {"items": LINES, "contact_id": contact["id"], "external_ids": {"shop": "1"}}
    return of(owner.post("/v1/orders", draft))


@performs("order.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/orders/{made(owner, '/v1/orders', {'items': LINES})['id']}"))


@performs("order.again")
def _(house: House, owner: Sender) -> Units:
    draft, path = {"items": LINES, "contact_id": owner.contact()["id"]}, "/v1/orders/by/external_id/shop:1"
    assert owner.call("PUT", path, draft).status == 201
    return of(owner.call("PUT", path, draft))


@performs("order.page")
def _(house: House, owner: Sender) -> Units:
    made(owner, "/v1/orders", {"items": LINES})
    return of(owner.get("/v1/orders"))


@performs("order.patch")
def _(house: House, owner: Sender) -> Units:
    kept = made(owner, "/v1/orders", {"items": LINES, "contact_id": owner.contact()["id"]})
    return of(owner.patch(f"/v1/orders/{kept['id']}", {"status": "paid"}))


@performs("order.of_contact")
def _(house: House, owner: Sender) -> Units:
    contact = owner.contact()
    made(owner, "/v1/orders", {"items": LINES, "contact_id": contact["id"]})
    return of(owner.get(f"/v1/contacts/{contact['id']}/orders"))


@performs("order.of_company")
def _(house: House, owner: Sender) -> Units:
    company = made(owner, "/v1/companies", {"name": "Acme"})
    made(owner, "/v1/orders", {"items": LINES, "company_id": company["id"]})
    return of(owner.get(f"/v1/companies/{company['id']}/orders"))


@performs("order.purchases")
def _(house: House, owner: Sender) -> Units:
    contact = owner.contact()
    made(owner, "/v1/orders", {"items": LINES, "contact_id": contact["id"]})
    house.settle()
    return of(owner.get(f"/v1/contacts/{contact['id']}/purchases"))


@performs("feed.order_created")
def _(house: House, owner: Sender) -> Units:
    contact = owner.contact()
    house.settle()
    made(owner, "/v1/orders", {"items": LINES, "contact_id": contact["id"]})
    return feed(house, owner)


@performs("feed.order_paid")
def _(house: House, owner: Sender) -> Units:
    kept = made(owner, "/v1/orders", {"items": LINES, "contact_id": owner.contact()["id"]})
    house.settle()
    owner.patch(f"/v1/orders/{kept['id']}", {"status": "paid"})
    return feed(house, owner)


@performs("feed.quote_declined")
def _(house: House, owner: Sender) -> Units:
    _, path = sent(owner, owner.contact())
    house.settle()
    assert house.http("POST", f"{path}/decline", b"", FORM).status == 200
    return feed(house, owner)
