"""The API's description (OpenAPI 3.1), made from the registry of routes and the structs that cross the wire.

Loaded only when somebody asks for it. It says nothing of the stage it is served from, and the same routes give the
same document.
"""

import sys
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec

from chalicelib.handlers import _openapi_schemas as schemas
from chalicelib.handlers import _openapi_words as words
from chalicelib.handlers import _problem, _rooms
from chalicelib.handlers._routes import ROUTES, Route

VERSION: Final = "1.0.0"  # of this contract; a client that knows 1.x goes on working with any later 1.y
ORDER: Final = ("GET", "HEAD", "PUT", "POST", "PATCH", "DELETE")
PUBLIC: Final[list[Any]] = []
BEARER: Final[list[dict[str, list[str]]]] = [{"bearer": []}]
EITHER: Final[list[dict[str, list[str]]]] = [{}, *BEARER]


@cache
def document() -> dict[str, Any]:
    """The whole description, ready for JSON. Made once per process; not to be changed."""
    _rooms.load_all()
    routes = sorted(ROUTES, key=lambda route: (route.path, ORDER.index(route.method)))
    book = schemas.Book(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, book)
    statuses = sorted({status for route in routes for status in refusals(route)})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tendril", "version": VERSION, "description": words.ABOUT},
        # Relative to where this document lies, so that it holds for every stage and every domain.
        "servers": [{"url": ".."}],
        "tags": _tags(routes),
        "paths": paths,
        "components": {
            "schemas": book.components,
            "responses": {"Merged": _merged(), **{f"Problem{one}": _problem_response(one) for one in statuses}},
            "parameters": words.PARAMETERS,
            "headers": words.HEADERS,
            "securitySchemes": {"bearer": words.BEARER},
        },
    }


def refusals(route: Route) -> set[int]:
    """The statuses of all errors that this route can answer."""
    found = {500, *route.errors}
    if route.may_know:
        found.add(401)
    if route.permission is not None:
        found.add(401)
        if route.permission != "self":  # which every caller has
            found.add(403)
    if "{" in route.path:
        found.add(404)
    if route.keyed:
        found |= {409, 413, 422}  # `Idempotency-Key`: still running; a body to compare; used for another request
    if route.body is not None:
        found |= {400, 413, 415, 422}
    if route.query is not None:
        found.add(422)
    if _takes_if_match(route):
        found.add(412)
    if route.of_party:
        found |= {410} if route.method == "GET" else {409, 410}
    return found


def tag(route: Route) -> str:
    """The noun of a route: of the path if it is one with ids, else the room that the view lives in."""
    noun = route.path.split("/")[2]
    collection = any(other.path.startswith(f"/v1/{noun}/{{") for other in ROUTES)
    return noun if collection else route.view.__module__.rpartition(".")[2]


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    rooms = {tag(route): sys.modules[route.view.__module__].__doc__ or "" for route in routes}
    return [{"name": name, "description": _line(about)} for name, about in sorted(rooms.items())]


def _operation(route: Route, book: schemas.Book) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.view.__name__,
        "summary": _line(route.view.__doc__ or "").removesuffix("."),
        "tags": [tag(route)],
        "security": EITHER if route.may_know else PUBLIC if route.permission is None else BEARER,
    }
    if route.permission not in (None, "self"):
        operation["description"] = f"Needs the permission `{route.permission}`."
    if route.query is not None and "custom" in route.query.__struct_fields__:
        operation["description"] = f"{operation.get('description', '')} {words.CUSTOM}".strip()
    parameters = [*_path_parameters(route), *book.query(route), *_header_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        operation["requestBody"] = _request_body(route, route.body, book)
    if "raw" in route.wants:
        operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": {}}}}
    operation["responses"] = _responses(route, book)
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, **words.place(name)} for name in names]


