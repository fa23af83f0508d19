"""The packaged system in the emulated cloud: deployed once by `infra.deploy` itself, reached as a client reaches it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws
from infra.local.children import Child, free_port

ROOT = Path(__file__).resolve().parents[2]
STAGE = "local"
PARAMETERS = 'MailFrom="Tendril <no-reply@tendril.test>" AlarmMail=ops@tendril.test'


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Stack:
    """A deployed stage: its outputs, and the ways into it."""

    endpoint: str
    environment: dict[str, str]
    said: str
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the emulated cloud."""
        return aws.client(service, self.endpoint)

    def call(self, method: str, path: str, body: object = None, token: str = "", **headers: str) -> Answer:
        """One request through API Gateway."""
        url = f"{self.endpoint}/restapis/{self.outputs['RestAPIId']}/api/_user_request_{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return _answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return _answer(error.code, dict(error.headers), error.read())

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What SES was asked to send to an address, oldest first."""
        with urllib.request.urlopen(f"{self.endpoint}/_ministack/ses/messages", timeout=10) as answer:
            accounts = json.load(answer)["messages"].values()
        return [message for messages in accounts for message in messages if to in message["To"]]

    def run(self, module: str) -> subprocess.CompletedProcess[str]:
        """`python -m <module> local`, as make would call it."""
        return _run(module, self.environment)

    def eventually(self, look: Callable[[], list[Any]], seconds: float, pause: float = 0.5) -> list[Any]:
        """What `look` finds, as soon as it is something; the last look's result when time is up."""
        deadline = time.monotonic() + seconds
        while not (found := look()) and time.monotonic() < deadline:
            time.sleep(pause)
        return found


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stage `local`, packaged and deployed to an emulated cloud of its own."""
    folder = tmp_path_factory.mktemp("cloud")
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SECRETS"))} | {
        "AWS_ACCESS_KEY_ID": aws.MADE_UP,
        "AWS_SECRET_ACCESS_KEY": aws.MADE_UP,
        "AWS_DEFAULT_REGION": aws.REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "PARAMETERS": PARAMETERS,
    }
    cloud = Child(
        "the emulated cloud",
        [str(Path(sys.executable).with_name("ministack"))],
        folder / "cloud.log",
        env={
            **environment,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": aws.REGION,
            "TMPDIR": str(folder),
            # What would listen on further ports, on every interface, or look for containers that are not ours.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "DOCKER_HOST": f"unix://{folder}/no-docker",
        },
    )
    try:
        cloud.wait_until(lambda: _answers(endpoint), 60)
        done = _run("infra.deploy", environment)
        assert done.returncode == 0, done.stdout + done.stderr
        outputs = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
        # SES sends for verified senders only, which is the operator's part.
        aws.client("sesv2", endpoint).create_email_identity(EmailIdentity="tendril.test")
        yield Stack(endpoint, environment, done.stdout, outputs)
    finally:
        cloud.stop()


@pytest.fixture
def cloud_environment(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's own environment is that of a developer who has the cloud's credentials."""
    for name, value in (stack.environment | {"SECRETS": "ssm:/tendril/broken"}).items():
        monkeypatch.setenv(name, value)


def _run(module: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, STAGE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _answer(status: int, headers: dict[str, str], content: bytes) -> Answer:
    lower = {name.lower(): value for name, value in headers.items()}
    return Answer(status, lower, json.loads(content) if content else None)
