"""What API Gateway does to a request before Lambda sees it, and to the answer after: routing and event shapes."""

import base64
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from infra.local.aws import ACCOUNT, REGION

API_ID = "local"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came in; `target` is path and query, still encoded."""

    method: str
    target: str
    headers: Headers
    body: bytes
    source_ip: str

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> str:
        """The last value of a header, empty if there is none."""
        return next((value for key, value in reversed(self.headers) if key.lower() == name.lower()), "")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: Headers
    body: bytes


class Router:
    """Finds the resource for a path. A static segment beats a parameter, as in API Gateway."""

    def __init__(self, resources: Iterable[str]) -> None:
        self._resources = [(path, path.strip("/").split("/")) for path in resources]
        # Sorted so that at the first difference from the left static text comes before a parameter.
        self._resources.sort(key=lambda found: [part.startswith("{") for part in found[1]])

    def match(self, path: str) -> tuple[str, dict[str, str]] | None:
        """The resource for an encoded path, with its decoded parameters; None if there is none."""
        parts = _without_last_slash(path).lstrip("/").split("/")
        for resource, pattern in self._resources:
            if len(pattern) == len(parts) and all(map(_fits, pattern, parts)):
                return resource, {
                    name[1:-1]: unquote(part) for name, part in zip(pattern, parts, strict=True) if name[:1] == "{"
                }
        return None


def event(
    request: Request, resource: str | None, parameters: Mapping[str, str], *, stage: str, binary_types: Iterable[str]
) -> dict[str, Any]:
    """The REST API proxy event for a request. An unknown path stands for its own resource; the app has to refuse it."""
    content_type = request.header("content-type").partition(";")[0].strip().lower()
    binary = content_type in {kind.lower() for kind in binary_types}
    headers = [*request.headers, *_added_headers(request)]
    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    now = time.time()
    return {
        "resource": resource or request.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": dict(headers) or None,
        "multiValueHeaders": _grouped(headers),
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": _grouped(query),
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": request.header("host").partition(":")[0] or "127.0.0.1",
            "domainPrefix": API_ID,
            "extendedRequestId": uuid.uuid4().hex,
            "httpMethod": request.method,
            "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent") or None},
            "path": request.path,  # as on a domain of one's own, where no stage stands before it
            "protocol": "HTTP/1.1",
            "requestId": str(uuid.uuid4()),
            "requestTime": f"{datetime.fromtimestamp(now, UTC):%d/%b/%Y:%H:%M:%S +0000}",
            "requestTimeEpoch": int(now * 1000),
            "resourceId": resource or "none",
            "resourcePath": resource or request.path,
            "stage": stage,
        },
        "body": _body(request.body, binary),
        "isBase64Encoded": binary and bool(request.body),
    }


def answer(result: Mapping[str, Any]) -> Answer:
    """What goes out for a function's result. Raises KeyError, ValueError or TypeError if that is not a proxy answer."""
    status = int(result["statusCode"])
    headers = [(str(name), str(value)) for name, value in (result.get("headers") or {}).items()]
    for name, values in (result.get("multiValueHeaders") or {}).items():
        headers = [found for found in headers if found[0].lower() != str(name).lower()]
        headers += [(str(name), str(value)) for value in values]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    body = result.get("body") or ""
    content = base64.b64decode(body) if result.get("isBase64Encoded") else str(body).encode()
    return Answer(status, headers, content)


def _added_headers(request: Request) -> Headers:
    """What the gateway adds on the way, for the function to know where the request came from."""
    before = request.header("x-forwarded-for")
    trace = f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}"
    return [
        ("X-Forwarded-For", f"{before}, {request.source_ip}" if before else request.source_ip),
        ("X-Forwarded-Proto", "http"),
        *([] if request.header("x-amzn-trace-id") else [("X-Amzn-Trace-Id", trace)]),
        ("X-Amzn-Region", REGION),
    ]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found or None


def _body(body: bytes, binary: bool) -> str | None:
    if not body:
        return None
    # A body that is not declared as binary passes as text; what is not UTF-8 is replaced on the way.
    return base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")


def _fits(pattern: str, part: str) -> bool:
    return bool(part) if pattern.startswith("{") else pattern == unquote(part)


def _without_last_slash(path: str) -> str:
    return path[:-1] if len(path) > 1 and path.endswith("/") else path
