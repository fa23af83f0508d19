"""The rim as a whole: what each answer carries, who is let in, and odd paths that are 404 and never our fault."""

import json
import re
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.handlers._routes import ROUTES
from chalicelib.services import keyring
from tests.house import Answer, Context, House, Sender

SHORT_ID = "0" * 26
PROBLEM = {"type", "title", "status", "detail", "instance", "request_id"}


def test_each_answer_says_its_request_its_cost_and_who_may_read_it(house: House, owner: Sender) -> None:
    made = owner.contact()
    for answer in (
        owner.get("/v1/me"),
        owner.post("/v1/contacts", {"first_name": "Ada"}),
        owner.post("/v1/contacts", b"{"),
        owner.get("/v1/contacts/con_x"),
        owner.get("/v1/nowhere"),
        owner.call("PUT", "/v1/contacts"),
        owner.delete(f"/v1/contacts/{made['id']}"),
        house.stranger().get("/v1/me"),
        house.stranger().get("/v1/health"),
    ):
        assert uuid.UUID(answer.headers["X-Request-Id"])
        assert re.fullmatch(
            r"rru=\d+(\.\d+)?; wru=\d+(\.\d+)?; ms=\d+\.\d; usd=0\.\d{9}", answer.headers["Tendril-Cost"]
        )
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Tendril-Cost" in answer.headers["Access-Control-Expose-Headers"]
        assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/contacts", b"{", 400),
        ("GET", "/v1/contacts/con_x", None, 404),
        ("GET", "/v1/nowhere", None, 404),
        ("GET", "/", None, 404),
        ("PUT", "/v1/contacts", None, 405),
        ("DELETE", "/v1/contacts", None, 405),
        ("HEAD", "/v1/contacts", None, 405),
        ("POST", "/v1/contacts", {"x": 1}, 422),
    ],
)
def test_an_error_is_a_problem(owner: Sender, method: str, path: str, body: Any, status: int) -> None:
    answer = owner.call(method, path, body)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json) >= PROBLEM
    assert answer.json["status"] == status
    assert answer.json["instance"] == path
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert bool(answer.json["errors"]) == (status == 422)


def test_405_says_what_the_path_takes(owner: Sender) -> None:
    assert owner.call("PUT", "/v1/contacts").headers["Allow"] == "GET, POST"
    assert owner.call("POST", "/v1/contacts/con_x").headers["Allow"] == "DELETE, GET, PATCH"
    assert "Allow" not in owner.get("/v1/nowhere").headers


