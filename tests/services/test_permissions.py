"""Who may do what: the table of roles, walked through the doors by everybody."""

import uuid
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.handlers._routes import ROUTES
from chalicelib.services import permissions
from tests.house import House, Sender

ROLES = ("viewer", "rep", "manager", "admin", "owner")
PASSWORD = "long enough pass"


@dataclass
class Firm:
    """A tenant with somebody of each role, and one of each thing."""

    by_role: dict[str, Sender]
    contact: str
    task: str
    token: str

    @property
    def owner(self) -> Sender:
        return self.by_role["owner"]


def _user_draft(role: str) -> dict[str, str]:
    return {"name": "U", "email": f"{uuid.uuid4().hex}@example.com", "password": PASSWORD, "role": role}


def _firm() -> Firm:
    house = House(None)  # HTTP alone: nobody here waits for what follows
    owner = house.signup()
    senders = {"owner": owner}
    for role in ROLES[:-1]:
        draft = _user_draft(role)
        assert owner.post("/v1/users", draft).status == 201
        login = house.http("POST", "/v1/auth/login", {"email": draft["email"], "password": PASSWORD})
        senders[role] = Sender(house, login.json["access_token"], login.json)
    token = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).json["id"]
    return Firm(senders, owner.contact()["id"], owner.post("/v1/tasks", {"title": "Call"}).json["id"], token)


@pytest.fixture(scope="module")
def firm(engine: str) -> Firm:
    """A firm for all tests here that leave its people as they are: passwords take their time."""
    return _firm()


@pytest.fixture
def own_firm(engine: str) -> Firm:
    """A firm for one test."""
    return _firm()


