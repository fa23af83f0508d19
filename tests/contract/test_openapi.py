"""The API's description: what is served is what was committed, it is valid, and what it promises is so."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from chalicelib.handlers import _openapi
from chalicelib.handlers._routes import ROUTES, Route
from infra import openapi
from tests.contract import calling
from tests.house import House, Sender

DOCUMENT: dict[str, Any] = _openapi.document()
REGISTRY: Registry[Any] = Registry().with_resource("urn:api", DRAFT202012.create_resource(DOCUMENT))
OPERATIONS = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]

# What a regular expression of JavaScript takes behind a backslash; Python takes more.
ESCAPED = re.compile(r"\\(.)")
KNOWN_ESCAPES = set("dDwWsSbBnrtvf0xucpPk^$\\.*+?()[]{}|/-123456789")


def nodes(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document with its JSON pointer, but nothing inside of examples."""
    if isinstance(node, dict):
        yield place, node
        for key, value in node.items():
            if key not in ("example", "examples", "default"):
                yield from nodes(value, f"{place}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from nodes(value, f"{place}/{number}")


def flaws(value: Any, pointer: str) -> list[str]:
    """What keeps `value` from fitting the schema at this pointer."""
    reference = {"$ref": f"urn:api#{pointer}"}
    validator = Draft202012Validator(reference, registry=REGISTRY, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [f"{pointer}: {error.json_path} {error.message}" for error in validator.iter_errors(value)]


# The document itself


def test_what_is_served_is_what_was_committed(house: House) -> None:
    served = house.stranger().get("/v1/openapi.json")
    assert served.status == 200
    assert served.json == json.loads(openapi.FILE.read_text()), "If this is meant: make openapi"
    assert openapi.text() == openapi.FILE.read_text(), "If this is meant: make openapi"


def test_it_is_valid() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_it_is_made_alike_whatever_the_order_of_the_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_openapi, "ROUTES", list(reversed(ROUTES)))
    assert json.dumps(_openapi.document.__wrapped__()) == json.dumps(DOCUMENT)


def test_it_says_nothing_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "elsewhere")
    monkeypatch.setenv("CORS_ORIGIN", "https://elsewhere.example")
    assert json.dumps(_openapi.document.__wrapped__()) == json.dumps(DOCUMENT)


def test_every_route_is_in_it_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, method, _ in OPERATIONS}
    assert described == {(route.method, route.path) for route in ROUTES}


def test_every_reference_leads_somewhere() -> None:
    resolver = REGISTRY.resolver("urn:api")
    found = [node["$ref"] for _, node in nodes(DOCUMENT) if "$ref" in node]
    assert len(found) > 100
    for reference in found:
        resolver.lookup(reference)  # raises what cannot be found


def test_every_component_is_used() -> None:
    used = {node["$ref"] for _, node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)}
    kinds = ("schemas", "responses", "parameters", "headers")
    stated = {f"#/components/{kind}/{name}" for kind in kinds for name in DOCUMENT["components"][kind]}
    assert stated - used == set()


def test_operation_ids_are_unique_and_every_operation_says_what_it_does() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for path, method, operation in OPERATIONS:
        assert len(operation["summary"]) > 4, (method, path)
        assert set(operation["tags"]) <= tags
        for parameter in operation.get("parameters", ()):
            assert "$ref" in parameter or len(parameter["description"]) > 4, (method, path, parameter["name"])


def test_patterns_mean_the_same_in_every_language() -> None:
    patterns = [(place, node["pattern"]) for place, node in nodes(DOCUMENT) if isinstance(node.get("pattern"), str)]
    assert len(patterns) > 5
    assert [place for place, pattern in patterns if set(ESCAPED.findall(pattern)) - KNOWN_ESCAPES] == []


# Examples


def test_every_example_fits_its_schema() -> None:
    found = [(place, node["examples"]) for place, node in nodes(DOCUMENT) if isinstance(node.get("examples"), list)]
    found += [(f"{place}/schema", [node["example"]]) for place, node in nodes(DOCUMENT) if "example" in node]
    assert len(found) > 50
    assert [flaw for place, examples in found for example in examples for flaw in flaws(example, place)] == []