def test_what_nobody_foresaw_is_500_and_says_nothing(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.services import contacts

    def broken(_: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr(contacts.VERBS, "view", broken)
    answer = owner.post("/v1/contacts", {"first_name": "Ada"})
    assert answer.status == 500
    assert "swordfish" not in json.dumps([answer.text, answer.headers])
    assert not answer.json.get("detail")
    assert answer.headers["Tendril-Cost"]


def test_an_answer_that_is_made_has_its_place_and_its_version(owner: Sender) -> None:
    for path, body in (
        ("/v1/contacts", {"first_name": "Ada"}),
        ("/v1/tasks", {"title": "Call"}),
        ("/v1/tokens", {"name": "x", "scopes": ["users:read"]}),
        ("/v1/users", {"name": "U", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}),
    ):
        made = owner.post(path, body)
        assert made.status == 201
        assert made.headers["Location"] == f"{path}/{made.json['id']}"
        assert made.headers["ETag"] == f'"{made.json["version"]}"'
        again = owner.get(made.headers["Location"])
        assert (again.status, again.headers["ETag"]) == (200, made.headers["ETag"])


def test_the_place_begins_with_the_stage_where_the_request_did(owner: Sender) -> None:
    from app import app
    from infra.local.gateway import Request, event

    asked = Request("POST", "/v1/contacts", [("Authorization", f"Bearer {owner.token}")], b'{"first_name": "A"}', "::1")
    made = event(asked, "/v1/contacts", {}, stage="api", binary_types=[])
    made["requestContext"]["path"] = "/api/v1/contacts"
    answer = app(made, Context())
    assert answer["headers"]["Location"] == f"/api/v1/contacts/{json.loads(answer['body'])['id']}"


def test_204_has_no_body(owner: Sender) -> None:
    answer = owner.delete(f"/v1/contacts/{owner.contact()['id']}")
    assert (answer.status, answer.text) == (204, "")


# --- odd paths ---

ODD = [
    "%00",
    "%2F",
    "%2f..%2f",
    "..",
    "%2e%2e",
    "%23",
    "T%23ten%23con",
    "%F0%9F%98%80",
    "%ff%fe",
    "%",
    "%zz",
    "%25",
    "con_",
    "con_" + SHORT_ID,
    "con_" + SHORT_ID + "%0A",
    "con_" + "0" * 25 + "%C4%B1",
    "a" * 3000,
    "%C3%A9" * 800,
    "{contact_id}",
    "null",
    "undefined",
    "-1",
    "'",
    '"',
    "total",
    "usage",
    "con_" + SHORT_ID + "%23",
    "%20",
    "+",
    "*",
    "con_" + SHORT_ID.lower() + "i",
]
ITEMS = [
    ("GET", "/v1/contacts/{}"),
    ("PATCH", "/v1/contacts/{}"),
    ("DELETE", "/v1/contacts/{}"),
    ("POST", "/v1/contacts/{}/restore"),
    ("GET", "/v1/contacts/{}/timeline"),
    ("GET", "/v1/tasks/{}"),
    ("POST", "/v1/tasks/{}/complete"),
    ("GET", "/v1/users/{}"),
    ("PATCH", "/v1/users/{}"),
    ("DELETE", "/v1/users/{}"),
    ("POST", "/v1/users/{}/restore"),
    ("GET", "/v1/tokens/{}"),
    ("DELETE", "/v1/tokens/{}"),
]


@pytest.mark.parametrize(("method", "path"), ITEMS)
def test_an_odd_id_is_404_and_not_500(owner: Sender, method: str, path: str) -> None:
    for odd in ODD:
        answer = owner.call(method, path.format(odd), {} if method in ("POST", "PATCH") else None)
        assert answer.status == 404, (odd, answer.text)
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_id_of_another_noun_is_404(owner: Sender) -> None:
    made = owner.contact()
    owner.contact(emails=[{"address": "ada@example.com"}])
    for path in (f"/v1/users/{made['id']}", f"/v1/tasks/{made['id']}", f"/v1/tokens/{owner.user}"):
        assert owner.get(path).status == 404
    assert owner.get("/v1/contacts/unique%23contact%23email%23ada%40example.com").status == 404
    assert owner.get(f"/v1/contacts/{owner.user}").status == 404


def test_an_id_may_be_percent_encoded(owner: Sender) -> None:
    made = owner.contact()
    assert owner.get(f"/v1/contacts/{made['id'].replace('_', '%5F')}").json == made
    assert owner.get(f"/v1/contacts/{made['id']}/").json == made


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.text(st.characters(codec="latin-1", exclude_characters="?"), max_size=30),
    noun=st.sampled_from(["contacts", "users", "tokens", "tasks"]),
)
def test_whatever_path_is_answered(owner: Sender, path: str, noun: str) -> None:
    assert owner.get(f"/v1/{noun}/x{path}").status == 404
    assert owner.get(f"/v1/x{path}").status == 404


_words = st.text(max_size=6) | st.sampled_from(
    [
        "ada@example.com",
        "2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "note",
        "de",
        "AT",
        "Europe/Vienna",
        "con_" + SHORT_ID,
        "usr_" + SHORT_ID,
        "😀" * 50,
        "İ" * 60,
        "x" * 200,
        "contacts:read",
    ]
)
_values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**30, 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _words
)
_names = st.text(max_size=3) | st.sampled_from(
    ["first_name", "emails", "phones", "address", "social", "tags", "time_zone", "language", "owner_id", "kind", "at",
     "text", "data", "title", "due_at", "remind_before", "assignee_id", "subject_id", "name", "scopes", "expires_at",
     "number", "primary", "country", "outcome"]
)  # fmt: skip
_documents = st.dictionaries(
    _names,
    st.recursive(
        _values, lambda one: st.lists(one, max_size=2) | st.dictionaries(_names, one, max_size=3), max_leaves=6
    ),
    max_size=4,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["contacts", "tasks", "tokens", "users", "activities"]), _documents)
def test_whatever_json_is_answered(house: House, owner: Sender, noun: str, document: dict[str, Any]) -> None:
    if noun == "activities":
        noun, document = f"contacts/{owner.contact()['id']}/activities", {"kind": "note", **document}
    answer = owner.post(f"/v1/{noun}", document)
    assert answer.status in (201, 403, 422), answer.text
    if answer.status == 422:
        assert answer.json["errors"][0]["code"]


