"""Quotes: what the customer sees and answers, once, in time, and never by a look alone."""

import html
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.quote import Quote
from chalicelib.models.table import fetch
from chalicelib.models.writes import transact as _transact
from chalicelib.schemas.page import Document
from chalicelib.services import answers, deals, inbox, keyring, offers
from tests.feeds import deliver, taken
from tests.house import Answer, House, Sender

LINES: list[dict[str, Any]] = [
    {"name": "Chair", "quantity": 2, "unit_price": {"amount": 5000, "currency": "EUR"}, "discount": 10, "tax": 20},
    {"name": "Delivery", "unit_price": {"amount": 999, "currency": "EUR"}},
]
TOTALS = {"currency": "EUR", "net": 9999, "discount": 1000, "tax": 1800, "gross": 11799}
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def deal(sender: Sender, **fields: Any) -> Any:
    answer = sender.post("/v1/deals", {"title": "Office", "items": LINES, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def quote(sender: Sender, **fields: Any) -> Any:
    fields = {"deal_id": fields.pop("deal_id", None) or deal(sender)["id"], **fields}
    answer = sender.post("/v1/quotes", fields)
    assert answer.status == 201, answer.text
    return answer.json


def sent(sender: Sender, made: Any) -> str:
    """The path of the quote's page."""
    answer = sender.post(f"/v1/quotes/{made['id']}/send")
    assert answer.status == 200, answer.text
    return "/q/" + answer.json["url"].partition("/q/")[2]


def press(house: House, path: str, button: str, form: str = "") -> Answer:
    return house.http("POST", f"{path}/{button}", form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def orders(sender: Sender) -> list[Any]:
    rows: list[Any] = sender.get("/v1/orders").json["data"]
    return rows


def state(sender: Sender, made: Any) -> Any:
    return sender.get(f"/v1/quotes/{made['id']}").json


def kinds(sender: Sender, deal_id: str) -> list[str]:
    return [row["kind"] for row in sender.get(f"/v1/deals/{deal_id}/timeline").json["data"]]


def stage(sender: Sender, deal_id: str) -> str:
    return str(sender.get(f"/v1/deals/{deal_id}").json["status"])


def test_a_quote_is_made_of_its_deal(owner: Sender) -> None:
    contact = owner.contact()
    company = owner.post("/v1/companies", {"name": "Acme"}).json
    of = deal(owner, contact_ids=[contact["id"]], company_id=company["id"])
    made = quote(owner, deal_id=of["id"])
    assert made["items"] == of["items"]
    assert made["totals"] == TOTALS
    assert (made["title"], made["status"], made["contact_id"]) == ("Office", "draft", contact["id"])
    assert (made["company_id"], made["owner_id"]) == (company["id"], owner.user)
    assert owner.get(f"/v1/quotes?deal_id={of['id']}").json["data"] == [made]
    other = quote(owner)
    assert [row["id"] for row in owner.get("/v1/quotes").json["data"]] == [other["id"], made["id"]]


def test_a_book_prices_the_deals_products_anew(owner: Sender) -> None:
    chair = owner.post("/v1/products", {"name": "Chair", "prices": [{"amount": 100, "currency": "EUR"}]}).json
    entry = {"product_id": chair["id"], "unit_price": 70}
    book = owner.post("/v1/pricebooks", {"name": "B", "currency": "EUR", "entries": [entry]}).json
    of = deal(owner, items=[{"product_id": chair["id"], "quantity": 2}, LINES[1]])
    assert quote(owner, deal_id=of["id"])["totals"]["net"] == 1199
    made = quote(owner, deal_id=of["id"])
    again = {"pricebook_id": book["id"], "items": [{"product_id": chair["id"], "quantity": 2}]}
    assert owner.patch(f"/v1/quotes/{made['id']}", again).json["totals"]["net"] == 140
    assert quote(owner, deal_id=of["id"], pricebook_id=book["id"])["totals"]["net"] == 1139
    owner.patch(f"/v1/pricebooks/{book['id']}", {"valid_to": "2020-01-01"})
    refused = owner.post("/v1/quotes", {"deal_id": of["id"], "pricebook_id": book["id"]})
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "out_of_date")


def test_what_no_quote_can_be(house: House, owner: Sender) -> None:
    clock.set(NOON)
    of, theirs = deal(owner), deal(house.signup())
    bare = deal(owner, items=[])
    for fields, pointer, code in (
        ({"deal_id": theirs["id"]}, "/deal_id", "unknown"),
        ({"deal_id": bare["id"]}, "/items", "required"),
        ({"contact_id": "con_x"}, "/contact_id", "unknown"),
        ({"pricebook_id": "prb_x", "items": LINES}, "/pricebook_id", "unknown"),
        ({"valid_until": "2026-02-30"}, "/valid_until", "format"),
        ({"valid_until": "2026-03-09"}, "/valid_until", "range"),
        ({"valid_until": "9999-12-31"}, "/valid_until", "range"),
        ({"title": " "}, "/title", "required"),
        ({"items": [LINES[0], {**LINES[1], "unit_price": {"amount": 1, "currency": "USD"}}]},
         "/items/1/unit_price/currency", "mixed"),
    ):  # fmt: skip
        refused = owner.post("/v1/quotes", {"deal_id": of["id"], **fields})
        assert (refused.status, refused.json["errors"][0]["pointer"], refused.json["errors"][0]["code"]) == (
            422,
            pointer,
            code,
        )


def test_the_page_says_who_offers_what_and_no_word_is_taken_for_html(house: House, owner: Sender) -> None:
    nasty = "<script>alert('x')</script>\"&"
    item = {"name": nasty, "quantity": 1234.5, "unit_price": {"amount": 100000, "currency": "EUR"}, "tax": 20}
    made = quote(owner, title=nasty, terms=f"{nasty}\nsecond", items=[item])
    path = sent(owner, made)
    page = house.http("GET", path)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<script" not in page.text
    assert page.text.count(html.escape(nasty)) == 4  # two titles, terms, line
    said = html.unescape(re.sub(r"<[^>]+>", " ", page.text))
    firm = owner.signed_up["tenant"]["name"]
    for word in (firm, made["valid_until"], "1234.5", "1,000.00 EUR", "1,234,500.00 EUR", "1,481,400.00 EUR"):
        assert word in said
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert page.headers["Access-Control-Allow-Origin"] == "*"


def test_to_look_changes_nothing(house: House, owner: Sender) -> None:
    made = quote(owner)
    path = sent(owner, made)
    before = state(owner, made)
    for _ in range(2):
        assert house.http("GET", path).status == 200
    for button in ("accept", "decline"):
        assert house.http("GET", f"{path}/{button}").status == 405
    assert state(owner, made) == before
    assert orders(owner) == []


def test_a_customer_accepts_and_all_is_done_once(house: House, owner: Sender) -> None:
    contact = owner.contact()
    of = deal(owner, contact_ids=[contact["id"]])
    made = quote(owner, deal_id=of["id"])
    path = sent(owner, made)
    page = press(house, path, "accept", "name=Ada+%3CL%3E&")
    assert page.status == 200
    assert "was accepted" in page.text
    after = state(owner, made)
    assert (after["status"], after["answered_by"]) == ("accepted", "Ada <L>")
    (order,) = orders(owner)
    assert order["id"] == after["order_id"]
    assert (order["quote_id"], order["deal_id"], order["contact_id"]) == (made["id"], of["id"], contact["id"])
    assert (order["items"], order["totals"], order["status"]) == (made["items"], TOTALS, "open")
    assert order["base_value"] == {"amount": 9999, "currency": "EUR"}
    assert order["ordered_at"] == after["answered_at"]
    for button in ("accept", "decline", "accept"):
        again = press(house, path, button, "name=Somebody")
        assert again.status == 200
        assert "was accepted" in again.text
    assert "was accepted" in house.http("GET", path).text
    assert state(owner, made) == after
    assert len(orders(owner)) == 1
    house.settle()
    assert stage(owner, of["id"]) == "won"
    told = kinds(owner, of["id"])
    assert told.count("deal.quote_accepted") == told.count("deal.quote_sent") == told.count("order.placed") == 1
    (news,) = [row for row in owner.get("/v1/notifications").json["data"] if row["kind"] == "quote"]
    assert news["subject_id"] == of["id"]
    assert "accepted by Ada <L>" in news["title"]
    assert "won" in news["title"]


def test_a_customer_declines(house: House, owner: Sender) -> None:
    of = deal(owner)
    made = quote(owner, deal_id=of["id"])
    path = sent(owner, made)
    assert "was declined" in press(house, path, "decline").text
    assert "was declined" in press(house, path, "accept").text
    assert (state(owner, made)["status"], orders(owner)) == ("declined", [])
    house.settle()
    assert stage(owner, of["id"]) == "open"
    assert "deal.quote_declined" in kinds(owner, of["id"])


def test_two_who_accept_at_once_make_one_order(house: House, owner: Sender) -> None:
    made = quote(owner)
    token = sent(owner, made).removeprefix("/q/")
    gate, pages = threading.Barrier(6), list[Document]()

    def act(number: int) -> None:
        gate.wait()
        answer = offers.decline if number == 0 else offers.accept
        pages.append(answer(token, f"number {number}"))

    threads = [threading.Thread(target=act, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = state(owner, made)
    assert len(pages) == 6
    assert {page.status for page in pages} == {None}
    assert all(f"was {after['status']}" in page.text for page in pages)
    assert len(orders(owner)) == (1 if after["status"] == "accepted" else 0)
    assert after["version"] == 3


def test_it_holds_to_the_end_of_its_day_in_the_firms_time_zone(house: House, owner: Sender) -> None:
    clock.set(NOON)
    assert owner.patch("/v1/settings", {"time_zone": "America/New_York"}).status == 200
    made = quote(owner, valid_until="2026-03-10")
    assert made["expires_at"] == "2026-03-11T04:00:00.000Z"
    path = sent(owner, made)
    clock.set(datetime(2026, 3, 11, 3, 59, tzinfo=UTC))
    assert house.http("GET", path).status == 200
    clock.set(datetime(2026, 3, 11, 4, 0, tzinfo=UTC))
    for answer in (house.http("GET", path), press(house, path, "accept"), press(house, path, "decline")):
        assert (answer.status, answer.headers["Content-Type"]) == (410, "text/html; charset=utf-8")
        assert "expired" in answer.text
        assert "<form" not in answer.text
        assert "Chair" not in answer.text
    assert (state(owner, made)["status"], orders(owner)) == ("expired", [])
    assert owner.post(f"/v1/quotes/{made['id']}/send").status == 409
    longer = owner.patch(f"/v1/quotes/{made['id']}", {"valid_until": "2026-03-20"})
    assert (longer.status, longer.json["status"]) == (200, "sent")
    assert sent(owner, made) == path
    assert press(house, path, "accept").status == 200
    assert len(orders(owner)) == 1


@pytest.mark.parametrize(
    ("zone", "day", "ends"),
    [
        ("Europe/Vienna", "2026-03-29", "2026-03-29T22:00:00.000Z"),  # an hour shorter than others
        ("Europe/Vienna", "2026-10-25", "2026-10-25T23:00:00.000Z"),  # an hour longer
        ("Pacific/Kiritimati", "2026-03-10", "2026-03-10T10:00:00.000Z"),
        ("UTC", "2026-12-31", "2027-01-01T00:00:00.000Z"),
    ],
)
def test_when_a_day_ends(zone: str, day: str, ends: str) -> None:
    from chalicelib.services import quotes

    clock.set(NOON)
    try:
        assert quotes.end_of(day, zone) == ends
    finally:
        clock.reset()


def test_what_was_taken_back_is_dead_and_may_be_sent_anew(house: House, owner: Sender) -> None:
    made = quote(owner)
    old = sent(owner, made)
    assert owner.patch(f"/v1/quotes/{made['id']}", {"items": LINES[:1]}).status == 409
    assert owner.patch(f"/v1/quotes/{made['id']}", {"terms": "Other"}).status == 409
    assert owner.post(f"/v1/quotes/{made['id']}/revoke").json["status"] == "draft"
    assert owner.post(f"/v1/quotes/{made['id']}/revoke").status == 409
    assert owner.patch(f"/v1/quotes/{made['id']}", {"items": LINES[:1]}).json["totals"]["net"] == 9000
    new = sent(owner, made)
    assert new != old
    for answer in (house.http("GET", old), press(house, old, "accept"), press(house, old, "decline")):
        assert (answer.status, "withdrawn" in answer.text) == (410, True)
    assert state(owner, made)["status"] == "sent"
    assert press(house, new, "accept").status == 200
    for verb in ("revoke", "send"):
        assert owner.post(f"/v1/quotes/{made['id']}/{verb}").status == 409
    assert owner.patch(f"/v1/quotes/{made['id']}", {"valid_until": "2099-01-01"}).status == 409
    assert "was accepted" in house.http("GET", new).text
    assert house.http("GET", old).status == 410


def test_what_is_in_the_trash_is_withdrawn(house: House, owner: Sender) -> None:
    made = quote(owner)
    path = sent(owner, made)
    owner.delete(f"/v1/quotes/{made['id']}")
    assert press(house, path, "accept").status == 410
    assert owner.get(f"/v1/quotes/{made['id']}").status == 404
    owner.post(f"/v1/quotes/{made['id']}/restore")
    assert press(house, path, "accept").status == 200


def test_sent_again_it_has_the_same_link_and_nothing_is_written(owner: Sender) -> None:
    made = quote(owner)
    path = sent(owner, made)
    again = owner.post(f"/v1/quotes/{made['id']}/send")
    assert again.json["url"].endswith(path)
    assert again.cost["wru"] == 0
    assert owner.post(f"/v1/quotes/{made['id']}/send", If_Match='"1"').status == 412
    assert owner.post(f"/v1/quotes/{made['id']}/send", If_Match='"2"').status == 200


def test_a_link_that_is_not_ours_leads_nowhere_and_costs_nothing(house: House, owner: Sender) -> None:
    made = quote(owner)
    token = sent(owner, made).removeprefix("/q/")
    head, claims, mac = token.split(".")
    ours = {"t": owner.tenant, "q": made["id"], "n": 0}
    for wrong in (
        "x",
        "%2e%2e",
        f"{head}.{claims}.{mac[:-4]}AAAA",
        f"{head}.{claims}",
        keyring.sign("access", ours),
        keyring.sign("cursor", ours),
    ):
        for answer in (
            house.http("GET", f"/q/{wrong}"),
            press(house, f"/q/{wrong}", "accept"),
            press(house, f"/q/{wrong}", "decline"),
        ):
            assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
            assert answer.cost["rru"] == answer.cost["wru"] == 0
    assert state(owner, made)["status"] == "sent"


def test_the_link_stands_in_no_log_line(house: House, owner: Sender, caplog: pytest.LogCaptureFixture) -> None:
    made = quote(owner)
    path = sent(owner, made)
    caplog.clear()
    house.http("GET", path)
    press(house, path, "accept", "name=Ada")
    press(house, path + "x", "accept")
    mac = path.rpartition(".")[2]
    assert caplog.records
    for record in caplog.records:
        assert mac not in record.getMessage() + str(record.__dict__)


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/x-www-form-urlencoded", b"", 200),
        ("application/x-www-form-urlencoded; charset=UTF-8", b"name=", 200),
        ("application/x-www-form-urlencoded", b"name=+++", 200),
        ("application/json", b'{"name": "Ada"}', 200),
        ("application/x-www-form-urlencoded", b"name=a&name=b", 422),
        ("application/x-www-form-urlencoded", b"other=a", 422),
        ("application/x-www-form-urlencoded", b"name=" + b"x" * 201, 422),
        ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(60)), 400),
        ("application/x-www-form-urlencoded", b"name=%ff", 400),
        ("multipart/form-data", b"name=a", 415),
        ("application/json", b"name=a", 400),
    ],
)
def test_how_a_form_may_come(house: House, owner: Sender, media_type: str, body: bytes, status: int) -> None:
    path = sent(owner, quote(owner))
    answer = house.http("POST", f"{path}/accept", body, {"Content-Type": media_type})
    assert answer.status == status, answer.text
    assert len(orders(owner)) == (1 if status == 200 else 0)


