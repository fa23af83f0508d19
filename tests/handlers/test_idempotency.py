"""`Idempotency-Key`: one effect however often it is sent, and no secret left lying in the table."""

import base64
import json
import os
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.adapters import dynamodb
from chalicelib.services import access, contacts
from tests.house import Answer, House, Sender


def _count(owner: Sender) -> int:
    return len(owner.get("/v1/contacts?limit=200").json["data"])


def _replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotency-Replayed") == "true"


def _items(tenant: str) -> list[dict[str, Any]]:
    """What the table keeps of this tenant's keys."""
    found: list[dict[str, Any]] = dynamodb.client().query(
        TableName=os.environ["TABLE"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"T#{tenant}#idempotency"}},
    )["Items"]
    return found


def _everything() -> str:
    """All the table holds, as one text."""
    items: list[Any] = []
    start: dict[str, Any] = {}
    while True:
        page = dynamodb.client().scan(TableName=os.environ["TABLE"], **start)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return json.dumps(items, default=str)
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def test_the_second_call_gets_the_first_answer_and_does_nothing(owner: Sender) -> None:
    first = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    again = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    assert (first.status, _replayed(first)) == (201, False)
    assert (again.status, _replayed(again)) == (201, True)
    assert again.json == first.json
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert _count(owner) == 1


def test_without_a_key_each_call_counts(owner: Sender) -> None:
    for _ in range(2):
        assert not _replayed(owner.post("/v1/contacts", {"first_name": "Ada"}))
    owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="one")
    owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="two")
    assert _count(owner) == 4


def test_an_answer_of_another_status_and_without_a_body_is_replayed_too(owner: Sender) -> None:
    task = owner.post("/v1/tasks", {"title": "Call"}).json
    path = f"/v1/tasks/{task['id']}/complete"
    first = owner.post(path, {"outcome": "Done — ünïcode 😀"}, Idempotency_Key="k")
    again = owner.post(path, {"outcome": "Done — ünïcode 😀"}, Idempotency_Key="k")
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert owner.post(path, {"outcome": "x"}).status == 409
    out = owner.post("/v1/auth/logout", {}, Idempotency_Key="out")
    assert (out.status, out.text) == (204, "")


def test_the_same_key_with_another_body_is_422(owner: Sender) -> None:
    owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    answer = owner.post("/v1/contacts", {"first_name": "Bob"}, Idempotency_Key="k")
    assert answer.status == 422
    assert answer.json["errors"][0]["code"] == "reused"
    assert owner.post("/v1/contacts", b'{"first_name":  "Ada"}', Idempotency_Key="k").status == 422
    assert _count(owner) == 1


def test_the_same_key_on_another_path_is_422(owner: Sender) -> None:
    body = {"first_name": "Ada"}
    made = owner.post("/v1/contacts", body, Idempotency_Key="k").json
    for path in ("/v1/tasks", f"/v1/contacts/{made['id']}/activities", f"/v1/contacts/{made['id']}/restore"):
        assert owner.post(path, body, Idempotency_Key="k").status == 422


def test_a_key_of_somebody_else_is_another_key(house: House, owner: Sender) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    owner.post("/v1/users", {"name": "U", "email": email, "password": "long enough pass"})
    login = house.stranger().post("/v1/auth/login", {"email": email, "password": "long enough pass"})
    colleague, stranger = Sender(house, login.json["access_token"]), house.signup()
    for number, sender in enumerate((owner, colleague, stranger)):
        answer = sender.post("/v1/contacts", {"first_name": f"N{number}"}, Idempotency_Key="k")
        assert (answer.status, _replayed(answer)) == (201, False)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_key_means_nothing_to_other_verbs(owner: Sender, method: str) -> None:
    made = owner.contact()
    body = {"title": "x"} if method == "PATCH" else None
    for expected in ((200, 200), (200, 200), (204, 404))[("GET", "PATCH", "DELETE").index(method)]:
        answer = owner.call(method, f"/v1/contacts/{made['id']}", body, Idempotency_Key="k")
        assert answer.status == expected
        assert not _replayed(answer)


