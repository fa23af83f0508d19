"""Boards over HTTP: the order, the sums and the ages are those of the deals themselves, also while many move at once;
and the rooms that deals share with contacts and companies.
"""

import csv
import io
import json
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from chalicelib import clock
from chalicelib.models.deal import Deal
from tests import truth
from tests.contract.calling import colleague
from tests.feeds import deliver, taken
from tests.house import House, Sender

DAY = 86_400
RATES = {"EUR": Fraction(1), "USD": Fraction("0.9"), "JPY": Fraction("0.61")}  # cents for a minor unit


@pytest.fixture
def pipeline(owner: Sender) -> Any:
    return owner.get("/v1/pipelines").json["data"][0]


def deal(owner: Sender, pipeline: Any, stage: int = 0, amount: int | None = None, **fields: Any) -> Any:
    currency = fields.pop("currency", "EUR")
    value = {"value": {"amount": amount, "currency": currency}} if amount is not None else {}
    reason = {"lost_reason": "price"} if stage == 5 else {}
    draft = {"title": "Ten engines", "stage_id": pipeline["stages"][stage]["id"], **value, **reason, **fields}
    answer = owner.post("/v1/deals", draft)
    assert answer.status == 201, answer.text
    return answer.json


def move(owner: Sender, pipeline: Any, one: Any, stage: int, **where: Any) -> None:
    body = {"stage_id": pipeline["stages"][stage]["id"], **where}
    answer = owner.post(f"/v1/deals/{one['id']}/move", body | ({"lost_reason": "price"} if stage == 5 else {}))
    assert answer.status == 200, answer.text


def board(owner: Sender, pipeline: Any, query: str = "") -> Any:
    answer = owner.get(f"/v1/pipelines/{pipeline['id']}/board{query}")
    assert answer.status == 200, answer.text
    return answer.json


def rounded(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))  # of what is not below nothing


def agrees(owner: Sender, pipeline: Any, shown: Any) -> bool:
    """Whether the board says what the raw deals say; sums are of what is worth the same today and when it closed."""
    raw = [one for one in truth.raw(owner.tenant, "deal").values() if not one.deleted_at]
    for stage, column in zip(pipeline["stages"], shown["stages"], strict=True):
        here = sorted((one for one in raw if one.stage_id == stage["id"]), key=lambda one: f"{one.rank}#{one.id}")
        total = sum(
            (one.value["amount"] * RATES[one.value["currency"]] for one in here if one.value), start=Fraction(0)
        )
        weighted = total * Fraction(str(stage["probability"]))
        assert column["count"] == len(here)
        assert column["total"] == {"amount": rounded(total), "currency": "EUR"}
        assert column["weighted"] == {"amount": rounded(weighted), "currency": "EUR"}
        assert [card["id"] for card in column["deals"]] == [one.id for one in here][: len(column["deals"])]
    return True


def test_sums_of_several_currencies_are_converted_and_rounded_once(house: House, owner: Sender, pipeline: Any) -> None:
    for currency, rate in (("USD", "0.9"), ("JPY", "0.0061")):
        assert owner.call("PUT", f"/v1/rates/{currency}/2020-01-01", {"rate": rate}).status == 201
    for amount, currency in ((5, "USD"), (5, "USD"), (777, "JPY"), (1, "EUR"), (None, "EUR")):
        deal(owner, pipeline, 1, amount, currency=currency)
    house.settle()
    shown = board(owner, pipeline)
    assert agrees(owner, pipeline, shown)
    assert shown["stages"][1]["total"]["amount"] == rounded(Fraction("9") + Fraction("473.97") + 1)
    assert (shown["currency"], shown["without_rate"]) == ("EUR", [])
    assert owner.call("DELETE", "/v1/rates/JPY/2020-01-01").status == 204
    assert board(owner, pipeline)["without_rate"] == ["JPY"]
    assert board(owner, pipeline)["stages"][1]["total"]["amount"] == 10


def test_what_is_closed_counts_as_it_was_worth_then(house: House, owner: Sender, pipeline: Any) -> None:
    owner.call("PUT", "/v1/rates/USD/2020-01-01", {"rate": "0.9"})
    won = deal(owner, pipeline, 0, 1000, currency="USD")
    move(owner, pipeline, won, 4)
    owner.call("PUT", f"/v1/rates/USD/{clock.stamp()[:10]}", {"rate": "2"})
    house.settle()
    column = board(owner, pipeline)["stages"][4]
    assert (column["count"], column["total"]["amount"], column["weighted"]["amount"]) == (1, 900, 900)


