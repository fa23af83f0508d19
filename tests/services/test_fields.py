"""Custom fields: defined once, kept under one name in one type, and asked of every value that changes."""

import threading
from typing import Any

import pytest

from chalicelib import errors, ids
from chalicelib.services import fields
from tests.house import Answer, House, Sender


def make(owner: Sender, **draft: Any) -> Answer:
    return owner.post("/v1/fields", {"noun": "contact", "name": "tier", "label": "Tier", "type": "text", **draft})


def field(owner: Sender, **draft: Any) -> Any:
    answer = make(owner, **draft)
    assert answer.status == 201, answer.text
    return answer.json


def path(made: Any) -> str:
    return f"/v1/fields/{made['id']}"


def check(owner: Sender, **custom: Any) -> dict[str, Any]:
    return fields.check(owner.tenant, "contact", custom)


def flaws(owner: Sender, **custom: Any) -> dict[str, str]:
    with pytest.raises(errors.Invalid) as refused:
        check(owner, **custom)
    return {flaw.pointer: flaw.code for flaw in refused.value.flaws}


def test_a_field_is_made_read_and_listed_by_noun_and_name(owner: Sender) -> None:
    made = [field(owner, name=name, noun=noun) for noun, name in [("contact", "b"), ("company", "z"), ("contact", "a")]]
    assert owner.get(path(made[0])).json == made[0]
    assert [(one["noun"], one["name"]) for one in owner.get("/v1/fields").json["data"]] == [
        ("company", "z"), ("contact", "a"), ("contact", "b")
    ]  # fmt: skip
    assert [one["name"] for one in owner.get("/v1/fields?noun=contact").json["data"]] == ["a", "b"]
    first = owner.get("/v1/fields?limit=1").json
    rest = owner.get(f"/v1/fields?limit=5&cursor={first['next_cursor']}").json
    assert [one["name"] for one in first["data"] + rest["data"]] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"name": "Tier"}, "/name"),
        ({"name": "1st"}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"name": "x" * 41}, "/name"),
        ({"noun": "order"}, "/noun"),
        ({"type": "json"}, "/type"),
        ({"label": ""}, "/label"),
        ({"type": "enum"}, "/options"),
        ({"type": "multi", "options": ["a", "a"]}, "/options"),
        ({"type": "text", "options": ["a"]}, "/options"),
        ({"type": "reference"}, "/refers_to"),
        ({"type": "text", "refers_to": "contact"}, "/refers_to"),
        ({"required": True}, "/required"),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(owner: Sender, draft: dict[str, Any], pointer: str) -> None:
    answer = make(owner, **draft)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.text


def test_a_name_is_taken_once_for_each_noun(owner: Sender) -> None:
    made = field(owner)
    field(owner, noun="company")
    again = make(owner)
    assert (again.status, again.json["existing_id"], again.json["errors"][0]["pointer"]) == (409, made["id"], "/name")


def test_two_who_take_a_name_at_once_get_one_field(owner: Sender) -> None:
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(make(owner).status)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    "patch", [{"name": "class"}, {"type": "number"}, {"noun": "company"}, {"name": None}, {"type": "reference"}]
)
def test_name_and_type_are_for_good(owner: Sender, patch: dict[str, Any]) -> None:
    made = field(owner)
    refused = owner.patch(path(made), patch)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, f"/{next(iter(patch))}")
    assert "make a new" in refused.json["detail"]
    assert owner.get(path(made)).json == made
    same = owner.patch(path(made), {name: made[name] for name in ("noun", "name", "type", "refers_to")})
    assert same.status == 200


def test_a_label_changes_and_null_clears_only_what_may_be_empty(owner: Sender) -> None:
    made = field(owner, description="How much they buy")
    changed = owner.patch(path(made), {"label": "Class", "description": None}, If_Match='"1"')
    assert (changed.json["label"], changed.json["description"], changed.json["version"]) == ("Class", None, 2)
    assert owner.patch(path(made), {"label": None}).status == 422
    assert owner.patch(path(made), {"label": "X"}, If_Match='"1"').status == 412


def test_a_removed_option_cannot_be_chosen_any_more(owner: Sender) -> None:
    made = field(owner, type="enum", options=["gold", "silver"])
    assert check(owner, tier="silver") == {"tier": "silver"}
    assert owner.patch(path(made), {"options": ["gold", "iron"]}).status == 200
    assert flaws(owner, tier="silver") == {"/custom/tier": "not_allowed"}
    assert check(owner, tier="iron") == {"tier": "iron"}
    assert owner.patch(path(made), {"options": []}).status == 422


