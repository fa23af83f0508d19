"""The rim: one decorator per route is the whole HTTP contract.

A view takes the actor, then its path parameters, and of `query`, `page`, `body`, `expected`, `source`, `base`,
`headers` (by their names in small letters) and `raw` (the body's bytes as they came) those that it names. It makes one
service call and returns a view struct; status codes, errors, headers and money are decided here.
"""

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, Final

from chalice.app import Blueprint, Chalice, CORSConfig, Response

from chalicelib import config, errors, observability
from chalicelib.handlers import _answer, _cursor, _problem, _rooms
from chalicelib.handlers._request import Request
from chalicelib.handlers._routes import Route, View, register
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import access, usage

_EXPOSED: Final = (
    "ETag",
    "Location",
    "Retry-After",
    "X-Request-Id",
    "Tendril-Cost",
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
)
_ALLOWED: Final = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-Id")
PAGE: Final = "text/html; charset=utf-8"  # what people see; its errors are pages too
# What a view may name of a request as it came.
_READ: Final[dict[str, Callable[[Request], Any]]] = {
    "source": lambda request: request.source,
    "base": lambda request: request.base,
    "headers": lambda request: request.headers,
    "raw": lambda request: request.raw(),
}
_NEVER: Final = -1  # the version of no record
_current: ContextVar[tuple[Request, Any]] = ContextVar("current")


class App(Chalice):
    """Chalice, with a meter around each request and our form for the answers that Chalice makes itself."""

    def __init__(self) -> None:
        observability.configure()
        super().__init__(app_name="tendril")
        # A binary answer is refused to who does not say that he accepts it; ours is ASCII (see services/tracking.py).
        self.api.binary_types = [one for one in self.api.binary_types if one != "image/gif"]
        self.opened: set[str] = set()  # rooms that were opened because somebody came

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer one API Gateway proxy event."""
        request = Request(event)
        where = event.get("requestContext") or {}
        resource, method = str(where.get("resourcePath")), str(where.get("httpMethod"))
        _rooms.open_for(self, resource)
        purpose = f"{method} {resource if resource in self.routes else 'unknown'}"
        token = _current.set((request, context))
        try:
            with observability.measured(purpose, request_id=request.id) as meter:
                meter.http = 1
                if resource in self.routes and method in self.routes[resource]:
                    response: dict[str, Any] = super().__call__(event, context)
                else:
                    response = _answer.no_route(request, sorted(self.routes.get(resource, ())))
                return _finish(response, request, meter)
        finally:
            _current.reset(token)


class Routes(Blueprint):
    """A room's routes. Each verb takes a path, a permission and the structs that cross the wire."""

    def get(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Read. `paged=True` gives the view a `Page` and seals what it lists."""
        return self._add("GET", path, permission, **options)

    def post(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Create (201 with `Location`, unless `status` says otherwise) or act."""
        return self._add("POST", path, permission, **{"status": 201, **options})

    def patch(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Change by JSON merge patch."""
        return self._add("PATCH", path, permission, **options)

    def put(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Create or change what has this name (201 or 200); the view answers `Made`."""
        return self._add("PUT", path, permission, **options)

    def delete(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Put into the trash."""
        return self._add("DELETE", path, permission, **{"status": 204, **options})

    def head(self, path: str, *, permission: str | None, **options: Any) -> Callable[[View], View]:
        """Say what a GET would answer, without its body."""
        return self._add("HEAD", path, permission, **options)

    def _add(self, method: str, path: str, permission: str | None, **options: Any) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            route = register(method, path, view, permission, **options)

            @wraps(view)
            def answer(**parameters: str) -> Response:
                return _handle(route, parameters)

            # The rim judges media types itself: Chalice would answer before us, in its own form.
            self.route(path, methods=[method], content_types=["*/*"], cors=_cors(), name=f"{method} {path}")(answer)
            return view

        return decorate


def _handle(route: Route, parameters: dict[str, str]) -> Response:
    request, context = _current.get()
    try:
        actor = _admit(route, request)
        if route.keyed and "idempotency-key" in request.headers:
            # Loaded here because it costs a tenth of a second, which only those who send the header should pay.
            from chalicelib.handlers import _idempotency

            return _idempotency.once(request, actor, context, lambda: _perform(route, request, actor, parameters))
        return _perform(route, request, actor, parameters)
    except errors.CrmError as error:
        return _answer.of_error(route, request, error)
    except Exception as error:  # noqa: BLE001 - the last resort: a 500 without detail
        observability.failure("unforeseen", error)
        return _answer.of_accident(request)


def _admit(route: Route, request: Request) -> Actor | None:
    if route.permission is None and not (route.may_know and "authorization" in request.headers):
        return None
    actor = access.authenticate(request.headers.get("authorization"))
    observability.charge_to(actor.tenant)
    if route.permission is not None:
        actor.needs(route.permission)
    return actor


def _perform(route: Route, request: Request, actor: Actor | None, parameters: dict[str, str]) -> Response:
    given: dict[str, Any] = dict(parameters)
    if actor is not None:
        given["actor"] = actor
    given |= {name: read(request) for name, read in _READ.items() if name in route.wants}
    query: Any = request.query(route.query) if route.query else None
    if "query" in route.wants:
        given["query"] = query
    if route.paged and actor is not None:
        given["page"] = Page(query.limit, _cursor.unseal(actor, request.path, query))
    if route.body is not None:
        given["body"] = (
            request.form(route.body, route.form) if route.form else request.json(route.body, plain=route.is_patch)
        )
    result = _expecting(route, given, request.if_match()) if "expected" in route.wants else route.view(**given)
    if isinstance(result, Listing) and actor is not None:
        cursor = _cursor.seal(result.last, actor, request.path, query) if result.last else None
        result = {"data": result.data, "next_cursor": cursor}
    return _answer.of_result(route, request, result)


def _expecting(route: Route, given: dict[str, Any], versions: list[int] | None) -> Any:
    """The view, called with each version that will do until the record is at it. Services know of one at a time."""
    if versions is None:
        return route.view(**given, expected=None)
    for version in versions[:-1]:
        with suppress(errors.Stale):
            return route.view(**given, expected=version)
    return route.view(**given, expected=versions[-1] if versions else _NEVER)


def _finish(response: dict[str, Any], request: Request, meter: observability.Meter) -> dict[str, Any]:
    """What every answer has: our error form, the request id, what it cost; then the log line and the ledger."""
    headers: dict[str, str] = response["headers"]
    if response["statusCode"] >= 400 and headers.get("Content-Type") not in (_problem.MEDIA_TYPE, PAGE):
        again = _problem.retitled(response, request.path, request.id)
        if again is not None:
            response["statusCode"], response["body"] = again
            headers["Content-Type"] = _problem.MEDIA_TYPE
    headers["X-Request-Id"] = request.id
    if meter.quota is not None:
        names = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
        headers.update(zip(names, map(str, meter.quota), strict=True))
    headers["Tendril-Cost"] = f"rru={meter.rru:g}; wru={meter.wru:g}; ms={meter.ms:.1f}; usd={meter.usd():.9f}"
    headers.update(_cors().get_access_control_headers())
    usage.record(meter, status=response["statusCode"])
    return response


@cache
def _cors() -> CORSConfig:
    return CORSConfig(
        allow_origin=config.cors_origin(), allow_headers=list(_ALLOWED), expose_headers=list(_EXPOSED), max_age=600
    )
