"""What the rim reads of a request: bodies of every ill, media types, queries, tags, and headers in any case."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.house import Answer, Context, House, Sender

EMPTY: dict[str, Any] = {}


def _raw(owner: Sender, method: str, path: str, *, resource: str | None = None, **event: Any) -> Answer:
    """A call by an event of our own making, for what a gateway may send and our own would not."""
    from app import app

    given_headers = event.pop("headers", {"Content-Type": "application/json"})
    whole = {
        "path": path,
        "httpMethod": method,
        "headers": {**given_headers, "authorization": f"Bearer {owner.token}"},
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"httpMethod": method, "resourcePath": resource or path, "requestId": "r-1", "identity": {}},
        **event,
    }
    response = app(whole, Context())
    return Answer(response["statusCode"], response["headers"], response["body"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"}",
        b"{'first_name': 'Ada'}",
        b'{"first_name": NaN}',
        b'{"first_name": Infinity}',
        b'{"first_name": "\\ud800"}',
        b'{"first_name": "\\udc00\\ud800"}',
        b'{"first_name": "\\x"}',
        b'{"first_name": "a\x00b"}',
        b'{"first_name": "a\nb"}',
        b'{"first_name": "Ada",}',
        b'{"first_name": "Ada"} {}',
        b"\xef\xbb\xbf{}",
        b"{} // comment",
        b"first_name=Ada",
        b"<xml/>",
        b"\x00",
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"first_name": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json_is_400(owner: Sender, body: bytes) -> None:
    answer = owner.post("/v1/contacts", body)
    assert answer.status == 400
    assert answer.json["title"] == "Bad request"


@pytest.mark.parametrize("body", [b" ", b"\n", b"\t\r\n "])
def test_blanks_are_as_good_as_no_body(owner: Sender, body: bytes) -> None:
    assert owner.post("/v1/contacts", body).status == 422  # a contact needs something


def test_a_body_is_needed_where_a_field_is(owner: Sender) -> None:
    assert _raw(owner, "POST", "/v1/tasks").status == 400
    assert _raw(owner, "POST", "/v1/tasks", body="").status == 400
    assert _raw(owner, "POST", "/v1/tasks", body="{}").status == 422
    assert _raw(owner, "POST", "/v1/auth/logout").status == 204


@pytest.mark.parametrize("body", [b"null", b"5", b'"text"', b"[]", b"true", b"1e300"])
def test_json_that_is_no_object_is_422_at_the_root(owner: Sender, body: bytes) -> None:
    for answer in (owner.post("/v1/contacts", body), owner.patch("/v1/contacts/x", body)):
        assert answer.status == 422
        assert answer.json["errors"][0]["pointer"] == ""


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ""]
)
def test_another_media_type_is_415(owner: Sender, media_type: str) -> None:
    answer = owner.post("/v1/contacts", {"first_name": "Ada"}, Content_Type=media_type)
    assert answer.status == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "Application/JSON; charset=utf-8", " application/json ;x=1", "application/merge-patch+json"],
)
def test_json_under_each_of_its_names_is_taken(owner: Sender, media_type: str) -> None:
    assert owner.post("/v1/contacts", {"first_name": "Ada"}, Content_Type=media_type).status == 201


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"first_name": "Ada", "shoe_size": 38}, "/shoe_size", "unknown_field"),
        ({"first_name": 5}, "/first_name", "type"),
        ({"first_name": "x" * 101}, "/first_name", "length"),
        ({"emails": [{"address": "a@example.com"}, {"address": "nobody"}]}, "/emails/1/address", "format"),
        ({"first_name": "Ada", "time_zone": "Europe/Atlantis"}, "/time_zone", "time_zone"),
        ({"first_name": "Ada", "time_zone": "../../etc/passwd"}, "/time_zone", "time_zone"),
        ({"first_name": "Ada", "owner_id": "usr_nobody"}, "/owner_id", "unknown"),
        ({}, "/first_name", "required"),
    ],
)
def test_what_does_not_fit_is_422_with_a_pointer(owner: Sender, body: Any, pointer: str, code: str) -> None:
    answer = owner.post("/v1/contacts", body)
    assert answer.status == 422
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json["errors"]] == [(pointer, code)]
    assert answer.json["errors"][0]["message"]


def test_a_patch_is_checked_as_a_draft_is(owner: Sender) -> None:
    made = owner.contact()
    for body, pointer in (
        ({"shoe_size": 38}, "/shoe_size"),
        ({"emails": [{"address": "nobody"}]}, "/emails/0/address"),
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"id": "con_1"}, "/id"),
        ({"version": 7}, "/version"),
    ):
        answer = owner.patch(f"/v1/contacts/{made['id']}", body)
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)
    assert owner.get(f"/v1/contacts/{made['id']}").json == made


def test_a_body_of_exactly_a_megabyte_is_read_and_one_byte_more_is_413(owner: Sender) -> None:
    limit = 1024 * 1024
    body = json.dumps({"first_name": ""}).encode()
    filled = body.replace(b'""', b'"' + b"x" * (limit - len(body)) + b'"')
    assert len(filled) == limit
    assert owner.post("/v1/contacts", filled).status == 422
    over = owner.post("/v1/contacts", filled.replace(b'"x', b'"xx', 1))
    assert over.status == 413
    assert owner.post("/v1/contacts", b" " * limit + b"{}").status == 413


def test_bytes_are_counted_not_characters(owner: Sender) -> None:
    text = json.dumps({"first_name": "ü" * 600_000}, ensure_ascii=False)
    assert len(text) < 1024 * 1024
    assert owner.post("/v1/contacts", text.encode()).status == 413


def test_a_base64_body_is_read_as_what_it_holds(owner: Sender) -> None:
    body = base64.b64encode(b'{"first_name": "Ada"}').decode()
    assert _raw(owner, "POST", "/v1/contacts", body=body, isBase64Encoded=True).status == 201
    assert _raw(owner, "POST", "/v1/contacts", body=body).status == 400
    big = base64.b64encode(b" " * (1024 * 1024 + 1)).decode()
    assert _raw(owner, "POST", "/v1/contacts", body=big, isBase64Encoded=True).status == 413


@pytest.mark.parametrize("body", ["é", "e30", "e3 0=", "=", "{}", "e30=\n", "\ud800"])
def test_broken_base64_is_400(owner: Sender, body: str) -> None:
    assert _raw(owner, "POST", "/v1/contacts", body=body, isBase64Encoded=True).status == 400


def test_a_body_with_half_a_character_is_400(owner: Sender) -> None:
    assert _raw(owner, "POST", "/v1/contacts", body='{"first_name": "\ud800"}').status == 400
    sealed = base64.b64encode(b'{"first_name": "\xc3"}').decode()
    assert _raw(owner, "POST", "/v1/contacts", body=sealed, isBase64Encoded=True).status == 400


def test_text_that_lost_characters_on_its_way_is_400(owner: Sender) -> None:
    assert _raw(owner, "POST", "/v1/contacts", body='{"first_name": "Zo\ufffd"}').status == 400
    assert owner.post("/v1/contacts", b'{"first_name": "Zo\\ufffd"}').json["first_name"] == "Zo\ufffd"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60))
def test_no_body_whatsoever_is_our_fault(owner: Sender, body: bytes) -> None:
    sealed = base64.b64encode(body).decode()
    assert 400 <= _raw(owner, "POST", "/v1/contacts", body=sealed, isBase64Encoded=True).status < 500


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=1&limit=2", "sort=id", "colour=red",
     "updated_since=yesterday", "email=nobody", "cursor=", "cursor=x", "LIMIT=5", "limit=%00", "%00=1"],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_422(owner: Sender, query: str) -> None:
    answer = owner.get(f"/v1/contacts?{query}")
    assert answer.status == 422
    name = answer.json["errors"][0]["pointer"].removeprefix("/")
    assert name
    assert name.lower() in query.lower().replace("%00", "\x00")


def test_a_query_may_be_percent_encoded(owner: Sender) -> None:
    owner.contact(first_name="Ada", emails=[{"address": "ada+x@example.com"}])
    assert len(owner.get("/v1/contacts?email=ada%2Bx%40example.com").json["data"]) == 1
    assert owner.get("/v1/contacts?%6cimit=1").status == 200


def test_the_offset_of_a_moment_may_have_lost_its_plus(owner: Sender) -> None:
    owner.contact()
    assert len(owner.get("/v1/contacts?updated_since=2026-01-01T00:00:00+02:00").json["data"]) == 1
    assert owner.get("/v1/contacts?updated_since=2026-01-01T00:00:00%2B02:00").status == 200
    assert owner.get("/v1/contacts?updated_since=2026-01-01+10:00").status == 422


def test_a_parameter_given_twice_is_refused_even_if_the_same(owner: Sender) -> None:
    answer = owner.get("/v1/contacts?sort=name&sort=name")
    assert (answer.status, answer.json["errors"][0]["code"]) == (422, "repeated")


@pytest.mark.parametrize(("limit", "shown"), [(1, 1), (2, 2), (200, 3)])
def test_a_limit_is_kept(owner: Sender, limit: int, shown: int) -> None:
    for name in "abc":
        owner.contact(first_name=name)
    assert len(owner.get(f"/v1/contacts?limit={limit}").json["data"]) == shown


def test_headers_are_read_in_any_case(house: House, owner: Sender) -> None:
    made = owner.contact()
    for name in ("authorization", "AUTHORIZATION", "Authorization"):
        assert house.http("GET", "/v1/me", headers={name: f"Bearer {owner.token}"}).status == 200
    for name in ("if-none-match", "IF-NONE-MATCH"):
        headers = {"authorization": f"Bearer {owner.token}", name: '"1"'}
        assert house.http("GET", f"/v1/contacts/{made['id']}", headers=headers).status == 304
    assert _raw(owner, "POST", "/v1/contacts", body="{}", headers={"CONTENT-TYPE": "text/plain"}).status == 415


# --- tags ---


@pytest.mark.parametrize("tag", ['"1"', "*", ' "1" ', 'W/"1"', '"7", "1"', '"1","2"', '"x", "1"', '"0" , W/"1", "9"'])
def test_if_match_lets_through_who_names_the_version(owner: Sender, tag: str) -> None:
    made = owner.contact()
    answer = owner.patch(f"/v1/contacts/{made['id']}", {"title": "Countess"}, If_Match=tag)
    assert (answer.status, answer.headers["ETag"]) == (200, '"2"')


@pytest.mark.parametrize(
    "tag",
    ['"2"', '"0"', '"-1"', '"01"', '"1.0"', "", '""', "x", '"*"', "1 1", '"2", "3"', ",", '"' + "9" * 400 + '"', "١"],
)
def test_if_match_stops_who_does_not(owner: Sender, tag: str) -> None:
    made = owner.contact()
    path = f"/v1/contacts/{made['id']}"
    for answer in (owner.patch(path, {"title": "Countess"}, If_Match=tag), owner.delete(path, If_Match=tag)):
        assert answer.status == 412
        assert answer.json["title"] == "Changed meanwhile"
    assert owner.get(path).json == made


def test_if_match_of_an_older_version_is_412_on_every_verb_of_an_item(owner: Sender) -> None:
    made = owner.contact()
    contact = f"/v1/contacts/{made['id']}"
    owner.patch(contact, {"title": "Countess"}, If_Match='"1"')
    task = f"/v1/tasks/{owner.post('/v1/tasks', {'title': 'Call'}).json['id']}"
    user = f"/v1/users/{owner.user}"
    token = f"/v1/tokens/{owner.post('/v1/tokens', {'name': 'x', 'scopes': ['users:read']}).json['id']}"
    for method, path, body in (
        ("PATCH", contact, {"title": "x"}),
        ("DELETE", contact, None),
        ("PATCH", task, {"title": "x"}),
        ("POST", f"{task}/complete", EMPTY),
        ("DELETE", task, None),
        ("PATCH", user, {"name": "x"}),
        ("DELETE", token, None),
    ):
        assert owner.call(method, path, body, If_Match='"9"').status == 412, (method, path)
    owner.delete(contact)
    assert owner.post(f"{contact}/restore", If_Match='"2"').status == 412
    assert owner.post(f"{contact}/restore", If_Match='"3"').status == 200


def test_a_condition_does_not_turn_nothing_into_something(owner: Sender) -> None:
    assert owner.patch("/v1/contacts/con_none", {"title": "x"}, If_Match="*").status == 404
    assert owner.patch("/v1/contacts/con_none", {"title": "x"}, If_Match='"1"').status == 404


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"9", "1"', ' W/"1" ,"9"'])
def test_if_none_match_of_the_version_is_304_without_a_body(owner: Sender, tag: str) -> None:
    made = owner.contact()
    answer = owner.get(f"/v1/contacts/{made['id']}", If_None_Match=tag)
    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", '"1"')
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("tag", ['"2"', "", "1", '"11"', '"x"'])
def test_if_none_match_of_another_version_is_answered_in_full(owner: Sender, tag: str) -> None:
    made = owner.contact()
    answer = owner.get(f"/v1/contacts/{made['id']}", If_None_Match=tag)
    assert (answer.status, answer.json) == (200, made)


def test_if_none_match_has_no_say_over_a_change(owner: Sender) -> None:
    made = owner.contact()
    assert owner.patch(f"/v1/contacts/{made['id']}", {"title": "x"}, If_None_Match='"1"').status == 200