def test_an_event_with_nothing_in_it_is_404(house: House) -> None:
    from app import app

    nowhere = {"requestContext": {"httpMethod": "GET", "resourcePath": "/v1/x"}}
    events: tuple[dict[str, Any], ...] = (nowhere, {"requestContext": {}}, {})
    for event in events:
        response = app(event, Context())
        assert response["statusCode"] == 404
        assert json.loads(response["body"])["title"] == "Not found"


# --- who is let in ---

_b64 = "eyJhbGciOiJub25lIn0"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer x",
        "Bearer a.b.c",
        f"Bearer {_b64}.{_b64}.",
        "Token x",
        "Bearer tnd_",
        "Bearer tnd_a.b.c",
        f"Bearer tnd_ten_{SHORT_ID}.tok_{SHORT_ID}.x",
        "Bearer é",
        "Bearer \x00",
        "Bearer " + "W1tb" * 900 + ".e30.x",
        "Bearer " + "." * 500,
        "Bearer " + "x" * 8000,
    ],
)
def test_a_header_that_is_no_token_is_401(house: House, header: str) -> None:
    answer = house.http("GET", "/v1/me", headers={"Authorization": header})
    assert answer.status == 401, answer.text
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_no_header_is_401_on_every_route_that_needs_one(house: House) -> None:
    import app

    assert app.app
    for route in ROUTES:
        if route.permission is not None:
            path = re.sub(r"\{\w+\}", "x", route.path)
            assert house.http(route.method, path, {} if route.body else None).status == 401, route


def test_an_access_token_ends_after_its_hour(house: House, owner: Sender) -> None:
    assert owner.signed_up["expires_in"] == 3600
    clock.advance(3590)
    assert owner.get("/v1/me").status == 200
    clock.advance(20)
    assert owner.get("/v1/me").status == 401


def test_a_refresh_token_is_no_access_token(house: House, owner: Sender) -> None:
    headers = {"Authorization": f"Bearer {owner.signed_up['refresh_token']}"}
    assert house.http("GET", "/v1/me", headers=headers).status == 401


def test_a_token_that_we_did_not_sign_is_401(house: House, owner: Sender) -> None:
    assert owner.token is not None
    head, claims, mac = owner.token.split(".")
    stranger = keyring.new_ring()
    forged = keyring._mac(stranger.keys[stranger.current], f"{head}.{claims}")
    for token in (f"{head}.{claims}.{forged}", f"{head}.{claims}.", f"{head}.{claims}", f"{claims}.{head}.{mac}"):
        assert house.http("GET", "/v1/me", headers={"Authorization": f"Bearer {token}"}).status == 401


def test_a_permission_that_is_missing_is_403_before_anything_is_read(house: House, owner: Sender) -> None:
    token = owner.post("/v1/tokens", {"name": "x", "scopes": ["contacts:read"]}).json["secret"]
    reader = Sender(house, token)
    assert reader.get("/v1/contacts").status == 200
    made = owner.contact()
    for answer in (
        reader.post("/v1/contacts", b"{"),
        reader.patch(f"/v1/contacts/{made['id']}", {"x": 1}),
        reader.delete(f"/v1/contacts/{made['id']}"),
        reader.get("/v1/tasks"),
        reader.get("/v1/users"),
        reader.get("/v1/usage"),
        reader.post("/v1/tokens", {"name": "y", "scopes": ["contacts:read"]}),
    ):
        assert answer.status == 403, answer.text


def _head(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.headers.get("Content-Type", "")


def test_a_read_honours_if_match_too(owner: Sender) -> None:
    path = f"/v1/contacts/{owner.contact()['id']}"
    assert owner.get(path, If_Match='"1"').status == 200
    assert owner.get(path, If_Match='"2", "1"').status == 200
    assert owner.get(path, If_Match="*").status == 200
    assert owner.get(path, If_Match='"2"').status == 412


def test_health_needs_nobody_and_reads_nothing_and_ready_touches_the_table(house: House) -> None:
    health = house.stranger().get("/v1/health")
    assert _head(health) == (200, "application/json")
    assert (health.json, health.cost["rru"], health.cost["wru"]) == ({"status": "ok"}, 0, 0)
    ready = house.stranger().get("/v1/ready")
    assert (ready.status, ready.cost["rru"]) == (200, 0.5)
    assert house.http("GET", "/v1/health", headers={"Authorization": "Bearer nonsense"}).status == 200
