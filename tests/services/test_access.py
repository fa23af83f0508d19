"""Signing up, in and out: one answer for all who are not let in, and nobody gets more tries than there are."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.services import passwords, permissions
from tests.house import Answer, House, Sender

PASSWORD = "long enough pass"


@pytest.fixture(autouse=True)
def _in_the_middle_of_a_window(house: House) -> Iterator[None]:
    clock.set(datetime(2031, 5, 5, 12, 5, tzinfo=UTC))
    yield
    clock.reset()


def _address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def _signup(house: House, **fields: Any) -> Answer:
    draft = {"company": "Firm", "name": "Olga", "email": _address(), "password": PASSWORD, **fields}
    return house.http("POST", "/v1/auth/signup", draft)


def _login(house: House, email: str, password: str = PASSWORD, source: str = "") -> Answer:
    source = source or uuid.uuid4().hex  # nobody shares an address unless a test says so
    return house.http("POST", "/v1/auth/login", {"email": email, "password": password}, source=source)


# --- signing up ---


def test_signing_up_makes_a_firm_with_an_owner_who_is_signed_in(house: House) -> None:
    email = _address()
    answer = _signup(house, email=email)
    assert answer.status == 201
    assert set(answer.json) >= {"access_token", "refresh_token", "expires_in", "user", "tenant"}
    assert answer.json["user"]["role"] == "owner"
    assert "password" not in answer.text
    me = Sender(house, answer.json["access_token"]).get("/v1/me").json
    assert me["user"] == answer.json["user"]
    assert me["tenant"] == {"id": answer.json["tenant"]["id"], "name": "Firm"}
    assert set(me["permissions"]) == permissions.ROLES["owner"]


def test_signing_up_can_be_closed_and_signing_in_stays_open(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    email = _address()
    _signup(house, email=email)
    monkeypatch.setenv("SIGNUP", "closed")
    answer = _signup(house)
    assert (answer.status, answer.json["title"]) == (403, "Not allowed")
    assert _login(house, email).status == 200


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{}@example.com", "{}@example.com"),
        ("{}@example.com", "{}@EXAMPLE.com"),
        ("x{}@example.com", "X{}@example.com"),
        ("{}@müller.de", "{}@xn--mller-kva.de"),
        ("{}jörg@example.com", "{}jo\u0308rg@example.com"),
    ],
)
def test_an_address_has_one_account_however_it_is_spelt(house: House, first: str, second: str) -> None:
    mark = uuid.uuid4().hex
    assert _signup(house, email=first.format(mark)).status == 201
    answer = _signup(house, email=second.format(mark))
    assert answer.status == 409
    assert answer.json["errors"][0]["pointer"] == "/email"
    assert "existing_id" not in answer.json  # the account is another firm's
    assert _login(house, second.format(mark).upper()).status == 200


def test_an_address_of_another_alphabet_signs_up_and_in(house: House) -> None:
    email = f"用户{uuid.uuid4().hex}@例子.广告"
    assert _signup(house, email=email).status == 201
    assert _login(house, email).status == 200


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "nobody", "format"),
        ("email", "ada@" + "ü" * 63 + ".com", "format"),
        ("email", 5, "type"),
        ("password", "too short", "length"),
        ("password", "x" * 201, "length"),
        ("name", "", "length"),
        ("company", "x" * 101, "length"),
        ("role", "owner", "unknown_field"),
    ],
)
def test_what_does_not_fit_makes_no_firm(house: House, field: str, value: Any, code: str) -> None:
    answer = _signup(house, **{field: value})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, f"/{field}")
    assert answer.json["errors"][0]["code"] == code


def test_two_who_sign_up_at_once_with_one_address_make_one_firm(house: House) -> None:
    email, together = _address(), threading.Barrier(4)

    def send(_: int) -> int:
        together.wait(20)
        return _signup(house, email=email).status

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(4))) == [201, 409, 409, 409]


# --- signing in ---


def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(house: House) -> None:
    email = _address()
    _signup(house, email=email)
    wrong, unknown = _login(house, email, "wrong password"), _login(house, _address())
    assert wrong.status == unknown.status == 401
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert set(wrong.headers) == set(unknown.headers)
    assert wrong.headers["RateLimit-Remaining"] == unknown.headers["RateLimit-Remaining"]


def test_a_password_is_looked_at_also_for_nobody(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    real = passwords.matches

    def matches(stored: str | None, given: str) -> bool:
        seen.append(stored)
        return real(stored, given)

    monkeypatch.setattr(passwords, "matches", matches)
    _login(house, _address())
    assert seen == [None]


@pytest.mark.parametrize(
    "email",
    [
        "",
        "x",
        "@",
        "ada@",
        "\x00",
        "ﷺ" * 254,
        "ü@" + "ü." * 120,
        "ada@example.com\n",
        "' or 1=1 --",
        "#",
        "{email}",
        "a@b@c.de",
    ],
)
def test_an_address_that_cannot_be_is_refused_and_not_our_fault(house: House, email: str) -> None:
    assert _login(house, email).status == (422 if not email else 401)


def test_too_many_wrong_passwords_of_one_account_are_429_wherever_they_come_from(house: House) -> None:
    email = _address()
    _signup(house, email=email)
    answers = [_login(house, email.upper() if n % 2 else email, "wrong password") for n in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["RateLimit-Limit"] == "5"
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"]
    assert _login(house, email).status == 429  # the right one now, too
    assert _login(house, _address(), "wrong password").status == 401  # others are not bothered


def test_an_account_that_does_not_exist_is_throttled_just_so(house: House) -> None:
    email = _address()
    assert [_login(house, email).status for _ in range(6)] == [401] * 5 + [429]


def test_too_many_wrong_passwords_from_one_address_are_429_whatever_the_account(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "matches", lambda stored, given: False)  # 100 real ones would take two seconds
    source = uuid.uuid4().hex
    statuses = [_login(house, f"{n}.{source}@example.com", source=source).status for n in range(102)]
    assert statuses == [401] * 100 + [429] * 2
    assert _login(house, _address(), source=uuid.uuid4().hex).status == 401


def test_the_window_passes(house: House) -> None:
    email = _address()
    _signup(house, email=email)
    for _ in range(6):
        refused = _login(house, email, "wrong password")
    clock.advance(int(refused.headers["Retry-After"]) - 30)
    assert _login(house, email).status == 429
    clock.advance(30)
    assert _login(house, email).status == 200


def test_a_right_password_clears_the_count(house: House) -> None:
    email, source = _address(), uuid.uuid4().hex
    _signup(house, email=email)
    for _ in range(3):
        _login(house, email, "wrong password", source)
    for _ in range(8):
        assert _login(house, email, PASSWORD, source).status == 200
    assert [_login(house, email, "wrong password", source).status for _ in range(6)] == [401] * 5 + [429]


def test_a_crowd_gets_no_more_tries_than_one(house: House) -> None:
    email, together = _address(), threading.Barrier(20)
    _signup(house, email=email)

    def send(_: int) -> int:
        together.wait(30)
        return _login(house, email, "wrong password").status

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(send, range(20)))
    assert (statuses.count(401), statuses.count(429)) == (5, 15)


# --- the rest of a session ---


def test_what_one_holds_after_signing_in_is_one_session_each(house: House) -> None:
    email = _address()
    _signup(house, email=email)
    one, other = (_login(house, email).json for _ in range(2))
    assert one["refresh_token"] != other["refresh_token"]
    assert Sender(house, one["access_token"]).post("/v1/auth/logout").status == 204
    assert Sender(house, one["access_token"]).get("/v1/me").status == 401
    assert Sender(house, other["access_token"]).get("/v1/me").status == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "bearer", "Basic x", "x"])
def test_who_does_not_say_who_he_is_is_nobody(house: House, header: str | None) -> None:
    assert house.http("GET", "/v1/me", headers={"Authorization": header} if header is not None else None).status == 401


def test_the_scheme_is_of_any_case_and_blanks_do_not_matter(house: House, owner: Sender) -> None:
    for header in (f"bearer {owner.token}", f"BEARER {owner.token}", f"Bearer   {owner.token} "):
        assert house.http("GET", "/v1/me", headers={"Authorization": header}).status == 200