def test_a_stage_goes_on_by_its_cursor_here_and_in_the_list_of_deals(
    house: House, owner: Sender, pipeline: Any
) -> None:
    made = [deal(owner, pipeline)["id"] for _ in range(5)]
    first = board(owner, pipeline, "?limit=2")["stages"][0]
    assert [card["id"] for card in first["deals"]] == made[:2]
    stage = pipeline["stages"][0]["id"]
    listed = owner.get(f"/v1/deals?pipeline_id={pipeline['id']}&stage_id={stage}&cursor={first['next_cursor']}").json
    assert [one["id"] for one in listed["data"]] == made[2:]
    found, cursor = made[:2], first["next_cursor"]
    while cursor:
        further = board(owner, pipeline, f"?limit=2&stage_id={stage}&cursor={cursor}")
        (column,) = further["stages"]
        found += [card["id"] for card in column["deals"]]
        cursor = column["next_cursor"]
    assert found == made
    for query in (f"?cursor={first['next_cursor']}", f"?stage_id={pipeline['stages'][1]['id']}&cursor=x"):
        refused = owner.get(f"/v1/pipelines/{pipeline['id']}/board{query}")
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/cursor")
    refused = owner.get(f"/v1/pipelines/{pipeline['id']}/board?stage_id=stg_1")
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/stage_id")
    assert house.signup().get(f"/v1/pipelines/{pipeline['id']}/board").status == 404


def test_cards_say_how_long_they_have_been_there(house: House, owner: Sender, pipeline: Any) -> None:
    clock.set(clock.now())
    deal(owner, pipeline, 1)  # rots after 14 days
    told = []
    for days in (0, 6.9, 7, 13.9, 14):
        with_clock = clock.now()
        clock.advance(days * DAY)
        card = board_as_service(owner, pipeline)
        told.append((card.age, card.days_in_stage))
        clock.set(with_clock)
    assert told == [("green", 0), ("green", 6), ("amber", 7), ("amber", 13), ("red", 14)]


def board_as_service(owner: Sender, pipeline: Any) -> Any:
    """The one card of the second stage, asked for behind the door: a session does not last for days."""
    from chalicelib.schemas.actor import Actor
    from chalicelib.schemas.page import Page
    from chalicelib.services import boards, permissions

    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    shown, _ = boards.view(actor, pipeline["id"], pipeline["stages"][1]["id"], Page(5))
    return shown.stages[0].deals[0]


def test_totals_are_right_after_many_have_moved_at_once(house: House, owner: Sender, pipeline: Any) -> None:
    """The door is asked by eight threads at a time; the feed then tells of it all, and the sums are those of the raw
    deals. Each card stands once, and every version that was answered is one that was written.
    """
    made = [deal(owner, pipeline, number % 3, 100 + number) for number in range(9)]

    def go(number: int) -> int:
        one, stage = made[number % 9], number % 6
        body = {"stage_id": pipeline["stages"][stage]["id"], "position": number % 3}
        answer = owner.post(f"/v1/deals/{one['id']}/move", body | ({"lost_reason": "price"} if stage == 5 else {}))
        return answer.status

    with ThreadPoolExecutor(8) as pool:
        answered = Counter(pool.map(go, range(45)))
    assert set(answered) <= {200, 412}
    assert answered[200] > 20
    house.settle()
    shown = board(owner, pipeline)
    assert agrees(owner, pipeline, shown)
    standing = Counter(card["id"] for column in shown["stages"] for card in column["deals"])
    assert standing == Counter(one["id"] for one in made)


# What deals share with contacts and companies -------------------------------------------------------------------------


def test_deals_of_a_merged_company_and_contact_are_those_of_the_winner(
    house: House, owner: Sender, pipeline: Any
) -> None:
    firms = [owner.post("/v1/companies", {"name": name}).json["id"] for name in ("Winner", "Loser")]
    people = [owner.contact(first_name=name)["id"] for name in ("Ada", "Bea")]
    made = [
        deal(owner, pipeline, title=title, company_id=firm, contact_ids=[person])["id"]
        for title, firm, person in zip(("B", "A"), firms, people, strict=True)
    ]
    other = deal(owner, pipeline, title="C", company_id=firms[0], contact_ids=people)["id"]
    house.settle()
    for noun, (winner, loser) in (("companies", firms), ("contacts", people)):
        assert owner.post(f"/v1/{noun}/{winner}/merge", {"loser_id": loser}).status == 200
        house.settle()
        listed = owner.get(f"/v1/{noun}/{winner}/deals").json["data"]
        assert Counter(one["id"] for one in listed) == Counter([*made, other]), noun
        assert owner.get(f"/v1/{noun}/{loser}/deals").status == 301
    kept = owner.get(f"/v1/deals/{made[1]}").json
    assert (kept["company_id"], kept["contact_ids"]) == (firms[1], [people[1]])
    assert owner.get(f"/v1/companies/{firms[0]}/rollup").json["open_deals"] == 3


