"""`python -m infra.local` as a person runs it: it says where to go, survives kill -9, stops clean, refuses in one."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws, template
from infra.local.children import free_port
from infra.local.engine import Engine
from tests.local.test_cloud import runs

START_SECONDS = 30
PASSWORD = "correct horse battery"


@dataclass
class Run:
    """One start of the machine on a data folder."""

    data: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # These tests are about the machine with its own engine, also when the suite runs against another one.
        inherited = {name: value for name, value in os.environ.items() if name != "DYNAMODB_ENDPOINT"}
        variables = {"PORT": str(self.port), "DATA_DIR": str(self.data), "DEMO": "0", **self.environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.local"], cwd=template.ROOT, env={**inherited, **variables},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until_ready(self) -> "Run":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/v1/health")[0] == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.ended()}")

    def ask(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def children(self) -> list[int]:
        """Every process that it has started and that lives."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if stat.read_text().rpartition(")")[2].split()[1] == str(self.process.pid):
                    found.append(int(stat.parent.name))
        return found

    def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Signal it; returns exit code and what it had written."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("machine")).until_ready()
    yield run
    run.end()


def sign_up(run: Run, name: str = "ann") -> str:
    draft = {"company": "Acme", "name": "Ann", "email": f"{name}@acme.test", "password": PASSWORD}
    status, body = run.ask("POST", "/v1/auth/signup", draft)
    assert status == 201, body
    return str(body["access_token"])


def test_it_says_where_to_go_and_stops_clean(data: Path) -> None:
    run = Run(data, environment={"DEMO": "1"}).until_ready()
    children = run.children()
    code, out, err = run.end(signal.SIGINT)
    assert (code, err) == (0, "")
    base = f"http://127.0.0.1:{run.port}"
    for wanted in (f"{base}/v1/health", f"{base}/v1/openapi.json", f"{base}/_local/outbox", "owner@demo.test"):
        assert wanted in out
    assert len(children) == 2
    assert not any(map(runs, children))


def test_the_demo_can_be_logged_into_after_each_start(data: Path) -> None:
    login = {"email": "owner@demo.test", "password": "demo-demo-demo"}
    for _ in range(2):
        run = Run(data, environment={"DEMO": "1"}).until_ready()
        status, body = run.ask("POST", "/v1/auth/login", login)
        run.end()
        assert status == 200, body


def test_after_kill_9_no_child_runs_and_nothing_acknowledged_is_lost(data: Path) -> None:
    run = Run(data).until_ready()
    token = sign_up(run)
    children = run.children()
    assert len(children) == 2
    acknowledged: list[str] = []

    def create(number: int) -> None:
        with contextlib.suppress(OSError):
            draft = {"first_name": f"C{number}", "emails": [{"address": f"c{number}@x.test"}]}
            status, body = run.ask("POST", "/v1/contacts", draft, token)
            if status == 201:
                acknowledged.append(body["id"])
            if len(acknowledged) == 20:
                run.process.kill()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(60)))
    run.ended()
    assert 20 <= len(acknowledged) < 60
    again = Run(data).until_ready()
    assert not any(map(runs, children))
    try:
        lost = [one for one in acknowledged if again.ask("GET", f"/v1/contacts/{one}", token=token)[0] != 200]
        assert lost == []
        assert again.ask("GET", "/_local/idle?wait=20")[1]["idle"] is True
    finally:
        again.end()


def test_a_busy_port_is_one_line_and_starts_nothing(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, out, err = Run(data, port).ended()
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert str(port) in err
    assert not data.exists()


def test_a_second_machine_on_the_same_data_is_one_line(machine: Run) -> None:
    code, out, err = Run(machine.data).ended()
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert str(machine.data) in err
    assert str(machine.process.pid) in err
    assert machine.ask("GET", "/v1/health")[0] == 200


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "٣"])
def test_a_port_that_is_none_is_one_line(data: Path, port: str) -> None:
    code, _, err = Run(data, environment={"PORT": port}).ended()
    assert (code, err.count("\n")) == (1, 1)