def _header_parameters(route: Route) -> list[dict[str, str]]:
    names = []
    if _takes_if_match(route):
        names.append("IfMatch")
    if _has_etag(route) and route.method == "GET":
        names.append("IfNoneMatch")
    if route.keyed:
        names.append("IdempotencyKey")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _takes_if_match(route: Route) -> bool:
    return "expected" in route.wants or (_has_etag(route) and route.method == "GET")


def _request_body(route: Route, body: type[msgspec.Struct], book: schemas.Book) -> dict[str, Any]:
    content = {"schema": book.reference(body)}
    media_types: tuple[str, ...] = ("application/json",)
    if route.is_patch:
        media_types = (*media_types, "application/merge-patch+json")
    media_types = (*media_types, *route.form)
    required = any(field.required for field in msgspec.structs.fields(body))
    return {"required": required, "content": dict.fromkeys(media_types, content)}


def _responses(route: Route, book: schemas.Book) -> dict[str, Any]:
    responses = {str(route.status): _success(route, route.status, book)}
    if route.again:
        responses["200"] = _success(route, 200, book)
    if route.begins:
        responses["202"] = _success(route, 202, book)
    if route.method == "PUT":
        responses["201"] = _success(route, 201, book)
    if route.method == "GET" and _has_etag(route):
        responses["304"] = {"description": "You have this version already", "headers": _headers("ETag")}
    if route.of_party and route.method == "GET":
        responses["301"] = {"$ref": "#/components/responses/Merged"}
    for status in refusals(route):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    for status in route.pages:
        responses[str(status)] = _success(route, status, book)
    return dict(sorted(responses.items()))


def _success(route: Route, status: int, book: schemas.Book) -> dict[str, Any]:
    names = []
    if _has_etag(route):
        names.append("ETag")
    begun = route.begins if status == 202 and not isinstance(route.begins, bool) else None
    if status in (201, 202) and "id" in (*_fields(route), *getattr(begun, "__struct_fields__", ())):
        names.append("Location")
    if status == 302:
        names.append("Location")
    if route.keyed:
        names.append("Idempotency-Replayed")
    if 429 in route.errors:
        names += words.QUOTA
    answer: dict[str, Any] = {"description": words.SUCCESS[status], "headers": _headers(*names)}
    if route.method == "HEAD" or status == 302:
        return answer
    if route.media_type is not None:
        answer["content"] = {route.media_type: {"schema": {"type": "string"}}}
    if route.returns is not None:
        schema = book.answer(route) if begun is None else book.reference(begun)
        answer["content"] = {"application/json": {"schema": schema}}
    return answer


def _merged() -> dict[str, Any]:
    content = {"application/json": {"schema": words.MERGED}}
    return {"description": words.SUCCESS[301], "headers": _headers("Location"), "content": content}


def _problem_response(status: int) -> dict[str, Any]:
    """One response for all routes that can answer this status, in the words of the error it stands for."""
    error = next((error for error, known in _problem.STATUS.items() if known == status), None)
    about = _line(error.__doc__ or "") if error else words.UNFORESEEN
    example = words.problem(status, error.title if error else "Internal error", about)
    names = {401: ["WWW-Authenticate"], 429: ["Retry-After", *words.QUOTA], 503: ["Retry-After"]}.get(status, [])
    content = {"schema": schemas.PROBLEM, "example": example}
    return {
        "description": f"{HTTPStatus(status).phrase}. {about}",
        "headers": _headers(*names),
        "content": {_problem.MEDIA_TYPE: content},
    }


def _headers(*names: str) -> dict[str, Any]:
    every = ("Tendril-Cost", "X-Request-Id")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted({*names, *every})}


def _has_etag(route: Route) -> bool:
    return not route.paged and "version" in _fields(route)


def _fields(route: Route) -> tuple[str, ...]:
    return getattr(route.returns, "__struct_fields__", ())


def _line(text: str) -> str:
    """A docstring's first paragraph in one line."""
    return " ".join(text.partition("\n\n")[0].split())