def test_a_gate_keeps_the_deal_but_not_the_customer(house: House, owner: Sender) -> None:
    of = deal(owner)
    pipeline = owner.get(f"/v1/pipelines/{of['pipeline_id']}").json
    for one in pipeline["stages"]:
        one["required_fields"] = ["next_step"] if one["forecast"] == "won" else []
    assert owner.patch(f"/v1/pipelines/{pipeline['id']}", {"stages": pipeline["stages"]}).status == 200
    made = quote(owner, deal_id=of["id"])
    assert press(house, sent(owner, made), "accept").status == 200
    house.settle()
    assert stage(owner, of["id"]) == "open"
    assert len(orders(owner)) == 1
    (news,) = [row for row in owner.get("/v1/notifications").json["data"] if row["kind"] == "quote"]
    assert "stays open" in news["title"]
    assert "next_step" in news["title"]


def test_what_follows_twice_and_late_follows_once(house: House, owner: Sender) -> None:
    of = deal(owner)
    made = quote(owner, deal_id=of["id"])
    path = sent(owner, made)
    house.settle()
    press(house, path, "accept")
    pending = taken(house)
    deliver(pending)
    house.settle()
    assert stage(owner, of["id"]) == "won"
    first = owner.get(f"/v1/deals/{of['id']}").json["stage_id"]
    open_stage = owner.get(f"/v1/pipelines/{of['pipeline_id']}").json["stages"][0]["id"]
    assert first != open_stage
    assert owner.post(f"/v1/deals/{of['id']}/move", {"stage_id": open_stage}).status == 200
    deliver(pending + pending[::-1])
    house.settle()
    assert stage(owner, of["id"]) == "open"  # who opened it again is not overruled
    told = kinds(owner, of["id"])
    assert told.count("deal.quote_accepted") == told.count("order.placed") == 1
    assert len([row for row in owner.get("/v1/notifications").json["data"] if row["kind"] == "quote"]) == 1


