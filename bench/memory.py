"""How much memory a function should be given: what each call needs of it, and what it costs in time and money.

Memory also buys processor time: Lambda gives one whole processor at 1769 MB and a proportional part below
(docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). So a call's duration is modelled as its processor time
divided by that part, plus the time it waits for the table, which memory does not shorten. Starting is modelled at the
same part, which is the worst case: while a function initialises, Lambda gives it more.
"""

from typing import Any

from bench import _start
from bench._world import World, world
from chalicelib import money
from infra.local.feed import Feed

WHOLE_PROCESSOR_MB = 1769
SIZES_MB = (256, 512, 1024, 1769)
WARM_CALLS = 30
# What DynamoDB takes for one item from within its region, milliseconds: "single-digit", taken as the middle.
WAIT_MS = 5


def rows() -> list[dict[str, Any]]:
    """Peak memory and processor time per function, and the API's modelled duration and price at four sizes."""
    found: list[dict[str, Any]] = []
    with world() as here:
        measured = {name: _start.run(here.package, plan, here.environment) for name, plan in _plans(here).items()}
    for name, (cold, warm) in measured.items():
        found += [
            _row(f"{name}, peak memory", warm["peak_mb"], "MB"),
            _row(f"{name}, first call and start", cold["cpu_ms"], "ms processor"),
            _row(f"{name}, warm call", warm["call_cpu_ms"], "ms processor"),
        ]
    cold, warm = measured["GET contact"]
    for size in SIZES_MB:
        share = min(1.0, size / WHOLE_PROCESSOR_MB)
        seconds = (warm["call_cpu_ms"] / share + WAIT_MS) / 1000
        price = money.usd(calls=1e6, gb_s=seconds * size / 1024 * 1e6)
        found += [
            _row(f"GET contact at {size} MB, cold, modelled", cold["cpu_ms"] / share + WAIT_MS, "ms"),
            _row(f"GET contact at {size} MB, warm, modelled", seconds * 1000, "ms"),
            _row(f"GET contact at {size} MB, a million warm calls, modelled", price, "usd"),
        ]
    return found


def _plans(here: World) -> dict[str, list[dict[str, Any]]]:
    """One cold call per function, then many warm ones; a change delivered again is recognised as done."""
    changes = _changes(here)
    login = _start.http(
        "POST", "/v1/auth/login", body={"email": "owner@example.com", "password": "correct-horse-battery"}
    )
    steps = {
        "GET contact": here.get_contact,
        "login (argon2)": {"handler": "app.app", "event": login},
        "on_minute": {"handler": "chalicelib.handlers.schedules.on_minute", "event": SCHEDULE},
        f"on_change, {len(changes)} changes": {
            "handler": "chalicelib.handlers.streams.on_change",
            "event": {"Records": changes},
        },
        "on_work, nothing to do": {"handler": "chalicelib.handlers.queues.on_work", "event": {"Records": []}},
    }
    return {name: [step, step | {"times": 3 if "login" in name else WARM_CALLS}] for name, step in steps.items()}


def _changes(here: World) -> list[Any]:
    """What the table's stream holds of signing up and creating a contact, as Lambda would deliver it."""
    seen: list[Any] = []

    def keep(event: dict[str, Any], _: object) -> None:
        seen.extend(event["Records"])

    Feed(here.environment["AWS_ENDPOINT_URL_DYNAMODB"], here.environment["TABLE"], keep).drain()
    return seen


SCHEDULE = {
    "version": "0",
    "id": "bench",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "000000000000",
    "time": "2025-01-01T00:00:00Z",
    "region": "eu-central-1",
    "resources": ["arn:aws:events:eu-central-1:000000000000:rule/minute"],
    "detail": {},
}


def _row(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, "limit": None, "holds": True}
