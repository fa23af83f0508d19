"""Sessions: a refresh token is good once, and using it twice ends all that came of it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import sessions as kept
from chalicelib.models.access import Session
from chalicelib.services import keyring, sessions
from tests.house import Answer, House, Sender


def _refresh(house: House, token: str) -> Answer:
    return house.http("POST", "/v1/auth/refresh", {"refresh_token": token})


def _stands(house: House, access_token: str) -> bool:
    sessions._standing.clear()  # as another process would see it
    status = house.http("GET", "/v1/me", headers={"Authorization": f"Bearer {access_token}"}).status
    assert status in (200, 401)
    return status == 200


def test_refreshing_gives_the_next_pair(house: House, owner: Sender) -> None:
    first = owner.signed_up
    second = _refresh(house, first["refresh_token"])
    assert second.status == 200
    assert set(second.json) == set(first)
    assert second.json["user"]["id"] == owner.user
    assert second.json["refresh_token"] != first["refresh_token"]
    third = _refresh(house, second.json["refresh_token"])
    assert third.status == 200
    assert _stands(house, third.json["access_token"])
    assert _stands(house, first["access_token"])  # until its own hour is over


def test_a_refresh_token_used_twice_ends_the_whole_family(house: House, owner: Sender) -> None:
    stolen = owner.signed_up["refresh_token"]
    second = _refresh(house, stolen).json
    third = _refresh(house, second["refresh_token"]).json
    assert _refresh(house, stolen).status == 401
    for pair in (owner.signed_up, second, third):
        assert _refresh(house, pair["refresh_token"]).status == 401
        assert not _stands(house, pair["access_token"])


def test_a_family_that_ended_takes_no_other_with_it(house: House, owner: Sender) -> None:
    email = owner.get("/v1/me").json["user"]["email"]
    other = house.http("POST", "/v1/auth/login", {"email": email, "password": "long enough pass"}).json
    for _ in range(2):
        _refresh(house, owner.signed_up["refresh_token"])
    assert _stands(house, other["access_token"])
    assert _refresh(house, other["refresh_token"]).status == 200


def test_a_rotation_whose_answer_was_lost_is_no_second_use(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client's own retry of a write that had arrived is refused by the write's condition."""
    once = Session.update

    def twice(self: Session, *arguments: Any) -> Any:
        once(Session(self.pk, self.sk), *arguments)
        return once(self, *arguments)

    with monkeypatch.context() as lossy:
        lossy.setattr(Session, "update", twice)
        answer = _refresh(house, owner.signed_up["refresh_token"])
    assert answer.status == 200
    assert _refresh(house, answer.json["refresh_token"]).status == 200


@pytest.mark.parametrize("crowd", [2, 8])
def test_of_several_at_once_exactly_one_wins(house: House, owner: Sender, crowd: int) -> None:
    together = threading.Barrier(crowd)

    def send(_: int) -> int:
        together.wait(20)
        return _refresh(house, owner.signed_up["refresh_token"]).status

    with ThreadPoolExecutor(crowd) as pool:
        assert sorted(pool.map(send, range(crowd))) == [200] + [401] * (crowd - 1)


def test_a_refresh_token_lasts_thirty_days_from_its_last_use(house: House, owner: Sender) -> None:
    token = owner.signed_up["refresh_token"]
    for _ in range(3):
        clock.advance(29 * 24 * 3600)
        answer = _refresh(house, token)
        assert answer.status == 200
        token = answer.json["refresh_token"]
        (session,) = kept.of_user(owner.tenant, owner.user)
        assert session.ttl is not None
        assert session.ttl > clock.epoch() + 30 * 24 * 3600, "the table would drop it before"
    clock.advance(30 * 24 * 3600 + 1)
    assert _refresh(house, token).status == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "tnd_x", "\x00", "é", "[" * 2000])
def test_what_is_no_refresh_token_is_401(house: House, token: str) -> None:
    assert _refresh(house, token).status == 401


def test_neither_is_an_access_token_nor_a_cursor(house: House, owner: Sender) -> None:
    assert owner.token is not None
    assert _refresh(house, owner.token).status == 401
    claims = keyring.verify("refresh", owner.signed_up["refresh_token"])
    assert claims is not None
    assert _refresh(house, keyring.sign("cursor", claims)).status == 401
    assert _refresh(house, owner.signed_up["refresh_token"]).status == 200


@pytest.mark.parametrize(("token", "status"), [("", 422), ("x" * 2001, 422), (None, 422), (5, 422)])
def test_what_cannot_be_a_token_is_422(house: House, token: Any, status: int) -> None:
    assert house.http("POST", "/v1/auth/refresh", {"refresh_token": token}).status == status


def test_logging_out_ends_both_tokens_and_may_be_said_twice(house: House, owner: Sender) -> None:
    assert owner.post("/v1/auth/logout").status == 204
    assert not _stands(house, owner.signed_up["access_token"])
    assert _refresh(house, owner.signed_up["refresh_token"]).status == 401
    email_of = house.signup()
    refresh_token = email_of.signed_up["refresh_token"]
    other = house.signup()
    for _ in range(2):  # by the refresh token, whoever says it
        assert other.post("/v1/auth/logout", {"refresh_token": refresh_token}).status == 204
    assert not _stands(house, email_of.signed_up["access_token"])
    assert _stands(house, other.signed_up["access_token"])


def test_logging_out_with_a_forged_token_ends_nothing(house: House, owner: Sender) -> None:
    forged = owner.signed_up["refresh_token"][:-2] + "xx"
    assert owner.post("/v1/auth/logout", {"refresh_token": forged}).status == 401
    assert _stands(house, owner.signed_up["access_token"])


def test_another_process_notices_within_a_minute(house: House, owner: Sender) -> None:
    owner.get("/v1/me")
    known = dict(sessions._standing)
    assert owner.post("/v1/auth/logout").status == 204
    sessions._standing.update(known)  # what a process remembers that was not told
    assert owner.get("/v1/me").status == 200
    clock.advance(61)
    assert owner.get("/v1/me").status == 401


def test_trusting_a_session_reads_once_a_minute(house: House, owner: Sender) -> None:
    sessions._standing.clear()
    first, second = owner.get("/v1/tokens").cost["rru"], owner.get("/v1/tokens").cost["rru"]
    assert first - second == 0.5
    clock.advance(61)
    assert owner.get("/v1/tokens").cost["rru"] == first


def test_a_process_does_not_remember_without_end(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_KEPT", 3)
    for _ in range(5):
        other = house.signup()
        assert other.get("/v1/me").status == 200
        assert len(sessions._standing) <= 3
