"""Calls the minute schedule's handler as EventBridge does, on the minute or on demand."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local import aws, template
from infra.local.calls import Handler, invoke

log = logging.getLogger("tendril.local")


def event(now: datetime, rule: str = "on_minute") -> dict[str, Any]:
    """What EventBridge sends for a scheduled rule that fires at `now` (aware)."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": aws.ACCOUNT,
        "time": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": aws.REGION,
        "resources": [f"arn:aws:events:{aws.REGION}:{aws.ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def fire(handler: Handler, now: Callable[[], datetime], function: str = "on_minute") -> bool:
    """Run the schedule, if it fails as often as the template allows; returns whether it succeeded."""
    fired, tries = event(now(), function), 1 + template.schedule_retries()
    for attempt in range(tries):
        try:
            invoke(handler, fired, function)
        except Exception:
            log.exception("the schedule's run failed (try %d of %d)", attempt + 1, tries)
        else:
            return True
    return False


def until_next() -> float:
    """Seconds until the next real minute begins."""
    return 60 - time.time() % 60