def _once_blocked(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> tuple[threading.Event, threading.Event]:
    """Hold the first call of a service until told: (it has begun, it may go on)."""
    real: Callable[..., Any] = getattr(module, name)
    begun, go_on = threading.Event(), threading.Event()

    def held(*arguments: Any) -> Any:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(20)
        return real(*arguments)

    monkeypatch.setattr(module, name, held)
    return begun, go_on


def test_while_the_first_still_runs_the_second_is_409_and_later_gets_its_answer(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = _once_blocked(monkeypatch, contacts, "create")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(owner.post, "/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
        assert begun.wait(20)
        meanwhile = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
        other_body = owner.post("/v1/contacts", {"first_name": "Bob"}, Idempotency_Key="k")
        other_key = owner.post("/v1/contacts", {"first_name": "Cy"}, Idempotency_Key="other")
        go_on.set()
        answer = first.result(20)
    assert (meanwhile.status, meanwhile.json["title"]) == (409, "Conflict")
    assert other_body.status == 422
    assert (answer.status, other_key.status) == (201, 201)
    after = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    assert (after.json, _replayed(after)) == (answer.json, True)
    assert _count(owner) == 2


def test_many_at_once_make_one(owner: Sender) -> None:
    together = threading.Barrier(12)

    def send(_: int) -> Answer:
        together.wait(20)
        return owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(12)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert sum(answer.status == 201 and not _replayed(answer) for answer in answers) == 1
    assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 1
    assert _count(owner) == 1


def test_an_error_is_not_kept(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{uuid.uuid4().hex}@example.com"
    taken = owner.contact(emails=[{"address": address}])
    draft = {"emails": [{"address": address}]}
    assert owner.post("/v1/contacts", draft, Idempotency_Key="k").status == 409
    owner.delete(f"/v1/contacts/{taken['id']}")
    answer = owner.post("/v1/contacts", draft, Idempotency_Key="k")
    assert (answer.status, _replayed(answer)) == (201, False)
    assert owner.post("/v1/contacts", {"x": 1}, Idempotency_Key="bad").status == 422
    assert owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="bad").status == 201


def test_an_unforeseen_error_is_not_kept_either(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(contacts, "create", broken)
        assert owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 500
    assert owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 201


def _age(tenant: str, **attributes: int) -> None:
    (item,) = _items(tenant)
    item.update({name: {"N": str(int(item[name]["N"]) - seconds)} for name, seconds in attributes.items()})
    dynamodb.client().put_item(TableName=os.environ["TABLE"], Item=item)


def test_a_key_is_kept_for_a_day_and_no_longer(owner: Sender) -> None:
    first = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    _age(owner.tenant, ttl=24 * 3600 - 60)
    assert _replayed(owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k"))
    _age(owner.tenant, ttl=61)
    again = owner.post("/v1/contacts", {"first_name": "Bob"}, Idempotency_Key="k")
    assert (again.status, _replayed(again)) == (201, False)
    assert again.json["id"] != first.json["id"]


def test_a_first_call_that_was_cut_off_does_not_block_the_key_for_long(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Lambda's own end, which nothing in the function sees."""

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(contacts, "create", killed)
        with pytest.raises(Killed):
            owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    assert owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 409
    _age(owner.tenant, in_progress_expiration=31_000)  # the 30 seconds that the function had left, in milliseconds
    assert owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 201


def test_secrets_do_not_lie_in_the_table_in_clear(house: House, owner: Sender) -> None:
    key, password = uuid.uuid4().hex, f"password {uuid.uuid4().hex}"
    token = owner.post("/v1/tokens", {"name": "x", "scopes": ["users:read"]}, Idempotency_Key=key)
    again = owner.post("/v1/tokens", {"name": "x", "scopes": ["users:read"]}, Idempotency_Key=key)
    assert again.json["secret"] == token.json["secret"]
    draft = {"company": "F", "name": "N", "email": f"{uuid.uuid4().hex}@example.com", "password": password}
    signed_up = house.stranger().post("/v1/auth/signup", draft, Idempotency_Key=key)
    assert signed_up.status == 201
    table = _everything()
    assert owner.tenant in table
    secret = token.json["secret"].rpartition(".")[2]
    for text in (secret, password, key, signed_up.json["refresh_token"], signed_up.json["access_token"]):
        assert text not in table
        assert text[5:25] not in table


def test_what_is_kept_and_was_altered_is_not_given_out(owner: Sender) -> None:
    owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    (item,) = _items(owner.tenant)
    kept = json.loads(item["data"]["S"])
    sealed = bytearray(base64.b64decode(kept["sealed"]))
    # Nonce and seal take 48 bytes, then comes {"status":201: who knows that can make a 401 of it, but not seal it.
    sealed[48 + len('{"status":')] ^= ord("2") ^ ord("4")
    item["data"]["S"] = json.dumps({**kept, "sealed": base64.b64encode(sealed).decode()})
    dynamodb.client().put_item(TableName=os.environ["TABLE"], Item=item)
    answer = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    assert answer.status == 500
    assert _count(owner) == 1


@pytest.mark.parametrize("key", ["x", "x" * 255, "üß", " padded ", "#", "T#x", '"quoted"', "😀" * 255, "a/b/c", "{}"])
def test_keys_that_are_taken(owner: Sender, key: str) -> None:
    for replayed in (False, True):
        answer = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key=key)
        assert (answer.status, _replayed(answer)) == (201, replayed)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "\t\t"])
def test_keys_that_are_too_short_or_too_long_are_422(owner: Sender, key: str) -> None:
    answer = owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key=key)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/Idempotency-Key")
    assert _count(owner) == 0


def test_a_key_does_not_let_in_who_may_not(house: House, owner: Sender) -> None:
    owner.post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k")
    token = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).json["secret"]
    assert Sender(house, token).post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 403
    assert house.stranger().post("/v1/contacts", {"first_name": "Ada"}, Idempotency_Key="k").status == 401


def test_signing_up_twice_with_one_key_makes_one_firm(house: House) -> None:
    key = uuid.uuid4().hex
    draft = {"company": "F", "name": "N", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    first = house.stranger().post("/v1/auth/signup", draft, Idempotency_Key=key)
    again = house.stranger().post("/v1/auth/signup", draft, Idempotency_Key=key)
    assert (first.status, again.status, _replayed(again)) == (201, 201, True)
    assert again.json == first.json
    assert house.stranger().post("/v1/auth/signup", draft).status == 409
    guess = house.stranger().post("/v1/auth/signup", {**draft, "password": "another password"}, Idempotency_Key=key)
    assert guess.status == 422
    assert "token" not in guess.text


def test_a_lost_answer_to_a_refresh_can_be_had_again(house: House, owner: Sender) -> None:
    body, key = {"refresh_token": owner.signed_up["refresh_token"]}, uuid.uuid4().hex
    first = house.stranger().post("/v1/auth/refresh", body, Idempotency_Key=key)
    again = house.stranger().post("/v1/auth/refresh", body, Idempotency_Key=key)
    assert (again.status, again.json) == (200, first.json)
    assert Sender(house, first.json["access_token"]).get("/v1/me").status == 200


def test_a_login_with_a_key_still_counts_wrong_passwords(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    real = access.login

    def login(*arguments: Any) -> Any:
        calls.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(access, "login", login)
    clock.set(datetime(2031, 5, 5, 12, 5, tzinfo=UTC))  # in the middle of a window of attempts
    owner = house.signup()
    email = owner.get("/v1/me").json["user"]["email"]
    for _ in range(7):
        answer = house.stranger().post(
            "/v1/auth/login", {"email": email, "password": "wrong"}, Idempotency_Key="k" + email
        )
    assert answer.status == 429
    assert len(calls) == 7