def test_open_deals_of_a_tree_of_companies_are_added_up(house: House, owner: Sender, pipeline: Any) -> None:
    owner.call("PUT", "/v1/rates/USD/2020-01-01", {"rate": "0.9"})
    top = owner.post("/v1/companies", {"name": "Top"}).json["id"]
    low = owner.post("/v1/companies", {"name": "Low", "parent_id": top}).json["id"]

    def rolled(of: str) -> tuple[int, int]:
        house.settle()
        shown = owner.get(f"/v1/companies/{of}/rollup").json
        return shown["open_deals"], shown["open_value"]["amount"]

    made = [
        deal(owner, pipeline, 0, amount, company_id=firm, currency=currency)
        for amount, firm, currency in ((1000, top, "EUR"), (5, low, "USD"), (5, low, "USD"), (None, low, "EUR"))
    ]
    assert (rolled(top), rolled(low)) == ((4, 1009), (3, 9))
    move(owner, pipeline, made[0], 2)  # still open
    assert rolled(top) == (4, 1009)
    move(owner, pipeline, made[1], 4)
    assert (rolled(top), rolled(low)) == ((3, 1005), (2, 5))
    owner.patch(f"/v1/deals/{made[2]['id']}", {"company_id": top, "value": {"amount": 20, "currency": "USD"}})
    assert (rolled(top), rolled(low)) == ((3, 1018), (1, 0))
    owner.delete(f"/v1/deals/{made[0]['id']}")
    assert rolled(top) == (2, 18)
    owner.post(f"/v1/deals/{made[0]['id']}/restore")
    owner.post(f"/v1/deals/{made[1]['id']}/move", {"stage_id": pipeline["stages"][0]["id"]})
    assert (rolled(top), rolled(low)) == ((4, 1023), (2, 5))


def test_a_rollup_is_right_whatever_the_order_in_which_it_is_told(house: House, owner: Sender, pipeline: Any) -> None:
    one, other = (owner.post("/v1/companies", {"name": name}).json["id"] for name in ("One", "Other"))
    house.settle()
    made = deal(owner, pipeline, 0, 100, company_id=one)
    move(owner, pipeline, made, 1)
    owner.patch(f"/v1/deals/{made['id']}", {"value": {"amount": 70, "currency": "EUR"}})
    move(owner, pipeline, made, 4)
    owner.patch(f"/v1/deals/{made['id']}", {"company_id": other})
    move(owner, pipeline, made, 0)
    told = taken(house)
    for records in (told[::-1], told, told[::2], told[1::2][::-1]):
        deliver(records)
        shown = [owner.get(f"/v1/companies/{firm}/rollup").json for firm in (one, other)]
        assert [(each["open_deals"], each["open_value"]["amount"]) for each in shown] == [(0, 0), (1, 70)]
        assert agrees(owner, pipeline, board(owner, pipeline))


def job(house: House, owner: Sender, path: str, draft: Any) -> Any:
    answer = owner.post(path, draft)
    assert answer.status == 202, answer.text
    house.settle()
    return owner.get(f"/v1/jobs/{answer.json['id']}").json


def test_many_deals_are_changed_at_once(house: House, owner: Sender, pipeline: Any) -> None:
    made = [deal(owner, pipeline, number % 2, company_id=None)["id"] for number in range(4)]
    stage = pipeline["stages"][1]["id"]
    done = job(house, owner, "/v1/deals/bulk", {"action": "tag", "tags": ["vip"], "filter": {"stage_id": stage}})
    assert (done["status"], done["counts"]) == ("succeeded", {"updated": 2})
    assert [owner.get(f"/v1/deals/{one}").json["tags"] for one in made] == [[], ["vip"], [], ["vip"]]
    done = job(house, owner, "/v1/deals/bulk", {"action": "update", "ids": made, "fields": {"stage_id": stage}})
    assert done["counts"] == {"updated": 2, "unchanged": 2}
    assert [column["count"] for column in board(owner, pipeline)["stages"]] == [0, 4, 0, 0, 0, 0]
    for draft, pointer in (
        ({"action": "update", "ids": made, "fields": {"stage_id": "stg_1"}}, "/fields/stage_id"),
        ({"action": "update", "ids": made, "fields": {"nonsense": 1}}, "/fields/nonsense"),
        ({"action": "tag", "tags": ["x"], "filter": {"rotting": "red"}}, "/filter/rotting"),
    ):
        refused = owner.post("/v1/deals/bulk", draft)
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer), refused.text


