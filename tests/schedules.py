"""What random schedules of the change feed have in common: real stream records, shuffled and cut into batches, while
writes of the reactions fail before or after they are made. What the function reports as failed comes again, as Lambda
does it.
"""

from collections.abc import Callable, Collection
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings

from chalicelib.handlers import streams
from chalicelib.services import changes
from tests.feeds import taken
from tests.house import Context, House

Record = dict[str, Any]
SETTINGS: Final = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a schedule is small; making it smaller takes minutes
)
_TIMES: Final = 100  # batches


class Crash(Exception):
    """A function that dies in the middle."""


class Crashes:
    """Lets the n-th write from now fail, done or not done: what is `planned`, one after the other."""

    def __init__(self) -> None:
        self.planned: list[tuple[int, bool]] = []

    def wrap(self, write: Callable[..., None]) -> Callable[..., None]:
        """The same write, which fails when it is its turn."""

        def transact(*steps: Any) -> None:
            left, done = self.planned[0] if self.planned else (1, False)
            if self.planned:
                self.planned[0] = (left - 1, done)
            if left > 0 or done:
                write(*steps)
            if left <= 0:
                self.planned.pop(0)
                raise Crash

        return transact


def crashing(monkeypatch: pytest.MonkeyPatch, *modules: Any) -> Crashes:
    """Crashes of our own `transact` where these modules use it. Each would be logged, which helps nobody."""
    crashes = Crashes()
    for module in modules:
        monkeypatch.setattr(module, "transact", crashes.wrap(module.transact))
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    return crashes


def reacting(monkeypatch: pytest.MonkeyPatch, ours: Callable[[Any], bool]) -> None:
    """Only these reactions: the others have properties of their own, and take most of the time."""
    rows = {place: tuple(filter(ours, several)) for place, several in changes.REACTIONS.items()}
    monkeypatch.setattr(changes, "REACTIONS", {place: several for place, several in rows.items() if several})


def news(house: House, tenant: str, kinds: Collection[str]) -> list[Record]:
    """What is pending of one tenant's records of these kinds; all else that is pending is nobody's any more."""
    images = [(record, _image(record)) for record in taken(house)]
    return [one for one, image in images if image["tenant"]["S"] == tenant and image["kind"]["S"] in kinds]


def push(schedule: list[Record], size: int) -> None:
    """Give it to the function of the feed in batches; what failed comes again until it is done."""
    waiting = list(schedule)
    for _ in range(_TIMES):
        batch, waiting = waiting[:size], waiting[size:]
        if not batch:
            return
        answer = streams.on_change({"Records": batch}, Context())
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        waiting = [record for record in batch if record["dynamodb"]["SequenceNumber"] in failed] + waiting
    raise AssertionError("it keeps failing")


def _image(record: Record) -> Any:
    return record["dynamodb"].get("NewImage") or record["dynamodb"].get("OldImage")
