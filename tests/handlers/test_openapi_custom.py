"""The description that a firm reads: its own fields are in it, others' are not, and what it says of them is so."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.contract.calling import token
from tests.house import House, Sender

FIELDS: list[dict[str, Any]] = [
    {"name": "tier", "label": "Tier", "type": "enum", "options": ["gold", "iron"], "description": "How much they buy"},
    {"name": "likes", "label": "Likes", "type": "multi", "options": ["tea", "cake"]},
    {"name": "size", "label": "Size", "type": "number"},
    {"name": "budget", "label": "Budget", "type": "money"},
    {"name": "since", "label": "Since", "type": "date"},
    {"name": "vip", "label": "VIP", "type": "bool"},
    {"name": "advisor", "label": "Advisor", "type": "reference", "refers_to": "contact"},
    {"name": "blog", "label": "Blog", "type": "url"},
    {"name": "memo", "label": "Memo", "type": "text"},
]


@pytest.fixture
def described(owner: Sender) -> Any:
    for field in FIELDS:
        answer = owner.post("/v1/fields", {"noun": "contact", **field})
        assert answer.status == 201, answer.text
    answer = owner.get("/v1/openapi.json")
    assert answer.status == 200
    return answer.json


def custom(document: Any, schema: str) -> Any:
    found = document["components"]["schemas"][schema]["properties"]["custom"]
    return found.get("anyOf", [found])[0]


def fits(document: Any, schema: str, value: Any) -> bool:
    registry: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(document))
    reference = {"$ref": f"urn:api#/components/schemas/{schema}"}
    return bool(Draft202012Validator(reference, registry=registry).is_valid(value))


def test_a_firms_own_fields_are_described(described: Any) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()] == []
    for schema in ("ContactDraft", "ContactPatch", "ContactView"):
        assert list(custom(described, schema)["properties"]) == sorted(field["name"] for field in FIELDS)
    tier = custom(described, "ContactDraft")["properties"]["tier"]
    assert tier == {"title": "Tier", "description": "How much they buy", "type": "string", "enum": ["gold", "iron"]}


def test_what_is_described_is_what_is_taken(described: Any, owner: Sender) -> None:
    values = {
        "tier": "gold", "likes": ["cake"], "size": 0.5, "budget": {"amount": 1, "currency": "EUR"},
        "since": "2024-02-29", "vip": False, "advisor": owner.contact()["id"], "memo": "x",
        "blog": "https://example.com",
    }  # fmt: skip
    draft = {"first_name": "Ada", "custom": values}
    assert fits(described, "ContactDraft", draft)
    made = owner.post("/v1/contacts", draft)
    assert made.json["custom"] == values
    assert fits(described, "ContactView", made.json)
    assert fits(described, "ContactPatch", {"custom": dict.fromkeys(values)})
    for name, value in {"tier": "tin", "likes": "tea", "size": "5", "budget": 5, "vip": "no", "advisor": "x"}.items():
        wrong = {"first_name": "Ada", "custom": {name: value}}
        assert not fits(described, "ContactDraft", wrong)
        assert owner.post("/v1/contacts", wrong).status == 422
    assert not fits(described, "ContactDraft", {"first_name": "Ada", "custom": {"shoe": 5}})


def test_an_option_that_was_removed_may_still_be_read(described: Any, owner: Sender) -> None:
    made = owner.contact(first_name="Ada", custom={"tier": "gold"})
    tier = next(one for one in owner.get("/v1/fields").json["data"] if one["name"] == "tier")
    owner.patch(f"/v1/fields/{tier['id']}", {"options": ["iron"]})
    document = owner.get("/v1/openapi.json").json
    assert fits(document, "ContactView", made)
    assert not fits(document, "ContactDraft", {"custom": {"tier": "gold"}})
    owner.patch(f"/v1/fields/{tier['id']}", {"options": ["iron", "gold"]})
    assert owner.get(f"/v1/fields/{tier['id']}").json["retired"] == []


def test_others_see_nothing_of_them(described: Any, house: House, owner: Sender) -> None:
    plain = house.stranger().get("/v1/openapi.json")
    assert plain.status == 200
    for other in (house.signup(), token(owner, {"tasks:read"})):
        assert other.get("/v1/openapi.json").json == plain.json
    assert "tier" not in custom(plain.json, "ContactDraft").get("properties", {})
    assert "tier" not in custom(described, "CompanyDraft").get("properties", {})


def test_a_bad_token_is_told_so(house: House) -> None:
    assert Sender(house, "tnd_x").get("/v1/openapi.json").status == 401
