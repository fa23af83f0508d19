"""API tokens: what they may, until when, and nothing in the table that could be used as one."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock, errors
from chalicelib.adapters import dynamodb
from chalicelib.schemas.access import TokenDraft
from chalicelib.schemas.actor import Actor
from chalicelib.services import permissions, tokens
from tests.house import House, Sender


def _made(owner: Sender, *scopes: str, **fields: Any) -> Any:
    answer = owner.post("/v1/tokens", {"name": "Shop", "scopes": list(scopes) or ["contacts:read"], **fields})
    assert answer.status == 201, answer.text
    return answer.json


def _program(house: House, owner: Sender, *scopes: str, **fields: Any) -> Sender:
    return Sender(house, _made(owner, *scopes, **fields)["secret"])


def _stored(owner: Sender, token_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"T#{owner.tenant}#{token_id}"}, "sk": {"S": "#"}}
    found: dict[str, Any] = dynamodb.client().get_item(TableName=os.environ["TABLE"], Key=key)["Item"]
    return found


def test_a_secret_is_shown_once(owner: Sender) -> None:
    made = _made(owner, "contacts:read", "contacts:write", "contacts:read")
    assert made["secret"].startswith("tnd_")
    assert made["secret"].endswith(made["hint"])
    assert made["scopes"] == ["contacts:read", "contacts:write"]
    for answer in (owner.get(f"/v1/tokens/{made['id']}"), owner.get("/v1/tokens")):
        assert "secret" not in (answer.json.get("data") or [answer.json])[0]
        assert made["secret"].rpartition(".")[2] not in answer.text


def test_the_table_has_a_hash_and_a_hint_only(owner: Sender) -> None:
    made = _made(owner)
    secret = made["secret"].rpartition(".")[2]
    item = _stored(owner, made["id"])
    assert item["secret"]["S"] == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in str(item)
    assert item["hint"]["S"] == secret[-4:]


def test_a_token_does_what_its_scopes_say_and_nothing_else(house: House, owner: Sender) -> None:
    program = _program(house, owner, "contacts:read")
    made = owner.contact()
    assert program.get(f"/v1/contacts/{made['id']}").status == 200
    assert program.get("/v1/me").json["permissions"] == ["contacts:read", "self"]
    for method, path, body in (
        ("POST", "/v1/contacts", {"first_name": "Ada"}),
        ("GET", "/v1/tasks", None),
        ("GET", "/v1/users", None),
        ("GET", "/v1/tokens", None),
        ("GET", "/v1/usage", None),
    ):
        assert program.call(method, path, body).status == 403, path


@pytest.mark.parametrize("scope", ["self", "owners:write", "contacts", "contacts:*", "*", "", "CONTACTS:READ"])
def test_a_scope_that_cannot_be_given_is_422_at_its_place(owner: Sender, scope: str) -> None:
    answer = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read", scope]})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/scopes/1")


@pytest.mark.parametrize(
    "body", [{"scopes": []}, {"scopes": ["contacts:read"] * 65}, {"scopes": None}, {"name": ""}, {"x": 1}]
)
def test_what_does_not_fit_makes_no_token(owner: Sender, body: dict[str, Any]) -> None:
    assert owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"], **body}).status == 422
    assert owner.get("/v1/tokens").json["data"] == []


def test_nobody_gives_away_more_than_he_has(owner: Sender) -> None:
    actor = Actor(owner.tenant, owner.user, "clerk", frozenset({"tokens:write", "contacts:read"}))
    tokens.create(actor, TokenDraft(name="x", scopes=["contacts:read"]))
    for scope in sorted(permissions.SCOPES - {"contacts:read"}):
        with pytest.raises(errors.Forbidden):
            tokens.create(actor, TokenDraft(name="x", scopes=["contacts:read", scope]))


def test_a_token_makes_no_token(house: House, owner: Sender) -> None:
    answer = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read", "tokens:write"]})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/scopes/1")
    program = _program(house, owner, *sorted(permissions.SCOPES))
    assert program.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).status == 403


def test_a_token_ends_when_it_says(house: House, owner: Sender) -> None:
    ends = clock.after(3600)
    program = _program(house, owner, expires_at=clock.stamp(ends))
    assert program.get("/v1/contacts").status == 200
    clock.set(ends - timedelta(seconds=20))
    assert program.get("/v1/contacts").status == 200
    clock.set(ends)
    answer = program.get("/v1/contacts")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("ends", ["2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_an_end_that_lies_behind_is_422(owner: Sender, ends: str) -> None:
    answer = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"], "expires_at": ends})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/expires_at")


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "2999-01-01T00:00:00+05:30"])
def test_an_end_at_the_end_of_time_is_taken(house: House, owner: Sender, ends: str) -> None:
    assert _program(house, owner, expires_at=ends).get("/v1/contacts").status == 200


def test_a_revoked_token_is_out_at_once(house: House, owner: Sender) -> None:
    made = _made(owner)
    program = Sender(house, made["secret"])
    assert program.get("/v1/contacts").status == 200
    assert owner.delete(f"/v1/tokens/{made['id']}").status == 204
    assert program.get("/v1/contacts").status == 401
    assert owner.get(f"/v1/tokens/{made['id']}").status == 404
    assert owner.get("/v1/tokens").json["data"] == []
    assert owner.delete(f"/v1/tokens/{made['id']}").status == 404


def test_its_use_is_noted_once_an_hour(house: House, owner: Sender) -> None:
    made = _made(owner)
    program = Sender(house, made["secret"])

    def noted() -> str:
        return str(_stored(owner, made["id"]).get("last_used_at", {}).get("S", ""))

    assert (noted(), owner.get(f"/v1/tokens/{made['id']}").json["last_used_at"]) == ("", None)
    assert program.get("/v1/contacts").cost["wru"] > 0
    first = noted()
    assert owner.get(f"/v1/tokens/{made['id']}").json["last_used_at"] == first > made["created_at"]
    clock.advance(1800)
    assert program.get("/v1/contacts").cost["wru"] == 0
    assert noted() == first
    clock.advance(1801)
    assert program.get("/v1/contacts").cost["wru"] > 0
    assert noted() > first


def test_two_uses_at_once_are_both_let_in(house: House, owner: Sender) -> None:
    from concurrent.futures import ThreadPoolExecutor

    program = _program(house, owner)
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(program.get, ["/v1/contacts"] * 16)} == {200}


def test_a_token_that_is_not_quite_ours_is_401(house: House, owner: Sender) -> None:
    made, other = _made(owner), house.signup()
    head, _, secret = made["secret"].rpartition(".")
    for token in (
        f"{head}.{secret[:-1]}",
        f"{head}.{secret}x",
        f"{head}.",
        head,
        f"{head}.{secret.swapcase()}",
        made["secret"].replace(owner.tenant, other.tenant),
        f"{head}.{hashlib.sha256(secret.encode()).hexdigest()}",
        f"{head}.é",
        made["secret"].replace("tnd_", ""),
        made["secret"].replace(made["id"], owner.user),
    ):
        assert Sender(house, token).get("/v1/contacts").status == 401, token
    assert Sender(house, made["secret"]).get("/v1/contacts").status == 200


def test_a_token_works_for_its_tenant_only(house: House, owner: Sender) -> None:
    program, other = _program(house, owner), house.signup()
    theirs = other.contact()
    assert program.get(f"/v1/contacts/{theirs['id']}").status == 404
    assert program.get("/v1/contacts").json["data"] == []


def test_two_that_end_the_same_tokens_at_once_both_succeed(owner: Sender) -> None:
    made = [_made(owner)["id"] for _ in range(8)]
    together = threading.Barrier(4)

    def end(_: int) -> None:
        together.wait(20)
        tokens.remove_beyond(owner.tenant, owner.user, frozenset())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(end, range(4)))
    assert [owner.get(f"/v1/tokens/{one}").status for one in made] == [404] * 8