def test_an_emulator_that_ends_by_itself_ends_everything(data: Path) -> None:
    run = Run(data).until_ready()
    children = run.children()
    os.kill(children[0], signal.SIGKILL)
    code, _, err = run.ended()
    assert (code, err.count("\n")) == (1, 1)
    assert not any(map(runs, children))


def test_a_start_that_is_interrupted_leaves_nothing_running(data: Path) -> None:
    run = Run(data)
    children: list[int] = []
    while not children:
        children = run.children()
        time.sleep(0.01)
    run.end(signal.SIGTERM)
    # One that was being made at that very moment is ended by the kernel, a moment after its parent.
    deadline = time.monotonic() + 5
    while any(map(runs, children)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(runs, children))


def test_another_engine_can_take_the_place_of_ours(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DYNAMODB_ENDPOINT", raising=False)
    with Engine.start(tmp_path / "other.db") as other:
        run = Run(data, environment={"DYNAMODB_ENDPOINT": other.endpoint}).until_ready()
        try:
            sign_up(run)
            assert run.ask("GET", "/_local/idle?wait=10")[1]["idle"] is True
            assert len(run.children()) == 1
        finally:
            run.end()
        assert other.alive()
        assert aws.client("dynamodb", other.endpoint).scan(TableName="tendril")["Count"] > 0
    assert not (data / "table.db").exists()


def test_a_change_flows_through_and_all_is_quiet_again(machine: Run) -> None:
    token = sign_up(machine, "flow")
    machine.ask("POST", "/v1/contacts", {"first_name": "Bo"}, token)
    assert machine.ask("GET", "/_local/idle?wait=10")[1] == {
        "idle": True, "stream_lag": 0, "queued": 0, "in_flight": 0,
    }  # fmt: skip


def test_files_are_put_and_fetched_by_their_links(machine: Run) -> None:
    token = sign_up(machine, "files")
    status, made = machine.ask("POST", "/v1/imports", {"kind": "contact"}, token)
    assert status == 201, made
    people = b"First name,Email\nAda,ada@example.com\nBo,bo@example.com\n"
    with urllib.request.urlopen(urllib.request.Request(made["upload_url"], people, method="PUT"), timeout=10) as answer:
        assert answer.status == 200
    assert machine.ask("POST", f"/v1/imports/{made['id']}/start", {}, token)[0] == 202
    assert finished(machine, made["id"], token)["status"] == "succeeded"
    status, job = machine.ask("POST", "/v1/exports", {"kind": "contact", "format": "csv"}, token)
    assert status == 202, job
    done = finished(machine, job["id"], token)
    assert done["progress"] == {"done": 2, "total": 2}
    with urllib.request.urlopen(done["result_url"], timeout=10) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        assert b"ada@example.com" in answer.read()


def finished(machine: Run, job_id: str, token: str) -> Any:
    """The job once nothing is left to do."""
    assert machine.ask("GET", "/_local/idle?wait=20", token=token)[1]["idle"] is True
    return machine.ask("GET", f"/v1/jobs/{job_id}", token=token)[1]


def test_many_requests_at_once_each_get_their_own_answer(machine: Run) -> None:
    tokens = [sign_up(machine, f"many{number}") for number in range(4)]

    def me(number: int) -> bool:
        status, body = machine.ask("GET", "/v1/me", token=tokens[number % 4])
        return status == 200 and f"many{number % 4}@acme.test" in json.dumps(body)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(me, range(80)))


def test_unknown_paths_and_methods_are_problems(machine: Run) -> None:
    for method, path, expected in (("GET", "/nope", 404), ("GET", "/", 404), ("PUT", "/v1/health", 405)):
        status, body = machine.ask(method, path)
        assert (status, body["status"]) == (expected, expected)
