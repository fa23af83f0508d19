"""Users: made, changed, removed and taken back, and a firm that never loses its last owner."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.services import sessions
from tests.house import Answer, House, Sender

PASSWORD = "long enough pass"


def _draft(**fields: Any) -> dict[str, Any]:
    return {"name": "Ursula", "email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD, **fields}


def _login(house: House, email: str, password: str = PASSWORD) -> Answer:
    return house.http("POST", "/v1/auth/login", {"email": email, "password": password}, source=uuid.uuid4().hex)


def _joined(house: House, owner: Sender, role: str = "rep") -> Sender:
    draft = _draft(role=role)
    assert owner.post("/v1/users", draft).status == 201
    answer = _login(house, draft["email"]).json
    return Sender(house, answer["access_token"], answer)


def _email(sender: Sender) -> str:
    return str(sender.signed_up["user"]["email"])


def test_a_user_is_made_read_and_listed_by_name(owner: Sender) -> None:
    made = owner.post("/v1/users", _draft(name="Ursula", email=f"MIXED.{uuid.uuid4().hex}@Example.COM"))
    assert made.status == 201
    assert made.json["role"] == "rep"
    assert made.json["email"] == made.json["email"].lower()
    assert owner.get(f"/v1/users/{made.json['id']}").json == made.json
    owner.post("/v1/users", _draft(name="ántonia"))
    assert [user["name"] for user in owner.get("/v1/users").json["data"]] == ["ántonia", "Olga Owner", "Ursula"]


def test_no_answer_has_a_password_in_it(owner: Sender) -> None:
    made = owner.post("/v1/users", _draft())
    for answer in (made, owner.get(f"/v1/users/{made.json['id']}"), owner.get("/v1/users"), owner.get("/v1/me")):
        assert "password" not in answer.text
        assert "argon2" not in answer.text


def test_an_address_has_one_account_in_all_firms(house: House, owner: Sender) -> None:
    other = house.signup()
    for email in (_email(other), _email(other).upper(), _email(owner)):
        answer = owner.post("/v1/users", _draft(email=email))
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (409, "/email")
        assert other.tenant not in answer.text
        assert other.user not in answer.text
        assert answer.json.get("existing_id") == (owner.user if email == _email(owner) else None)


@pytest.mark.parametrize(
    "field", [{"role": "god"}, {"role": None}, {"email": "x"}, {"password": "short"}, {"tenant": "x"}, {"name": None}]
)
def test_what_does_not_fit_makes_no_user(owner: Sender, field: dict[str, Any]) -> None:
    answer = owner.post("/v1/users", _draft(**field))
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, f"/{next(iter(field))}")


# --- changing ---


def test_one_changes_ones_own_name_and_password(house: House, owner: Sender) -> None:
    viewer = _joined(house, owner, "viewer")
    path = f"/v1/users/{viewer.user}"
    assert viewer.patch(path, {"name": "Vera"}).json["name"] == "Vera"
    assert viewer.get("/v1/me").json["user"]["name"] == "Vera"  # a name ends no session
    assert viewer.patch(path, {"password": "another long pass"}).status == 200
    assert _login(house, _email(viewer)).status == 401
    assert _login(house, _email(viewer), "another long pass").status == 200


@pytest.mark.parametrize("body", [{"name": None}, {"role": None}, {"password": None}])
def test_nothing_of_a_user_can_be_cleared(owner: Sender, body: dict[str, None]) -> None:
    answer = owner.patch(f"/v1/users/{owner.user}", body)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, f"/{next(iter(body))}")


@pytest.mark.parametrize("body", [{"email": "x@example.com"}, {"deleted_at": None}, {"tenant": "x"}, {"version": 1}])
def test_what_is_not_to_be_changed_is_422(owner: Sender, body: dict[str, Any]) -> None:
    assert owner.patch(f"/v1/users/{owner.user}", body).status == 422


def test_one_does_not_change_somebody_else_without_the_permission(house: House, owner: Sender) -> None:
    one, other = _joined(house, owner), _joined(house, owner)
    for body in ({"name": "x"}, {"password": "taken over now"}, {"role": "viewer"}):
        assert one.patch(f"/v1/users/{other.user}", body).status == 403
    assert one.delete(f"/v1/users/{other.user}").status == 403


@pytest.mark.parametrize("body", [{"role": "viewer"}, {"password": "another long pass"}])
def test_a_new_role_or_password_ends_every_session(house: House, owner: Sender, body: dict[str, str]) -> None:
    user = _joined(house, owner)
    second = _login(house, _email(user)).json
    assert owner.patch(f"/v1/users/{user.user}", body).status == 200
    for pair in (user.signed_up, second):
        headers = {"Authorization": f"Bearer {pair['access_token']}"}
        assert house.http("GET", "/v1/me", headers=headers).status == 401
        assert house.http("POST", "/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status == 401


def test_the_next_session_has_the_new_role(house: House, owner: Sender) -> None:
    user = _joined(house, owner, "admin")
    owner.patch(f"/v1/users/{user.user}", {"role": "viewer"})
    again = Sender(house, _login(house, _email(user)).json["access_token"])
    assert again.post("/v1/contacts", {"first_name": "Ada"}).status == 403
    assert again.get("/v1/contacts").status == 200


def test_a_lower_role_ends_the_tokens_that_may_more(house: House, owner: Sender) -> None:
    admin = _joined(house, owner, "admin")
    made = {
        scopes: Sender(house, admin.post("/v1/tokens", {"name": "x", "scopes": scopes.split()}).json["secret"])
        for scopes in ("contacts:read", "contacts:read contacts:write", "users:read users:write")
    }
    others = Sender(house, owner.post("/v1/tokens", {"name": "x", "scopes": ["users:write"]}).json["secret"])
    owner.patch(f"/v1/users/{admin.user}", {"role": "rep"})
    assert made["contacts:read"].get("/v1/contacts").status == 200
    assert made["contacts:read contacts:write"].get("/v1/contacts").status == 200
    assert made["users:read users:write"].get("/v1/users").status == 401
    assert others.post("/v1/users", _draft()).status == 201


@pytest.mark.parametrize("cut_off", ["PATCH", "DELETE"])
def test_the_feed_ends_the_tokens_if_the_call_was_cut_off(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    admin = _joined(house, owner, "admin")
    token = Sender(house, admin.post("/v1/tokens", {"name": "x", "scopes": ["users:write"]}).json["secret"])
    with monkeypatch.context() as broken:
        broken.setattr(sessions, "end_all", None)
        assert owner.call(cut_off, f"/v1/users/{admin.user}", {"role": "rep"}).status == 500
    assert token.post("/v1/users", _draft()).status == 201
    house.feed.drain()
    assert token.post("/v1/users", _draft()).status == 401


def test_a_change_told_late_takes_nothing_that_was_given_back(house: House, owner: Sender) -> None:
    admin = _joined(house, owner, "admin")
    for role in ("rep", "admin"):
        assert owner.patch(f"/v1/users/{admin.user}", {"role": role}).status == 200
    again = Sender(house, _login(house, _email(admin)).json["access_token"])
    token = Sender(house, again.post("/v1/tokens", {"name": "x", "scopes": ["users:write"]}).json["secret"])
    house.feed.drain()
    assert token.post("/v1/users", _draft()).status == 201


def test_a_session_begun_while_the_role_was_changing_ends_at_its_first_refresh(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = _joined(house, owner, "admin")
    with monkeypatch.context() as blind:  # as if it had been written a moment after all others were ended
        blind.setattr(sessions, "end_all", lambda *_: None)
        assert owner.patch(f"/v1/users/{admin.user}", {"role": "viewer"}).status == 200
    pair = admin.signed_up
    assert house.http("POST", "/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}).status == 401
    sessions._standing.clear()
    assert admin.get("/v1/me").status == 401


# --- the last owner ---


def test_the_last_owner_stays(house: House, owner: Sender) -> None:
    path = f"/v1/users/{owner.user}"
    for answer in (owner.patch(path, {"role": "admin"}), owner.delete(path)):
        assert (answer.status, answer.json["title"]) == (409, "Conflict")
    assert owner.get("/v1/me").json["user"]["role"] == "owner"
    second = _joined(house, owner, "owner")
    assert owner.patch(path, {"role": "admin"}).json["role"] == "admin"
    assert second.delete(f"/v1/users/{second.user}").status == 409
    assert second.patch(f"/v1/users/{second.user}", {"role": "viewer"}).status == 409


def test_an_owner_who_was_removed_is_none_to_count_on(house: House, owner: Sender) -> None:
    second = _joined(house, owner, "owner")
    assert owner.delete(f"/v1/users/{second.user}").status == 204
    assert owner.delete(f"/v1/users/{owner.user}").status == 409


@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_two_owners_do_not_remove_each_other_at_once(house: House, owner: Sender, verb: str) -> None:
    for _ in range(2):
        first = house.signup()
        second = _joined(house, first, "owner")
        together = threading.Barrier(2)

        def remove(pair: tuple[Sender, Sender], together: threading.Barrier = together) -> int:
            caller, target = pair
            caller.get("/v1/me")
            together.wait(20)
            body = {"role": "viewer"} if verb == "PATCH" else None
            return caller.call(verb, f"/v1/users/{target.user}", body).status

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(remove, [(first, second), (second, first)]))
        assert statuses[0] in (200, 204)
        assert statuses[1] in (401, 409)  # refused, or signed out by the other meanwhile
        left = [sender for sender in (first, second) if _role(house, sender) == "owner"]
        assert len(left) == 1


def _role(house: House, sender: Sender) -> str | None:
    answer = _login(house, _email(sender))
    return str(answer.json["user"]["role"]) if answer.status == 200 else None


def test_two_owners_do_not_step_down_at_once(house: House) -> None:
    first = house.signup()
    second = _joined(house, first, "owner")
    together = threading.Barrier(2)

    def step_down(who: Sender) -> int:
        together.wait(20)
        return who.patch(f"/v1/users/{who.user}", {"role": "viewer"}).status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(step_down, (first, second))) == [200, 409]


# --- removing and taking back ---


def test_who_is_removed_is_out_at_once(house: House, owner: Sender) -> None:
    user = _joined(house, owner, "admin")
    program = Sender(house, user.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).json["secret"])
    assert program.get("/v1/contacts").status == 200
    assert owner.delete(f"/v1/users/{user.user}").status == 204
    assert user.get("/v1/me").status == 401
    assert program.get("/v1/contacts").status == 401
    assert _login(house, _email(user)).status == 401
    refresh = {"refresh_token": user.signed_up["refresh_token"]}
    assert house.http("POST", "/v1/auth/refresh", refresh).status == 401
    assert owner.get(f"/v1/users/{user.user}").status == 404
    assert [one["id"] for one in owner.get("/v1/users").json["data"]] == [owner.user]
    assert owner.delete(f"/v1/users/{user.user}").status == 404


def test_who_is_removed_leaves_his_address_to_others(house: House, owner: Sender) -> None:
    user = _joined(house, owner)
    owner.delete(f"/v1/users/{user.user}")
    other = house.signup(email=_email(user), password="another long pass")
    assert _login(house, _email(user)).status == 401
    assert _login(house, _email(user), "another long pass").json["tenant"]["id"] == other.tenant
    answer = owner.post(f"/v1/users/{user.user}/restore")
    assert (answer.status, answer.json["errors"][0]["code"]) == (409, "taken")
    assert owner.get(f"/v1/users/{user.user}").status == 404


def test_who_is_taken_back_signs_in_with_his_old_password_and_no_old_token(house: House, owner: Sender) -> None:
    user = _joined(house, owner, "admin")
    program = Sender(house, user.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).json["secret"])
    owner.delete(f"/v1/users/{user.user}")
    back = owner.post(f"/v1/users/{user.user}/restore")
    assert (back.status, back.json["deleted_at"], back.json["role"]) == (200, None, "admin")
    assert _login(house, _email(user)).status == 200
    assert program.get("/v1/contacts").status == 401
    assert user.get("/v1/me").status == 401
    assert len(owner.get("/v1/users").json["data"]) == 2
    assert owner.post(f"/v1/users/{user.user}/restore").status == 409


def test_a_process_that_was_not_told_lets_nobody_in_who_was_removed_for_long(house: House, owner: Sender) -> None:
    user = _joined(house, owner)
    user.get("/v1/me")
    owner.delete(f"/v1/users/{user.user}")
    sessions._standing.clear()
    assert user.get("/v1/contacts").status == 401
