"""What only exists on one machine: see sent mail, wait until all is quiet, move the clock, stand in for the outside."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from infra.local.gateway import Answer, Request
from infra.local.guard import Outside, Stub
from infra.local.mailbox import Mailbox
from infra.local.problem import ControlError, data, problem
from infra.local.pump import Pump

PREFIX = "/_local/"
LONGEST_WAIT = 300.0  # seconds
FIRST, LAST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """The product's clock, which may be moved here."""

    def now(self) -> datetime: ...  # noqa: D102 - as in chalicelib.clock
    def set(self, moment: datetime) -> None: ...  # noqa: D102 - as in chalicelib.clock
    def reset(self) -> None: ...  # noqa: D102 - as in chalicelib.clock


@dataclass
class Control:
    """Answers the requests below /_local/."""

    mailbox: Mailbox
    pump: Pump
    clock: Clock
    outside: Outside

    def answer(self, request: Request) -> Answer:
        """The answer to `request`; a request that makes no sense gets a 4xx."""
        doors: dict[str, dict[str, Callable[[Request], Answer]]] = {
            "outbox": {"GET": self._outbox},
            "idle": {"GET": self._idle},
            "clock": {"POST": self._clock},
            "tick": {"POST": self._tick},
            "http": {"GET": self._made, "PUT": self._stub},
        }
        methods = doors.get(request.path.removeprefix(PREFIX), {})
        try:
            if not methods:
                raise ControlError(404, "There is no such path.")
            if request.method not in methods:
                raise ControlError(405, f"Only {', '.join(methods)} here.")
            return methods[request.method](request)
        except ControlError as refused:
            return problem(refused.status, refused.detail, request.path)

    def _outbox(self, request: Request) -> Answer:
        query = _query(request, {"to", "since"})
        since = _moment(query["since"], "since") if "since" in query else None
        return data({"data": list(self.mailbox.entries(query.get("to"), since))})

    def _idle(self, request: Request) -> Answer:
        wait = _query(request, {"wait"}).get("wait", "0")
        return data(self.pump.wait(_number(wait, "wait", 0, LONGEST_WAIT)))

    def _clock(self, request: Request) -> Answer:
        body = _object(request, {"advance_seconds", "now"})
        if len(body) > 1:
            raise ControlError(422, "Either advance_seconds or now, not both.")
        if "now" in body:
            self.clock.set(_moment(body["now"], "now"))
        elif "advance_seconds" in body:
            self._advance(_number(body["advance_seconds"], "advance_seconds", -math.inf, math.inf))
        else:
            self.clock.reset()
        return data({"now": _stamp(self.clock.now())})

    def _advance(self, seconds: float) -> None:
        try:
            self.clock.set(_in_range(self.clock.now() + timedelta(seconds=seconds), "advance_seconds"))
        except OverflowError:
            raise ControlError(422, "advance_seconds leads out of the calendar.") from None

    def _tick(self, request: Request) -> Answer:
        _object(request, set())
        if not self.pump.tick():
            return problem(500, "The minute schedule failed; the log says why.", request.path)
        return data({"ran_at": _stamp(self.clock.now())})

    def _made(self, request: Request) -> Answer:
        _query(request, set())
        return data({"data": self.outside.made()})

    def _stub(self, request: Request) -> Answer:
        body = _object(request, {"url", "status", "headers", "body_base64"})
        url, stub = _url(body.get("url")), _as_stub(body)
        self.outside.put(url, stub)
        return data({"url": url, "status": stub.status})


def _query(request: Request, known: set[str]) -> dict[str, str]:
    query = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
    if unknown := sorted(set(query) - known):
        raise ControlError(422, f"Unknown parameter {unknown[0]!r}.")
    return query


def _object(request: Request, known: set[str]) -> Mapping[str, Any]:
    """The JSON object in the body; no body is an empty one."""
    try:
        body = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise ControlError(400, "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise ControlError(422, "The body must be an object.")
    if unknown := sorted(set(body) - known):
        raise ControlError(422, f"Unknown field {unknown[0]!r}.")
    return body


def _number(value: object, name: str, low: float, high: float) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number) or not low <= number <= high:
        raise ControlError(422, f"{name} must be a number in its range.")
    return number


def _moment(value: object, name: str) -> datetime:
    try:
        # A plus sign that was not encoded in a query has become a space.
        moment = datetime.fromisoformat(str(value).replace(" ", "+")) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ControlError(422, f"{name} must be an RFC 3339 time with its zone.")
    return _in_range(moment, name)


def _in_range(moment: datetime, name: str) -> datetime:
    """Raises ControlError for a moment so far off that arithmetic with it would fail somewhere in the product."""
    if not FIRST <= moment <= LAST:
        raise ControlError(422, f"{name} leads out of the calendar.")
    return moment


def _url(value: object) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if not isinstance(value, str) or parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ControlError(422, "url must be an http or https address.")
    return value


def _as_stub(body: Mapping[str, Any]) -> Stub:
    status, headers = body.get("status", 200), body.get("headers") or {}
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise ControlError(422, "status must be a number from 200 to 599.")
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise ControlError(422, "headers must be an object of texts.")
    if any("\n" in text or "\r" in text for pair in headers.items() for text in pair):
        raise ControlError(422, "headers must be single lines.")
    try:
        content = base64.b64decode(body.get("body_base64") or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise ControlError(422, "body_base64 must be base64.") from None
    return Stub(status, headers, content)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
