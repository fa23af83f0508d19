"""What a call did and cost: one meter and one log context per call, and a log of JSON lines without personal data.

Lambda calls run one at a time, on one machine they run in threads; context variables fit both.
"""

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from chalicelib import clock, config, money

log = logging.getLogger("tendril")


@dataclass(slots=True)
class Meter:
    """What one call consumed so far. Units are DynamoDB request units; `ms` is wall time, as Lambda bills it."""

    rru: float = 0.0
    wru: float = 0.0
    mails: int = 0
    messages: int = 0
    http: int = 0
    tenant: str | None = None
    purpose: str = ""
    quota: tuple[int, int, int] | None = None  # limit, remaining, seconds until it is fresh: where attempts are counted
    started: float = field(default_factory=clock.ticks)

    @property
    def ms(self) -> float:
        """Milliseconds since the call began."""
        return (clock.ticks() - self.started) * 1000

    def amounts(self) -> dict[str, float]:
        """The call in the things that `money.PRICES` prices."""
        gb_s = self.ms / 1000 * config.memory_mb() / 1024
        return {"rru": self.rru, "wru": self.wru, "gb_s": gb_s, "calls": 1, "http": self.http,
                "messages": self.messages, "mails": self.mails}  # fmt: skip

    def usd(self) -> float:
        """The price of the call in US dollars."""
        return money.usd(**self.amounts())


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)
_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default={})  # noqa: B039 - never mutated


@contextmanager
def measured(purpose: str, **context: str) -> Iterator[Meter]:
    """Meter whatever runs inside, and put `context` into each of its log lines."""
    meter = Meter(purpose=purpose)
    tokens = _meter.set(meter), _context.set({"purpose": purpose, **context})
    try:
        yield meter
    finally:
        _meter.reset(tokens[0])
        _context.reset(tokens[1])


def meter() -> Meter:
    """The meter of the running call; outside of one, a meter that nobody reads."""
    return _meter.get() or Meter()


def charge_to(tenant: str) -> None:
    """From here on the running call is this tenant's; outside of one there is nothing to charge."""
    current = _meter.get()
    if current is not None:
        current.tenant = tenant
        _context.set({**_context.get(), "tenant": tenant})


def ask_capacity(params: dict[str, Any], **_: Any) -> None:
    """botocore `provide-client-params.dynamodb` hook: have each DynamoDB call say what it consumed."""
    params.setdefault("ReturnConsumedCapacity", "TOTAL")


READS = frozenset({"GetItem", "BatchGetItem", "Query", "TransactGetItems"})


def count_capacity(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    """botocore `after-call.dynamodb` hook: add what the call consumed to the running meter."""
    consumed = parsed.get("ConsumedCapacity")
    if consumed is None:
        return
    units = sum(float(one.get("CapacityUnits", 0)) for one in (consumed if isinstance(consumed, list) else [consumed]))
    current = meter()
    if model.name in READS:
        current.rru += units
    else:
        current.wru += units


def failure(message: str, error: BaseException) -> None:
    """Log an unforeseen error once: its type and where it came from, never its text, which may quote personal data."""
    frames = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error(message, extra={"fields": {"error": type(error).__name__, "trace": frames[-12:]}})


def note(message: str, **fields: Any) -> None:
    """Log one line with structured fields. Ids and figures only, no names, addresses or texts of people."""
    log.info(message, extra={"fields": fields})


def alert(message: str, **fields: Any) -> None:
    """As `note`, at the level of an error: a person should look into it."""
    log.error(message, extra={"fields": fields})


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname, "at": clock.stamp(), "message": record.getMessage(), **_context.get()}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps({**line, **getattr(record, "fields", {})}, default=str, separators=(",", ":"))


def configure() -> None:
    """Send the log to standard output as JSON lines. Before `Chalice("tendril")`, which then shares this logger."""
    if not log.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(_JsonLines())
        log.addHandler(handler)
        log.propagate = False
    log.setLevel(config.log_level())
