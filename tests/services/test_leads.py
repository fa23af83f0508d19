"""Leads: all or none, nothing doubled, nothing overwritten."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import writes
from tests.contract import calling
from tests.house import Answer, House, Sender


def mark() -> str:
    return uuid.uuid4().hex[:12]


def convert(sender: Sender, **body: Any) -> Answer:
    return sender.post("/v1/leads/convert", body)


def converted(sender: Sender, **body: Any) -> Any:
    answer = convert(sender, **body)
    assert answer.status == 201, answer.text
    return answer.json


def person(domain: str | None = None, **more: Any) -> Any:
    address = f"ada.{mark()}@{domain or 'gmail.com'}"
    return {"first_name": "Ada", "last_name": "Lovelace", "emails": [{"address": address}], **more}


def there(sender: Sender, plural: str) -> list[Any]:
    """What can be found of a noun; deals through the ids that an answer names."""
    rows: list[Any] = sender.get(f"/v1/{plural}?limit=200").json["data"]
    return rows


def test_contact_company_and_deal_are_made_and_linked(owner: Sender) -> None:
    domain = f"{mark()}.example"
    deal = {"title": "Engine", "value": {"amount": 129900, "currency": "EUR"}, "source": "fair"}
    made = converted(owner, contact=person(domain), company={"name": "Analytical Ltd"}, deal=deal)
    contact, company, deal = made["contact"], made["company"], made["deal"]
    assert made["joined"] == {"contact": False, "company": False, "deal": False}
    assert (contact["company_id"], contact["company_name"]) == (company["id"], "Analytical Ltd")
    assert contact["lifecycle"] == "opportunity"
    assert company["domains"] == [domain]
    assert (deal["contact_ids"], deal["company_id"]) == ([contact["id"]], company["id"])
    assert (deal["value"]["amount"], deal["source"], deal["status"]) == (129900, "fair", "open")
    for plural, record in (("contacts", contact), ("companies", company), ("deals", deal)):
        assert owner.get(f"/v1/{plural}/{record['id']}").json == record


def test_the_company_of_the_mail_domain_is_used_if_none_is_given(owner: Sender) -> None:
    domain = f"{mark()}.example"
    company = owner.post("/v1/companies", {"name": "Analytical Ltd", "domains": [domain]}).json
    made = converted(owner, contact=person(domain), deal={"title": "Engine"})
    assert (made["company"]["id"], made["joined"]["company"]) == (company["id"], True)
    assert made["deal"]["company_id"] == made["contact"]["company_id"] == company["id"]
    assert made["company"]["version"] == company["version"]


def test_a_private_person_needs_no_company(owner: Sender) -> None:
    made = converted(owner, contact=person(), deal={"title": "Engine"})
    assert made["company"] is None
    assert made["deal"]["company_id"] is None


def test_without_a_deal_there_is_none(owner: Sender) -> None:
    made = converted(owner, contact=person(lifecycle="lead"), company={"name": "Analytical Ltd"})
    assert made["deal"] is None
    assert made["contact"]["lifecycle"] == "lead"


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (None, None, "opportunity"),
        ("lead", None, "opportunity"),
        ("customer", None, "customer"),
        ("evangelist", None, "evangelist"),
        ("customer", "opportunity", "opportunity"),
    ],
)
def test_a_contact_goes_on_and_never_back_unless_told_to(
    before: str | None, asked: str | None, after: str, owner: Sender
) -> None:
    contact = owner.contact(**person(lifecycle=before))
    made = converted(owner, contact_id=contact["id"], deal={"title": "Engine"}, lifecycle=asked)
    assert made["contact"]["lifecycle"] == after
    assert (made["contact"]["id"], made["joined"]["contact"]) == (contact["id"], True)


def test_a_won_deal_makes_a_customer(owner: Sender) -> None:
    stages = owner.get("/v1/pipelines").json["data"][0]["stages"]
    won = next(stage["id"] for stage in stages if stage["forecast"] == "won")
    made = converted(owner, contact=person(), deal={"title": "Engine", "stage_id": won})
    assert made["contact"]["lifecycle"] == "customer"


@pytest.mark.parametrize(
    ("part", "wrong", "pointer"),
    [
        ("contact", {"time_zone": "Mars/Olympus"}, "/contact/time_zone"),
        ("contact", {"emails": [{"address": "a@b@c"}]}, "/contact/emails/0/address"),
        ("company", {"domains": ["gmail.com"]}, "/company/domains/0"),
        ("company", {"parent_id": "com_01HX5ZZKBKACTAV9WEVGEMMVRZ"}, "/company/parent_id"),
        ("deal", {"stage_id": "stg_01HX5ZZKBKACTAV9WEVGEMMVRZ"}, "/deal/stage_id"),
        ("deal", {"value": {"amount": 1, "currency": "CHF"}}, "/deal/value/currency"),
        ("deal", {"contact_ids": ["con_01HX5ZZKBKACTAV9WEVGEMMVRZ"]}, "/deal/contact_ids/1"),
        ("deal", {"title": " "}, "/deal/title"),
    ],
)
def test_if_one_is_refused_there_is_none(part: str, wrong: Any, pointer: str, owner: Sender) -> None:
    body = {"contact": person(), "company": {"name": "Analytical Ltd"}, "deal": {"title": "Engine"}}
    body[part] |= wrong
    answer = convert(owner, **body)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer
    assert there(owner, "contacts") == there(owner, "companies") == []
    body[part] = {name: value for name, value in body[part].items() if name not in wrong} | (
        {"title": "Engine"} if part == "deal" else {}
    )
    assert converted(owner, **body)["joined"] == {"contact": False, "company": False, "deal": False}


def test_if_the_last_write_fails_nothing_was_done(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    number = mark()
    body = {"contact": person(), "company": {"name": "Analytical"}, "deal": {"title": "Engine"}}
    body["deal"]["external_ids"] = {"shop": number}
    converted(owner, contact=person(), deal={"title": "Other", "external_ids": {"shop": number}})
    answer = convert(owner, **body)
    assert answer.status == 409, answer.text
    assert answer.json["errors"][0]["pointer"] == "/deal/external_ids/shop"
    assert answer.json["existing_id"].startswith("dea_")
    assert (len(there(owner, "contacts")), there(owner, "companies")) == (1, [])


def test_who_has_the_address_is_offered(owner: Sender) -> None:
    draft = person()
    known = owner.contact(**draft)
    answer = convert(owner, contact=draft, deal={"title": "Engine"})
    assert (answer.status, answer.json["existing_id"]) == (409, known["id"])
    candidate = answer.json["candidates"]["contact"][0]
    assert (candidate["id"], candidate["score"]) == (known["id"], 1.0)
    assert candidate["reasons"]
    assert answer.json["errors"][0]["pointer"] == "/contact/emails/0/address"
    made = converted(owner, contact=draft, deal={"title": "Engine"}, join={"contact_id": known["id"]})
    assert (made["contact"]["id"], made["joined"]["contact"]) == (known["id"], True)
    assert len(there(owner, "contacts")) == 1


def test_who_is_alike_is_offered_and_can_be_made_all_the_same(house: House, owner: Sender) -> None:
    draft = {"first_name": "Ada", "last_name": "Lovelace", "phones": [{"number": "+43 1 5880 10"}]}
    known = owner.contact(**draft)
    house.settle()
    again = {**draft, "emails": [{"address": f"{mark()}@gmail.com"}]}
    answer = convert(owner, contact=again, deal={"title": "Engine"})
    assert answer.status == 409
    assert [one["id"] for one in answer.json["candidates"]["contact"]] == [known["id"]]
    assert 0.8 <= answer.json["candidates"]["contact"][0]["score"] <= 1
    assert "existing_id" not in answer.json
    assert answer.json["errors"][0]["pointer"] == "/contact"
    made = converted(owner, contact=again, deal={"title": "Engine"}, on_duplicate="create")
    assert made["contact"]["id"] != known["id"]


def test_who_is_alike_is_joined_and_nothing_of_him_overwritten(house: House, owner: Sender) -> None:
    draft = {"first_name": "Ada", "last_name": "Lovelace", "phones": [{"number": "+43 1 5880 10"}], "title": "Head"}
    known = owner.contact(**draft)
    house.settle()
    address = f"{mark()}@gmail.com"
    again = {**draft, "title": "Other", "language": "en", "emails": [{"address": address}]}
    made = converted(owner, contact=again, deal={"title": "Engine"}, on_duplicate="join")
    contact = made["contact"]
    assert (contact["id"], contact["title"], contact["language"]) == (known["id"], "Head", "en")
    assert [one["address"] for one in contact["emails"]] == [address]
    assert len(contact["phones"]) == 1
    assert made["deal"]["contact_ids"] == [known["id"]]
    assert contact["version"] == owner.get(f"/v1/contacts/{known['id']}").json["version"]


def test_the_company_is_offered_and_joined(owner: Sender) -> None:
    domain = f"{mark()}.example"
    company = owner.post("/v1/companies", {"name": "Analytical Ltd", "domains": [domain]}).json
    body = {"contact": person(domain), "company": {"name": "ANALYTICAL", "website": "https://a.example"}}
    answer = convert(owner, **body, deal={"title": "Engine"})
    assert (answer.status, answer.json["existing_id"]) == (409, company["id"])
    assert [one["id"] for one in answer.json["candidates"]["company"]] == [company["id"]]
    made = converted(owner, **body, deal={"title": "Engine"}, on_duplicate="join")
    assert (made["company"]["id"], made["company"]["name"]) == (company["id"], "Analytical Ltd")
    assert made["company"]["website"] == "https://a.example"
    assert made["joined"] == {"contact": False, "company": True, "deal": False}
    assert made["contact"]["company_id"] == company["id"]


def test_another_company_of_the_same_domain_can_be_made(owner: Sender) -> None:
    domain = f"{mark()}.example"
    owner.post("/v1/companies", {"name": "Analytical Ltd", "domains": [domain]})
    made = converted(
        owner, contact=person(domain), company={"name": "Daughter"}, deal={"title": "E"}, on_duplicate="create"
    )
    assert (made["company"]["name"], made["company"]["domains"]) == ("Daughter", [])
    assert made["contact"]["company_id"] == made["company"]["id"]


def test_two_who_could_be_meant_are_offered_even_to_who_wants_to_join(owner: Sender) -> None:
    one, two = person(), person(external_ids={"shop": mark()})
    first, second = owner.contact(**one), owner.contact(**two)
    both = {**one, "external_ids": two["external_ids"]}
    answer = convert(owner, contact=both, deal={"title": "E"}, on_duplicate="join")
    assert answer.status == 409
    assert {found["id"] for found in answer.json["candidates"]["contact"]} >= {first["id"], second["id"]}


def test_a_lead_sent_again_is_not_a_second_deal(owner: Sender) -> None:
    body = {"contact": person(), "company": {"name": "Analytical"}, "deal": {"title": "Engine"}}
    first = converted(owner, **body)
    again = converted(owner, **body, on_duplicate="join")
    assert again["joined"] == {"contact": True, "company": True, "deal": True}
    assert [again[noun]["id"] for noun in ("contact", "company", "deal")] == [
        first[noun]["id"] for noun in ("contact", "company", "deal")
    ]
    offered = convert(owner, contact_id=first["contact"]["id"], deal={"title": "engine"})
    assert (offered.status, offered.json["existing_id"]) == (409, first["deal"]["id"])
    assert offered.json["candidates"]["deal"][0]["id"] == first["deal"]["id"]
    other = converted(owner, contact_id=first["contact"]["id"], deal={"title": "Another engine"})
    assert other["deal"]["id"] != first["deal"]["id"]
    assert other["deal"]["company_id"] == first["company"]["id"]


def test_a_deal_that_is_over_does_not_keep_from_another(owner: Sender) -> None:
    first = converted(owner, contact=person(), deal={"title": "Engine"})
    assert owner.delete(f"/v1/deals/{first['deal']['id']}").status == 204
    again = converted(owner, contact_id=first["contact"]["id"], deal={"title": "Engine"})
    assert again["deal"]["id"] != first["deal"]["id"]
    assert convert(owner, contact_id=first["contact"]["id"], deal={"title": "Engine"}).status == 409


@pytest.mark.parametrize("how", ["offer", "join"])
@pytest.mark.parametrize("who", ["address", "name", "id"])
def test_two_at_once_double_nothing(who: str, how: str, owner: Sender) -> None:
    contact: Any = person() if who == "address" else {"first_name": "Ada", "last_name": f"L{mark()}"}
    given = {"contact_id": owner.contact(**contact)["id"]} if who == "id" else {"contact": contact}
    body = {**given, "company": {"name": "Analytical"}, "deal": {"title": "Engine"}, "on_duplicate": how}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: convert(owner, **body), range(4)))
    made = [answer.json for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len(made) == (1 if how == "offer" else len(answers))
    for noun in ("contact", "company", "deal"):
        assert len({one[noun]["id"] for one in made}) == 1
    assert len(there(owner, "contacts")) == len(there(owner, "companies")) == 1
    if how == "offer":
        assert all("candidates" in answer.json for answer in answers if answer.status == 409)


def test_the_same_words_are_another_lead_the_day_after(owner: Sender) -> None:
    draft = {"first_name": "Ada", "last_name": f"L{mark()}"}
    first = converted(owner, contact=draft)
    offered = convert(owner, contact=draft)
    assert (offered.status, offered.json["existing_id"]) == (409, first["contact"]["id"])
    clock.advance(24 * 3600 + 1)
    after = house_again(owner)
    assert converted(after, contact=draft)["contact"]["id"] != first["contact"]["id"]


def house_again(owner: Sender) -> Sender:
    """The owner, signed in anew: the access token has run out."""
    email = owner.signed_up["user"]["email"]
    answer = owner.house.stranger().post("/v1/auth/login", {"email": email, "password": calling.PASSWORD})
    return Sender(owner.house, answer.json["access_token"], owner.signed_up)


@pytest.mark.parametrize("scope", ["contacts:write", "companies:write", "deals:write"])
def test_it_needs_all_three_permissions(scope: str, owner: Sender) -> None:
    needed = {"contacts:write", "companies:write", "deals:write"}
    program = calling.token(owner, needed - {scope})
    assert convert(program, contact=person()).status == 403
    assert convert(calling.token(owner, needed), contact=person()).status == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/contact"),
        ({"contact_id": "con_01HX5ZZKBKACTAV9WEVGEMMVRZ"}, "/contact_id"),
        ({"contact": {"first_name": "A"}, "company_id": "com_01HX5ZZKBKACTAV9WEVGEMMVRZ"}, "/company_id"),
        ({"contact": {"first_name": "A"}, "join": {"contact_id": "x"}}, "/join/contact_id"),
        ({"contact_id": "a", "join": {"contact_id": "b"}}, "/join/contact_id"),
        ({"contact": {"first_name": "A"}, "on_duplicate": "merge"}, "/on_duplicate"),
        ({"contact": {"first_name": "A", "nick": 1}}, "/contact/nick"),
    ],
)
def test_what_makes_no_sense_is_refused(body: Any, pointer: str, owner: Sender) -> None:
    answer = convert(owner, **body)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == pointer


def test_another_firms_records_are_not_there(house: House, owner: Sender) -> None:
    stranger = house.signup()
    contact = stranger.contact()
    assert convert(owner, contact_id=contact["id"]).status == 422
    company = stranger.post("/v1/companies", {"name": "Theirs", "domains": [f"{mark()}.example"]}).json
    assert convert(owner, contact=person(), company_id=company["id"]).status == 422
    made = converted(owner, contact={**person(), "emails": contact["emails"]})
    assert made["contact"]["id"] != contact["id"]


def test_whoever_comes_between_is_joined(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = person()
    meanwhile: list[Any] = []
    commit = writes._commit

    def late(ordered: Any) -> None:
        if not meanwhile and len(ordered) > 4:
            meanwhile.append(None)
            meanwhile.append(owner.contact(**draft))
        commit(ordered)

    monkeypatch.setattr(writes, "_commit", late)
    made = converted(owner, contact=draft, company={"name": "Analytical"}, deal={"title": "E"}, on_duplicate="join")
    assert made["contact"]["id"] == meanwhile[1]["id"]
    assert len(there(owner, "contacts")) == 1
