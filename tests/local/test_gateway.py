"""The gateway: the event is the one that API Gateway sends, the routing is its routing."""

import base64
import json
from typing import Any

import pytest

from infra.local import gateway
from infra.local.gateway import Headers, Request, Router

ROUTER = Router(
    [
        "/",
        "/v1/contacts",
        "/v1/contacts/{id}",
        "/v1/contacts/duplicates",
        "/v1/contacts/{id}/timeline",
        "/v1/contacts/by/{kind}/{value}",
        "/v1/{noun}/batch",
    ]
)


def request(target: str = "/v1/contacts", method: str = "GET", headers: Headers = (), body: bytes = b"") -> Request:
    return Request(method, target, headers, body, "127.0.0.1")


def event_of(asked: Request) -> dict[str, Any]:
    resource, parameters = ROUTER.match(asked.path) or (None, {})
    found = gateway.event(asked, resource, parameters, stage="local", binary_types=["application/octet-stream"])
    assert json.loads(json.dumps(found)) == found
    return found


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/v1/contacts", "/v1/contacts", {}),
        ("/v1/contacts/", "/v1/contacts", {}),
        ("/v1/contacts/con_1", "/v1/contacts/{id}", {"id": "con_1"}),
        ("/v1/contacts/duplicates", "/v1/contacts/duplicates", {}),
        ("/v1/contacts/duplicates/timeline", "/v1/contacts/{id}/timeline", {"id": "duplicates"}),
        ("/v1/contacts/batch", "/v1/contacts/{id}", {"id": "batch"}),
        ("/v1/deals/batch", "/v1/{noun}/batch", {"noun": "deals"}),
        ("/v1/contacts/by/email/a%2Bb%40x.test", "/v1/contacts/by/{kind}/{value}", {"kind": "email", "value": "a+b@x.test"}),  # noqa: E501 - one case, one line
        ("/v1/contacts/by/external_id/a%2Fb+c", "/v1/contacts/by/{kind}/{value}", {"kind": "external_id", "value": "a/b+c"}),  # noqa: E501 - one case, one line
        ("/v1/contacts/J%C3%BCrgen", "/v1/contacts/{id}", {"id": "Jürgen"}),
    ],
)  # fmt: skip
def test_a_path_finds_its_resource(path: str, resource: str, parameters: dict[str, str]) -> None:
    assert ROUTER.match(path) == (resource, parameters)


@pytest.mark.parametrize("path", ["/v1", "/v1/contacts//timeline", "/v1/contacts/a/b/c", "/nope", "/v1/nope/x"])
def test_an_unknown_path_finds_none(path: str) -> None:
    assert ROUTER.match(path) is None


def test_the_event_has_every_part_of_a_proxy_event() -> None:
    headers = [("Host", "127.0.0.1:8000"), ("X-A", "1"), ("X-A", "2"), ("User-Agent", "curl")]
    found = event_of(request("/v1/contacts/con_1?tag=a&tag=b&q=%C3%BC+x&empty=", headers=headers))
    assert found["resource"] == found["requestContext"]["resourcePath"] == "/v1/contacts/{id}"
    assert found["path"] == "/v1/contacts/con_1"
    assert found["httpMethod"] == found["requestContext"]["httpMethod"] == "GET"
    assert found["headers"]["X-A"] == "2"
    assert found["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert found["queryStringParameters"] == {"tag": "b", "q": "ü x", "empty": ""}
    assert found["multiValueQueryStringParameters"] == {"tag": ["a", "b"], "q": ["ü x"], "empty": [""]}
    assert found["pathParameters"] == {"id": "con_1"}
    assert found["requestContext"]["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "curl"}
    assert found["requestContext"]["stage"] == "local"
    assert found["requestContext"]["requestId"]
    assert found["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert found["body"] is None
    assert found["isBase64Encoded"] is False
    assert found["stageVariables"] is None


def test_what_is_empty_is_null() -> None:
    found = event_of(request())
    assert (found["queryStringParameters"], found["pathParameters"]) == (None, None)


def test_an_unknown_path_is_its_own_resource() -> None:
    found = event_of(request("/nope/x"))
    assert found["requestContext"]["resourcePath"] == "/nope/x"


def test_an_address_that_came_along_is_kept_before_the_real_one() -> None:
    found = event_of(request(headers=[("X-Forwarded-For", "203.0.113.9")]))
    assert found["headers"]["X-Forwarded-For"] == "203.0.113.9, 127.0.0.1"


@pytest.mark.parametrize(
    ("content_type", "body", "expected", "encoded"),
    [
        ("application/json", '{"a": "ü"}'.encode(), '{"a": "ü"}', False),
        ("application/json", b"\xff", "\ufffd", False),
        ("Application/Octet-Stream; x=1", b"\xff", base64.b64encode(b"\xff").decode(), True),
        ("application/octet-stream", b"", None, False),
    ],
)
def test_a_body_is_text_unless_it_says_otherwise(
    content_type: str, body: bytes, expected: str | None, encoded: bool
) -> None:
    found = event_of(request(method="POST", headers=[("content-type", content_type)], body=body))
    assert (found["body"], found["isBase64Encoded"]) == (expected, encoded)


def test_an_answer_goes_out_with_all_its_headers() -> None:
    out = gateway.answer(
        {
            "statusCode": 201,
            "headers": {"Location": "/v1/x", "x-many": "0"},
            "multiValueHeaders": {"X-Many": ["1", "2"]},
            "body": "ü",
        }
    )
    assert out.status == 201
    assert list(out.headers) == [
        ("Location", "/v1/x"), ("X-Many", "1"), ("X-Many", "2"), ("Content-Type", "application/json"),
    ]  # fmt: skip
    assert out.body == "ü".encode()


def test_a_binary_answer_is_decoded() -> None:
    out = gateway.answer({"statusCode": 200, "body": "AP8=", "isBase64Encoded": True})
    assert out.body == b"\x00\xff"


@pytest.mark.parametrize("result", [{}, {"statusCode": "x"}, {"statusCode": None}])
def test_an_answer_that_is_none_is_an_error(result: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        gateway.answer(result)
