"""What came of a request, as API Gateway takes it: a view's result, an error, or no such path."""

from typing import Any
from urllib.parse import urlencode

import msgspec
from chalice.app import Response

from chalicelib import errors
from chalicelib.handlers import _problem
from chalicelib.handlers._request import Request
from chalicelib.handlers._routes import Route
from chalicelib.schemas.page import Begun, Document, Made

Headers = dict[str, str | list[str]]


def of_result(route: Route, request: Request, result: Any) -> Response:
    """The answer with what a view returned. Raises `Stale` for a read of another version than `If-Match` names."""
    if isinstance(result, Document):
        if "ETag" in result.headers and request.if_none_match(result.headers["ETag"]):
            return Response("", dict(result.headers), 304)
        shown: Headers = {"Content-Type": result.media_type, **result.headers}
        return Response(result.text, shown, result.status or route.status)
    headers: Headers = {"Content-Type": "application/json"}
    status = route.status
    if isinstance(result, Made):
        status, result = (201 if result.new else 200), result.view
    if isinstance(result, Begun):
        status, result = 202, result.view
    version = getattr(result, "version", None)
    if version is not None:
        etag = f'"{version}"'
        headers["ETag"] = etag
        if route.method == "GET":
            _check_match(request, version)
            if request.if_none_match(etag):
                return Response("", headers, 304)
    if status in (201, 202) and hasattr(result, "id"):
        headers["Location"] = _location(status, request, result.id)
    if route.status == 204:
        return Response("", {}, 204)
    return Response(msgspec.json.encode(result).decode(), headers, status)


def _location(status: int, request: Request, record_id: str) -> str:
    """Where the new record is: below the path it was posted to, below that of its noun, or among the jobs."""
    path = request.public_path.rstrip("/")
    if status == 202:
        return f"{path.partition('/v1/')[0]}/v1/jobs/{record_id}"
    return f"{path.partition('/by/')[0]}/{record_id}"


def _check_match(request: Request, version: int) -> None:
    """`If-Match` on a read; on a write the service checks, in the same step as it writes."""
    versions = request.if_match()
    if versions is not None and version not in versions:
        raise errors.Stale(f"The record is at version {version}.")


def of_error(route: Route, request: Request, error: errors.CrmError) -> Response:
    """The answer that says what was wrong, or where a merged record is to be read."""
    if isinstance(error, errors.Merged) and route.method == "GET":
        return _sent_on(request, error)
    status, body = _problem.problem(error, request.path, request.id)
    return Response(body, {"Content-Type": _problem.MEDIA_TYPE, **_extra_headers(error)}, status)


def of_accident(request: Request) -> Response:
    """The answer when something went wrong here: it tells the request id, and no more."""
    status, body = _problem.unforeseen(request.path, request.id)
    return Response(body, {"Content-Type": _problem.MEDIA_TYPE}, status)


def no_route(request: Request, allowed: list[str]) -> dict[str, Any]:
    """What API Gateway would refuse before us; said here too, for the machine without one."""
    error: errors.CrmError = errors.NotFound("There is no such path.")
    headers = {"Content-Type": _problem.MEDIA_TYPE}
    if allowed:
        error = errors.MethodNotAllowed(f"This path takes {', '.join(allowed)}.")
        headers["Allow"] = ", ".join(allowed)
    status, body = _problem.problem(error, request.path, request.id)
    return {"statusCode": status, "body": body, "headers": headers, "multiValueHeaders": {}}


def _sent_on(request: Request, error: errors.Merged) -> Response:
    """Where a merged record is to be read now: the same question with the id of what it has become a part of."""
    asked = urlencode(request.event.get("multiValueQueryStringParameters") or {}, doseq=True)
    location = request.public_path.replace(error.record_id, error.into) + (f"?{asked}" if asked else "")
    body = msgspec.json.encode({"merged_into": error.into}).decode()
    # Not to be kept, as a 301 otherwise may be: the merge may be undone.
    headers: Headers = {"Content-Type": "application/json", "Location": location, "Cache-Control": "no-store"}
    return Response(body, headers, 301)


def _extra_headers(error: errors.CrmError) -> dict[str, str]:
    headers = {}
    if isinstance(error, errors.TooMany | errors.Unready):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return headers
