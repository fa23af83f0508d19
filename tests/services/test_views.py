"""Saved views: one's own, those that are shared, and that nobody sees another's private ones."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.services import access, views
from tests.contract.calling import colleague
from tests.house import Answer, House, Sender


def save(owner: Sender, **draft: Any) -> Answer:
    return owner.post("/v1/views", {"noun": "contact", "name": "Mine", **draft})


def saved(owner: Sender, **draft: Any) -> Any:
    answer = save(owner, **draft)
    assert answer.status == 201, answer.text
    return answer.json


def path(made: Any) -> str:
    return f"/v1/views/{made['id']}"


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [one["name"] for one in answer.json["data"]]


def test_a_view_is_saved_read_and_changed(owner: Sender) -> None:
    since = "2026-01-01T00:00:00Z"
    made = saved(owner, filter={"updated_since": since}, columns=["title", "emails", "title"], sort="-updated_at")
    assert (made["filter"], made["columns"], made["sort"]) == (
        {"updated_since": since},
        ["title", "emails"],
        "-updated_at",
    )
    assert (made["owner_id"], made["shared"]) == (owner.user, False)
    assert owner.get(path(made)).json == made
    changed = owner.patch(path(made), {"name": "New", "filter": {"updated_since": None}, "sort": None}, If_Match='"1"')
    assert (changed.json["name"], changed.json["filter"], changed.json["sort"]) == ("New", {}, None)
    assert owner.patch(path(made), {"name": "X"}, If_Match='"1"').status == 412


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"filter": {"color": "red"}}, "/filter/color"),
        ({"filter": {"updated_since": "yesterday"}}, "/filter/updated_since"),
        ({"filter": {"limit": 5}}, "/filter/limit"),
        ({"filter": {"cursor": "x"}}, "/filter/cursor"),
        ({"filter": {"sort": "name"}}, "/filter/sort"),
        ({"filter": {"email": "a@example.com", "updated_since": "2026-01-01T00:00:00Z"}}, "/filter/updated_since"),
        ({"filter": {"updated_since": "2026-01-01T00:00:00Z"}, "sort": "name"}, "/sort"),
        ({"sort": "shoe size"}, "/sort"),
        ({"columns": ["title", "shoe_size"]}, "/columns/1"),
        ({"columns": ["custom.tier"]}, "/columns/0"),
        ({"noun": "company", "columns": ["first_name"]}, "/columns/0"),
        ({"noun": "task"}, "/noun"),
        ({"owner_id": "usr_1"}, "/owner_id"),
    ],
)
def test_what_no_list_could_show_is_refused(owner: Sender, draft: dict[str, Any], pointer: str) -> None:
    made = saved(owner)
    for answer in (save(owner, **draft), owner.patch(path(made), draft)):
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer), answer.text


def test_custom_fields_are_columns(owner: Sender) -> None:
    owner.post("/v1/fields", {"noun": "contact", "name": "tier", "label": "Tier", "type": "text"})
    assert saved(owner, columns=["custom.tier", "last_name"])["columns"] == ["custom.tier", "last_name"]
    assert save(owner, noun="company", columns=["custom.tier"]).status == 422


def test_a_list_has_ones_own_and_the_shared_ones(owner: Sender) -> None:
    rep = colleague(owner, "rep")
    saved(owner, name="owner's")
    saved(owner, name="for all", shared=True)
    for name in ("Ähre", "apple", "zebra"):
        saved(rep, name=name)
    saved(rep, name="firms", noun="company")
    saved(rep, name="reps' own for all", shared=True)
    assert names(rep.get("/v1/views?noun=contact")) == ["Ähre", "apple", "zebra", "for all", "reps' own for all"]
    assert names(rep.get("/v1/views?noun=company")) == ["firms"]
    assert names(owner.get("/v1/views")) == ["owner's", "for all", "reps' own for all"]
    one_by_one, cursor = list[str](), ""
    while len(one_by_one) < 6:
        answer = rep.get(f"/v1/views?limit=1{cursor}")
        one_by_one += names(answer)
        cursor = f"&cursor={answer.json['next_cursor']}"
    assert one_by_one == names(rep.get("/v1/views"))


def test_anothers_private_view_does_not_exist(owner: Sender) -> None:
    rep = colleague(owner, "rep")
    made = saved(rep)
    for who in (owner, colleague(owner, "admin"), colleague(owner, "rep")):
        for answer in (
            who.get(path(made)),
            who.patch(path(made), {"name": "x"}),
            who.delete(path(made)),
            who.post(f"{path(made)}/restore"),
        ):
            assert answer.status == 404
        assert names(who.get("/v1/views")) == []


def test_a_shared_view_is_everybodys_to_read_and_its_owners_and_admins_to_change(owner: Sender) -> None:
    rep, other, admin = (colleague(owner, role) for role in ("rep", "rep", "admin"))
    made = saved(rep, shared=True)
    assert other.get(path(made)).json == made
    for answer in (other.patch(path(made), {"name": "x"}), other.delete(path(made))):
        assert answer.status == 403
    assert admin.patch(path(made), {"name": "Ours"}).json["owner_id"] == rep.user
    assert rep.patch(path(made), {"shared": False}).status == 200
    assert other.get(path(made)).status == 404
    assert admin.get(path(made)).status == 404


def test_a_view_goes_into_the_trash_and_back(owner: Sender) -> None:
    made = saved(owner)
    assert owner.post(f"{path(made)}/restore").status == 409
    assert owner.delete(path(made)).status == 204
    assert owner.get(path(made)).status == 404
    assert names(owner.get("/v1/views")) == []
    assert owner.post(f"{path(made)}/restore").json["name"] == "Mine"
    assert names(owner.get("/v1/views")) == ["Mine"]


def test_a_list_asks_for_the_parameters_of_a_view(house: House, owner: Sender) -> None:
    actor = access.authenticate(f"Bearer {owner.token}")
    since = "2026-01-01T00:00:00Z"
    made = saved(owner, filter={"updated_since": since}, sort="-updated_at")
    assert views.filter_of(actor, "contact", made["id"]) == {"updated_since": since, "sort": "-updated_at"}
    strangers = saved(house.signup(), shared=True)
    for noun, view_id in (("company", made["id"]), ("contact", strangers["id"]), ("contact", "viw_1")):
        with pytest.raises(errors.Invalid) as refused:
            views.filter_of(actor, noun, view_id)
        assert refused.value.flaws[0].pointer == "/view_id"


def test_a_list_shows_what_the_view_says(house: House, owner: Sender) -> None:
    owner.post("/v1/fields", {"noun": "contact", "name": "size", "label": "Size", "type": "number"})
    for name, size in (("Ada", 5), ("Bob", 7), ("Cyd", 5)):
        owner.contact(first_name=name, custom={"size": size})
    house.settle()
    made = saved(owner, filter={"custom.size": 5}, shared=True)
    assert made["filter"] == {"custom.size": "5"}
    rep = colleague(owner, "rep")
    assert [one["first_name"] for one in rep.get(f"/v1/contacts?view_id={made['id']}").json["data"]] == ["Ada", "Cyd"]
    first = rep.get(f"/v1/contacts?view_id={made['id']}&limit=1").json
    rest = rep.get(f"/v1/contacts?view_id={made['id']}&limit=1&cursor={first['next_cursor']}").json
    assert [one["first_name"] for one in first["data"] + rest["data"]] == ["Ada", "Cyd"]
    assert owner.get(f"/v1/companies?view_id={made['id']}").status == 422
    assert owner.get(f"/v1/contacts?view_id={saved(rep)['id']}").status == 422
    changed = owner.patch(path(made), {"filter": {"custom.size": None, "custom.size.from": 6}})
    assert changed.json["filter"] == {"custom.size.from": "6"}
    assert [one["first_name"] for one in rep.get(f"/v1/contacts?view_id={made['id']}").json["data"]] == ["Bob"]


def test_a_filter_of_custom_fields_is_tried_when_saving(owner: Sender) -> None:
    owner.post("/v1/fields", {"noun": "contact", "name": "size", "label": "Size", "type": "number"})
    for wrong in ({"custom.shoe": "5"}, {"custom.size": "many"}, {"custom": {"size": "many"}}):
        answer = save(owner, filter=wrong)
        assert answer.status == 422, answer.text
        assert answer.json["errors"][0]["pointer"].startswith("/filter/custom")