@pytest.mark.parametrize("fails", ["tell", "move", "settle"])
def test_what_follows_is_made_good_after_a_crash(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    of = deal(owner)
    made = quote(owner, deal_id=of["id"])
    path = sent(owner, made)
    house.settle()
    press(house, path, "accept")
    pending = taken(house)
    calls = 0

    def crash(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        raise RuntimeError("crash")

    def once_done(*steps: Any) -> None:
        if any(isinstance(step.item, Quote) for step in steps):
            crash()
        _transact(*steps)

    with monkeypatch.context() as broken:
        if fails == "tell":
            broken.setattr(inbox, "tell", crash)
        elif fails == "move":
            broken.setattr(deals, "move", crash)
        else:
            broken.setattr(answers, "transact", once_done)
        with pytest.raises(AssertionError):
            deliver(pending)
    assert calls
    deliver(pending)
    house.settle()
    assert stage(owner, of["id"]) == "won"
    assert len([row for row in owner.get("/v1/notifications").json["data"] if row["kind"] == "quote"]) == 1


def test_anothers_quote_is_none(house: House, owner: Sender) -> None:
    made, stranger = quote(owner), house.signup()
    for method, path in (("GET", ""), ("POST", "/send"), ("POST", "/revoke"), ("DELETE", "")):
        assert stranger.call(method, f"/v1/quotes/{made['id']}{path}").status == 404
    assert stranger.get(f"/v1/quotes?deal_id={made['deal_id']}").json["data"] == []


def test_without_a_day_it_holds_for_thirty(owner: Sender) -> None:
    clock.set(NOON)
    made = quote(owner)
    assert made["valid_until"] == (NOON + timedelta(days=30)).date().isoformat()
    kept = fetch(Quote, *keys.key("quote", tenant=owner.tenant, id=made["id"]))
    assert kept is not None
    assert kept.serial == 0
