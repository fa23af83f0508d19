"""Start a fresh interpreter on an unpacked package and watch what its calls cost."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CHILD = Path(__file__).with_name("_child.py")


def run(package: Path, plan: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each step of the plan answered and cost, with `wall_ms` since the interpreter was started.

    Raises RuntimeError with the child's last words if it did not finish.
    """
    seen: list[dict[str, Any]] = []
    other: list[str] = []
    started = time.perf_counter()
    # -I and -S: no environment, no user or virtualenv packages; -B: the package is read-only.
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", str(CHILD), str(package)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(environment),
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("no pipes to the child")
        child.stdin.write(json.dumps(plan))
        child.stdin.close()
        for line in child.stdout:
            if line.startswith("@@"):
                seen.append({**json.loads(line[2:]), "wall_ms": (time.perf_counter() - started) * 1000})
            else:
                other.append(line)
    if len(seen) != len(plan):
        raise RuntimeError("".join(other[-30:]))
    return seen


def http(method: str, route: str, token: str = "", body: object = None, **path: str) -> dict[str, Any]:
    """An API Gateway proxy event for a route such as `/v1/contacts/{contact_id}`, its variables filled from `path`."""
    headers = {"accept": "application/json", "content-type": "application/json", "host": "bench.local"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return {
        "resource": route,
        "path": route.format(**path),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path or None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": route,
            "httpMethod": method,
            "requestId": "11111111-2222-3333-4444-555555555555",
            "stage": "api",
            "path": f"/api{route.format(**path)}",
            "identity": {"sourceIp": "192.0.2.1", "userAgent": "bench"},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
