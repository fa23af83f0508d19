"""The house as tests drive it: each call goes through the very function that Lambda would call, with a real event."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from chalicelib.schemas.mail import Mail


class Context:
    """What Lambda hands to a function besides the event."""

    function_name = "test"
    aws_request_id = "test"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass
class Answer:
    """What API Gateway would give to the client."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def cost(self) -> dict[str, float]:
        """The `Tendril-Cost` header as numbers."""
        return {
            name: float(value)
            for name, value in (part.strip().split("=") for part in self.headers["Tendril-Cost"].split(";"))
        }


@dataclass
class Outbox:
    """Our own fake of the mail door: keeps what it is given, or raises what it is told to."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def send(self, mail: Mail) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(mail)
        return f"<{len(self.mails)}@test>"


@dataclass
class Sender:
    """Somebody who calls the API."""

    house: "House"
    token: str | None
    signed_up: dict[str, Any] = field(default_factory=dict)

    @property
    def tenant(self) -> str:
        return str(self.signed_up["tenant"]["id"])

    @property
    def user(self) -> str:
        return str(self.signed_up["user"]["id"])

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named = {"Authorization": f"Bearer {self.token}", **named}
        return self.house.http(method, path, body, named)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, **headers)

    def contact(self, **fields: Any) -> Any:
        """A contact, made and read back."""
        fields = fields or {"first_name": "Ada", "emails": [{"address": f"{uuid.uuid4().hex}@example.com"}]}
        answer = self.post("/v1/contacts", fields)
        assert answer.status == 201, answer.text
        return answer.json


class House:
    """One process that holds all functions."""

    def __init__(self, feed: Any) -> None:
        self.feed = feed
        self.queue: list[Any] = []
        self.outbox = Outbox()

    def http(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, source: str = "127.0.0.1"
    ) -> Answer:
        """One HTTP request through API Gateway's event."""
        from app import app
        from infra.local.gateway import Request, Router, event

        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json", **(headers or {})} if data else (headers or {})
        request = Request(method, path, list(given.items()), data, source)
        resource, parameters = Router(app.routes).match(request.path) or (None, {})
        response = app(event(request, resource, parameters, stage="api", binary_types=app.api.binary_types), Context())
        return Answer(response["statusCode"], response["headers"], response["body"])

    def signup(self, **fields: Any) -> Sender:
        """A new tenant's owner."""
        mark = uuid.uuid4().hex[:12]
        draft = {
            "company": f"Firm {mark}",
            "name": "Olga Owner",
            "email": f"{mark}@example.com",
            "password": "long enough pass",
            **fields,
        }
        answer = self.http("POST", "/v1/auth/signup", draft)
        assert answer.status == 201, answer.text
        return Sender(self, answer.json["access_token"], answer.json)

    def stranger(self) -> Sender:
        """Somebody without a token."""
        return Sender(self, None)

    def settle(self) -> None:
        """Deliver the change feed and the queue until both are empty."""
        self.feed.drain()
        while self.queue:
            self.work()
            self.feed.drain()

    def work(self) -> dict[str, Any]:
        """Deliver what is in the queue once; what failed goes back."""
        from chalicelib.handlers import queues

        messages, self.queue[:] = list(self.queue), []
        records = [
            {"messageId": str(number), "body": json.dumps(one), "eventSource": "aws:sqs"}
            for number, one in enumerate(messages)
        ]
        answer: dict[str, Any] = queues.on_work({"Records": records}, Context())
        self.queue += [messages[int(failed["itemIdentifier"])] for failed in answer["batchItemFailures"]]
        return answer

    def minute(self) -> None:
        """Let the schedule fire."""
        from chalicelib.handlers import schedules

        schedules.on_minute(
            {
                "version": "0",
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "detail": {},
                "id": "1",
                "account": "0",
                "region": "x",
                "time": "2026-01-01T00:00:00Z",
                "resources": [],
            },
            Context(),
        )