def test_a_gate_that_a_deal_does_not_meet_fails_its_row_only(house: House, owner: Sender, pipeline: Any) -> None:
    stages = [*pipeline["stages"]]
    stages[2] = {**stages[2], "required_fields": ["next_step"]}
    assert owner.patch(f"/v1/pipelines/{pipeline['id']}", {"stages": stages}).status == 200
    made = [deal(owner, pipeline, next_step=step)["id"] for step in ("Call", None)]
    done = job(
        house, owner, "/v1/deals/bulk", {"action": "update", "ids": made, "fields": {"stage_id": stages[2]["id"]}}
    )
    assert done["counts"] == {"updated": 1, "failed": 1}


def test_a_view_lists_deals(house: House, owner: Sender, pipeline: Any) -> None:
    one = deal(owner, pipeline, 1)["id"]
    deal(owner, pipeline)
    stage = pipeline["stages"][1]["id"]
    view = owner.post("/v1/views", {"noun": "deal", "name": "Meetings", "filter": {"stage_id": stage}})
    assert view.status == 201, view.text
    assert [row["id"] for row in owner.get(f"/v1/deals?view_id={view.json['id']}").json["data"]] == [one]
    for draft, pointer in (
        ({"filter": {"lifecycle": "lead"}}, "/filter/lifecycle"),
        ({"sort": "name"}, "/sort"),
        ({"columns": ["first_name"]}, "/columns/0"),
    ):
        refused = owner.post("/v1/views", {"noun": "deal", "name": "No", **draft})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer), refused.text


def test_deals_are_exported_with_the_firms_own_fields(house: House, owner: Sender, pipeline: Any) -> None:
    owner.post("/v1/fields", {"noun": "deal", "name": "size", "label": "Size", "type": "number"})
    made = [
        deal(owner, pipeline, number, 100, custom={"size": number}, title=f"={number}")["id"] for number in range(2)
    ]
    house.settle()

    def content(**draft: Any) -> bytes:
        done = job(house, owner, "/v1/exports", draft)
        assert done["status"] == "succeeded", done
        return Path(unquote(urlsplit(done["result_url"]).path)).read_bytes()

    lines = [json.loads(line) for line in content(kind="deals").splitlines()]
    assert [one["id"] for one in lines] == made
    assert lines[1] == owner.get(f"/v1/deals/{made[1]}").json
    rows = list(csv.DictReader(io.StringIO(content(kind="deal", format="csv").decode(), newline="")))
    assert [(row["title"], row["value"], row["custom.size"]) for row in rows] == [
        ("'=0", "100 EUR", "0"),
        ("'=1", "100 EUR", "1"),
    ]
    stage = pipeline["stages"][1]["id"]
    assert len(content(kind="deal", filter={"stage_id": stage}).splitlines()) == 1
    with zipfile.ZipFile(io.BytesIO(content(kind="all", format="csv"))) as archive:
        assert len(archive.read("deals.csv").decode().splitlines()) == 3
    refused = owner.post("/v1/imports", {"kind": "deal", "content": "title\nA\n"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/kind")


def test_what_a_leaver_has_won_stays_hers(house: House, owner: Sender, pipeline: Any) -> None:
    leaver = colleague(owner, "rep").user
    still, won = (deal(owner, pipeline, stage, owner_id=leaver)["id"] for stage in (0, 4))
    house.settle()
    job(house, owner, f"/v1/users/{leaver}/reassign", {"to_user_id": owner.user})
    assert owner.get(f"/v1/deals/{still}").json["owner_id"] == owner.user
    assert owner.get(f"/v1/deals/{won}").json["owner_id"] == leaver
    assert [one.owner_id for one in truth.raw(owner.tenant, "deal").values() if isinstance(one, Deal)].count(
        leaver
    ) == 1