# What one does, and the least role that may.
ACTIONS: list[tuple[str, str, Any, str]] = [
    ("GET", "/v1/me", None, "viewer"),
    ("GET", "/v1/contacts", None, "viewer"),
    ("GET", "/v1/contacts/{contact}", None, "viewer"),
    ("GET", "/v1/contacts/{contact}/timeline", None, "viewer"),
    ("GET", "/v1/tasks", None, "viewer"),
    ("GET", "/v1/tasks/{task}", None, "viewer"),
    ("GET", "/v1/users", None, "viewer"),
    ("POST", "/v1/contacts", {"first_name": "Ada"}, "rep"),
    ("PATCH", "/v1/contacts/{contact}", {"title": "x"}, "rep"),
    ("POST", "/v1/contacts/{contact}/activities", {"kind": "note", "text": "x"}, "rep"),
    ("POST", "/v1/tasks", {"title": "x"}, "rep"),
    ("PATCH", "/v1/tasks/{task}", {"title": "x"}, "rep"),
    ("GET", "/v1/usage", None, "manager"),
    ("GET", "/v1/tokens", None, "admin"),
    ("GET", "/v1/tokens/{token}", None, "admin"),
    ("POST", "/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}, "admin"),
    ("POST", "/v1/users", {"name": "U", "email": "{fresh}@example.com", "password": PASSWORD, "role": "rep"}, "admin"),
    (
        "POST",
        "/v1/users",
        {"name": "U", "email": "{fresh}@example.com", "password": PASSWORD, "role": "owner"},
        "owner",
    ),
]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may_and_nothing_else(firm: Firm, role: str) -> None:
    for method, path, body, least in ACTIONS:
        sent = {name: value.replace("{fresh}", uuid.uuid4().hex) if isinstance(value, str) else value
                for name, value in body.items()} if body else None  # fmt: skip
        where = path.format(contact=firm.contact, task=firm.task, token=firm.token)
        answer = firm.by_role[role].call(method, where, sent)
        allowed = ROLES.index(role) >= ROLES.index(least)
        assert (answer.status in (200, 201)) == allowed, (role, method, path, answer.text)
        assert allowed or answer.status == 403


def test_a_higher_role_may_all_that_a_lower_one_may() -> None:
    for lower, higher in pairwise(ROLES):
        assert permissions.ROLES[lower] <= permissions.ROLES[higher]
    assert set(permissions.ROLES) == set(ROLES)


def test_every_route_needs_a_permission_that_somebody_has_and_a_token_can_be_given_it() -> None:
    import app

    assert app.app
    for route in ROUTES:
        if route.permission not in (None, "self"):
            assert route.permission in permissions.ROLES["admin"], route
            assert route.permission in permissions.SCOPES | {"tokens:write"}, route


# --- who may do what to whom ---


@pytest.mark.parametrize("method", ["PATCH role", "PATCH name", "PATCH password", "DELETE"])
@pytest.mark.parametrize("role", ["viewer", "rep", "manager", "admin"])
def test_only_owners_touch_an_owner(firm: Firm, role: str, method: str) -> None:
    target = f"/v1/users/{firm.owner.user}"
    verb, _, field = method.partition(" ")
    body = {"role": {"role": "rep"}, "name": {"name": "x"}, "password": {"password": "taken over now"}}.get(field)
    assert firm.by_role[role].call(verb, target, body).status == 403
    assert firm.owner.get(target).json["version"] == 1
    assert firm.owner.get("/v1/me").status == 200


@pytest.mark.parametrize("role", ["viewer", "rep", "manager", "admin"])
def test_nobody_lifts_himself_or_others_to_owner(firm: Firm, role: str) -> None:
    caller = firm.by_role[role]
    for target in (caller.user, firm.by_role["viewer"].user):
        assert caller.patch(f"/v1/users/{target}", {"role": "owner"}).status == 403
    if role != "admin":
        assert caller.patch(f"/v1/users/{caller.user}", {"role": "admin"}).status == 403
        assert caller.patch(f"/v1/users/{caller.user}", {"role": role}).status == 403


def test_an_admin_runs_all_but_the_owners(own_firm: Firm) -> None:
    admin, rep = own_firm.by_role["admin"], own_firm.by_role["rep"]
    path = f"/v1/users/{rep.user}"
    assert admin.patch(path, {"role": "admin"}).json["role"] == "admin"
    assert admin.patch(path, {"role": "viewer"}).json["role"] == "viewer"
    assert admin.delete(path).status == 204
    assert admin.post(f"{path}/restore").status == 200


def test_an_admin_does_not_bring_back_a_removed_owner(own_firm: Firm) -> None:
    second = own_firm.owner.post("/v1/users", _user_draft("owner")).json["id"]
    assert own_firm.owner.delete(f"/v1/users/{second}").status == 204
    assert own_firm.by_role["admin"].post(f"/v1/users/{second}/restore").status == 403
    assert own_firm.owner.post(f"/v1/users/{second}/restore").status == 200


def test_a_token_of_an_owner_is_no_owner(own_firm: Firm) -> None:
    scopes = sorted(permissions.SCOPES)
    program = Sender(
        own_firm.owner.house, own_firm.owner.post("/v1/tokens", {"name": "all", "scopes": scopes}).json["secret"]
    )
    assert program.patch(f"/v1/users/{own_firm.owner.user}", {"password": "taken over now"}).status == 403
    assert program.patch(f"/v1/users/{own_firm.owner.user}", {"name": "x"}).status == 403
    assert program.delete(f"/v1/users/{own_firm.owner.user}").status == 403
    assert program.post("/v1/users", _user_draft("owner")).status == 403
    assert program.patch(f"/v1/users/{own_firm.by_role['rep'].user}", {"role": "viewer"}).status == 200


@pytest.mark.parametrize("field", [{"password": "taken over now"}, {"name": "x"}])
def test_a_token_without_that_scope_does_not_change_who_made_it(firm: Firm, field: dict[str, str]) -> None:
    program = Sender(
        firm.owner.house, firm.owner.post("/v1/tokens", {"name": "r", "scopes": ["contacts:read"]}).json["secret"]
    )
    assert program.patch(f"/v1/users/{firm.owner.user}", field).status == 403
    assert program.get("/v1/me").status == 200
