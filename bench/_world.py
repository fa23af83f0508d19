"""What the measured package talks to: a real engine with one contact made through the package's own doors, and SSM."""

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import _packages, _start
from chalicelib.services import keyring
from infra import signing_keys
from infra.local import aws
from infra.local.cloud import Cloud
from infra.local.engine import Engine

TABLE = "tendril"
PREFIX = "/tendril/local"


@dataclass(frozen=True)
class World:
    """Our package unpacked, the environment it runs in, and one contact with a token to read it."""

    package: Path
    environment: dict[str, str]
    token: str
    user: str
    contact: str
    route: str
    folder: Path

    @property
    def get_contact(self) -> dict[str, Any]:
        """The plan's step for GET /v1/contacts/{id}."""
        return self.step("GET", self.route, **{re.findall(r"\{(\w+)\}", self.route)[0]: self.contact})

    def step(self, method: str, route: str, body: object = None, **path: str) -> dict[str, Any]:
        """A step of a plan: one authorised request."""
        return {"handler": "app.app", "event": _start.http(method, route, self.token, body, **path)}


@contextmanager
def world() -> Iterator[World]:
    """Engine, parameter store, tenant and contact; all gone afterwards."""
    archive, package = _packages.ours()
    paths = json.loads(archive.with_name("template.json").read_text())["Resources"]["RestAPI"]["Properties"]
    route = next(path for path in paths["DefinitionBody"]["paths"] if re.fullmatch(r"/v1/contacts/\{\w+\}", path))
    with tempfile.TemporaryDirectory(prefix="tendril-bench-") as name:
        folder = Path(name)
        with (
            Engine.start(folder / "engine.sqlite") as engine,
            Cloud.start(folder / "cloud", folder / "cloud.log", services=("ssm",)) as cloud,
        ):
            engine.create_table(TABLE)
            aws.client("ssm", cloud.endpoint).put_parameter(
                Name=f"{PREFIX}/{keyring.SECRET}", Value=signing_keys.first(), Type="SecureString"
            )
            environment = _environment(engine.endpoint, cloud.endpoint)
            token, user = _sign_up(package, environment)
            bare_world = World(package, environment, token, user, "", route, folder)
            plan = [bare_world.step("POST", "/v1/contacts", {"first_name": "Ada", "emails": [_EMAIL]})]
            contact = body_of(_start.run(package, plan, environment)[0], 201)["id"]
            yield World(package, environment, token, user, contact, route, folder)


_EMAIL = {"address": "ada@example.com", "kind": "work", "primary": True}


def body_of(seen: dict[str, Any], status: int) -> dict[str, Any]:
    """The JSON body of an answer. Raises RuntimeError when its status is another one."""
    answer = seen["answer"]
    if answer["statusCode"] != status:
        raise RuntimeError(f"{answer['statusCode']} instead of {status}: {answer['body']}")
    body: dict[str, Any] = json.loads(answer["body"])
    return body


def _sign_up(package: Path, environment: dict[str, str]) -> tuple[str, str]:
    owner = {"company": "Bench", "name": "Owner", "email": "owner@example.com", "password": "correct-horse-battery"}
    plan = [{"handler": "app.app", "event": _start.http("POST", "/v1/auth/signup", body=owner)}]
    body = body_of(_start.run(package, plan, environment)[0], 201)
    return body["access_token"], body["user"]["id"]


def _environment(engine: str, cloud: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": aws.MADE_UP,
        "AWS_SECRET_ACCESS_KEY": aws.MADE_UP,
        "AWS_REGION": aws.REGION,
        "AWS_DEFAULT_REGION": aws.REGION,
        "AWS_ENDPOINT_URL": cloud,
        "AWS_ENDPOINT_URL_DYNAMODB": engine,
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "STAGE": "local",
        "TABLE": TABLE,
        "WORK_QUEUE_URL": f"{cloud}/{aws.ACCOUNT}/none",
        "SECRETS": f"ssm:{PREFIX}",
        "STORAGE": "s3:none",
        "MAIL_PROVIDER": "ses",
        "MAIL_FROM": "Tendril <no-reply@example.com>",
        "SIGNUP": "open",
        "CORS_ORIGIN": "*",
        "LOG_LEVEL": "INFO",
    }