def test_a_deleted_field_takes_no_values_and_its_name_keeps_its_type(owner: Sender) -> None:
    made = field(owner, type="number")
    assert owner.delete(path(made)).status == 204
    assert owner.get(path(made)).status == 404
    assert flaws(owner, tier=5) == {"/custom/tier": "unknown"}
    other_type = make(owner, type="text")
    assert (other_type.status, other_type.json["errors"][0]["code"]) == (409, "reused")
    second = field(owner, type="number")
    taken = owner.post(f"{path(made)}/restore")
    assert (taken.status, taken.json["existing_id"]) == (409, second["id"])
    owner.delete(path(second))
    restored = owner.post(f"{path(made)}/restore")
    assert (restored.status, restored.json["deleted_at"]) == (200, None)
    assert owner.post(f"{path(made)}/restore").status == 409
    assert check(owner, tier=5) == {"tier": 5}


def test_a_noun_has_a_hundred_fields_at_most(owner: Sender) -> None:
    for number in range(fields.MOST):
        field(owner, name=f"f{number}")
    refused = make(owner, name="one_more")
    assert (refused.status, "100" in refused.json["detail"]) == (409, True)
    assert make(owner, name="one_more", noun="company").status == 201
    names = [f"f{number}" for number in range(fields.MOST)]
    assert len(check(owner, **dict.fromkeys(names, "x"))) == fields.MOST


def test_only_an_admin_defines_and_everybody_reads(owner: Sender) -> None:
    from tests.contract.calling import colleague

    made = field(owner)
    rep = colleague(owner, "rep")
    assert rep.get(path(made)).status == 200
    for answer in (make(rep, name="b"), rep.patch(path(made), {"label": "x"}), rep.delete(path(made))):
        assert answer.status == 403


def test_every_flaw_is_told_at_once_and_at_its_place(owner: Sender) -> None:
    field(owner, name="size", type="number")
    field(owner, name="price", type="money")
    assert flaws(owner, size="big", price={"amount": 1, "currency": "XYZ"}, color="red") == {
        "/custom/size": "type",
        "/custom/price/currency": "unknown",
        "/custom/color": "unknown",
    }
    with pytest.raises(errors.Invalid) as refused:
        check(owner, color="red")
    assert "price, size" in refused.value.flaws[0].message


def test_null_is_no_value(owner: Sender) -> None:
    field(owner)
    assert check(owner, tier=None, gone=None) == {}
    assert owner.contact(first_name="Ada", custom={"tier": None, "gone": None})["custom"] == {}


def test_a_field_made_a_moment_ago_is_known(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    made = field(owner, type="enum", options=["gold"])
    old = fields.definitions(owner.tenant, "contact")
    monkeypatch.setattr(fields, "definitions", lambda *_: {})
    assert check(owner, tier="gold") == {"tier": "gold"}
    monkeypatch.setattr(fields, "definitions", lambda *_: old)
    assert owner.patch(path(made), {"options": ["gold", "iron"]}).status == 200
    assert check(owner, tier="iron") == {"tier": "iron"}


def test_a_reference_is_one_of_the_firms_own_records(house: House, owner: Sender) -> None:
    field(owner, name="advisor", type="reference", refers_to="contact")
    mine, gone, theirs = owner.contact()["id"], owner.contact()["id"], house.signup().contact()["id"]
    owner.delete(f"/v1/contacts/{gone}")
    assert check(owner, advisor=mine) == {"advisor": mine}
    for wrong in (gone, theirs, ids.new("con")):
        assert flaws(owner, advisor=wrong) == {"/custom/advisor": "unknown"}
    assert flaws(owner, advisor=ids.new("com")) == {"/custom/advisor": "type"}


def test_a_contact_keeps_its_values_though_the_field_is_gone(owner: Sender) -> None:
    made = field(owner, type="enum", options=["gold", "iron"])
    contact = owner.contact(first_name="Ada", custom={"tier": "gold"})
    assert contact["custom"] == {"tier": "gold"}
    where = f"/v1/contacts/{contact['id']}"
    refused = owner.patch(where, {"custom": {"tier": "tin"}})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/custom/tier")
    owner.patch(path(made), {"options": ["iron"]})
    assert owner.patch(where, {"title": "Countess"}).json["custom"] == {"tier": "gold"}
    owner.delete(path(made))
    assert owner.patch(where, {"title": "Lady"}).json["custom"] == {"tier": "gold"}
    assert owner.patch(where, {"custom": {"tier": None}}).json["custom"] == {}


def test_a_filter_means_a_value(owner: Sender) -> None:
    field(owner, type="number")
    tier = fields.definitions(owner.tenant, "contact")["tier"]
    assert fields.filter_value(tier, "5.0") == 5
    with pytest.raises(errors.Invalid) as refused:
        fields.filter_value(tier, "many")
    assert refused.value.flaws[0].pointer == "/custom.tier"


def test_a_patch_that_python_takes_for_the_same_is_checked_too(owner: Sender) -> None:
    assert owner.post("/v1/fields", {"noun": "contact", "name": "vip", "label": "V", "type": "bool"}).status == 201
    made = owner.contact(first_name="Ada", custom={"vip": False})
    answer = owner.patch(f"/v1/contacts/{made['id']}", {"custom": {"vip": 0}})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/custom/vip")
