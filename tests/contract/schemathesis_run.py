"""Thousands of generated requests against the served description: `python -m tests.contract.schemathesis_run`.

Schemathesis makes valid and invalid requests of every operation and holds each answer to the description: no 5xx, no
status, media type, body or header that is not described. A new tenant's owner makes them, and about half of the ids
in paths are replaced by ids of records that the run itself has made, so that there is something to read and change.

With BASE_URL it calls a running system, else the app in this process on the engine of the tests.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import urllib.request
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.cli import schemathesis as command_line

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
)
PASSWORD = "long enough pass"
IDS = re.compile(r"(con|tsk|tok|usr)_[0-9A-Z]{26}")
HALF = 0.5


class Run:
    """What one run knows: who calls, which records it has made, what it was answered."""

    def __init__(self, base_url: str, seed: int) -> None:
        self.base_url, self.random = base_url, random.Random(seed)
        self.answers: Counter[int] = Counter()
        self.by_operation: dict[str, Counter[int]] = defaultdict(Counter)
        self.refresh_tokens: list[str] = []
        self.sign_up()

    def sign_up(self) -> None:
        """Begin with a new tenant: at first, and whenever the run has locked itself out, as by a new password."""
        self.token = ""
        self.address = f"{uuid.uuid4().hex}@example.com"
        signup = {"company": "Firm", "name": "Owner", "email": self.address, "password": PASSWORD}
        self.token = self._post("/v1/auth/signup", signup)["access_token"]
        # For signing out, which would end the owner's session.
        self.expendable = self._post("/v1/tokens", {"name": "run", "scopes": ["contacts:read"]})["secret"]
        self.records: dict[str, list[str]] = defaultdict(list)
        self.trash: dict[str, list[str]] = defaultdict(list)

    def before_call(self, case: Any) -> None:
        """Sign the request, and let about half of those that could succeed meet real records."""
        signing_out = case.path == "/v1/auth/logout"
        case.headers["Authorization"] = f"Bearer {self.expendable if signing_out else self.token}"
        if self.random.random() < HALF:
            return
        # The same few keys and versions come again and again, and few requests would get past them.
        for header in ("Idempotency-Key", "If-Match"):
            case.headers.pop(header, None)
        records = self.trash if case.path.endswith("/restore") else self.records
        for name, value in (case.path_parameters or {}).items():
            known = records[str(value)[:3]] if IDS.fullmatch(str(value)) else None
            if known:
                case.path_parameters[name] = self.random.choice(known)
        if case.path in ("/v1/users", "/v1/auth/signup") and isinstance(case.body, dict) and "email" in case.body:
            case.body = {**case.body, "email": f"{uuid.uuid4().hex}@example.com"}
        if case.path == "/v1/auth/login" and isinstance(case.body, dict):
            case.body = {"email": self.address, "password": PASSWORD}
        if case.path == "/v1/auth/refresh" and isinstance(case.body, dict) and self.refresh_tokens:
            case.body = {"refresh_token": self.refresh_tokens.pop()}

    def after_call(self, case: Any, response: Any) -> None:
        """Count the answer, and keep account of what was made, thrown away and taken back."""
        self.answers[response.status_code] += 1
        self.by_operation[f"{case.method} {case.path}"][response.status_code] += 1
        if response.status_code == 401 and not case.path.startswith("/v1/auth/"):
            self.sign_up()
        if response.status_code == 204 and case.method == "DELETE" and case.path_parameters:
            self._move(next(iter(case.path_parameters.values())), self.records, self.trash)
        if response.status_code in (200, 201) and b'"id"' in response.content:
            made = json.loads(response.content)
            if response.status_code == 201 and IDS.fullmatch(str(made.get("id"))):
                self.records[made["id"][:3]].append(made["id"])
            if case.path.endswith("/restore"):
                self._move(made["id"], self.trash, self.records)
            if isinstance(made.get("user"), dict) and made["user"].get("email") == self.address:
                self.refresh_tokens += [made["refresh_token"]] if "refresh_token" in made else []

    def _move(self, record: str, here: dict[str, list[str]], there: dict[str, list[str]]) -> None:
        if record in here[record[:3]]:
            here[record[:3]].remove(record)
            there[record[:3]].append(record)

    def _post(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(self.base_url + path, json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def served() -> Iterator[str]:
    """The base URL of a running system: the one given, or one on this process's own engine until the end."""
    if given := os.environ.get("BASE_URL"):
        yield given.rstrip("/")
        return
    import tests.conftest  # noqa: F401 - sets the environment, before the app is imported
    from app import app
    from infra.local.activity import Activity
    from infra.local.api import Api
    from infra.local.engine import Engine
    from infra.local.front import Front

    with tempfile.TemporaryDirectory() as home, Engine.start(Path(home) / "engine.db") as engine:
        os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = engine.endpoint
        engine.create_table(os.environ["TABLE"])
        front = Front(0, Api(app, Activity()).answer)
        front.open()
        yield f"http://127.0.0.1:{front.server_port}"
        front.shutdown()
        front.server_close()


def _listen(run: Run) -> None:
    """Have each request and each answer pass through `run`. Schemathesis takes plain functions only."""

    @schemathesis.hook
    def before_call(context: Any, case: Any, kwargs: Any) -> None:
        run.before_call(case)

    @schemathesis.hook
    def after_call(context: Any, case: Any, response: Any) -> None:
        run.after_call(case, response)


def main(arguments: list[str]) -> int:
    """Run, print the figures, and return 0 if nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--max-examples", type=int, default=60, help="generated cases per operation and phase")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--at-least", type=int, default=3000, help="fail if fewer requests were made")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    os.environ["LOG_LEVEL"] = "CRITICAL"
    with served() as base_url:
        run = Run(base_url, given.seed)
        _listen(run)
        options = {
            "--checks": ",".join(CHECKS),
            "--phases": given.phases,
            "--max-examples": str(given.max_examples),
            "--seed": str(given.seed),
            "--suppress-health-check": "all",
            "--generation-database": "none",
        }
        command = [f"{base_url}/v1/openapi.json", "--url", base_url, "--continue-on-failure", "--no-color"]
        command += [part for option in options.items() for part in option]
        try:
            command_line(["run", *command], standalone_mode=False)
            failed = 0
        except SystemExit as end:
            failed = int(end.code or 0)
    for name, answers in sorted(run.by_operation.items()):
        if answers.keys() != {405}:  # methods that nobody offers
            sys.stdout.write(f"{name:<45} {dict(sorted(answers.items()))}\n")
    total = sum(run.answers.values())
    sys.stdout.write(f"{total} requests; answers by status: {dict(sorted(run.answers.items()))}\n")
    if total < given.at_least:
        sys.stdout.write(f"Too few: at least {given.at_least} were wanted\n")
        return 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