def test_no_example_is_a_stopgap() -> None:
    # A field without an example of its own is described as "text": give it one in _examples_*.py.
    examples = {name: schema["examples"][0] for name, schema in schemas().items() if "examples" in schema}
    assert [name for name, example in examples.items() if '"text"' in json.dumps(list(_values(example)))] == []


def schemas() -> dict[str, Any]:
    """The component schemas."""
    found: dict[str, Any] = DOCUMENT["components"]["schemas"]
    return found


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, list):
        for one in value:
            yield from _values(one)
    else:
        yield value


@calling.routes(lambda route: route.permission != "self" or route.body is None)
def test_the_api_takes_the_example_and_answers_as_described(route: Route, owner: Sender) -> None:
    call = calling.valid(route, owner)
    response = DOCUMENT["paths"][route.path][route.method.lower()]["responses"][str(route.status)]
    answer = call.by(owner)
    assert answer.status == route.status, answer.text
    for name, header in response["headers"].items():
        stated = DOCUMENT["components"]["headers"][header["$ref"].rpartition("/")[2]]
        if stated["required"]:
            given = answer.headers[name]
            value = int(given) if stated["schema"]["type"] == "integer" else given
            assert flaws(value, f"/components/headers/{name}/schema") == []
    assert bool(answer.text) == ("content" in response)
    if "application/json" in response.get("content", {}):
        schema = response["content"]["application/json"]["schema"]
        pointer = schema.get("$ref", "#/components/schemas/Health").removeprefix("#")
        if "$ref" in schema:
            assert flaws(answer.json, pointer) == []


# Errors


def described(path: str, method: str) -> set[int]:
    """The statuses in the description."""
    return {int(status) for status in DOCUMENT["paths"][path][method.lower()]["responses"]}


@calling.routes()
def test_only_what_a_route_can_answer_is_described(route: Route) -> None:
    statuses = described(route.path, route.method)
    assert route.status in statuses
    assert (401 in statuses) == (route.permission is not None or route.may_know or 401 in route.errors)
    assert (404 in statuses) == ("{" in route.path or 404 in route.errors)
    assert (415 in statuses) == (route.body is not None)
    assert (503 in statuses) == (route.path == "/v1/ready" or 503 in route.errors)
    assert (304 in statuses) == (route.method == "GET" and "version" in getattr(route.returns, "__struct_fields__", ()))
    assert 500 in statuses


@calling.routes(lambda route: route.body is not None)
def test_the_errors_of_a_body_happen_as_described(route: Route, owner: Sender) -> None:
    call, statuses = calling.valid(route, owner), described(route.path, route.method)
    bad: dict[int, tuple[Any, dict[str, str]]] = {
        400: (b"{", {}),
        413: (b" " * (1024 * 1024 + 1), {}),
        415: (b"a=b", {"Content_Type": "text/plain"}),
        422: ({"no such field": 1}, {}),
    }
    for status, (body, headers) in bad.items():
        answer = call._replace(body=body).by(owner, **headers)
        assert answer.status == status, answer.text
        assert status in statuses
        assert flaws(answer.json, "/components/schemas/Problem") == []


@calling.routes(lambda route: "expected" in route.wants)
def test_a_stale_version_is_refused_as_described(route: Route, owner: Sender) -> None:
    refused = calling.valid(route, owner).by(owner, If_Match='"99"')
    assert refused.status == 412, refused.text
    assert 412 in described(route.path, route.method)


@calling.routes(lambda route: route.method == "GET" and 304 in described(route.path, "GET"))
def test_a_known_version_is_not_sent_again(route: Route, owner: Sender) -> None:
    call = calling.valid(route, owner)
    tag = call.by(owner).headers["ETag"]
    answer = call.by(owner, If_None_Match=tag)
    assert (answer.status, answer.text, answer.headers["ETag"]) == (304, "", tag)
