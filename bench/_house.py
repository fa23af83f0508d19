"""The house in this process, on a real engine, for what needs no package: units, and time through the rim."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import aws, template
from infra.local.engine import Engine
from infra.local.feed import Feed
from infra.local.gateway import Request, Router, event

TABLE = "tendril-bench"


class Context:
    """What Lambda hands to a function besides the event."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds: plenty."""
        return 30_000


@dataclass(frozen=True)
class House:
    """One tenant's owner before the API, and the change feed behind it."""

    endpoint: str
    tenant: str
    token: str
    feed: Feed

    def event(self, method: str, path: str, body: object = None, **headers: str) -> dict[str, Any]:
        """The event of one authorised request."""
        from app import app

        data = b"" if body is None else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        request = Request(method, path, list(given.items()), data, "127.0.0.1")
        resource, parameters = Router(app.routes).match(request.path) or (None, {})
        return event(request, resource, parameters, stage="api", binary_types=app.api.binary_types)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[Any, dict[str, float]]:
        """The body of the answer and what it cost. Raises RuntimeError for an answer that is an error."""
        from app import app

        answer = app(self.event(method, path, body, **headers), Context())
        if answer["statusCode"] >= 400:
            raise RuntimeError(f"{method} {path}: {answer['statusCode']} {answer['body']}")
        parts = (part.strip().split("=") for part in answer["headers"]["Tendril-Cost"].split(";"))
        return json.loads(answer["body"] or "null"), {name: float(value) for name, value in parts}


@contextmanager
def house() -> Iterator[House]:
    """Engine on a file, table, tenant; all gone afterwards.

    Once per process: the models read the table's name at import.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tendril-bench-") as folder,
        Engine.start(Path(folder) / "engine.db") as engine,
    ):
        engine.create_table(TABLE)
        os.environ.update(_environment(folder, engine.endpoint))
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 - a device, not a path of ours
            from app import app
            from chalicelib.handlers import streams

            signup = {"company": "Bench", "name": "Owner", "email": "owner@example.com", "password": "long enough pass"}
            stranger = House(
                engine.endpoint, "", "", Feed(engine.endpoint, TABLE, streams.on_change, kinds=template.stream_kinds())
            )
            answer = json.loads(app(stranger.event("POST", "/v1/auth/signup", signup), Context())["body"])
            yield House(engine.endpoint, answer["tenant"]["id"], answer["access_token"], stranger.feed)


def _environment(folder: str, endpoint: str) -> dict[str, str]:
    return {
        "STAGE": "bench",
        "TABLE": TABLE,
        "SECRETS": f"file:{folder}/secrets",
        "STORAGE": f"file:{folder}/files",
        "WORK_QUEUE_URL": "http://127.0.0.1:1/none",
        "MAIL_FROM": "Tendril <no-reply@example.com>",
        "AWS_ACCESS_KEY_ID": aws.MADE_UP,
        "AWS_SECRET_ACCESS_KEY": aws.MADE_UP,
        "AWS_DEFAULT_REGION": aws.REGION,
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
    }
