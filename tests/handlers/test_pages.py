"""What people without an account see: pages, the forms on them, and where the API begins for whoever calls it."""

from typing import Any

import pytest

from chalicelib.handlers._request import Request
from chalicelib.services import keyring
from tests.house import House, Sender


@pytest.mark.parametrize(
    ("headers", "path", "seen_as", "base"),
    [
        ({"Host": "x.execute-api.example", "X-Forwarded-Proto": "https"}, "/v1/a", "/api/v1/a", "https://x.execute-api.example/api"),
        ({"host": "crm.example"}, "/v1/a", "/v1/a", "https://crm.example"),
        ({"Host": "127.0.0.1:8000", "X-Forwarded-Proto": "http"}, "/v1/a", "/v1/a", "http://127.0.0.1:8000"),
        ({}, "/v1/a", "/v1/a", "https://domain.example"),
        ({"host": "crm.example", "X-Forwarded-Proto": "https://evil.test/?"}, "/v1/a", "/v1/a", "https://crm.example"),
    ],
)  # fmt: skip
def test_where_the_api_begins(headers: dict[str, str], path: str, seen_as: str, base: str) -> None:
    context = {"path": seen_as, "domainName": "domain.example"}
    assert Request({"headers": headers, "path": path, "requestContext": context}).base == base


def test_an_error_on_a_page_is_a_page_and_in_a_form_a_problem(house: House, owner: Sender) -> None:
    missing = house.http("GET", "/q/nothing")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert missing.text.startswith("<!doctype html>")
    wrong = house.http("POST", "/q/nothing/accept", {"other": 1})
    assert (wrong.status, wrong.headers["Content-Type"]) == (422, "application/problem+json")
    no_such_path = house.http("GET", "/q")
    assert (no_such_path.status, no_such_path.headers["Content-Type"]) == (404, "application/problem+json")


def test_only_routes_with_a_form_take_one(owner: Sender) -> None:
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert owner.call("POST", "/v1/contacts", b"first_name=Ada", **form).status == 415


@pytest.mark.parametrize("claims", [{"t": "ten_x", "q": "quo_x", "n": 0}, {"t": "ten_x", "q": "", "n": "x"}])
def test_a_token_of_ours_that_names_nothing_is_no_fault_of_ours(house: House, claims: dict[str, Any]) -> None:
    token = keyring.sign("quote", claims)
    assert house.http("GET", f"/q/{token}").status == 404
    assert house.http("POST", f"/q/{token}/accept", {}).status == 404
